import { z } from "zod";
import type { Context } from "../context.ts";
import type { DirectoryId, OrganizationId } from "../db/id.ts";
import { inTransaction } from "../db/transaction.ts";
import { isMusterError } from "../errors.ts";
import { runSync } from "./run.ts";

/** The job that syncs one directory; its payload is what `enqueueDueSyncs` writes. */
export const SYNC_TASK = "sync";

const payloadSchema = z.object({ organization: z.uuid(), directory: z.uuid() });

/** How many directories one look takes up; the next look takes the rest. */
const AT_ONCE = 100;

/**
 * Adds a job for every directory whose time has come and sets its next time, in one transaction each, so that any
 * number of schedulers add one job. Returns how many were added. Meant to be called about once a minute.
 */
export async function enqueueDueSyncs(ctx: Context): Promise<number> {
  const due = await ctx.db.lookUp<{ organization: OrganizationId; id: DirectoryId }>({
    text: "select organization, id from list_due_directories($1)",
    values: [AT_ONCE],
  });
  let added = 0;
  for (const { organization, id } of due) if (await enqueue(ctx, organization, id)) added += 1;
  return added;
}

async function enqueue(ctx: Context, organization: OrganizationId, directory: DirectoryId): Promise<boolean> {
  const actor = { organization, kind: "system", id: null, requestId: null } as const;
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      const taken = await tx.query({
        text: `update directories set next_run_at = statement_timestamp() + sync_every
          where organization = $1 and id = $2 and sync_every is not null
            and (next_run_at is null or next_run_at <= statement_timestamp()) returning id`,
        values: [organization, directory],
      });
      if (taken.length === 0) return false;
      await tx.query({
        text: "select add_job($1, $2, $3)",
        values: [SYNC_TASK, { organization, directory }, `${SYNC_TASK}:${directory}`],
      });
      return true;
    },
    { lock: "none" },
  );
}

/**
 * The job itself: one scheduled run. A run that ends held or failed is over, its next time is set; only trouble with
 * Muster's own database makes the job fail and be tried again.
 */
export async function syncTask(ctx: Context, payload: unknown, signal?: AbortSignal): Promise<void> {
  const { organization, directory } = payloadSchema.parse(payload);
  const actor = { organization: organization as OrganizationId, kind: "job", id: null, requestId: null } as const;
  try {
    const result = await runSync(ctx, directory as DirectoryId, {
      mode: "run",
      trigger: "schedule",
      actor,
      ...(signal === undefined ? {} : { signal }),
    });
    ctx.logger.info("scheduled sync", { directory, run: result.runId, counts: result.counts, status: result.state });
  } catch (error) {
    if (!isMusterError(error) || (error.code !== "conflict" && error.code !== "not-found")) throw error;
    ctx.logger.info("scheduled sync left out", { directory, detail: error.message });
  }
}
