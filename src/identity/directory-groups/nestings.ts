import type { DirectoryId, GroupId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { accountsUnder } from "../access/accounts-under.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";

/** A group in a group of the same directory. */
export type Nesting = { parent: GroupId; child: GroupId };

/**
 * Adds and removes groups in groups of one directory (nesting stays inside one directory, design §4.2). Circles are
 * allowed, as directories allow them; the reconciler walks each group once.
 *
 * Before: the organization is locked exclusively. After: nesting is as asked, the versions of the parents that
 * changed are one higher, and the access of everybody under the children follows.
 */
export async function changeNestings(
  tx: Tx,
  directory: DirectoryId,
  change: { add: readonly Nesting[]; remove: readonly Nesting[] },
): Promise<{ added: number; removed: number; unknown: string[] }> {
  requireExclusive(tx);
  const removed = await tx.query<Nesting>({
    text: `delete from group_nestings n using unnest($3::uuid[], $4::uuid[]) as w (parent, child), directory_groups p
      where n.organization = $1 and n.parent = w.parent and n.child = w.child and n.origin = 'remote'
        and p.organization = $1 and p.id = n.parent and p.directory = $2
      returning n.parent, n.child`,
    values: [tx.organization, directory, change.remove.map((row) => row.parent), change.remove.map((row) => row.child)],
  });
  const added = await tx.query<Nesting>({
    text: `insert into group_nestings (organization, parent, child, origin)
      select distinct $1::uuid, p.id, c.id, 'remote' from unnest($3::uuid[], $4::uuid[]) as w (parent, child)
      join directory_groups p on p.organization = $1 and p.id = w.parent and p.directory = $2 and p.deleted_at is null
      join directory_groups c on c.organization = $1 and c.id = w.child and c.directory = $2 and c.deleted_at is null
      order by 2, 3 on conflict do nothing returning parent, child`,
    values: [tx.organization, directory, change.add.map((row) => row.parent), change.add.map((row) => row.child)],
  });
  const parents = [...new Set([...added, ...removed].map((row) => row.parent))].sort();
  if (parents.length > 0) {
    await tx.query({
      text: `update directory_groups set version = version + 1, updated_at = statement_timestamp()
        where organization = $1 and id = any($2)`,
      values: [tx.organization, parents],
    });
    await recordChanges(
      tx,
      parents.map((parent) => ({
        action: "group.nesting-changed",
        subjectKind: "group",
        subject: parent,
        detail: {
          directory,
          added: added.filter((row) => row.parent === parent).map((row) => row.child),
          removed: removed.filter((row) => row.parent === parent).map((row) => row.child),
        },
        event: true,
      })),
    );
    await reconcile(
      tx,
      await accountsUnder(
        tx,
        [...added, ...removed].map((row) => row.child),
      ),
    );
  }
  return { added: added.length, removed: removed.length, unknown: await notGroups(tx, directory, change.add) };
}

async function notGroups(tx: Tx, directory: DirectoryId, wanted: readonly Nesting[]): Promise<string[]> {
  const rows = await tx.query<{ child: string }>({
    text: `select distinct w.child from unnest($3::uuid[]) as w (child)
      where not exists (select from directory_groups g
        where g.organization = $1 and g.directory = $2 and g.id = w.child and g.deleted_at is null)`,
    values: [tx.organization, directory, wanted.map((row) => row.child)],
  });
  return rows.map((row) => row.child);
}
