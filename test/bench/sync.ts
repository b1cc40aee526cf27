import { mkdirSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cpuOfPostgres, cpuOfProcess } from "./cpu.ts";
import { databaseFacts, inDatabase, tidy, withPostgres } from "./database.ts";
import type { Options } from "./options.ts";
import { makeChanges } from "./sync-changes.ts";
import {
  makeTarget,
  readBare,
  type Source,
  type SyncOnce,
  said,
  startSource,
  startSync,
  syncOnce,
  type Target,
} from "./sync-world.ts";
import { putAside, writeBare } from "./sync-writing.ts";

/** Of one run: seconds by the clock and of each processor's time, bytes. */
export type Measured = {
  seconds: number;
  cpu: { own: number; postgres: number; slapd: number };
  wal: number;
  peak: number;
  rowsWritten: number;
};

export const KINDS = ["bare", "first", "unchanged", "changes"] as const;
export type Kind = (typeof KINDS)[number];
/** One round's measures of each kind, `bare` three times. */
export type SyncRound = Record<Kind, Measured[]>;

/** What came of a Muster that was killed while it applied its first run; seconds. */
type Killed = { lockFree: number; converged: number; first: number };

export type SyncSummary = {
  users: number;
  groups: number;
  memberships: number;
  rounds: SyncRound[];
  /** Bytes of Muster's process at most, with a quarter of the people and with all of them. */
  peaks: { users: number; bytes: number }[];
  killed: Killed;
  /** All rows of a first sync, written again by the database alone. */
  writing: Measured;
  circumstances: { node: string; cpus: number; cpuModel: string; postgres: Record<string, string> };
};

type Place = { folder: string; superuser: string };

/**
 * Reads a generated directory from a real slapd bare and by Muster, by turns: Muster's first sync, one that finds
 * nothing changed, and one that finds a hundred changes. Every measure is a process of its own; each round begins with an
 * empty database.
 */
export async function benchSync(
  options: Options,
  run: { folder: string; signal: AbortSignal },
  say: (line: string) => void,
): Promise<SyncSummary> {
  const rounds: SyncRound[] = [];
  const small = Math.max(1_000, Math.floor(options.users / 4));
  say(`${small} people first: how much memory they take`);
  const few = await withSource(small, (source) => inPlace(run, "few", source, (place) => playRound(source, place, 0)));
  return withSource(options.users, async (source) => {
    let facts: Record<string, string> = {};
    for (let number = 1; number <= options.rounds; number++) {
      run.signal.throwIfAborted();
      await inPlace(run, `round-${number}`, source, async (place) => {
        facts = await databaseFacts(place.superuser);
        const round = await playRound(source, place, number, options.profile);
        rounds.push(round);
        say(
          `round ${number}: ${KINDS.map((kind) => `${kind} ${median(round[kind].map(secondsOf)).toFixed(2)} s`).join(", ")}`,
        );
      });
    }
    say("killed while it applies");
    const { killed, writing } = await inPlace(run, "killed", source, async (place) => ({
      killed: await kill(place),
      writing: await write(source, place),
    }));
    return {
      users: source.users,
      groups: source.groups,
      memberships: source.memberships,
      rounds,
      peaks: [few, ...rounds].map((round, place) => ({
        users: place === 0 ? small : source.users,
        bytes: Math.max(...KINDS.flatMap((kind) => round[kind].map(({ peak }) => peak))),
      })),
      killed,
      writing,
      circumstances: {
        node: process.version,
        cpus: cpus().length,
        cpuModel: cpus()[0]?.model ?? "unknown",
        postgres: facts,
      },
    };
  });
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export const secondsOf = ({ seconds }: Measured): number => seconds;

async function withSource<T>(users: number, work: (source: Source) => Promise<T>): Promise<T> {
  const source = await startSource(users);
  try {
    return await work(source);
  } finally {
    await source.server.stop();
  }
}

/** A database of its own as long as `work` takes. */
async function inPlace<T>(
  run: { folder: string },
  name: string,
  source: Source,
  work: (place: Place & { target: Target }) => Promise<T>,
): Promise<T> {
  const folder = join(run.folder, name);
  mkdirSync(folder);
  return withPostgres(folder, async ({ superuser }) =>
    work({ folder, superuser, target: await makeTarget(folder, source) }),
  );
}

async function playRound(
  source: Source,
  place: Place & { target: Target },
  number: number,
  profile?: string,
): Promise<SyncRound> {
  const { target } = place;
  const bare = () => measure(source, place, async () => ({ ...(await readBare(source)), peak: 0, rowsWritten: 0 }));
  const sync = () => measure(source, place, () => syncOnce(target, profile));
  const round: SyncRound = { bare: [await bare()], first: [await sync()], unchanged: [], changes: [] };
  await tidy(place.superuser);
  round.bare.push(await bare());
  round.unchanged.push(await sync());
  if (round.unchanged[0]?.rowsWritten !== 0) throw new Error("an unchanged directory led to rows that were written");
  await makeChanges(source.server, source, number);
  round.bare.push(await bare());
  round.changes.push(await sync());
  return round;
}

async function measure(
  source: Source,
  place: Place,
  work: () => Promise<Pick<SyncOnce, "seconds" | "cpu" | "peak" | "rowsWritten">>,
): Promise<Measured> {
  const { pid } = source.server;
  const before = { wal: await walNow(place), postgres: cpuOfPostgres(place.folder), slapd: cpuOfProcess(pid) };
  const { seconds, cpu, peak, rowsWritten } = await work();
  return {
    ...{ seconds, peak, rowsWritten },
    cpu: {
      own: cpu,
      postgres: (cpuOfPostgres(place.folder) - before.postgres) / 1e6,
      slapd: (cpuOfProcess(pid) - before.slapd) / 1e6,
    },
    wal: (await walNow(place)) - before.wal,
  };
}

async function walNow({ superuser }: Place): Promise<number> {
  return inDatabase(superuser, async (client) => {
    const { rows } = await client.query<{ bytes: number }>(
      "select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as bytes",
    );
    return rows[0]?.bytes ?? 0;
  });
}

/** What PostgreSQL needs at least for the rows of a first sync. */
async function write(source: Source, place: Place & { target: Target }): Promise<Measured> {
  await putAside(place.superuser);
  return measure(source, place, async () => {
    const { seconds, rows } = await writeBare(place.superuser, place.target);
    return { seconds, cpu: 0, peak: 0, rowsWritten: rows };
  });
}

/** Batches that a run has committed when it is killed: it is in the middle of it then. */
const BATCHES = 40;

async function kill({ superuser, target }: Place & { target: Target }): Promise<Killed> {
  const child = startSync(target);
  const ended = said(child).catch(() => {});
  const began = performance.now();
  let batches = 0;
  const inTheMiddle = Promise.withResolvers<void>();
  child.on("message", (phase) => {
    if (phase === "apply" && ++batches === BATCHES) inTheMiddle.resolve();
  });
  await Promise.race([inTheMiddle.promise, ended]);
  const first = (performance.now() - began) / 1000;
  child.kill("SIGKILL");
  const killedAt = performance.now();
  const lockFree = await inDatabase(superuser, async (client) => {
    const held = "select 1 from pg_locks where locktype = 'advisory' and objsubid = 2 and granted";
    while ((await client.query(held)).rowCount !== 0) await sleep(5);
    return (performance.now() - killedAt) / 1000;
  });
  const { seconds } = await syncOnce(target);
  const { seconds: again, rowsWritten } = await syncOnce(target);
  if (rowsWritten !== 0) throw new Error(`after a kill the second run still wrote, for ${again} s`);
  return { lockFree, converged: seconds, first };
}
