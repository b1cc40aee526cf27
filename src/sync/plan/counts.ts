import type { SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { linesOf } from "./lines.ts";

/** People, as the faces show them. `read` = added + updated + deactivated + unchanged + those in conflict. */
export type SyncCounts = {
  read: number;
  added: number;
  updated: number;
  deactivated: number;
  removed: number;
  unchanged: number;
  conflicts: number;
};

/** Everything else that a plan holds, and what the directory's reader found odd. */
export type SyncDetails = {
  groups: { read: number; added: number; updated: number; removed: number };
  memberships: { read: number; added: number; removed: number };
  nestings: { added: number; removed: number };
  sharedAddresses: number;
  sharedGroupNames: number;
};

/** What changes nothing that is held. */
const ADDING: ReadonlySet<string> = new Set([
  ...["user-add", "group-add", "member-add", "nesting-add", "conflict", "shared-address", "shared-group-name"],
]);

/**
 * Counts a complete plan. `conflicts` are the rows that were left out and what two people or two groups share; `onlyAdds`:
 * it only brings what was not there.
 */
export async function countPlan(
  tx: Tx,
  run: SyncRunId,
  staged: { users: number; groups: number; members: number },
): Promise<{ counts: SyncCounts; details: SyncDetails; conflicts: number; onlyAdds: boolean }> {
  const rows = await tx.query<{ kind: string; count: number }>({
    text: `select p.kind, sum(${linesOf("p")})::int as count from sync_plan p
      where p.organization = $1 and p.run = $2 group by p.kind`,
    values: [tx.organization, run],
  });
  const of = new Map(rows.map((row) => [row.kind, row.count]));
  const count = (...kinds: string[]): number => kinds.reduce((sum, kind) => sum + (of.get(kind) ?? 0), 0);
  const conflicts = count("conflict");
  const added = count("user-add", "user-restore");
  const updated = count("user-update");
  const deactivated = count("user-deactivate");
  return {
    counts: {
      read: staged.users,
      added,
      updated,
      deactivated,
      removed: count("user-remove"),
      unchanged: Math.max(0, staged.users - added - updated - deactivated - conflicts),
      conflicts: conflicts + count("shared-address", "shared-group-name"),
    },
    details: {
      groups: {
        read: staged.groups,
        added: count("group-add", "group-restore"),
        updated: count("group-update"),
        removed: count("group-remove"),
      },
      memberships: { read: staged.members, added: count("member-add"), removed: count("member-remove") },
      nestings: { added: count("nesting-add"), removed: count("nesting-remove") },
      sharedAddresses: count("shared-address"),
      sharedGroupNames: count("shared-group-name"),
    },
    conflicts,
    onlyAdds: rows.every((row) => ADDING.has(row.kind)),
  };
}
