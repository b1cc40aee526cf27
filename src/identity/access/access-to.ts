import type { Db } from "../../db/connection.ts";
import type { AccountId, ProductId } from "../../db/id.ts";
import { type Status, statusSql } from "../statuses.ts";
import { type AccessFacts, type Decision, decide } from "./reason.ts";

/** One person's access to a product; `until` is when a guest's access ends. */
export type PersonAccess = {
  user: { id: AccountId; userName: string; email: string | null; status: Status };
  until: Date | null;
} & Decision;

/**
 * Everybody whom a grant reaches on one product (design §10), in the order of their ids, after one id. Whoever has no grant there
 * is left out; who is deactivated or suspended has lost the row already.
 */
export async function accessTo(
  db: Db,
  product: ProductId,
  page: { after: AccountId | null; limit: number },
): Promise<PersonAccess[]> {
  const rows = await db.query<AccessFacts & PersonAccess["user"] & { until: Date | null }>({
    text: `select a.id, a.user_name as "userName", a.email, ${statusSql} as status, x.role, x.state,
        x.domain_limited as "domainLimited", coalesce(x.live_until <= statement_timestamp(), false) as expired,
        x.live_until as until
      from access x join accounts a on a.organization = x.organization and a.id = x.account
      where x.organization = $1 and x.product = $2 and ($3::uuid is null or a.id > $3)
      order by a.id limit $4`,
    values: [db.organization, product, page.after, page.limit],
  });
  return rows.map(({ id, userName, email, status, until, ...facts }) => ({
    user: { id, userName, email, status },
    ...decide(status, facts),
    until,
  }));
}
