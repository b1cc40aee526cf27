import { type Runner, run, Logger as WorkerLogger } from "graphile-worker";
import pg from "pg";
import type { Context } from "../context.ts";
import { clientOptions } from "../db/connection.ts";
import type { Logger } from "../logger.ts";
import { CRONTAB, catchUp, makeTasks } from "./tasks.ts";

export type Jobs = {
  /** Takes no further jobs, waits for those that run, closes its connections. */
  stop(): Promise<void>;
};

/** More than a few long syncs, so that a mail never waits for them. */
const CONCURRENCY = 8;
const RESTART_DELAY = 2_000;

/**
 * Runs the jobs of all organizations: graphile-worker takes them from its tables as `muster_owner`, the work itself is
 * done as the application. Any number of processes may run this at once; a job runs in one of them. A lost database
 * stops nothing for good: the worker is started again until `stop` is called.
 * @param options.ownerUrl a login that is `muster_owner` or may become it.
 * @throws MusterError `configuration` when the sender's address or the secret key cannot be used.
 */
export async function startJobs(ctx: Context, options: { ownerUrl: string }): Promise<Jobs> {
  const tasks = makeTasks(ctx);
  const pool = new pg.Pool({
    ...clientOptions({ url: options.ownerUrl, role: "muster_owner" }),
    max: CONCURRENCY + 2,
  });
  // A connection that dies must not end the process: graphile-worker opens another.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  let runner: Runner | undefined;
  const stopping = Promise.withResolvers<void>();
  let stopped = false;

  async function keepRunning(): Promise<void> {
    while (!stopped) {
      try {
        await catchUp(ctx);
        runner = await run({
          pgPool: pool,
          taskList: tasks,
          crontab: CRONTAB,
          concurrency: CONCURRENCY,
          pollInterval: 1_000,
          noHandleSignals: true,
          logger: toWorkerLogger(ctx.logger),
        });
        if (stopped) await runner.stop();
        await runner.promise;
      } catch (error) {
        ctx.logger.warn("jobs interrupted; starting again", { error: (error as Error).message });
      }
      runner = undefined;
      if (!stopped) await Promise.race([stopping.promise, pause(RESTART_DELAY)]);
    }
  }

  const running = keepRunning();
  return {
    async stop() {
      if (stopped) return running;
      stopped = true;
      stopping.resolve();
      await runner?.stop().catch(() => {});
      await running;
      await pool.end();
    },
  };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

/** The worker's own chatter is for debugging; what goes wrong in a job is a warning, since the job comes again. */
function toWorkerLogger(logger: Logger): WorkerLogger {
  return new WorkerLogger(() => (level, message) => {
    logger.log(level === "error" || level === "warning" ? "warn" : "debug", message, { service: "jobs" });
  });
}
