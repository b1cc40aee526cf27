import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { freePort } from "../harness/free-port.ts";
import { type Played, type Player, play, playRounds, type Round } from "./compare.ts";
import { cpuNow } from "./cpu.ts";
import { accessChanges, type Connections, databaseFacts, tidy, withPostgres } from "./database.ts";
import type { SearchName } from "./goals.ts";
import { type BareSide, loadBare } from "./load-bare.ts";
import {
  LARGE,
  loadMuster,
  type MusterSide,
  makeGroup,
  musterEnvironment,
  requireStoredAlike,
  SMALL,
  TEAMS,
  TOKENS,
  teamName,
} from "./load-muster.ts";
import { measureMemory } from "./memory.ts";
import {
  ADDED,
  add100Match,
  boardsFor,
  type Match,
  memberMatch,
  requestsOf,
  type Sizing,
  usersMatch,
} from "./operations.ts";
import { readProfile } from "./profile.ts";
import { searchMatches } from "./search.ts";
import { type Run, Server } from "./server.ts";
import { type Measured, type Summary, summarize } from "./summary.ts";

export type ScimOptions = Sizing & { starts: number; profile: string | undefined };

/** Muster's default (database.poolSize), which it runs with here. */
const POOL_SIZE = 16;
const LARGE_MEMBERS = 50_000;
const SMALL_MEMBERS = 10;

/** Measures everything of `goals` in one run on one PostgreSQL. */
export async function benchScim(options: ScimOptions, run: Run, say: (line: string) => void): Promise<Summary> {
  // Too few people are told before anything is started.
  requestsOf("patch", options);
  const port = await freePort(18081);
  const start = () => Server.start(["src/main.ts", "start"], musterEnvironment(run.folder, port), port, run);
  say(`starting Muster ${options.starts + 1} times`);
  // The first start makes the database and is not measured; PostgreSQL stops and starts with each of the others.
  const starts: number[] = [];
  let server = await start();
  for (let count = 0; count < options.starts; count++) {
    await server.stop();
    server = await start();
    starts.push(server.seconds);
  }
  return withPostgres(run.folder, async (connections) => {
    const loaded = await load(port, connections, options, run, say);
    const bench = new Bench(server, loaded.muster, loaded.bare, connections, options, run, say);
    await bench.reads();
    await bench.writes();
    const large = await bench.memberships();
    say("measuring the memory of a fresh Muster");
    await server.stop();
    server = await start();
    bench.measured.memory = await measureMemory(server, loaded.muster.client, { users: options.users, large });
    loaded.muster.client.close();
    loaded.bare.client.close();
    return summarize(
      { ...bench.measured, starts },
      {
        users: options.users,
        largeGroup: large.members,
        smallGroup: SMALL_MEMBERS,
        rounds: options.rounds,
        requests: bench.requests,
        connections: options.connections,
        tokens: TOKENS,
        poolSize: POOL_SIZE,
        node: process.version,
        cpus: cpus().length,
        cpuModel: cpus()[0]?.model ?? "unknown",
        postgres: await databaseFacts(connections.superuser),
        commit: commit(),
        loadSeconds: loaded.seconds,
      },
    );
  });
}

async function load(
  port: number,
  connections: Connections,
  options: ScimOptions,
  run: Run,
  say: (line: string) => void,
): Promise<{ muster: MusterSide; bare: BareSide; seconds: { muster: number; bare: number } }> {
  const sizes = { ...options, boards: boardsFor(options), poolSize: POOL_SIZE };
  const before = performance.now();
  const muster = await loadMuster(run.folder, port, sizes, say);
  const between = performance.now();
  await requireStoredAlike(connections.superuser);
  say(`loading ${options.users} users into the bare server`);
  const afterCheck = performance.now();
  const bare = await loadBare(connections, muster, sizes, run);
  const seconds = {
    muster: Math.round((between - before) / 1000),
    bare: Math.round((performance.now() - afterCheck) / 1000),
  };
  say(`loaded Muster in ${seconds.muster} s, the bare server in ${seconds.bare} s`);
  await tidy(connections.superuser);
  return { muster, bare, seconds };
}

/** The matches of one run, in an order in which none disturbs the next: reads on tidy tables first. */
class Bench {
  readonly measured: Measured = {
    rounds: {} as Measured["rounds"],
    searches: {},
    starts: [],
    memory: [],
    accessChanges: {},
    cpu: {},
    profiles: {},
  };
  readonly requests: Record<string, number> = {};
  readonly #server: Server;
  readonly #muster: MusterSide;
  readonly #bare: BareSide;
  readonly #superuser: string;
  readonly #options: ScimOptions;
  readonly #run: Run;
  readonly #say: (line: string) => void;

  constructor(
    server: Server,
    muster: MusterSide,
    bare: BareSide,
    connections: Connections,
    options: ScimOptions,
    run: Run,
    say: (line: string) => void,
  ) {
    this.#server = server;
    this.#muster = muster;
    this.#bare = bare;
    this.#superuser = connections.superuser;
    this.#options = options;
    this.#run = run;
    this.#say = say;
  }

  async reads(): Promise<void> {
    for (const name of ["get", "filter", "page"] as const)
      this.measured.rounds[name] = await this.#measure(name, this.#users(name));
    const matches = await searchMatches(this.#muster, this.#superuser, this.#options);
    for (const [name, match] of Object.entries(matches) as [SearchName, Match][])
      this.measured.searches[name] = {
        rows: match.one.rows ?? 0,
        rounds: await this.#measure(`search ${name}`, match),
      };
  }

  async writes(): Promise<void> {
    this.measured.rounds.post = await this.#measure("post", this.#users("post"));
    this.measured.rounds.patch = await this.#counting("patch", 1, this.#users("patch"));
  }

  /** @returns the group of 50,000, or of half of all people where there are fewer. */
  async memberships(): Promise<{ id: string; members: number }> {
    const { client, users } = this.#muster;
    const members = Math.min(LARGE_MEMBERS, Math.floor(users.length / 2));
    this.#say(`making a group of ${members} and ${boardsFor(this.#options) * TEAMS} empty ones`);
    const large = await makeGroup(client, LARGE, users.slice(0, members));
    const small = await makeGroup(client, SMALL, users.slice(members, members + SMALL_MEMBERS));
    const boards: string[][] = [];
    for (let board = 0; board < boardsFor(this.#options); board++) {
      const teams: string[] = [];
      for (let team = 0; team < TEAMS; team++) teams.push(await makeGroup(client, teamName(board, team), []));
      boards.push(teams);
    }
    await tidy(this.#superuser);
    const groups = { large, small, others: users.slice(members + SMALL_MEMBERS) };
    const member = memberMatch(this.#muster, groups, this.#options);
    this.measured.rounds.memberOf50k = await this.#counting("memberOf50k", 1, member);
    const add100 = add100Match(this.#muster, this.#bare, boards, this.#options);
    this.measured.rounds.add100 = await this.#counting("add100", ADDED, add100);
    return { id: large, members };
  }

  #users(name: "post" | "get" | "filter" | "page" | "patch"): Match {
    return usersMatch(name, this.#muster, this.#bare, this.#options);
  }

  /** @param changes of access that one request of Muster's makes, or of all its players together. */
  async #counting(name: string, changes: number, match: Match): Promise<Round[]> {
    const before = await accessChanges(this.#superuser);
    const { rounds, places, profiled } = await this.#play(name, match);
    const players = match.other.client === match.one.client ? 2 : 1;
    this.measured.accessChanges[name] = {
      expected: (places * players + profiled) * changes,
      written: (await accessChanges(this.#superuser)) - before,
    };
    return rounds;
  }

  async #measure(name: string, match: Match): Promise<Round[]> {
    return (await this.#play(name, match)).rounds;
  }

  /** The rounds, and one more of Muster alone under the profiler. */
  async #play(name: string, match: Match): Promise<Played & { profiled: number }> {
    this.#say(`measuring ${name}`);
    const { rounds, profile } = this.#options;
    const played = await playRounds(match.one, match.other, {
      ...{ rounds, requests: match.requests, signal: this.#run.signal },
      cpu: ({ client }) => cpuNow(client === this.#bare.client ? this.#bare.server : this.#server, this.#run.folder),
    });
    this.measured.cpu[name] = played.cpu;
    this.requests[name] = played.requests;
    await this.#profile(name, match.one, played.places, played.requests, profile);
    return { ...played, profiled: played.requests };
  }

  async #profile(name: string, player: Player, first: number, count: number, folder?: string): Promise<void> {
    const raw = await this.#server.profile(() => play(player, first, count));
    const profile = readProfile(raw);
    this.measured.profiles[name] = profile;
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    const file = join(folder, `profile-${name.replaceAll(" ", "-")}`);
    const lines = (shares: typeof profile.places) =>
      shares.map(({ name: what, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${what}`);
    const title = `${name}: self time of Muster's process, busy ${(profile.busy * 100).toFixed(0)} % of the time`;
    writeFileSync(
      `${file}.txt`,
      `${[title, "", ...lines(profile.functions), "", ...lines(profile.places)].join("\n")}\n`,
    );
    writeFileSync(`${file}.cpuprofile`, JSON.stringify(raw));
  }
}

/** Which state of the code was measured, where it is a checkout. */
function commit(): string | null {
  try {
    const git = (...words: string[]) => execFileSync("git", words, { encoding: "utf8", stdio: "pipe" }).trim();
    const changed = git("status", "--porcelain", "--", "src", "migrations") !== "";
    return `${git("rev-parse", "--short", "HEAD")}${changed ? " with changes" : ""}`;
  } catch {
    return null;
  }
}
