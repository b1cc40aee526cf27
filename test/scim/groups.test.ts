import pg from "pg";
import { describe, expect, test } from "vitest";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { type Answer, type Endpoint, oneDirectory, patchOf, serveScim, userOf } from "./endpoint.ts";

const ctx = await testContext();
const server = await serveScim(ctx);
const entra = oneDirectory(server);

let number = 0;

/** As many at once as one token may have running: what waits for its turn is refused after some seconds. */
async function atOnce(requests: readonly (() => Promise<Answer>)[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  const left = requests.entries();
  const asker = async () => {
    for (const [place, request] of left) answers[place] = await request();
  };
  await Promise.all(Array.from({ length: 64 }, asker));
  return answers;
}

async function people(count: number, at: Endpoint = entra.at): Promise<string[]> {
  const answers = await atOnce(
    Array.from(
      { length: count },
      () => () => at.send("POST", "/Users", userOf(`member-${++number}`, { displayName: `M ${number}` })),
    ),
  );
  return answers.map((answer) => answer.id);
}

async function group(members: readonly string[] = [], at: Endpoint = entra.at): Promise<string> {
  const answer = await at.send("POST", "/Groups", {
    displayName: `Group ${++number}`,
    externalId: `ext-${number}`,
    members: members.map((value) => ({ value })),
  });
  expect(answer.status).toBe(201);
  return answer.id;
}

async function membersOf(id: string, at: Endpoint = entra.at): Promise<string[]> {
  const { body } = await at.send("GET", `/Groups/${id}`);
  return (body as { members: { value: string }[] }).members.map((member) => member.value).sort();
}

const patch = (id: string, ...operations: unknown[]) => entra.at.send("PATCH", `/Groups/${id}`, patchOf(...operations));

describe("RFC 7643 §4.2: a group", () => {
  test("is created with its members and shows who they are", async () => {
    const [user = ""] = await people(1);
    const id = await group([user]);
    const answer = await entra.at.send("GET", `/Groups/${id}`);
    expect(answer.body).toMatchObject({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
      id,
      members: [{ value: user, type: "User", display: `M ${number - 1}`, $ref: `${entra.at.baseUrl}/Users/${user}` }],
      meta: { resourceType: "Group", location: `${entra.at.baseUrl}/Groups/${id}` },
    });
    const holder = await entra.at.send("GET", `/Users/${user}`);
    expect(holder.body).toMatchObject({
      groups: [{ value: id, type: "direct", $ref: `${entra.at.baseUrl}/Groups/${id}` }],
    });
    const byGroup = await entra.at.send("GET", `/Users?filter=groups.value eq "${id}"`);
    expect(byGroup.body).toMatchObject({ totalResults: 1 });
  });

  test("leaves its members out where they are excluded, by id and by filter", async () => {
    const id = await group(await people(2));
    expect((await entra.at.send("GET", `/Groups/${id}?excludedAttributes=members`)).body).not.toHaveProperty("members");
    const found = await entra.at.send("GET", `/Groups?excludedAttributes=members&filter=id eq "${id}"`);
    expect(found.resources).toHaveLength(1);
    expect(found.resources[0]).not.toHaveProperty("members");
    expect(await membersOf(id)).toHaveLength(2);
  });

  test("needs a name of its own", async () => {
    await entra.at.send("POST", "/Groups", { displayName: "Tour Guides" });
    expect((await entra.at.send("POST", "/Groups", { displayName: "tour guides" })).status).toBe(409);
    expect((await entra.at.send("POST", "/Groups", { externalId: "x" })).body).toMatchObject({
      scimType: "invalidValue",
    });
  });

  test("is gone after DELETE, with what it gave", async () => {
    const [user = ""] = await people(1);
    const id = await group([user]);
    expect((await entra.at.send("DELETE", `/Groups/${id}`)).status).toBe(204);
    expect((await entra.at.send("GET", `/Groups/${id}`)).status).toBe(404);
    expect((await entra.at.send("DELETE", `/Groups/${id}`)).status).toBe(404);
    expect((await entra.at.send("GET", `/Users/${user}`)).body).not.toHaveProperty("groups");
  });
});

describe("RFC 7644 §3.5.2: members come and go as rows", () => {
  test("added, removed by filter, by value and all together; PATCH answers 204", async () => {
    const [a = "", b = "", c = "", d = ""] = await people(4);
    const id = await group([a]);
    const added = await patch(id, { op: "Add", path: "members", value: [{ $ref: null, value: b }, { value: c }] });
    expect([added.status, added.text]).toEqual([204, ""]);
    expect(await membersOf(id)).toEqual([a, b, c].sort());
    await patch(id, { op: "remove", path: `members[value eq "${a}"]` });
    expect(await membersOf(id)).toEqual([b, c].sort());
    await patch(id, { op: "Remove", path: "members", value: [{ $ref: null, value: b }] });
    expect(await membersOf(id)).toEqual([c]);
    await patch(id, { op: "replace", path: "members", value: [{ value: a }, { value: d }] });
    expect(await membersOf(id)).toEqual([a, d].sort());
    await patch(id, { op: "remove", path: "members" }, { op: "add", path: "members", value: { value: c } });
    expect(await membersOf(id)).toEqual([c]);
    await patch(
      id,
      { op: "add", path: `members[value eq "${a}"]` },
      { op: "remove", path: `members[value eq "${c}" or value eq "${b}"]` },
    );
    expect(await membersOf(id)).toEqual([a]);
    await patch(id, { op: "replace", value: { id, members: [] } });
    expect(await membersOf(id)).toEqual([]);
  });

  test("the last word on a member counts, repeats change nothing", async () => {
    const [a = ""] = await people(1);
    const id = await group();
    await patch(id, { op: "add", path: "members", value: a }, { op: "remove", path: `members[value eq "${a}"]` });
    expect(await membersOf(id)).toEqual([]);
    await patch(id, { op: "add", path: "members", value: [a, a] });
    const version = (await entra.at.send("GET", `/Groups/${id}`)).headers.get("etag");
    const again = await patch(id, { op: "add", path: "members", value: [{ value: a }] });
    expect([again.status, again.headers.get("etag")]).toEqual([204, version]);
  });

  test("a path-less rename beside changes of members, as Okta sends it", async () => {
    const [a = "", b = ""] = await people(2);
    const id = await group([a]);
    const answer = await patch(
      id,
      { op: "replace", value: { id, displayName: `Renamed ${id}` } },
      { op: "remove", path: `members[value eq "${a}"]` },
      { op: "add", path: "members", value: [{ value: b, display: "b" }] },
    );
    expect(answer.status).toBe(204);
    const { body } = await entra.at.send("GET", `/Groups/${id}`);
    expect(body).toMatchObject({ displayName: `Renamed ${id}`, members: [{ value: b }] });
  });

  test.each([
    [
      "nobody's id",
      { op: "add", path: "members", value: [{ value: "01900000-0000-7000-8000-000000000000" }] },
      "invalidValue",
    ],
    [
      "what is no id",
      { op: "add", path: "members", value: [{ value: 'x" or value pr or value eq "q' }] },
      "invalidValue",
    ],
    ["a member without an id", { op: "add", path: "members", value: [{ display: "x" }] }, "invalidValue"],
    ["a member's own attributes", { op: "replace", path: 'members[value eq "x"].display', value: "y" }, "mutability"],
    ["a filter on anything but the id", { op: "remove", path: 'members[display co "x"]' }, "invalidPath"],
    ["a removal without a path", { op: "remove", value: { members: [] } }, "noTarget"],
    ["the removal of the name", { op: "remove", path: "displayName" }, "mutability"],
    ["a name that is none", { op: "replace", path: "displayName", value: "" }, "invalidValue"],
    ["another id", { op: "replace", path: "id", value: "x" }, "mutability"],
    ["an attribute that does not exist", { op: "replace", path: "colour", value: "x" }, "invalidPath"],
    ["a path that is none", { op: "replace", path: "members[", value: "x" }, "invalidPath"],
    ["an operation that does not exist", { op: "move", path: "members", value: "x" }, "invalidSyntax"],
  ])("refuses %s, and nothing of the request is done", async (_, operation, scimType) => {
    const [a = "", b = ""] = await people(2);
    const id = await group([a]);
    const answer = await patch(id, { op: "add", path: "members", value: [{ value: b }] }, operation);
    expect(answer.body).toMatchObject({ status: "400", scimType });
    expect(await membersOf(id)).toEqual([a]);
  });

  test("removing whom the group does not have is done already; a quotation in an id selects nobody else", async () => {
    const ids = await people(3);
    const id = await group(ids);
    const hostile = JSON.stringify('zz" or value pr or value eq "q');
    for (const path of [`members[value eq ${hostile}]`, 'members[value eq "01900000-0000-7000-8000-000000000000"]'])
      expect((await patch(id, { op: "remove", path })).status).toBe(204);
    expect((await patch(id, { op: "remove", path: "members", value: [] })).status).toBe(204);
    expect(await membersOf(id)).toHaveLength(3);
  });

  test("20 members added at the same moment are 20 members", async () => {
    const ids = await people(20);
    const id = await group();
    const answers = await Promise.all(
      ids.map((value) => patch(id, { op: "Add", path: "members", value: [{ value }] })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([204]));
    expect(await membersOf(id)).toEqual([...ids].sort());
    expect((await entra.at.send("GET", `/Groups/${id}`)).headers.get("etag")).toBe('W/"21"');
  });

  test("members replaced twice at the same moment are one of the two lists, never both", async () => {
    const [a = "", b = ""] = await people(2);
    const id = await group();
    for (let round = 0; round < 5; round++) {
      await Promise.all([a, b].map((value) => patch(id, { op: "replace", path: "members", value: [{ value }] })));
      expect(await membersOf(id)).toHaveLength(1);
    }
  });

  test("people are deleted while they replace each other as members: nobody waits for each other", async () => {
    const deadlocks = () =>
      server.ctx.db.lookUp({ text: "select deadlocks from pg_stat_database where datname = current_database()" });
    const before = await deadlocks();
    const id = await group();
    const answers = await atOnce(
      (await people(scaled(240))).flatMap((value, n) => [
        () => patch(id, { op: "replace", path: "members", value: [{ value }] }),
        () => entra.at.send("DELETE", `/Users/${value}`),
        () => entra.at.send("PUT", `/Groups/${id}`, { displayName: `Renamed ${n} ${id}`, members: [{ value }] }),
      ]),
    );
    // Who is gone already cannot become a member.
    expect(answers.map((answer) => answer.status).filter((status) => ![200, 204, 400].includes(status))).toEqual([]);
    expect(await deadlocks()).toEqual(before);
    expect(await membersOf(id)).toEqual([]);
  });
});

test("a group whose member is deleted while another writer holds it was changed last by the deletion", async () => {
  const [user = ""] = await people(1);
  const id = await group([user]);
  const client = new pg.Client({ connectionString: ctx.database.superuserUrl });
  await client.connect();
  try {
    await client.query("begin");
    await client.query("select from muster.directory_groups where id = $1 for update", [id]);
    const deleting = entra.at.send("DELETE", `/Users/${user}`);
    await until("the deletion waits for the group", 60, async () => {
      const waiting = await statements(ctx.database.superuserUrl, [
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
          and query like 'update directory_groups%'`,
      ]);
      return waiting.length > 0;
    });
    await client.query(
      "update muster.directory_groups set version = version + 1, updated_at = clock_timestamp() where id = $1",
      [id],
    );
    const time =
      "select version, to_char(updated_at, 'YYYY-MM-DD HH24:MI:SS.US') as time from muster.directory_groups where id = $1";
    const [before] = (await client.query(time, [id])).rows;
    await client.query("commit");
    expect((await deleting).status).toBe(204);
    const [after] = (await client.query(time, [id])).rows;
    expect(Number(after.version)).toBe(Number(before.version) + 1);
    expect(after.time > before.time, `${before.time}, then ${after.time}`).toBe(true);
  } finally {
    await client.end();
  }
});

describe("RFC 7644 §3.5.1: PUT", () => {
  test("makes name and members exactly what it says; without members there are none", async () => {
    const [a = "", b = ""] = await people(2);
    const id = await group([a]);
    const answer = await entra.at.send("PUT", `/Groups/${id}`, {
      displayName: `Put ${id}`,
      members: [{ value: b, display: "x" }],
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id, displayName: `Put ${id}`, members: [{ value: b }] });
    expect(answer.body).not.toHaveProperty("externalId");
    expect((await entra.at.send("PUT", `/Groups/${id}`, { displayName: `Put ${id}` })).body).toMatchObject({
      members: [],
    });
  });

  test("guarded by If-Match, as PATCH and DELETE are", async () => {
    const id = await group();
    const stale = { "if-match": 'W/"7"' };
    expect((await entra.at.send("PUT", `/Groups/${id}`, { displayName: "x" }, stale)).status).toBe(412);
    const change = patchOf({ op: "remove", path: "members" });
    expect((await entra.at.send("PATCH", `/Groups/${id}`, change, stale)).status).toBe(412);
    expect((await entra.at.send("DELETE", `/Groups/${id}`, undefined, stale)).status).toBe(412);
    expect((await entra.at.send("PATCH", `/Groups/${id}`, change, { "if-match": 'W/"1"' })).status).toBe(204);
  });
});

describe("a group in a group", () => {
  test("comes and goes as a member of type Group, and its people are indirect members", async () => {
    const [user = ""] = await people(1);
    const inner = await group([user]);
    const outer = await group();
    expect((await patch(outer, { op: "add", path: "members", value: [{ value: inner, type: "Group" }] })).status).toBe(
      204,
    );
    expect((await entra.at.send("GET", `/Groups/${outer}`)).body).toMatchObject({
      members: [{ value: inner, type: "Group", $ref: `${entra.at.baseUrl}/Groups/${inner}` }],
    });
    const groups = async () =>
      ((await entra.at.send("GET", `/Users/${user}`)).body as { groups: { value: string; type: string }[] }).groups;
    expect((await groups()).map(({ value, type }) => [value, type])).toEqual(
      expect.arrayContaining([
        [inner, "direct"],
        [outer, "indirect"],
      ]),
    );
    await patch(outer, { op: "remove", path: `members[value eq "${inner}"]` });
    expect(await groups()).toHaveLength(1);
    await patch(outer, { op: "add", path: "members", value: [inner, user] });
    expect(await membersOf(outer)).toEqual([inner, user].sort());
    await patch(outer, { op: "replace", path: "members", value: [] });
    expect(await membersOf(outer)).toEqual([]);
  });
});

test("a list shows each group with its own members", async () => {
  const at = await server.directory(await server.organization());
  const ids = await people(2, at);
  const first = await group([ids[0] ?? ""], at);
  const second = await group(ids, at);
  const list = await at.send("GET", "/Groups");
  expect(list.body).toMatchObject({ totalResults: 2, itemsPerPage: 2, startIndex: 1 });
  expect(list.resources.map((each) => [each.id, (each.members as unknown[]).length])).toEqual([
    [first, 1],
    [second, 2],
  ]);
});
