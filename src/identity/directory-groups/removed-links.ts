import type { Tx } from "../../db/transaction.ts";
import type { Member } from "./members.ts";
import type { Nesting } from "./nestings.ts";

type Change<Link> = { add: readonly Link[]; remove: readonly Link[] };

/**
 * Changes what people and groups that are gone would bring back with them.
 *
 * Before: of each two at least one is a tombstone that this transaction has locked. After: the memberships and nestings are
 * as asked; as nobody has anything by them, nobody's access changes and there is nothing to tell.
 */
export async function changeLinksOfRemoved(
  tx: Tx,
  { members, nestings }: { members: Change<Member>; nestings: Change<Nesting> },
): Promise<void> {
  const change = (text: string, groups: readonly string[], others: readonly string[]) =>
    groups.length > 0 && tx.query({ text, values: [tx.organization, groups, others] });
  await change(
    `delete from remote_memberships m using unnest($2::uuid[], $3::uuid[]) w (group_id, member)
      where m.organization = $1 and m.group_id = w.group_id and m.directory_user = w.member`,
    members.remove.map((row) => row.group),
    members.remove.map((row) => row.member),
  );
  await change(
    `insert into remote_memberships (organization, group_id, directory_user)
      select $1, w.group_id, w.member from unnest($2::uuid[], $3::uuid[]) w (group_id, member) order by 2, 3
      on conflict do nothing`,
    members.add.map((row) => row.group),
    members.add.map((row) => row.member),
  );
  await change(
    `delete from group_nestings n using unnest($2::uuid[], $3::uuid[]) w (parent, child)
      where n.organization = $1 and n.parent = w.parent and n.child = w.child and n.origin = 'remote'`,
    nestings.remove.map((row) => row.parent),
    nestings.remove.map((row) => row.child),
  );
  await change(
    `insert into group_nestings (organization, parent, child, origin)
      select $1, w.parent, w.child, 'remote' from unnest($2::uuid[], $3::uuid[]) w (parent, child) order by 2, 3
      on conflict do nothing`,
    nestings.add.map((row) => row.parent),
    nestings.add.map((row) => row.child),
  );
}
