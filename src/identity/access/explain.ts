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

type Row = Omit<Path, "group"> & { group: GroupId; groupName: string; groupDirectory: string | null };

/**
 * Every path of these accounts to every role, those that do not count with the condition that fails: a SELECT for few people that
 * finds what the reconciler's own finds (design §4; the tests hold one against the other). The strongest role first,
 * then those that count, then by directory order.
 * @param page only one product's; so many of them, after so many.
 */
export async function explain(
  db: Db,
  accounts: readonly AccountId[],
  page: { product?: ProductId | undefined; skip?: number; limit?: number } = {},
): Promise<Path[]> {
  const rows = await db.query<Row>({
    name: "explain-access",
    text: `select account, product, role, through, member_of as "memberOf", group_id as "group", group_name as "groupName",
        group_directory as "groupDirectory", grant_id as "grant", failing
      from explained_access($1::uuid[], $2::uuid, $3::integer, $4::integer)`,
    values: [accounts, page.product ?? null, page.limit ?? null, page.skip ?? 0],
  });
  return rows.map(({ group, groupName, groupDirectory, ...path }) => ({
    ...path,
    group: { id: group, name: groupName, directory: groupDirectory },
  }));
}
