import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../demo/muster-process.ts";
import type { Measure } from "./client.ts";
import { type Round, report, type Summary, summarize } from "./report.ts";
import {
  analyze,
  databaseFacts,
  makeBare,
  makeMuster,
  musterEnvironment,
  type Run,
  type Side,
  type Sizes,
  startServer,
  stopServer,
  withPostgres,
} from "./sides.ts";
import { type Operation, operations } from "./traffic.ts";

const USAGE = `npm run bench -- [scim] [--json] [--users N] [--rounds N] [--requests N] [--connections N] [--starts N]

Measures Muster's SCIM endpoint next to a bare Express and pg server on the same PostgreSQL, by turns.
  --users N        people on each side before the first round (10000)
  --rounds N       measured rounds (5); one more before them is not counted
  --requests N     requests of each kind a round (1000); rounds and requests must leave a new member for each group patch
  --connections N  connections of the client (16)
  --starts N       measured starts of Muster after the first one (3)
  --json           one JSON value on stdout instead of the table`;

type Sizing = { users: number; rounds: number; requests: number; connections: number; starts: number; json: boolean };

const GROUPS = 8;
/** Muster's default (database.poolSize), which it runs with here. */
const POOL_SIZE = 16;

const say = (line: string) => process.stderr.write(`${line}\n`);

function sizing(): Sizing {
  const number = (fallback: number) => ({ type: "string", default: String(fallback) }) as const;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        users: number(10_000),
        rounds: number(5),
        requests: number(1_000),
        connections: number(16),
        starts: number(3),
        json: { type: "boolean", default: false },
      },
    });
    if (positionals.some((name) => name !== "scim")) throw new Error(`there is no bench ${positionals.join(" ")}`);
    const { json, ...texts } = values;
    const sizes = Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Number(text)]));
    for (const [name, value] of Object.entries(sizes))
      if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} must be a whole number above 0`);
    const checked = { ...(sizes as Omit<Sizing, "json">), json };
    if (checked.requests * (checked.rounds + 1) > checked.users)
      throw new Error("--requests × (--rounds + 1) must not exceed --users: each group patch adds somebody new");
    return checked;
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

/** The first start makes the database and is not measured; PostgreSQL stops and starts with each of the others. */
async function measureStarts(folder: string, port: number, count: number, run: Run): Promise<number[]> {
  const seconds: number[] = [];
  for (let start = 0; start <= count; start++) {
    const server = await startServer(["src/main.ts", "start"], musterEnvironment(folder, port), port, run);
    if (start > 0) seconds.push(server.seconds);
    if (start < count) await stopServer(server.child);
  }
  return seconds;
}

/** One kind of request after the other, memberships last, so that what is read is the same on both sides to the byte. */
async function playRounds(muster: Side, bare: Side, sizes: Sizing): Promise<Round[]> {
  const rounds: Round[] = [];
  for (const operation of Object.keys(operations) as Operation[]) {
    say(`measuring ${operation}`);
    const { status, call } = operations[operation];
    for (let round = 0; round <= sizes.rounds; round++) {
      const first = (operation === "create" ? sizes.users : 0) + round * sizes.requests;
      const play = (side: Side) => {
        const calls = Array.from({ length: sizes.requests }, (_, place) => call(side.population, first + place));
        return side.client.measure(calls, status);
      };
      // Whoever comes second finds a warmer machine: they take turns.
      const turns = round % 2 === 0 ? [muster, bare] : [bare, muster];
      const measured = new Map<Side, Measure>();
      for (const side of turns) measured.set(side, await play(side));
      if (round > 0) rounds.push({ operation, muster: of(measured, muster), bare: of(measured, bare) });
    }
  }
  return rounds;
}

function of(measured: ReadonlyMap<Side, Measure>, side: Side): Measure {
  return measured.get(side) as Measure;
}

async function bench(folder: string, sizes: Sizing, run: Run): Promise<Summary> {
  const port = await freePort(18081);
  say(`starting Muster ${sizes.starts + 1} times`);
  const starts = await measureStarts(folder, port, sizes.starts, run);
  const population: Sizes = { ...sizes, groups: GROUPS, poolSize: POOL_SIZE };
  say(`creating ${sizes.users} users in Muster`);
  const muster = await makeMuster(folder, port, population, run);
  return withPostgres(folder, async (connection) => {
    say(`creating ${sizes.users} users in the bare server`);
    const bare = await makeBare(connection, muster.path, population, run);
    await analyze(connection.superuser);
    const rounds = await playRounds(muster, bare, sizes);
    muster.client.close();
    bare.client.close();
    return summarize(rounds, starts, {
      ...sizes,
      groups: GROUPS,
      poolSize: POOL_SIZE,
      node: process.version,
      cpus: cpus().length,
      postgres: await databaseFacts(connection.superuser),
    });
  });
}

const sizes = sizing();
const folder = mkdtempSync(join(tmpdir(), "muster-bench-"));
const stopping = new AbortController();
const run: Run = { servers: new Set(), signal: stopping.signal };
const stopServers = () => Promise.all([...run.servers].map(stopServer));
// Without its servers the measuring ends by itself.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    stopping.abort(new Error("interrupted"));
    void stopServers();
  });
try {
  const summary = await bench(folder, sizes, run);
  process.stdout.write(sizes.json ? `${JSON.stringify(summary)}\n` : report(summary));
} catch (error) {
  say(`the bench stopped: ${((stopping.signal.reason ?? error) as Error).message}`);
  process.exitCode = 1;
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}
