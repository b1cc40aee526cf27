import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { routes } from "../../src/admin/routes.ts";
import { loadConfig } from "../../src/config.ts";
import { makeLogger } from "../../src/logger.ts";
import { openContext } from "../../src/start/open-context.ts";
import { freePort } from "../harness/free-port.ts";
import type { Item, List, Way } from "./api-lists/list.ts";
import { LISTS } from "./api-lists/lists.ts";
import { type ApiWorld, loadApiWorld, type Places } from "./api-world.ts";
import { Client } from "./client.ts";
import { databaseFacts, tidy, withPostgres } from "./database.ts";
import { musterEnvironment } from "./load-muster.ts";
import type { Options } from "./options.ts";
import { type Run, Server } from "./server.ts";

/** What the bare server is told of a case. */
export type BareCase = { text: string; body: unknown };

/** One case: where it is asked at Muster; `rows` and `bytes` are those of its answer. */
type Case = { name: string; path: string; rows: number; bytes: number } & BareCase;

export type CaseSummary = {
  name: string;
  rows: number;
  bytes: number;
  /** Milliseconds of a request, the median of each round. */
  muster: number[];
  bare: number[];
};

export type ApiSummary = {
  people: number;
  cases: CaseSummary[];
  circumstances: { node: string; cpus: number; cpuModel: string; postgres: Record<string, string> };
};

type Page = { data: Item[]; page: { next: string | null } };

/** Pages that are turned until one deep inside is found. */
const TURNED = 100;
/** Requests of a turn: so many, or what fits in the time. */
const IN_A_TURN = 20;
const LONGEST_TURN = 1_000;

/** The operations of the API that answer a list. */
export function listOperations(): string[] {
  const isList = (answer: { def?: { type?: string; options?: unknown[] }; shape?: object } | undefined): boolean =>
    answer?.def?.type === "union"
      ? (answer.def.options ?? []).some((option) => isList(option as typeof answer))
      : answer?.shape !== undefined && "data" in answer.shape && "page" in answer.shape;
  return routes.filter((route) => route.method === "GET" && isList(route.answer)).map((route) => route.id);
}

/** What one opening, each way and a page deep inside of every list cost beside a bare server's. @throws Error for a list that has no entry. */
export async function benchApi(options: Options, run: Run, say: (line: string) => void): Promise<ApiSummary> {
  const missing = listOperations().filter((id) => !Object.hasOwn(LISTS, id));
  if (missing.length > 0) throw new Error(`test/bench/api-lists has no entry for ${missing.join(", ")}`);
  const port = await freePort(18081);
  const environment = musterEnvironment(run.folder, port);
  const config = loadConfig(environment);
  return withPostgres(run.folder, async ({ superuser }) => {
    const { ctx, close } = await openContext(config, makeLogger({ ...config.log, level: "warn" }));
    const world = await loadApiWorld(ctx, superuser, options.users, say).finally(close);
    await tidy(superuser);
    await Server.start(["src/main.ts", "serve"], environment, port, run);
    const muster = new Client(`http://127.0.0.1:${port}/api/v1`, world.tokens, 1);
    const cases = await casesOf(muster, world, say);
    const file = join(run.folder, "cases.json");
    writeFileSync(file, JSON.stringify(cases.map(({ text, body }) => ({ text, body }))));
    const barePort = await freePort(18080);
    await Server.start(
      ["test/bench/api-bare-server.ts"],
      { BARE_DATABASE_URL: superuser, BARE_PORT: String(barePort), BARE_CASES: file },
      barePort,
      run,
    );
    const bare = new Client(`http://127.0.0.1:${barePort}/cases`, world.tokens, 1);
    try {
      await requireSameRows(bare, cases);
      return {
        people: world.people,
        cases: await measure(muster, bare, cases, options.rounds, run, say),
        circumstances: {
          node: process.version,
          cpus: cpus().length,
          cpuModel: cpus()[0]?.model ?? "unknown",
          postgres: await databaseFacts(superuser),
        },
      };
    } finally {
      muster.close();
      bare.close();
    }
  });
}

/** Every list opened, in each of its ways, and by pages deep inside where it has more than one. */
async function casesOf(muster: Client, world: ApiWorld, say: (line: string) => void): Promise<Case[]> {
  const cases: Case[] = [];
  for (const id of listOperations()) {
    const list = listOf(id);
    if (list === undefined) continue;
    say(`reading ${id}`);
    const opened: Way = { name: "opened", query: "" };
    for (const way of [opened, ...(list.ways ?? [])]) {
      const named = filled(way.query, world.places);
      const base = list.path(world.places);
      const page = await read(muster, base, named);
      const { where, order } = way;
      const text = (behind?: string) =>
        bareText(list, { ...(where && { where }), ...(order && { order }), ...(behind && { after: behind }) });
      cases.push({
        name: `${id} ${way.name}`,
        path: pathOf(base, named),
        ...figures(page),
        text: text(),
        body: page.body,
      });
      const deep =
        list.deep === false || page.body.page.next === null ? undefined : await turn(muster, id, base, named, page);
      if (deep === undefined || (way.order === undefined && way !== opened)) continue;
      const after = way.after ?? list.after;
      if (after === undefined) throw new Error(`test/bench/api-lists does not say what stands behind a row of ${id}`);
      const query = [named, `${cursorOf(id)}=${deep.cursor}`].filter((part) => part).join("&");
      cases.push({
        name: `${id} ${way === opened ? "" : `${way.name}, `}deep inside`,
        path: pathOf(base, query),
        ...figures(deep),
        text: text(after(deep.last)),
        body: deep.body,
      });
    }
  }
  return cases.map((each) => ({ ...each, text: filled(each.text, world.places) }));
}

function listOf(id: string): List | undefined {
  const list = LISTS[id];
  return list === undefined || "notAsked" in list ? undefined : list;
}

type Read = { body: Page; bytes: number };

/** The page behind the middle of those that are turned. */
async function turn(muster: Client, id: string, base: string, query: string, first: Read) {
  const pages = [first];
  for (
    let page = first;
    page.body.page.next !== null && page.body.data.length > 0 && pages.length < TURNED;
    pages.push(page)
  )
    page = await read(muster, base, [query, `${cursorOf(id)}=${page.body.page.next}`].filter((part) => part).join("&"));
  const place = Math.max(1, Math.floor(pages.length / 2));
  const [before, found] = [pages[place - 1], pages[place]];
  const last = before?.body.data.at(-1);
  if (found === undefined || last === undefined) return undefined;
  return { ...found, last, cursor: before?.body.page.next };
}

/** The feed of events calls its cursor so. */
const cursorOf = (id: string) => (id === "events.list" ? "after" : "cursor");

async function read(muster: Client, base: string, query: string): Promise<Read> {
  const text = await muster.demand({ method: "GET", path: pathOf(base, query) }, 200);
  return { body: JSON.parse(text) as Page, bytes: Buffer.byteLength(text) };
}

const figures = ({ body, bytes }: Read) => ({ rows: body.data.length, bytes });

const pathOf = (base: string, query: string) => (query === "" ? base : `${base}?${query}`);

function filled(text: string, places: Places): string {
  return text.replace(
    /(?::|%3A)(person|group|department|directory|webhook|run|job|link|site|product)\b/g,
    (_, name: keyof Places) => places[name],
  );
}

function bareText(list: List, asked: { where?: string; order?: string; after?: string }): string {
  return list.bare === null ? "select 1 as key from tokens t where t.hash = $1" : list.bare(asked);
}

/** A comparison of different rows would be none. @throws Error naming the cases. */
async function requireSameRows(bare: Client, cases: readonly Case[]): Promise<void> {
  const faults: string[] = [];
  for (const [place, { name, body }] of cases.entries()) {
    const list = listOf(name.split(" ")[0] ?? "");
    if (!list?.bare) continue;
    const { data } = body as Page;
    const keys = JSON.parse(await bare.demand({ method: "GET", path: `/${place}?keys` }, 200)) as unknown[];
    const found = keys.slice(0, data.length).map(String);
    const { key = (item: Item) => item.id } = list;
    const wanted = key === null ? found : data.map((item) => String(key(item)));
    if (found.length !== data.length || JSON.stringify(found) !== JSON.stringify(wanted))
      faults.push(`${name}: ${found.length} rows such as ${found[0]}, Muster ${data.length} such as ${wanted[0]}`);
  }
  if (faults.length > 0) throw new Error(`the bare statements find other rows:\n${faults.join("\n")}`);
}

/** A B B A, and B A A B in the next round, case by case; one round before them is not counted. */
async function measure(
  muster: Client,
  bare: Client,
  cases: readonly Case[],
  rounds: number,
  run: Run,
  say: (line: string) => void,
): Promise<CaseSummary[]> {
  const summaries = cases.map(({ name, rows, bytes }): CaseSummary => ({ name, rows, bytes, muster: [], bare: [] }));
  for (let round = 0; round <= rounds; round++) {
    say(round === 0 ? "a round that is not counted" : `round ${round}`);
    for (const [place, { path }] of cases.entries()) {
      run.signal.throwIfAborted();
      const times = { muster: [] as number[], bare: [] as number[] };
      const order = round % 2 === 0 ? (["muster", "bare"] as const) : (["bare", "muster"] as const);
      for (const side of [...order, ...order.toReversed()])
        times[side].push(
          ...(await askAgain(side === "muster" ? muster : bare, side === "muster" ? path : `/${place}`)),
        );
      if (round === 0) continue;
      for (const side of ["muster", "bare"] as const) summaries[place]?.[side].push(median(times[side]));
    }
  }
  return summaries;
}

async function askAgain(client: Client, path: string): Promise<number[]> {
  const times: number[] = [];
  const started = performance.now();
  while (times.length < IN_A_TURN && (times.length < 2 || performance.now() - started < LONGEST_TURN)) {
    const before = performance.now();
    await client.demand({ method: "GET", path }, 200);
    times.push(performance.now() - before);
  }
  return times;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
