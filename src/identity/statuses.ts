import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import { MusterError } from "../errors.ts";

/** A word derived from facts, never stored (R78 to R84). */
export type Status = "invited-not-sent" | "invited" | "active" | "suspended" | "deactivated";

/**
 * The status of the accounts `a`: Deactivated over suspended over active over invited (R78 to R84; C3). Invited is who was
 * sent an invitation, or has one on its way, that was not superseded because the name passed on.
 */
export const statusSql = `case
    when not exists (select from directory_users c where c.organization = a.organization and c.id = a.canonical
      and c.active and c.deleted_at is null) then 'deactivated'
    when a.suspended_at is not null then 'suspended'
    when a.first_access_at is not null then 'active'
    when exists (select from invitations i where i.organization = a.organization and i.account = a.id
      and i.delivery <> 'not-requested' and i.state <> 'superseded') then 'invited'
    else 'invited-not-sent'
  end`;

/**
 * The status of one account.
 * @throws MusterError `not-found` for an account that the organization does not have.
 */
export async function statusOf(db: Db, account: AccountId): Promise<Status> {
  const [row] = await db.query<{ status: Status }>({
    name: "status-of",
    text: `select ${statusSql} as status from accounts a where a.organization = $1 and a.id = $2`,
    values: [db.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no such account", { at: account });
  return row.status;
}
