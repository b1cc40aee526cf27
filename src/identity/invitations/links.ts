import { hkdfSync } from "node:crypto";
import type { Database, Db } from "../../db/connection.ts";
import type { AccountId, InvitationId, MailId, OrganizationId } from "../../db/id.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import { recordChanges } from "../record.ts";
import type { SecretKey } from "../secrets.ts";
import { newTokenText } from "../token-form.ts";

/**
 * The token in the link of one mail. It follows from the installation's key and the mail's id, so every attempt at
 * the same mail carries the same link, although nothing but its hash is kept; a newer mail has another.
 */
export function invitationToken(key: SecretKey, organization: OrganizationId, mail: MailId): string {
  const secret = hkdfSync("sha256", key, Buffer.from(organization + mail), "muster invitation token", 32);
  return newTokenText("inv", Buffer.from(secret));
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

/** What an invitation opens: a product, the role in it, and where it is. */
export type Offer = { product: string; role: "admin" | "user" | "guest"; url: string | null };

/**
 * What became of a link: `open` can be accepted; `replaced` has a newer mail; `withdrawn` is revoked, superseded,
 * or its person suspended or deactivated.
 */
export type LinkState = "open" | "replaced" | "accepted" | "expired" | "withdrawn";

export type ShownInvitation = {
  state: LinkState;
  organizationName: string;
  email: string;
  expiresAt: Date | null;
  acceptedAt: Date | null;
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
  const [row] = await db.query<Omit<ShownInvitation, "offers"> & { account: AccountId | null }>({
    text: `select o.name as "organizationName", i.email, i.account,
        i.expires_at as "expiresAt", i.accepted_at as "acceptedAt",
        case
          when i.state = 'accepted' then 'accepted'
          when i.state <> 'pending' or not (${INVITABLE}) then 'withdrawn'
          when i.token_hash is distinct from $3 then 'replaced'
          when i.expires_at <= statement_timestamp() then 'expired'
          else 'open'
        end as state
      from invitations i join organizations o on o.id = i.organization
      where i.organization = $1 and i.id = $2`,
    values: [db.organization, id, tokenHash],
  });
  if (!row) return undefined;
  const { account, ...shown } = row;
  return { ...shown, offers: account === null ? [] : await offersOf(db, account) };
}

/** The account of invitation `i` stands, is active at its directory and not suspended. */
export const INVITABLE = `exists (
  select from accounts a
  join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
  where a.organization = i.organization and a.id = i.account and a.suspended_at is null and u.active)`;

/** The products that the account can use now. */
export async function offersOf(db: Db, account: AccountId): Promise<Offer[]> {
  return db.query<Offer>({
    text: `select p.name as product, l.role, p.url from live_access l
      join products p on p.organization = l.organization and p.id = l.product
      where l.organization = $1 and l.account = $2 order by p.name`,
    values: [db.organization, account],
  });
}

/**
 * Accepts the invitation of a link: once, by one conditional statement (R96, R98).
 * Before: any. After true: the invitation was open and is accepted now, with audit and event. After false: it was not
 * open, and nothing changed. The person's status does not change by it: that takes the first access (R80).
 */
export async function acceptInvitation(
  ctx: { db: Database },
  found: FoundInvitation,
  tokenHash: Buffer,
  requestId: string | null,
): Promise<boolean> {
  const actor: Actor = { organization: found.organization, kind: "system", id: null, requestId };
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      const [row] = await tx.query<{ account: AccountId }>({
        text: `update invitations i set state = 'accepted', accepted_at = statement_timestamp()
          where i.organization = $1 and i.id = $2 and i.token_hash = $3 and i.state = 'pending'
            and i.expires_at > statement_timestamp() and ${INVITABLE}
          returning i.account`,
        values: [tx.organization, found.invitation, tokenHash],
      });
      if (!row) return false;
      await recordChanges(tx, [
        {
          action: "invitation.accepted",
          subjectKind: "invitation",
          subject: found.invitation,
          detail: { account: row.account },
          event: true,
        },
      ]);
      return true;
    },
    { lock: "none" },
  );
}
