import type { DirectoryId } from "../db/id.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { reconcile } from "./access/reconcile.ts";
import { reassignCanonical } from "./accounts/assign.ts";
import { type Directory, listDirectories } from "./directories.ts";
import { type Consequences, withConsequences } from "./directory-preview.ts";
import { recordChanges } from "./record.ts";
import { keepAnAdministrator } from "./rights/last-administrator.ts";
import { type WriteTarget, writeTarget } from "./write-target.ts";

export type DirectoriesOrdered = {
  changed: boolean;
  directories: Directory[];
  consequences: Consequences;
  writeTarget: WriteTarget;
};

/**
 * Puts all directories in this order, chooses every account's canonical record anew and works out everybody's access.
 * R161, R163.
 *
 * Before: the organization is locked exclusively. After: the positions are those of `names`, counted from 1; canonical
 * records and access follow. Returns the directories as they stand, whether the order is another than before, what that
 * did to whom (D20), and where new people are written now; external user management stays what it is (R164).
 * @throws MusterError `invalid` when a directory is missing, unknown or named twice; `conflict` when no administrator would stay.
 */
export async function orderDirectories(tx: Tx, names: readonly string[]): Promise<DirectoriesOrdered> {
  requireExclusive(tx);
  const before = await listDirectories(tx);
  const ids = idsInOrder(before, names);
  const changed = before.some((directory, index) => directory.id !== ids[index]);
  const { consequences } = await withConsequences(tx, async () => {
    if (changed) await putInOrder(tx, before, ids, names);
  });
  return { changed, directories: await listDirectories(tx), consequences, writeTarget: await writeTarget(tx) };
}

async function putInOrder(
  tx: Tx,
  before: readonly Directory[],
  ids: readonly DirectoryId[],
  names: readonly string[],
): Promise<void> {
  await tx.query({
    text: `update directories d set position = o.position
      from unnest($2::uuid[]) with ordinality as o (id, position)
      where d.organization = $1 and d.id = o.id`,
    values: [tx.organization, ids],
  });
  await recordChanges(tx, [
    {
      action: "directories.ordered",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { from: before.map((directory) => directory.name), to: names },
    },
  ]);
  await keepAnAdministrator(tx, async () => reconcile(tx, await reassignCanonical(tx)));
}

function idsInOrder(all: readonly Directory[], names: readonly string[]): DirectoryId[] {
  const byName = new Map(all.map((directory) => [directory.name, directory.id]));
  const ids = names.map((name) => {
    const id = byName.get(name);
    if (id === undefined)
      throw new MusterError("invalid", `the order names ${name}, which is no directory or stands there twice`, {
        at: name,
      });
    byName.delete(name);
    return id;
  });
  if (byName.size > 0)
    throw new MusterError("invalid", `the order must name every directory; missing: ${[...byName.keys()].join(", ")}`, {
      at: "order",
    });
  return ids;
}
