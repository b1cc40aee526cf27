import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { type GuardFigures, judge } from "./guard.ts";
import { figuresOfNow } from "./plan/figures-of-now.ts";
import { IS_CURRENT } from "./runs.ts";

/**
 * The newest plan of a directory that waits for approval and that the guard lets pass, or undefined: what the guard holds,
 * a dry run's too, is approved by id alone (design §5.4), and so is what it would hold by now, for what has changed
 * since. A plan whose time is over waits no more, nor one older than the
 * last full run that was applied: it was made against what has changed since. What a delta has applied since makes no
 * plan old: each row's version tells.
 */
export async function previewedRun(db: Db, directory: DirectoryId): Promise<SyncRunId | undefined> {
  const [row] = await db.query<{ id: SyncRunId; figures: GuardFigures | null }>({
    text: `select id, verdict -> 'figures' as figures from sync_runs
      where organization = $1 and directory = $2 and state = 'previewed' and not (verdict -> 'held')::boolean
        and approvable_until > statement_timestamp() and ${IS_CURRENT}
      order by id desc limit 1`,
    values: [db.organization, directory],
  });
  if (row?.figures && judge(await figuresOfNow(db, row.id, directory, row.figures)).held) return undefined;
  return row?.id;
}

/** Whether a plan of the directory is held and waits: something is odd there that a person has not looked at. */
export async function isHeld(db: Db, directory: DirectoryId): Promise<boolean> {
  const rows = await db.query({
    text: `select id from sync_runs where organization = $1 and directory = $2 and state = 'held'
        and approvable_until > statement_timestamp() and ${IS_CURRENT} limit 1`,
    values: [db.organization, directory],
  });
  return rows.length > 0;
}

/** Whether no full run was applied to the directory since that plan was made. */
export async function isCurrent(db: Db, run: SyncRunId): Promise<boolean> {
  const rows = await db.query({
    text: `select id from sync_runs where organization = $1 and id = $2 and ${IS_CURRENT}`,
    values: [db.organization, run],
  });
  return rows.length > 0;
}
