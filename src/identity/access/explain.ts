import type { Db } from "../../db/connection.ts";
import type { AccountId, GrantId, GroupId, ProductId } from "../../db/id.ts";

/** Why a path gives nothing, in the order in which it is asked. */
type Failing = "deactivated" | "suspended" | "inactive" | "masked" | "parked" | "unconfirmed" | "domain";

/** One way from an account to a role: its membership in `memberOf`, up to `group`, whose grant it is. */
export type Path = {
  account: AccountId;
  product: ProductId;
  role: "admin" | "user" | "guest";
  /** The directory that holds the record whose membership it is; null for a local membership. */
  through: string | null;
  /** The group that the record or account is a member of; it is `group` itself unless groups are nested. */
  memberOf: string;
  group: { id: GroupId; name: string; directory: string | null };
  grant: GrantId;
  /** The first condition that fails; null: the path counts. */
  failing: Failing | null;
};

/**
 * Every path of these accounts to every role, those that do not count with the condition that fails: the very SELECT
 * that the reconciler computes with, so that the explanation cannot differ from the rule (design §4). The strongest role first,
 * then those that count, then by directory order.
 * @param page only one product's; so many of them, after so many.
 */
export async function explain(
  db: Db,
  accounts: readonly AccountId[],
  page: { product?: ProductId | undefined; skip?: number; limit?: number } = {},
): Promise<Path[]> {
  return db.query<Path>({
    name: "explain-access",
    text: `
      select p.account, p.product, p.role, o.name as through, m.name as "memberOf",
        json_build_object('id', g.id, 'name', g.name, 'directory', d.name) as "group", p.grant_id as "grant", p.failing
      from access_paths($1, $2::uuid[]) p
      -- One by one: a plan for a thousand paths would read all groups to name five.
      cross join lateral (select m.name from groups m where m.organization = $1 and m.id = p.member_of offset 0) m
      cross join lateral (
        select g.id, g.name, g.directory from groups g where g.organization = $1 and g.id = p.granted_group offset 0) g
      left join lateral (
        select d.name from directories d where d.organization = $1 and d.id = g.directory offset 0) d on true
      left join lateral (
        select o.name from directories o where o.organization = $1 and o.id = p.directory offset 0) o on true
      where $3::uuid is null or p.product = $3
      order by p.account, p.product, p.failing is not null, p.strength desc, p.directory_position, p.directory_user,
        p.member_of, p.granted_group, p.grant_id
      limit $4 offset $5`,
    values: [db.organization, accounts, page.product ?? null, page.limit ?? null, page.skip ?? 0],
  });
}
