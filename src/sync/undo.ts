import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { refuseWhilePaused } from "../identity/pause.ts";
import { isApplied } from "./apply/keep.ts";
import { type DirectoryLock, holdEpoch, withDirectoryLock } from "./lock.ts";
import { countPlan } from "./plan/counts.ts";
import { countAdministrators } from "./plan/figures.ts";
import { heldJson } from "./plan/users.ts";
import { resultOf, type SyncResult } from "./run.ts";
import { getRun, openRun, type SyncRun, type SyncTrigger } from "./runs.ts";
import { applyRun, type RunHooks, settleDeadRuns } from "./settle.ts";

/** Days for which a run can be undone: for so long what it took away is kept (design §4.1). */
export const UNDO_DAYS = 30;

/**
 * A run that can be undone.
 * @throws MusterError `not-found`; `conflict` when it was not applied, has changed nothing, is undone already, or is too
 * long ago.
 */
export async function requireUndoable(db: Db, run: SyncRunId): Promise<SyncRun> {
  const found = await getRun(db, run);
  if (!found) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  if (!found.appliedAt || !["done", "partial", "failed"].includes(found.state))
    throw new MusterError("conflict", `this run is ${found.state}; there is nothing to undo`, { at: "run" });
  // Taken for an undoing, it would keep the directory waiting for a person.
  if (found.rowsWritten === 0)
    throw new MusterError("conflict", "this run has changed nothing; there is nothing to undo", { at: "run" });
  const [recent] = await db.query({
    text: `select id from sync_runs where organization = $1 and id = $2
      and applied_at > statement_timestamp() - make_interval(days => $3)`,
    values: [db.organization, run, UNDO_DAYS],
  });
  if (!recent)
    throw new MusterError("conflict", `this run was applied more than ${UNDO_DAYS} days ago and cannot be undone`, {
      at: "run",
    });
  return found;
}

/**
 * Applies what a run did backwards: brings removed and deactivated people, groups and memberships back, takes added
 * ones away, gives old names and values back, as far as nobody has changed them since (those are left out and named).
 * What the run had parked counts again where the record is canonical again that was so before.
 * The undoing is a run of its own, with its own plan and audit; it can be undone itself. Afterwards the undone run is
 * `undone`, and the directory's next run ends `previewed`, because the source still says what it said.
 * @returns the result of the undoing run.
 * @throws MusterError `not-found`; `conflict` when the run was not applied, is undone already, another run is under way, or
 * no organization administrator would stay; `held` while Muster rests after a restore.
 */
export async function undoRun(
  ctx: Context,
  run: SyncRunId,
  options: RunHooks & { actor: Actor; trigger: SyncTrigger; run?: SyncRunId },
): Promise<SyncResult> {
  const db = ctx.db.of(options.actor.organization);
  const found = await getRun(db, run);
  if (!found) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  // Before its run is opened, which nobody would settle while Muster rests.
  await refuseWhilePaused(db);
  return withDirectoryLock(ctx, options.actor, found.directory, async (lock) => {
    await settleDeadRuns(ctx, lock, options.actor, options);
    await requireUndoable(db, run);
    return resultOf(await applyRun(ctx, lock, options.actor, await openUndo(ctx, lock, run, options), options));
  });
}

async function openUndo(
  ctx: Context,
  lock: DirectoryLock,
  undoes: SyncRunId,
  options: { actor: Actor; trigger: SyncTrigger; run?: SyncRunId },
): Promise<SyncRunId> {
  return inTransaction(
    ctx,
    options.actor,
    async (tx) => {
      await holdEpoch(tx, lock);
      const run = await openRun(tx, lock, { ...options, mode: "undo", undoes });
      await planBackwards(tx, undoes, run);
      await keepAnAdministrator(tx, run, lock.directory);
      const { counts, details } = await countPlan(tx, run, { users: 0, groups: 0, members: 0 });
      await tx.query({
        text: "update sync_runs set counts = $3, details = $4 where organization = $1 and id = $2",
        values: [tx.organization, run, counts, details],
      });
      return run;
    },
    { lock: "none" },
  );
}

/**
 * Of the guard's rules the one that nobody could mend afterwards: whoever asks for an undoing has seen by the run what it
 * takes away, but without an administrator nobody could undo it again.
 */
async function keepAnAdministrator(tx: Tx, run: SyncRunId, directory: DirectoryId): Promise<void> {
  const { administrators, administratorsStaying } = await countAdministrators(tx, run, directory);
  if (administrators > 0 && administratorsStaying === 0)
    throw new MusterError(
      "conflict",
      `undoing this run would leave no organization administrator (all ${administrators} came with it); make somebody else one first, with muster admin add`,
      { at: "run" },
    );
}

/**
 * The plan that leads back, from what was applied and the versions it led to; a person who is again as the run left them
 * (a later run was undone first) is taken back all the same. The memberships of people and groups that are new with
 * the run are not taken away one by one: they go and return with their tombstones. Of whoever came back with it, content and
 * memberships become again what the tombstone had, so that the removal before can be undone too.
 */
async function planBackwards(tx: Tx, undoes: SyncRunId, run: SyncRunId): Promise<void> {
  await tx.query({
    text: `
      with applied as (
        select p.* from sync_plan p join sync_runs r on r.organization = $1 and r.id = p.run
        where p.organization = $1 and p.run = $2 and ${isApplied("p", "r")}
      ), arrived as (
        select subject from applied where kind in ('user-add', 'group-add')
      )
      insert into sync_plan
        (organization, run, kind, subject, member, immutable_id, name, together, version, content_hash, next, previous)
      select $1, $3,
        case kind
          when 'user-add' then 'user-remove' when 'user-restore' then 'user-remove' when 'user-remove' then 'user-restore'
          when 'group-add' then 'group-remove' when 'group-restore' then 'group-remove' when 'group-remove' then 'group-restore'
          when 'group-update' then 'group-update'
          when 'member-add' then 'member-remove' when 'member-remove' then 'member-add'
          when 'nesting-add' then 'nesting-remove' when 'nesting-remove' then 'nesting-add'
          else case when (next ->> 'active')::boolean and not (previous ->> 'active')::boolean
            then 'user-deactivate' else 'user-update' end
        end,
        subject, member, immutable_id, name, together,
        coalesce((select h.version from directory_users h where h.organization = $1 and h.id = applied.subject
          and ${heldJson("h")} = coalesce(applied.next, applied.previous)
          and (h.deleted_at is not null) = (applied.kind = 'user-remove') and applied.member is null), applied_version,
          -- What was added began so.
          case when kind in ('user-add', 'group-add') then 1 end),
        decode(coalesce(next, previous) ->> 'contentHash', 'hex'), previous, coalesce(next, previous)
      from applied
      where members is null and (member is null or subject not in (select subject from arrived) and member not in (select subject from arrived))
      order by seq desc`,
    values: [tx.organization, undoes, run],
  });
}
