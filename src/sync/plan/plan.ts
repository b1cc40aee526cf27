import { ConnectorError } from "../../../connectors/connector.ts";
import type { DirectoryId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { type GuardFigures, judge, type Verdict } from "../guard.ts";
import type { SyncLane } from "../runs.ts";
import type { Staged, StagedRows } from "../stage.ts";
import { countPlan, type SyncCounts, type SyncDetails } from "./counts.ts";
import { markHeldNames, planMembersOfDelta } from "./delta.ts";
import { keepDigests } from "./digests.ts";
import { guardFigures } from "./figures.ts";
import { reportSharedGroupNames } from "./group-names.ts";
import { planGroups } from "./groups.ts";
import { planMembers } from "./members.ts";
import { markNameConflicts, markRenamesTogether, reportSharedAddresses } from "./names.ts";
import { planUsers } from "./users.ts";

/** A plan as it stands in `sync_plan`. */
export type Plan = {
  counts: SyncCounts;
  details: SyncDetails;
  /** Whether it only brings people, groups and memberships that were not there. */
  onlyAdds: boolean;
  /** Whether entries were left out. */
  isPartial: boolean;
  figures: GuardFigures;
  verdict: Verdict;
};

/**
 * Compares what is in staging with what is held and writes the difference as plan rows; what is held is only read. An
 * unchanged directory gives no row at all. A full lane's staging is a complete snapshot, so that who is absent from it
 * is gone; a delta's holds what was added or changed, and its plan only adds and updates.
 * @throws ConnectorError `incomplete` when staging holds less than was put there: unlogged tables are emptied by a
 * crash of the database, and an emptied staging would look like a directory that everybody has left.
 */
export async function plan(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
  staged: Staged,
  lane: SyncLane,
): Promise<Plan> {
  await verifyStaging(tx, run, staged.rows);
  const allAsHeld = lane === "full" && (await areAllAsHeld(tx, directory, staged));
  // Whole sets are compared here, partly with rows that this transaction has just written and nobody has counted: a
  // nested loop, guessed to be of a few rows, took over a minute where a hash join takes one second.
  await tx.query({ text: "select set_config('enable_nestloop', 'off', true)" });
  if (lane === "delta") await markHeldNames(tx, run, directory);
  await markNameConflicts(tx, run, directory);
  await planGroups(tx, run, directory, lane);
  if (!allAsHeld) await planUsers(tx, run, directory, lane === "full");
  // What few people want is looked up.
  if (staged.rows.users < FEW) await tx.query({ text: "select set_config('enable_nestloop', 'on', true)" });
  await (lane === "full" ? planMembers : planMembersOfDelta)(tx, run, directory);
  if (staged.rows.digests > 0) await keepDigests(tx, run, directory);
  await markRenamesTogether(tx, run);
  await reportSharedAddresses(tx, run, directory);
  await reportSharedGroupNames(tx, run, directory);
  const { counts, details, conflicts } = await countPlan(tx, run, staged);
  const figures = await guardFigures(tx, run, directory, allAsHeld ? staged.active : undefined);
  return {
    counts,
    details,
    onlyAdds: await isOnlyAdding(tx, run),
    isPartial: conflicts > 0,
    figures,
    verdict: judge(figures),
  };
}

/** Staged people below which nobody needs to look at all that are held. */
const FEW = 1000;

/** Whether every person who is held was read and says what is held: the read ones are, and they are as many. */
async function areAllAsHeld(tx: Tx, directory: DirectoryId, { rows }: Staged): Promise<boolean> {
  if (rows.users > 0) return false;
  const [row] = await tx.query<{ held: number }>({
    text: `select count(*) as held from directory_users
      where organization = $1 and directory = $2 and deleted_at is null`,
    values: [tx.organization, directory],
  });
  return row?.held === rows.unchanged;
}

async function verifyStaging(tx: Tx, run: SyncRunId, expected: StagedRows): Promise<void> {
  const count = (table: string) => `(select count(*) from ${table} where organization = $1 and run = $2)`;
  const [row] = await tx.query<StagedRows>({
    text: `select ${count("sync_staged_users")} as users, ${count("sync_unchanged_users")} as unchanged,
      ${count("sync_staged_groups")} as groups, ${count("sync_staged_members")} as members,
      ${count("sync_staged_digests")} as digests`,
    values: [tx.organization, run],
  });
  const names = Object.keys(expected) as (keyof StagedRows)[];
  if (!row || names.some((name) => row[name] !== expected[name]))
    throw new ConnectorError(
      "incomplete",
      "what was read is no longer in staging (did the database restart?); run the sync again",
    );
}

async function isOnlyAdding(tx: Tx, run: SyncRunId): Promise<boolean> {
  const [row] = await tx.query<{ other: boolean }>({
    text: `select exists (select from sync_plan where organization = $1 and run = $2
      and kind not in ('user-add', 'group-add', 'member-add', 'nesting-add', 'conflict', 'shared-address',
        'shared-group-name')) as other`,
    values: [tx.organization, run],
  });
  return row?.other === false;
}
