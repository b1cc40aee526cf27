import { EventEmitter } from "node:events";
import { run, type TaskList, type WorkerEvents, Logger as WorkerLogger } from "graphile-worker";
import pg from "pg";
import type { Context } from "../context.ts";
import { clientOptions } from "../db/connection.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import type { Logger } from "../logger.ts";
import { keepDispatching } from "./dispatch-webhooks.ts";
import { keepSealing } from "./seal-audit.ts";
import { CRONTAB, catchUp, makeTasks, SYNC_TASKS } from "./tasks.ts";

export type Jobs = {
  /** Takes no further jobs, waits for those that run, closes its connections. */
  stop(): Promise<void>;
};

/** More than long jobs and slow receivers may take (tasks.ts), so that a mail never waits for them. */
const PLACES = 16;
/** Places of their own: a read may take hours, and much memory. */
const SYNC_PLACES = 4;
/** For each worker one to listen with, and one more. */
const CONNECTIONS = PLACES + SYNC_PLACES + 4;
const RESTART_DELAY = 2_000;

/**
 * Runs the jobs of all organizations: graphile-worker takes them from its tables as `muster_owner`, the work itself is
 * done as the application. Any number of processes may run this at once; a job runs in one of them. A lost database
 * stops nothing for good: the worker is started again until `stop` is called.
 * @param options.ownerUrl a login that is `muster_owner` or may become it.
 * @throws MusterError `configuration` when the sender's address or the secret key cannot be used.
 */
export async function startJobs(ctx: Context, options: { ownerUrl: string }): Promise<Jobs> {
  const running = new Set<Promise<void>>();
  const taskList = makeTasks(ctx);
  const pool = new PlainlyFailingPool({
    ...clientOptions({ url: options.ownerUrl, role: "muster_owner" }),
    max: CONNECTIONS,
    verify: refuseReadOnly,
  });
  // A connection that dies must not end the process: graphile-worker opens another.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  const stopping = Promise.withResolvers<void>();
  const end = new AbortController();
  let stopped = false;

  const rest = () => Promise.race([stopping.promise, pause(RESTART_DELAY)]);

  async function keepRunning(work: Work): Promise<void> {
    while (!stopped) {
      const life: Life = { worker: undefined, running: new Set() };
      try {
        await catchUp(ctx);
        const tasks = tracked(work.taskList, [running, life.running]);
        if (!stopped) await runUntil(stopping.promise, pool, { ...work, taskList: tasks }, life, ctx.logger);
      } catch (error) {
        ctx.logger.warn("jobs interrupted; starting again", { error: (error as Error).message });
        keep(running, giveBack(life));
      }
      if (!stopped) await rest();
    }
  }

  /** Whose end could not be written would be its worker's for four hours, and nobody else's. */
  async function giveBack({ worker, running: theirs }: Life): Promise<void> {
    if (worker === undefined) return;
    // One that was about to be handed out as the worker ended begins still.
    do {
      await rest();
      await Promise.allSettled(theirs);
    } while (theirs.size > 0);
    for (;;) {
      try {
        await pool.query("select graphile_worker.force_unlock_workers($1)", [[worker]]);
        return;
      } catch {
        if (stopped) return;
        await rest();
      }
    }
  }

  const key = loadSecretKey(ctx.config);
  const of = (isWanted: (task: string) => boolean): TaskList =>
    Object.fromEntries(Object.entries(taskList).filter(([task]) => isWanted(task)));
  const works: Work[] = [
    { taskList: of((task) => !SYNC_TASKS.has(task)), places: PLACES, crontab: CRONTAB },
    { taskList: of((task) => SYNC_TASKS.has(task)), places: SYNC_PLACES, crontab: "" },
  ];
  const loop = Promise.all([
    ...works.map(keepRunning),
    keepDispatching(ctx, end.signal),
    keepSealing(ctx, key, end.signal),
  ]);
  return {
    async stop() {
      if (!stopped) {
        stopped = true;
        stopping.resolve();
        end.abort();
        await loop;
        await Promise.allSettled(running);
        await pool.end();
      }
      await loop;
    },
  };
}

/** What one worker does, how much of it at once, and what it begins by the clock. */
type Work = { taskList: TaskList; places: number; crontab: string };

/** One life of a worker: the name under which its jobs are locked, once it has one, and those that run. */
type Life = { worker: string | undefined; running: Set<Promise<void>> };

type Connected = Parameters<pg.Pool["connect"]>[0];

/**
 * A pool whose errors when it connects have no code. By codes of a database that is starting, or that the network does not reach,
 * graphile-worker waits before it asks for a job again, longer each time, up to three minutes, and cannot be stopped meanwhile; after
 * any other error it asks again at its next look.
 */
class PlainlyFailingPool extends pg.Pool {
  override connect(): Promise<pg.PoolClient>;
  override connect(connected: Connected): void;
  override connect(connected?: Connected): Promise<pg.PoolClient> | undefined {
    if (connected === undefined)
      return super.connect().catch((error: unknown) => Promise.reject(withoutCode(error as Error)));
    super.connect((error, client, release) =>
      connected(error && withoutCode(error), client, release && atMostOnce(release)),
    );
    return undefined;
  }
}

/**
 * A worker that is stopped while it begins to listen, and then loses that connection, gives it back twice, which would end the
 * process.
 */
function atMostOnce(release: (error?: unknown) => void): (error?: unknown) => void {
  let isReleased = false;
  return (error) => {
    if (!isReleased) release(error);
    isReleased = true;
  };
}

/**
 * Over a connection to a server that only answers questions no job is ever got, and it would be asked for again and again: it may be
 * one that follows another, whose address the other takes back.
 */
function refuseReadOnly(client: pg.PoolClient, done: (error?: Error) => void): void {
  client
    .query<{ setting: string }>("select current_setting('transaction_read_only') as setting")
    .then(
      ({ rows }) =>
        done(rows[0]?.setting === "on" ? new Error("the database server only answers questions") : undefined),
      done,
    );
}

function withoutCode(error: Error): Error {
  return new Error(error.message, { cause: error });
}

/**
 * One life of the worker: until it is to stop.
 * @throws what ended it before: its connection died, and it takes no more jobs.
 */
async function runUntil(
  stop: Promise<void>,
  pgPool: pg.Pool,
  { taskList, places, crontab }: Work,
  life: Life,
  logger: Logger,
): Promise<void> {
  const events: WorkerEvents = new EventEmitter();
  events.once("pool:create", ({ workerPool }) => {
    life.worker = workerPool.id;
  });
  const lost = ended(events);
  const runner = await run({
    pgPool,
    events,
    taskList,
    crontab,
    concurrency: places,
    pollInterval: 1_000,
    noHandleSignals: true,
    logger: toWorkerLogger(logger),
    // Without batches the end of a job is written in a promise that nobody awaits: a connection lost at that moment
    // would be an unhandled rejection and end the process.
    preset: { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0 } },
  });
  try {
    await Promise.race([stop, lost, runner.promise]);
  } finally {
    await Promise.race([runner.stop(), lost]).catch(() => {});
  }
}

/** @returns a promise that is rejected when the worker will take no more jobs: its own may never settle. */
function ended(events: WorkerEvents): Promise<never> {
  const lost = new Promise<never>((_, reject) => {
    const end = ({ error }: { error: unknown }): void => reject(error);
    // It lost track of a job.
    events.once("pool:fatalError", end);
    // The ids of its tasks are asked for once, and a failure is kept: every later question for a job would fail by it.
    events.once("worker:getJob:error", end);
    for (const answered of ["worker:getJob:empty", "job:start"] as const)
      events.once(answered, () => events.off("worker:getJob:error", end));
  });
  lost.catch(() => {});
  return lost;
}

/** The same tasks, each known while it runs, so that whoever must can wait for all of them. */
function tracked(tasks: TaskList, sets: readonly Set<Promise<void>>[]): TaskList {
  return Object.fromEntries(
    Object.entries(tasks).map(([name, task]) => [
      name,
      async (payload, helpers) => {
        const work = (async () => {
          await task?.(payload, helpers);
        })();
        for (const set of sets) keep(set, work);
        await work;
      },
    ]),
  );
}

/** Has the set hold the work for as long as it goes on. */
function keep(set: Set<Promise<void>>, work: Promise<void>): void {
  const over = (): void => void set.delete(work);
  set.add(work);
  work.then(over, over);
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
