import type { Database, Db } from "../../db/connection.ts";
import type { AddressChangeId, MailId, OrganizationId } from "../../db/id.ts";
import { mailToken } from "../mail-token.ts";
import type { SecretKey } from "../secrets.ts";

/** What a mail about a change of address holds: never the other mailbox, whose owner may be somebody else. */
export type AddressChangeMail = { change: AddressChangeId };

/** `confirm`: the owner of the new mailbox says that it is theirs. `revert`: the owner of the old one takes the change back. */
export type AddressPurpose = "confirm" | "revert";

/** The prefix of each purpose's tokens; one never opens what the other does. */
const PREFIX = { confirm: "adr", revert: "rev" } as const;

/** The token in the link of one mail. */
export function addressToken(
  key: SecretKey,
  organization: OrganizationId,
  mail: MailId,
  purpose: AddressPurpose,
): string {
  return mailToken(key, organization, mail, PREFIX[purpose], `address ${purpose}`);
}

/** What a token of this kind is for; undefined for one of another kind. */
export function purposeOf(kind: string | undefined): AddressPurpose | undefined {
  return kind === PREFIX.confirm ? "confirm" : kind === PREFIX.revert ? "revert" : undefined;
}

export type FoundAddressChange = { organization: OrganizationId; change: AddressChangeId };

/** Which change a link belongs to, live or not, by the token's hash; no organization need be known (design §7). */
export async function findAddressChange(db: Database, tokenHash: Buffer): Promise<FoundAddressChange | undefined> {
  const [row] = await db.lookUp<FoundAddressChange>({
    name: "find-address-change",
    text: "select organization, change from find_address_change($1)",
    values: [tokenHash],
  });
  return row;
}

/** The person of change `c` is as when it was asked for: same record, same address, active and not suspended. */
export const STANDS = `exists (select from accounts a
  join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
  where a.organization = c.organization and a.id = c.account and a.canonical = c.record and a.suspended_at is null
    and u.active and a.email_key is not distinct from c.before_key)`;

/**
 * Change `c` can be taken back: the person's address is the one that it brought, or one that later changes brought after it. So
 * whoever changes an address twice does not shut the first mailbox out.
 */
export const TAKEN_BACK = `(c.state = 'confirmed' and c.revert_until > statement_timestamp() and exists (select from accounts a
  where a.organization = c.organization and a.id = c.account and a.canonical = c.record and (a.email_key = c.email
    or exists (select from address_changes l where l.organization = c.organization and l.account = c.account
      and l.record = c.record and l.state = 'confirmed' and l.confirmed_at > c.confirmed_at and l.email = a.email_key))))`;

/** What became of a link: `open` can be used; `replaced` has a newer mail; `over` led nowhere or leads nowhere any more. */
export type AddressLinkState = "open" | "replaced" | "used" | "expired" | "over";

export type ShownAddressChange = {
  state: AddressLinkState;
  organizationName: string;
  /** The mailbox that the link was sent to. */
  recipient: string;
  until: Date | null;
};

/**
 * What the holder of a link is shown. Changes nothing: mail scanners open links too.
 * @param tokenHash of the link that was opened, to tell it from a newer mail's.
 */
export async function showAddressChange(
  db: Db,
  id: AddressChangeId,
  purpose: AddressPurpose,
  tokenHash: Buffer,
): Promise<ShownAddressChange | undefined> {
  const [row] = await db.query<ShownAddressChange>({
    text: `select o.name as "organizationName", ${purpose === "confirm" ? CONFIRMING : REVERTING}
      from address_changes c join organizations o on o.id = c.organization
      where c.organization = $1 and c.id = $2`,
    values: [db.organization, id, tokenHash],
  });
  return row;
}

const CONFIRMING = `c.email as recipient, c.expires_at as until, case
    when c.state in ('confirmed', 'reverted') then 'used'
    when c.state <> 'pending' then 'over'
    when c.token_hash is distinct from $3 then 'replaced'
    when c.expires_at <= statement_timestamp() then 'expired'
    when not (${STANDS}) then 'over'
    else 'open'
  end as state`;
const REVERTING = `coalesce(c.before_key, '') as recipient, c.revert_until as until, case
    when c.state = 'reverted' then 'used'
    when c.revert_hash is distinct from $3 then 'over'
    when c.revert_until <= statement_timestamp() then 'expired'
    when not (${TAKEN_BACK}) then 'over'
    else 'open'
  end as state`;
