import type { Database, Db } from "../../db/connection.ts";
import type { InvitationId, MailId, OrganizationId } from "../../db/id.ts";
import { firstLocale, type Locale } from "../locales.ts";
import { mailToken } from "../mail-token.ts";
import type { SecretKey } from "../secrets.ts";
import { policySql } from "../settings/guest-policy.ts";
import type { GuestPolicy } from "../settings/guest-policy-form.ts";

/** The token in the link of one invitation's mail. */
export function invitationToken(key: SecretKey, organization: OrganizationId, mail: MailId): string {
  return mailToken(key, organization, mail, "inv", "invitation");
}

/** The same for a link by which an administrator sets a password. */
export function passwordToken(key: SecretKey, organization: OrganizationId, mail: MailId): string {
  return mailToken(key, organization, mail, "pwd", "password");
}

export type FoundInvitation = { organization: OrganizationId; invitation: InvitationId };

/** Which invitation a link belongs to, live or not, by the token's hash; no organization need be known (design §7). */
export async function findInvitation(db: Database, tokenHash: Buffer): Promise<FoundInvitation | undefined> {
  const [row] = await db.lookUp<FoundInvitation>({
    name: "find-invitation",
    text: "select organization, invitation from find_invitation($1)",
    values: [tokenHash],
  });
  return row;
}

/** What an invitation opens: a product, the role in it, and where it is; for a guest what clients cannot do (R9). */
export type Offer = {
  product: string;
  role: "admin" | "user" | "guest";
  url: string | null;
  clientLimits?: GuestPolicy["clientLimits"] | null;
};

/**
 * What became of a link: `open` can be accepted; `replaced` has a newer mail; `withdrawn` is revoked, superseded,
 * or its person suspended, deactivated or of another address by now.
 */
type LinkState = "open" | "replaced" | "accepted" | "expired" | "withdrawn";

export type ShownInvitation = {
  state: LinkState;
  organizationName: string;
  email: string;
  expiresAt: Date | null;
  acceptedAt: Date | null;
  /** The address whose mailbox the link came to; null: it was passed on by hand. */
  mailedTo: string | null;
  /** As of the mail. */
  locale: Locale;
  timeZone: string;
  offers: Offer[];
};

/**
 * What the holder of a link is shown. Changes nothing: mail scanners open links too.
 * @param tokenHash of the link that was opened, to tell it from a newer mail's.
 */
export async function showInvitation(
  db: Db,
  id: InvitationId,
  tokenHash: Buffer,
): Promise<ShownInvitation | undefined> {
  const [row] = await db.query<Omit<ShownInvitation, "offers" | "locale"> & { locales: (string | null)[] }>({
    text: `select o.name as "organizationName", i.email,
        i.expires_at as "expiresAt", i.accepted_at as "acceptedAt", o.time_zone as "timeZone",
        (select m.recipient from mails m where m.organization = i.organization and m.token_hash = $3) as "mailedTo",
        array[i.locale, u.resource ->> 'preferredLanguage', u.resource ->> 'locale', o.locale] as locales,
        case
          when i.state = 'accepted' then 'accepted'
          when i.state <> 'pending' or not (${ADDRESSED}) then 'withdrawn'
          when i.token_hash is distinct from $3 then 'replaced'
          when i.expires_at <= statement_timestamp() then 'expired'
          else 'open'
        end as state
      from invitations i join organizations o on o.id = i.organization
      left join accounts a on a.organization = i.organization and a.id = i.account
      left join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
      where i.organization = $1 and i.id = $2`,
    values: [db.organization, id, tokenHash],
  });
  if (!row) return undefined;
  const { locales, ...shown } = row;
  return { ...shown, locale: firstLocale(locales), offers: await offersOf(db, id) };
}

/** The account of invitation `i` stands, is active at its directory and not suspended. */
export const INVITABLE = `exists (
  select from accounts a
  join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
  where a.organization = i.organization and a.id = i.account and a.suspended_at is null and u.active)`;

/** And the account still has the address that the invitation went to: a former mailbox may be somebody else's by now. */
export const ADDRESSED = `${INVITABLE} and exists (
  select from accounts a where a.organization = i.organization and a.id = i.account and a.email_key = i.email_key)`;

/** The products that the person can use now, and those that come with acceptance, each with the higher role. */
export async function offersOf(db: Db, invitation: InvitationId): Promise<Offer[]> {
  return db.query<Offer>({
    text: `with recursive offered as (
        select o.group_id as id from invitation_groups o
        join invitations i on i.organization = o.organization and i.id = o.invitation and i.granted_at is null
        join groups g on g.organization = o.organization and g.id = o.group_id and g.deleted_at is null
        where o.organization = $1 and o.invitation = $2
        union
        select n.parent from offered f
        join group_nestings n on n.organization = $1 and n.child = f.id
        join groups g on g.organization = $1 and g.id = n.parent and g.deleted_at is null
      ), role as (
        select l.product, l.role from live_access l
        join invitations i on i.organization = l.organization and i.account = l.account
        where i.organization = $1 and i.id = $2
        union all
        select t.product, t.role from offered f
        join role_grants t on t.organization = $1 and t.group_id = f.id and not t.needs_confirmation
      )
      select p.name as product, p.url,
        (array['guest', 'user', 'admin'])[max(array_position(array['guest', 'user', 'admin'], r.role))] as role,
        case when bool_and(r.role = 'guest') then ${policySql("clientLimits")} end as "clientLimits"
      from role r join products p on p.organization = $1 and p.id = r.product join organizations o on o.id = p.organization
      group by p.id, p.name, p.url, p.guest_policy, o.settings order by p.name, p.id`,
    values: [db.organization, invitation],
  });
}
