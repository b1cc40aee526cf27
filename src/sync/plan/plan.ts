import { ConnectorError } from "../../../connectors/connector.ts";
import type { DirectoryId, DirectoryUserId, SyncRunId } from "../../db/id.ts";
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
import { isAnyGroupHeld, planMembers } from "./members.ts";
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
  const others = lane === "full" ? await notAsHeld(tx, run, directory) : null;
  // Whole sets are compared here, partly with rows that this transaction has just written and nobody has counted: a
  // nested loop, guessed to be of a few rows, took over a minute where a hash join takes one second.
  await setNestedLoops(tx, "off");
  await tx.query({ text: "select set_config('work_mem', $1, true)", values: [MEMORY] });
  const areFew = staged.rows.users < FEW && others !== null;
  if (lane === "delta") await markHeldNames(tx, run, directory);
  if (areFew) await setNestedLoops(tx, "on");
  await markNameConflicts(tx, run, directory);
  if (areFew) await setNestedLoops(tx, "off");
  await planGroups(tx, run, directory, lane);
  const isAnybodyNew = staged.rows.users > 0 || others?.length !== 0;
  if (isAnybodyNew) {
    if (areFew) await setNestedLoops(tx, "on");
    await planUsers(tx, run, directory, lane, others);
    await setNestedLoops(tx, "off");
  }
  const holdsGroups = await isAnyGroupHeld(tx, run, directory);
  if (lane === "delta") await planMembersOfDelta(tx, run, directory);
  else await planMembers(tx, run, directory, areFew && staged.rows.members < FEW_MEMBERS, holdsGroups);
  if (areFew) await setNestedLoops(tx, "on");
  if (staged.rows.digests > 0 && holdsGroups) await keepDigests(tx, run, directory);
  await markRenamesTogether(tx, run);
  await reportSharedAddresses(tx, run, directory);
  await reportSharedGroupNames(tx, run, directory);
  const { counts, details, conflicts, onlyAdds } = await countPlan(tx, run, staged);
  const figures = await guardFigures(
    tx,
    run,
    directory,
    others === null ? undefined : { active: staged.active, others },
  );
  return {
    counts,
    details,
    onlyAdds,
    isPartial: conflicts > 0,
    figures,
    verdict: judge(figures),
  };
}

/** People of whom there is something to say, up to whom each is looked up. */
const FEW = 1000;

/** Memberships to compare one by one, up to which those that they are about are looked up. */
const FEW_MEMBERS = 10_000;

/**
 * Of one step of one statement (twice that where it hashes), because many directories may be planned at once. Of 100,000 people one
 * sort takes a file of 73 MB and no more CPU than with four times the memory.
 */
const MEMORY = "32MB";

async function setNestedLoops(tx: Tx, setting: "on" | "off"): Promise<void> {
  await tx.query({ text: "select set_config('enable_nestloop', $1, true)", values: [setting] });
}

/** Who is held and of whom the read did not say what is held; null when they are not few. */
async function notAsHeld(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<DirectoryUserId[] | null> {
  const rows = await tx.query<{ id: DirectoryUserId }>({
    text: `select id from directory_users where organization = $1 and directory = $3 and deleted_at is null
        and id not in (select held from sync_unchanged_users where organization = $1 and run = $2)
      limit $4`,
    values: [tx.organization, run, directory, FEW],
  });
  return rows.length < FEW ? rows.map((row) => row.id) : null;
}

async function verifyStaging(tx: Tx, run: SyncRunId, expected: StagedRows): Promise<void> {
  const count = (table: string, what = "count(*)") =>
    `(select ${what} from ${table} where organization = $1 and run = $2)`;
  const [row] = await tx.query<StagedRows>({
    text: `select ${count("sync_staged_users")} as users, ${count("sync_unchanged_users")} as unchanged,
      ${count("sync_staged_groups")} as groups, ${count("sync_staged_members", "coalesce(sum(cardinality(members)), 0)::int")} as members,
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
