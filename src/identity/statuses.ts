import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import { MusterError } from "../errors.ts";

/** The organization's words for where a person stands (R78 to R84), as they stand on every face. */
export const statuses = ["invited-not-sent", "invited", "active", "suspended", "deactivated"] as const;
export type Status = (typeof statuses)[number];

/** What a status is derived from; nothing stores a status. */
export type StatusFacts = {
  /** Whether the canonical record says active; null when no directory holds the user name any more. */
  canonicalActive: boolean | null;
  suspended: boolean;
  /** The first allowed `access/check` with `seen`. */
  accessed: boolean;
  /** Whether an invitation's mail was ever asked for. */
  mailed: boolean;
};

/**
 * R78 (created, no mail), R79 (mail asked for), R80, R81 (first access has been), R82 (suspended by an administrator),
 * R84 (deactivated by whoever owns the record), the strongest first.
 */
export function deriveStatus(facts: StatusFacts): Status {
  if (facts.canonicalActive !== true) return "deactivated";
  if (facts.suspended) return "suspended";
  if (facts.accessed) return "active";
  return facts.mailed ? "invited" : "invited-not-sent";
}

/** `deriveStatus` as SQL over the row `a` of `accounts`: for lists and filters. A test holds the two together. */
export const statusSql = `case
  when not exists (select from directory_users canonical_record
    where canonical_record.organization = a.organization and canonical_record.id = a.canonical
      and canonical_record.active and canonical_record.deleted_at is null) then 'deactivated'
  when a.suspended_at is not null then 'suspended'
  when a.first_access_at is not null then 'active'
  when exists (select from invitations asked
    where asked.organization = a.organization and asked.account = a.id and asked.delivery <> 'not-requested')
    then 'invited'
  else 'invited-not-sent' end`;

/**
 * The status of one account as it stands in `db`.
 * @throws MusterError `not-found` when the organization has no such account.
 */
export async function statusOf(db: Db, account: AccountId): Promise<Status> {
  const [row] = await db.query<{ status: Status }>({
    name: "status-of",
    text: `select ${statusSql} as status from accounts a where a.organization = $1 and a.id = $2`,
    values: [db.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no such account", { at: "id" });
  return row.status;
}
