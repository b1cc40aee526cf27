import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { expectModel } from "../identity/access/stored.ts";
import { type Answer, type Endpoint, patchOf, sender, serveScim, system, userOf } from "./endpoint.ts";

const ctx = await testContext();
const server = await serveScim(ctx);
const CROWD = 200;

let at: Endpoint;
/** Senders with tokens of their own: one token may have 64 requests running. */
let senders: Endpoint["send"][];
let number = 0;
const fresh = (what = "racer") => `${what}-${++number}`;

beforeAll(async () => {
  at = await server.directory(await server.organization());
  senders = [at.send];
  for (let count = 1; count < 4; count++) {
    const { token } = await inTransaction(ctx, system(at.organization), (tx) =>
      createToken(tx, { directory: at.directory }),
    );
    senders.push(sender(at.baseUrl, token));
  }
});

/** The same moment for all: `make` gives the request of each. */
function crowd(
  make: (index: number) => [method: string, path: string, body?: unknown, headers?: Record<string, string>],
  size = CROWD,
): Promise<Answer[]> {
  return Promise.all(
    Array.from({ length: size }, (_, index) => {
      const send = senders[index % senders.length] as Endpoint["send"];
      return send(...make(index));
    }),
  );
}

/** How often each status came; one that says that the server failed with what it said. */
function tally(answers: readonly Answer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { status, text } of answers) {
    const name = status < 500 ? `${status}` : `${status} ${text}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

async function created(path: "/Users" | "/Groups", body: unknown): Promise<string> {
  const answer = await at.send("POST", path, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.id;
}

async function read(path: string): Promise<Record<string, unknown>> {
  const answer = await at.send("GET", path);
  expect(answer.status, answer.text).toBe(200);
  return answer.body as Record<string, unknown>;
}

const total = async (filter: string) =>
  ((await read(`/Users?filter=${encodeURIComponent(filter)}`)) as { totalResults: number }).totalResults;

describe("one user name", () => {
  test("200 POSTs at once: one is 201, 199 are 409, and one record stands", async () => {
    const userName = fresh();
    const answers = await crowd((index) => [
      "POST",
      "/Users",
      userOf(index % 2 === 0 ? userName : userName.toUpperCase()),
    ]);
    expect(tally(answers)).toEqual({ 201: 1, 409: CROWD - 1 });
    for (const answer of answers.filter(({ status }) => status === 409))
      expect(answer.body).toMatchObject({ scimType: "uniqueness" });
    expect(await total(`userName eq "${userName}"`)).toBe(1);
  });

  test("200 POSTs at once of a name that another directory holds join its account: one is 201", async () => {
    const sibling = await server.directory(at.organization, "sibling");
    const userName = fresh();
    expect((await sibling.send("POST", "/Users", userOf(userName))).status).toBe(201);
    expect(tally(await crowd(() => ["POST", "/Users", userOf(userName)]))).toEqual({ 201: 1, 409: CROWD - 1 });
  });

  test("two directories that send the same 50 people at once: all are there, each with one account", async () => {
    const sibling = await server.directory(at.organization, fresh("sibling"));
    const names = Array.from({ length: 50 }, () => fresh("shared"));
    const answers = await Promise.all(
      names.flatMap((name) => [at.send("POST", "/Users", userOf(name)), sibling.send("POST", "/Users", userOf(name))]),
    );
    expect(tally(answers)).toEqual({ 201: 100 });
    const [row] = await ctx.db.of(at.organization).query<{ accounts: number }>({
      text: "select count(*)::int as accounts from accounts where organization = $1 and user_name_key = any($2)",
      values: [at.organization, names],
    });
    expect(row?.accounts).toBe(50);
  });

  test("50 people renamed to one name at once: one has it, 49 are 409 and keep theirs", async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, () => created("/Users", userOf(fresh()))));
    const wanted = fresh("wanted");
    const answers = await crowd(
      (index) => ["PATCH", `/Users/${ids[index]}`, patchOf({ op: "replace", path: "userName", value: wanted })],
      50,
    );
    expect(tally(answers)).toEqual({ 200: 1, 409: 49 });
    expect(await total(`userName eq "${wanted}"`)).toBe(1);
    expect(await total("userName pr")).toBeGreaterThanOrEqual(50);
  });

  test("200 POSTs of one group's name at once: one is 201", async () => {
    const displayName = fresh("group");
    expect(tally(await crowd(() => ["POST", "/Groups", { displayName }]))).toEqual({ 201: 1, 409: CROWD - 1 });
  });
});

describe("one person who comes back", () => {
  const externalId = () => fresh("external");

  test("200 POSTs at once with the externalId of a deleted person: one restores it with its id, 199 are 409", async () => {
    const [userName, id] = [fresh(), externalId()];
    const before = await created("/Users", userOf(userName, { externalId: id }));
    expect((await at.send("DELETE", `/Users/${before}`)).status).toBe(204);
    const answers = await crowd(() => ["POST", "/Users", userOf(userName, { externalId: id })]);
    expect(tally(answers)).toEqual({ 201: 1, 409: CROWD - 1 });
    expect(answers.find(({ status }) => status === 201)?.id).toBe(before);
    expect(await total(`externalId eq "${id}"`)).toBe(1);
    expect(await read(`/Users/${before}`)).toMatchObject({ userName, active: true });
  });

  test("200 POSTs at once with the externalId of an inactive person: one restores it, 199 are 409", async () => {
    const [userName, id] = [fresh(), externalId()];
    const before = await created("/Users", userOf(userName, { externalId: id, active: false }));
    const answers = await crowd(() => ["POST", "/Users", userOf(userName, { externalId: id })]);
    expect(tally(answers)).toEqual({ 201: 1, 409: CROWD - 1 });
    expect(answers.find(({ status }) => status === 201)?.id).toBe(before);
    expect(await read(`/Users/${before}`)).toMatchObject({ userName, active: true });
  });

  test("restored and deleted in turns by many: it is there or not, and never twice", async () => {
    const [userName, id] = [fresh(), externalId()];
    const before = await created("/Users", userOf(userName, { externalId: id }));
    const answers = await crowd(
      (index) =>
        index % 2 === 0 ? ["POST", "/Users", userOf(userName, { externalId: id })] : ["DELETE", `/Users/${before}`],
      100,
    );
    for (const { status, text } of answers) expect([201, 204, 404, 409], text).toContain(status);
    expect(await total(`userName eq "${userName}"`)).toBeLessThanOrEqual(1);
    for (const answer of answers.filter(({ status }) => status === 201)) expect(answer.id).toBe(before);
  });
});

describe("one group", () => {
  async function people(count: number): Promise<string[]> {
    const ids: string[] = [];
    while (ids.length < count)
      ids.push(
        ...(await Promise.all(
          Array.from({ length: Math.min(50, count - ids.length) }, () => created("/Users", userOf(fresh("member")))),
        )),
      );
    return ids;
  }

  async function membersOf(id: string): Promise<string[]> {
    const { members = [] } = (await read(`/Groups/${id}`)) as { members?: { value: string }[] };
    return members.map(({ value }) => value).sort();
  }

  test("200 members added at once by 200 requests are 200 members", async () => {
    const ids = await people(CROWD);
    const group = await created("/Groups", { displayName: fresh("group") });
    const answers = await crowd((index) => [
      "PATCH",
      `/Groups/${group}`,
      patchOf({ op: "add", path: "members", value: [{ value: ids[index] }] }),
    ]);
    expect(tally(answers)).toEqual({ 204: CROWD });
    expect(await membersOf(group)).toEqual([...ids].sort());
  });

  test("one member added 200 times at once is one member, and one change", async () => {
    const [id] = await people(1);
    const group = await created("/Groups", { displayName: fresh("group") });
    const answers = await crowd(() => [
      "PATCH",
      `/Groups/${group}`,
      patchOf({ op: "add", path: "members", value: [{ value: id }] }),
    ]);
    expect(tally(answers)).toEqual({ 204: CROWD });
    expect(await membersOf(group)).toEqual([id]);
    expect((await at.send("GET", `/Groups/${group}`)).headers.get("etag")).toBe('W/"2"');
  });

  test("100 are removed while 100 others are added: exactly the others are left", async () => {
    const [leaving, coming] = [await people(100), await people(100)];
    const group = await created("/Groups", {
      displayName: fresh("group"),
      members: leaving.map((value) => ({ value })),
    });
    const answers = await crowd((index) => [
      "PATCH",
      `/Groups/${group}`,
      index % 2 === 0
        ? patchOf({ op: "remove", path: `members[value eq "${leaving[index / 2]}"]` })
        : patchOf({ op: "add", path: "members", value: [{ value: coming[(index - 1) / 2] }] }),
    ]);
    expect(tally(answers)).toEqual({ 204: CROWD });
    expect(await membersOf(group)).toEqual([...coming].sort());
  });

  test("people are deleted while they are added: no group holds who is gone", async () => {
    const ids = await people(60);
    const group = await created("/Groups", { displayName: fresh("group") });
    const answers = await crowd((index) => {
      const id = ids[Math.floor(index / 2)];
      return index % 2 === 0
        ? ["DELETE", `/Users/${id}`]
        : ["PATCH", `/Groups/${group}`, patchOf({ op: "add", path: "members", value: [{ value: id }] })];
    }, 120);
    for (const { status, text } of answers) expect([204, 400], text).toContain(status);
    expect(await membersOf(group)).toEqual([]);
  });

  test("groups nested into each other at once, with people in them, end as they were asked for", async () => {
    const groups = await Promise.all(
      Array.from({ length: 10 }, () => created("/Groups", { displayName: fresh("nested") })),
    );
    const ids = await people(10);
    const answers = await crowd((index) => {
      const [parent, child] = [groups[index % 10], index < 10 ? groups[(index + 1) % 10] : ids[index % 10]];
      return ["PATCH", `/Groups/${parent}`, patchOf({ op: "add", path: "members", value: [{ value: child }] })];
    }, 20);
    expect(tally(answers)).toEqual({ 204: 20 });
    for (const [index, group] of groups.entries())
      expect(await membersOf(group)).toEqual([groups[(index + 1) % 10], ids[index]].sort());
  });
});

describe("one person's record", () => {
  test("100 PATCHes at once, each with an e-mail of its own: all are there", async () => {
    const id = await created("/Users", userOf(fresh()));
    const answers = await crowd(
      (index) => [
        "PATCH",
        `/Users/${id}`,
        patchOf({ op: "add", path: "emails", value: [{ value: `e${index}@example.com`, type: `t${index}` }] }),
      ],
      100,
    );
    expect(tally(answers)).toEqual({ 200: 100 });
    const { emails } = (await read(`/Users/${id}`)) as { emails: { value: string }[] };
    expect(new Set(emails.map(({ value }) => value)).size).toBe(100);
  });

  test("PATCHes of different attributes at once lose none of each other", async () => {
    const id = await created("/Users", userOf(fresh()));
    const names = [
      "title",
      "nickName",
      "displayName",
      "userType",
      "locale",
      "timezone",
      "preferredLanguage",
      "externalId",
      "name.givenName",
      "name.familyName",
    ];
    for (let round = 0; round < scaled(50); round++) {
      const answers = await crowd(
        (index) => [
          "PATCH",
          `/Users/${id}`,
          patchOf({ op: "replace", path: names[index], value: `${names[index]}-${round}` }),
        ],
        names.length,
      );
      expect(tally(answers)).toEqual({ 200: names.length });
      const now = await read(`/Users/${id}`);
      for (const name of names) {
        const [attribute = "", part] = name.split(".");
        const value = now[attribute] as Record<string, unknown> | string;
        expect(part === undefined ? value : (value as Record<string, unknown>)[part]).toBe(`${name}-${round}`);
      }
    }
  });

  test.each(["PUT", "PATCH", "DELETE"])(
    "200 times %s at once with the same If-Match: exactly one wins, the others are 412 or find nothing",
    async (method) => {
      for (const path of ["/Users", "/Groups"] as const) {
        const name = fresh();
        const id = await created(path, path === "/Users" ? userOf(name) : { displayName: name });
        const version = String((await at.send("GET", `${path}/${id}`)).headers.get("etag"));
        const answers = await crowd((index) => {
          const value = `winner-${index}`;
          const whole = path === "/Users" ? userOf(name, { title: value }) : { displayName: `${name}-${value}` };
          const part = patchOf({
            op: "replace",
            path: path === "/Users" ? "title" : "displayName",
            value: `${name}-${value}`,
          });
          const body = method === "PUT" ? whole : method === "PATCH" ? part : undefined;
          return [method, `${path}/${id}`, body, { "if-match": version }];
        });
        const won = answers.filter(({ status }) => status < 300);
        expect(won).toHaveLength(1);
        for (const { status, text } of answers)
          expect([200, 204, method === "DELETE" ? 404 : 412, 412], text).toContain(status);
        if (method === "DELETE") continue;
        const now = await read(`${path}/${id}`);
        const place = answers.indexOf(won[0] as Answer);
        expect(String(now.title ?? now.displayName)).toMatch(new RegExp(`winner-${place}$`));
      }
    },
  );

  test("activated and deactivated by many at once, it is what the last version says, and nothing in between is lost", async () => {
    const id = await created("/Users", userOf(fresh()));
    const answers = await crowd(
      (index) => ["PATCH", `/Users/${id}`, patchOf({ op: "replace", path: "active", value: index % 2 === 0 })],
      100,
    );
    expect(tally(answers)).toEqual({ 200: 100 });
    const shown = answers.map(({ body }) => body as { active: boolean; meta: { version: string } });
    const last = shown.toSorted((a, b) => versionOf(a) - versionOf(b)).at(-1);
    expect(await read(`/Users/${id}`)).toMatchObject({ active: last?.active, meta: { version: last?.meta.version } });
    // Each version was given to one state only.
    const states = new Map(shown.map((each) => [versionOf(each), each.active]));
    for (const each of shown) expect(states.get(versionOf(each))).toBe(each.active);
  });
});

function versionOf(resource: { meta: { version: string } }): number {
  return Number(/\d+/.exec(resource.meta.version)?.[0]);
}

test("after all of it, accounts and access are what the model says, and nobody waited for each other in a circle", async () => {
  await expectModel(ctx.db.of(at.organization), "after the races");
  const { rows } = await ctx.db.pool.query(
    "select deadlocks::int from pg_stat_database where datname = current_database()",
  );
  expect(rows).toEqual([{ deadlocks: 0 }]);
});
