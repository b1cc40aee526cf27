import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import type { Route } from "../../src/admin/route.ts";
import { routes } from "../../src/admin/routes.ts";
import { listeningLogger } from "../harness/log.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { isConditioned, neutral, neutralDatabase, neutralizeFunctions } from "./neutral-database.ts";
import { type Fixture, validRequests } from "./requests.ts";
import { type Api, apiServer, makeCompany, serveApi } from "./world.ts";

const api = await apiServer();
const ours = await makeCompany(api, "acme");
const theirs = await makeCompany(api, "other");
const requests = { ours: await validRequests(api, ours), theirs: await validRequests(api, theirs) };

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Each of our ids, and theirs that stands in the same place. */
const counterpart = new Map<string, string>();
for (const [mine, other] of [[ours, theirs] as const, [requests.ours, requests.theirs] as const]) {
  const [here, there] = [JSON.stringify(mine).match(UUID) ?? [], JSON.stringify(other).match(UUID) ?? []];
  if (here.length !== there.length) throw new Error("the two organizations are not alike");
  here.forEach((id, at) => void counterpart.set(id, there[at] as string));
}

// test/admin/matrix.test.ts fails for a route without a request.
const closed = routes.filter((route) => typeof route.guard !== "string" && route.id in requests.ours);
type Probe = { route: Route; method: string; foreign: Fixture; unknown: Fixture; ids: readonly [string, string][] };

const next = random(seed);
const below = (most: number) => Math.floor(next() * most);
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
const someId = () => pick([...counterpart.keys()]);

/** A valid request of ours with one or all of its ids made foreign, and the same with ids that nobody has. */
function probe(): Probe {
  const route = pick(closed);
  const { path, body } = requests.ours[route.id] as Fixture;
  let text = JSON.stringify({ path: byId(path), body });
  // A list is asked with the parameters that it has.
  const narrowing = Object.keys(route.query?.shape ?? {}).filter((name) => name in QUERIES);
  if (narrowing.length > 0 && !path.includes("?")) {
    const name = pick(narrowing);
    text = JSON.stringify({ path: `${byId(path)}?${name}=${QUERIES[name]?.(someId())}`, body });
  }
  const all = [...new Set(text.match(UUID) ?? [])];
  const chosen = below(2) === 0 ? all : all.length > 0 ? [pick(all)] : [];
  const ids = chosen.map((id) => [counterpart.get(id) ?? randomUUID(), randomUUID()] as [string, string]);
  const put = (which: 0 | 1) =>
    JSON.parse(chosen.reduce((rest, id, at) => rest.replaceAll(id, ids[at]?.[which] ?? ""), text)) as Fixture;
  return { route, method: route.method, foreign: put(0), unknown: put(1), ids };
}

/** Directories are named by name or id. */
function byId(path: string): string {
  return path
    .replace("/directories/okta", `/directories/${ours.okta.id}`)
    .replace("/directories/corp", `/directories/${ours.corp.id}`);
}

/** Parameters of lists that name something by its id. */
const QUERIES: Readonly<Record<string, (id: string) => string>> = {
  user: (id) => id,
  group: (id) => id,
  run: (id) => id,
  directory: (id) => id,
  subject: (id) => id,
  actor: (id) => id,
  filter: (id) => encodeURIComponent(`id eq "${id}"`),
};

const known = new Set([...counterpart].flat());
const INSTANT = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;

/**
 * What the caller is told, without what is of this request alone: its id, the ids that it asked for, and those and the
 * instants that it made.
 */
async function told(on: Api, probe: Probe, which: "foreign" | "unknown"): Promise<string> {
  const { path, body } = probe[which];
  const dry = probe.method === "GET" ? "" : `${path.includes("?") ? "&" : "?"}dryRun=true`;
  const begun = Date.now();
  const answer = await on.ask(probe.method, path + dry, { token: ours.token, body });
  const asked = new Set(probe.ids.map((pair) => pair[which === "foreign" ? 0 : 1]));
  const headers = ["content-type", "www-authenticate", "etag", "location"].map(
    (name) => answer.headers.get(name) ?? "",
  );
  return [answer.status, ...headers, answer.text]
    .join("\n")
    .replace(UUID, (id) => (asked.has(id) || !known.has(id) ? "·" : id))
    .replace(INSTANT, (at) => (Date.parse(at) >= begun ? "·" : at));
}

const COUNT = scaled(5_000);

/** So many at a time, so that the database need not wait for the client. */
const AT_ONCE = 4;

/** Asks so many probes; those that are answered otherwise than unknown ones, and how often each status came. */
async function ask(on: Api, count: number) {
  const leaks: string[] = [];
  const statuses = new Map<string, number>();
  const one = async (asked: Probe): Promise<void> => {
    const [foreign, unknown] = [await told(on, asked, "foreign"), await told(on, asked, "unknown")];
    const status = foreign.slice(0, 3);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (foreign !== unknown) leaks.push(`${asked.method} ${asked.foreign.path}\n${foreign}\n≠\n${unknown}`);
  };
  for (let asked = 0; asked < count; ) {
    const probes = Array.from({ length: AT_ONCE }, probe).filter(({ ids }) => ids.length > 0);
    await Promise.all(probes.map(one));
    asked += probes.length;
  }
  return { leaks, statuses };
}

it(`${COUNT} questions after what is another organization's are answered as after what nobody has`, {
  timeout: 600_000,
}, async () => {
  const { leaks, statuses } = await ask(api, COUNT);
  expect(leaks).toEqual([]);
  expect([...statuses.keys()].filter((status) => status >= "500")).toEqual([]);
  expect(statuses.get("404")).toBeGreaterThan(COUNT / 2);
});

describe("with Muster's own conditions on the organization taken out of every statement", async () => {
  const { settings, superuserUrl } = api.ctx.database;
  const bound = neutralDatabase(settings);
  const free = neutralDatabase({ url: superuserUrl, poolSize: 8 });
  afterAll(async () => {
    await bound.db.close();
    await free.db.close();
  });

  it("every statement and function loses them", async () => {
    for (const [text, without] of [
      ["a.organization = $1 and b", "($1::uuid is not null) and b"],
      ["organization = $1::uuid or", "($1::uuid is not null) or"],
      ["s.organization = p.organization and", "true and"],
      ["u.organization = of_organization", "(of_organization::uuid is not null)"],
      ["where organization = $11", "where organization = $11"],
    ] as const)
      expect(neutral(text)).toBe(without);
    expect(await neutralizeFunctions(superuserUrl)).toBeGreaterThan(10);
  });

  it(`row-level security alone answers ${COUNT} questions the same`, { timeout: 600_000 }, async () => {
    const on = await serveApi({ ...api.ctx, db: bound.db });
    const { leaks, statuses } = await ask(on, COUNT);
    expect(leaks).toEqual([]);
    expect([...statuses.keys()].filter((status) => status >= "500")).toEqual([]);
    expect(statuses.get("404")).toBeGreaterThan(COUNT / 2);
    expect([...bound.sent].filter(isConditioned)).toEqual([]);
    expect(bound.rewritten.size).toBeGreaterThan(20);
  });

  it("and without row-level security they would be answered: the conditions are really gone", async () => {
    const on = await serveApi({ ...api.ctx, db: free.db, logger: listeningLogger().logger });
    const { leaks } = await ask(on, scaled(1_000));
    expect(leaks.length).toBeGreaterThan(scaled(1_000) / 2);
    const got = await on.ask("GET", `/users/${theirs.people.ada}`, { token: ours.token });
    expect(got.body).toMatchObject({ id: theirs.people.ada, userName: "ada" });
  });
});
