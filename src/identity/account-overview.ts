import type { Db } from "../db/connection.ts";
import type { AccountId, DirectoryUserId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { emailKey, userNameKey } from "./keys.ts";
import { type Status, statusSql } from "./statuses.ts";

/** One person as every face shows them. `email` is the canonical record's; `records` stand in the directories' order. */
export type AccountOverview = {
  id: AccountId;
  userName: string;
  email: string | null;
  status: Status;
  /** When the person first used a product, or null. R80. */
  firstAccessAt: Date | null;
  /** `directory` is its name. */
  records: { directory: string; id: DirectoryUserId; externalId: string | null; canonical: boolean; active: boolean }[];
};

export const STATUSES: readonly Status[] = ["invited-not-sent", "invited", "active", "suspended", "deactivated"];

/** One comparison of a list's filter; user name and e-mail are compared in their folded form (RFC 7643 §4.1.1). */
export type AccountFilter =
  | { field: "id" | "status"; operator: "eq"; value: string }
  | { field: "userName" | "email"; operator: "eq" | "co" | "sw"; value: string };

const COLUMNS = `a.id, a.user_name as "userName", a.email, ${statusSql} as status, a.first_access_at as "firstAccessAt",
  coalesce((
    select json_agg(json_build_object('directory', d.name, 'id', u.id, 'externalId', u.external_id,
      'canonical', u.id = a.canonical, 'active', u.active) order by d.position, u.id)
    from directory_users u join directories d on d.organization = u.organization and d.id = u.directory
    where u.organization = a.organization and u.account = a.id and u.deleted_at is null
  ), '[]') as records`;

/**
 * The organization's people in the order of their ids, those that match every term of the filter, after one id.
 * R87: everybody is listed, whatever their status.
 */
export async function listAccounts(
  db: Db,
  query: { filter: readonly AccountFilter[]; after: AccountId | null; limit: number },
): Promise<AccountOverview[]> {
  const values: unknown[] = [db.organization, query.after, query.limit];
  const conditions = query.filter.map((term) => condition(term, (value) => `$${values.push(value)}`));
  return db.query<AccountOverview>({
    text: `select ${COLUMNS} from accounts a
      where ${["a.organization = $1", "($2::uuid is null or a.id > $2)", ...conditions].join(" and ")}
      order by a.id limit $3`,
    values,
  });
}

function condition(term: AccountFilter, parameter: (value: string) => string): string {
  switch (term.field) {
    case "id":
      return `a.id::text = ${parameter(term.value.toLowerCase())}`;
    case "status":
      return `${statusSql} = ${parameter(term.value)}`;
    case "userName":
      return compare("a.user_name_key", term.operator, userNameKey(term.value), parameter);
    case "email":
      // A whole address has a canonical form; a part of one has only its case folded.
      return compare("a.email_key", term.operator, emailKey(term.value) ?? userNameKey(term.value), parameter);
  }
}

function compare(
  column: string,
  operator: "eq" | "co" | "sw",
  value: string,
  parameter: (value: string) => string,
): string {
  switch (operator) {
    case "eq":
      return `${column} = ${parameter(value)}`;
    case "co":
      return `strpos(${column}, ${parameter(value)}) > 0`;
    case "sw":
      return `starts_with(${column}, ${parameter(value)})`;
  }
}

/** @throws MusterError `not-found`, the same for a foreign id as for an unknown one. */
export async function getAccount(db: Db, id: AccountId): Promise<AccountOverview> {
  const [account] = await db.query<AccountOverview>({
    text: `select ${COLUMNS} from accounts a where a.organization = $1 and a.id = $2`,
    values: [db.organization, id],
  });
  if (!account) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  return account;
}
