import { setTimeout as pause } from "node:timers/promises";
import type { JobId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { workAtJob } from "../identity/job-run.ts";
import { getJob, type Job } from "../identity/jobs.ts";
import { progressLine } from "./progress-line.ts";
import type { Session } from "./session.ts";

/** Milliseconds between two looks. */
const LOOK = 500;

/**
 * Works at a job, unless a worker does already, and waits for its end; on a terminal it shows how far it is. A command needs no
 * worker for what it asks for itself.
 * @throws MusterError `conflict` when the job failed or was cancelled.
 */
export async function endedJob(
  { ctx, db, organization }: Session,
  id: JobId,
  options: { json?: true | undefined },
): Promise<Job> {
  const line = progressLine(options);
  const over = new AbortController();
  const looking = show();
  try {
    for (;;) {
      await workAtJob(ctx, { organization: organization.id, id }, undefined);
      const job = await getJob(db, id);
      if (job.state === "done") return job;
      if (job.state !== "queued" && job.state !== "running")
        throw new MusterError("conflict", job.detail ?? `the job is ${job.state}`, { at: id });
      await pause(LOOK);
    }
  } finally {
    over.abort();
    await looking;
    line.clear();
  }

  async function show(): Promise<void> {
    while (!over.signal.aborted) {
      await pause(LOOK, undefined, { signal: over.signal }).catch(() => {});
      const job = over.signal.aborted ? undefined : await getJob(db, id).catch(() => undefined);
      if (job && !over.signal.aborted) line.show(bar(job));
    }
  }
}

const WIDTH = 24;

/** How far a job is, as a bar where its whole is known. */
export function bar({ counts: { total, done, unchanged, refused }, detail }: Pick<Job, "counts" | "detail">): string {
  const over = done + unchanged + refused;
  const why = detail === null ? "" : `  ${detail}`;
  if (total === null || total === 0) return `${over} done${why}`;
  const filled = Math.min(WIDTH, Math.floor((over / total) * WIDTH));
  return `[${"#".repeat(filled)}${".".repeat(WIDTH - filled)}] ${over} of ${total}${why}`;
}
