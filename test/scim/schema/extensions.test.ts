import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "../../../src/db/transaction.ts";
import { type Endpoint, oneDirectory, patchOf, scimServer, system, userOf } from "../endpoint.ts";
import { declare } from "./declare.ts";
import { BADGE, everything, TEAM } from "./everything.ts";

const server = await scimServer();
const okta = oneDirectory(server);

const full = {
  number: "B-7",
  "code-Exact": "Xy",
  level: 3,
  weight: 0.25,
  temporary: false,
  issued: "2026-01-31T12:00:00+01:00",
  photo: "QUJD",
  site: "https://example.com/14west",
  tags: ["red", "Green"],
  levels: [1, 2],
  days: ["2026-01-31T00:00:00Z"],
  flags: [true],
  doors: [
    { value: "north", floor: 1, open: true, primary: true },
    { value: "south", floor: 2, until: "2026-02-01T00:00:00Z" },
  ],
  desk: { room: "R1", height: 72.5 },
};

beforeAll(async () => {
  await declare(server.ctx, okta.at.organization, everything);
});

let people = 0;
async function person(badge?: object, at: Endpoint = okta.at): Promise<string> {
  const { status, id, text } = await at.send(
    "POST",
    "/Users",
    userOf(`person-${++people}`, badge === undefined ? {} : { [BADGE]: badge }),
  );
  expect(status, text).toBe(201);
  return id;
}

type Resource = Record<string, unknown> & { schemas: string[] };
async function read(id: string, at: Endpoint = okta.at): Promise<Resource> {
  return (await at.send("GET", `/Users/${id}`)).body as Resource;
}

async function found(filter: string, more = ""): Promise<string[]> {
  const { status, resources, text } = await okta.at.send("GET", `/Users?filter=${encodeURIComponent(filter)}${more}`);
  expect(status, text).toBe(200);
  return resources.map((resource) => String(resource.id));
}

function patch(id: string, ...operations: object[]) {
  return okta.at.send("PATCH", `/Users/${id}`, patchOf(...operations));
}

describe("RFC 7643 §3.3: an extension of the organization's own", () => {
  test("is kept and served under its URN, names in whatever case, and named in schemas", async () => {
    const id = await person(full);
    expect(await read(id)).toMatchObject({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:User", BADGE],
      [BADGE]: full,
    });
    const loose = await okta.at.send("POST", "/Users", {
      ...userOf("loose"),
      [BADGE.toUpperCase()]: { NUMBER: 7, Tags: "red", unknown: 1, doors: { value: "north" }, desk: [{ room: "R1" }] },
    });
    expect(loose.body).toMatchObject({
      [BADGE]: { number: "7", tags: ["red"], doors: [{ value: "north" }], desk: { room: "R1" } },
    });
    expect((loose.body as Record<string, object>)[BADGE]).not.toHaveProperty("unknown");
    expect((await read(await person())).schemas).not.toContain(BADGE);
  });

  test.each([
    ["level", 1.5, "whole number"],
    ["level", "1", "whole number"],
    ["level", 2 ** 53, "whole number"],
    ["weight", "light", "a number"],
    ["temporary", "perhaps", "true or false"],
    ["issued", "2026-02-30T00:00:00Z", "a time"],
    ["issued", "0000-01-01T00:00:00Z", "a time"],
    ["issued", "2026-01-01T00:00:00+15:00", "a time"],
    ["issued", "yesterday", "a time"],
    ["photo", "no base64!", "base64"],
    ["number", { value: "7" }, "a text"],
    ["number", ["7", "8"], "one value only"],
    ["levels", [1, "2"], "whole number"],
    ["doors", [{ value: "a", floor: "1" }], "whole number"],
    [
      "doors",
      [
        { value: "a", primary: true },
        { value: "b", primary: true },
      ],
      "one primary",
    ],
    ["desk", "R1", "an object"],
    ["tags", Array.from({ length: 1_001 }, (_, index) => `t${index}`), "at most 1000"],
    ["number", "a\0b", "cannot be stored"],
  ])("a value of the wrong kind is 400 and names its place: %s", async (name, value, problem) => {
    const { status, body } = await okta.at.send("POST", "/Users", userOf("wrong", { [BADGE]: { [name]: value } }));
    expect({ status, body }).toMatchObject({ status: 400, body: { scimType: "invalidValue" } });
    expect((body as { detail: string }).detail).toContain(`${BADGE}:${name}`);
    expect((body as { detail: string }).detail).toContain(problem);
    expect((await patch(await person(), { op: "add", path: `${BADGE}:${name}`, value })).status).toBe(400);
  });

  test("another organization knows nothing of it", async () => {
    const other = await server.directory(await server.organization(), "other");
    const id = await person(full, other);
    expect(await read(id, other)).not.toHaveProperty(BADGE);
    expect((await other.send("GET", `/Schemas/${BADGE}`)).status).toBe(404);
    expect((await other.send("GET", `/Users?filter=${BADGE}:number pr`)).body).toMatchObject({
      scimType: "invalidFilter",
    });
  });

  test("groups have their own", async () => {
    const team = { budget: 10.5, members: ["not a member"], desk: { room: "R2" } };
    const { id, body } = await okta.at.send("POST", "/Groups", { displayName: "Team", [TEAM]: team });
    expect(body).toMatchObject({
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group", TEAM],
      [TEAM]: team,
      members: [],
    });
    const operation = { op: "add", path: `${TEAM}:members`, value: ["another"] };
    expect((await okta.at.send("PATCH", `/Groups/${id}`, patchOf(operation))).status).toBe(204);
    expect((await okta.at.send("GET", `/Groups/${id}`)).body).toMatchObject({
      [TEAM]: { members: ["not a member", "another"] },
      members: [],
    });
    const { resources } = await okta.at.send("GET", `/Groups?filter=${encodeURIComponent(`${TEAM}:budget gt 10`)}`);
    expect(resources.map((group) => group.id)).toEqual([id]);
    expect(
      (await okta.at.send("PUT", `/Groups/${id}`, { displayName: "Team", [TEAM]: { budget: 1 } })).body,
    ).toMatchObject({
      [TEAM]: { budget: 1 },
    });
  });
});

describe("RFC 7644 §3.4.2: queries", () => {
  let ids: string[] = [];
  beforeAll(async () => {
    ids = [];
    for (const [index, number] of ["B-2", "b-10", "B-1"].entries())
      ids.push(
        await person({
          number: `query ${number}`,
          "code-Exact": "Qq",
          level: 10 - index,
          weight: index / 4,
          temporary: index === 1,
          issued: `2030-01-0${index + 1}T00:00:00Z`,
          tags: [`q${index}`, "query"],
          levels: [100 + index],
          days: [`2031-01-0${index + 1}T00:00:00Z`],
          flags: [index === 2],
          doors: [
            { value: `d${index}`, floor: 50 + index, open: index > 0, until: `2032-01-0${index + 1}T00:00:00Z` },
            { value: "query", floor: 60 },
          ],
          desk: { room: `Q${index}`, height: 200 + index },
        }),
      );
  });

  test.each([
    ['B:number eq "QUERY b-2"', [0]],
    ['B:number sw "query" and B:level ge 9', [0, 1]],
    ['B:code-Exact eq "Qq"', [0, 1, 2]],
    ['B:code-Exact eq "qq"', []],
    ["B:level eq 8", [2]],
    ["B:level gt 9", [0]],
    ['B:weight le 0.25 and B:number sw "query"', [0, 1]],
    ['B:temporary eq true and B:number sw "query"', [1]],
    ['not (B:temporary eq true) and B:number sw "query"', [0, 2]],
    ['B:issued gt "2030-01-01T12:00:00+12:00"', [1, 2]],
    ['B:issued eq "2030-01-02T01:00:00+01:00"', [1]],
    ['B:tags eq "Q1"', [1]],
    ["B:levels eq 102", [2]],
    ["B:levels gt 100", [1, 2]],
    ['B:flags eq true and B:number sw "query"', [2]],
    ['B:days ge "2031-01-02T00:00:00Z"', [1, 2]],
    ['B:doors eq "d1"', [1]],
    ["B:doors.floor eq 52", [2]],
    ['B:doors[floor gt 50 and open eq true and value sw "d"]', [1, 2]],
    ['B:doors[until lt "2032-01-02T00:00:00Z"]', [0]],
    ['B:desk.room eq "Q2"', [2]],
    ['B:desk.room eq "q2"', []],
    ["B:desk.height gt 200", [1, 2]],
    ['B:desk[room eq "Q0" and height eq 200]', [0]],
  ])("filter %s", async (filter, expected) => {
    expect((await found(filter.replaceAll("B:", `${BADGE}:`))).filter((id) => ids.includes(id))).toEqual(
      expected.map((index) => ids[index]),
    );
  });

  test.each([
    ["number", [2, 1, 0]],
    ["level", [2, 1, 0]],
    ["weight", [0, 1, 2]],
    ["temporary", [0, 2, 1]],
    ["issued", [0, 1, 2]],
    ["levels", [0, 1, 2]],
    ["days", [0, 1, 2]],
    ["doors.floor", [0, 1, 2]],
    ["doors", [0, 1, 2]],
    ["desk.height", [0, 1, 2]],
  ])("sorted by %s, and the other way round", async (name, order) => {
    const filter = `${BADGE}:number sw "query"`;
    const sorted = await found(filter, `&sortBy=${BADGE}:${name}`);
    expect(sorted).toHaveLength(3);
    expect(sorted.map((id) => ids.indexOf(id))).toEqual(order);
    const back = await found(filter, `&sortBy=${BADGE}:${name}&sortOrder=descending`);
    // Of equal ones the older comes first either way.
    expect(back.map((id) => ids.indexOf(id))).toEqual(name === "temporary" ? [1, 0, 2] : [...order].reverse());
  });

  test("what has parts is sorted by one of them, and compared by one of them", async () => {
    expect((await okta.at.send("GET", `/Users?sortBy=${BADGE}:desk`)).body).toMatchObject({ scimType: "invalidValue" });
    expect((await okta.at.send("GET", `/Users?filter=${BADGE}:desk eq "x"`)).body).toMatchObject({
      scimType: "invalidFilter",
    });
    expect((await okta.at.send("GET", `/Users?filter=${BADGE}:level eq "3"`)).body).toMatchObject({
      scimType: "invalidFilter",
    });
  });

  test("a value from before its type was declared fails no search and is no value", async () => {
    const strange = await person(full);
    await inTransaction(server.ctx, system(okta.at.organization), (tx) =>
      tx.query({
        text: "update directory_users set resource = jsonb_set(resource, $2, $3) where organization = $1 and id = $4",
        values: [
          tx.organization,
          [BADGE],
          { level: "high", weight: true, temporary: "yes", issued: "soon", days: ["later"], levels: ["x"], flags: [3] },
          strange,
        ],
      }),
    );
    for (const filter of ["level gt 0", "weight gt 0", "temporary eq true", 'issued gt "2000-01-01T00:00:00Z"'])
      expect(await found(`${BADGE}:${filter}`)).not.toContain(strange);
    for (const filter of ['days gt "2000-01-01T00:00:00Z"', "levels gt 0", "flags eq true"])
      expect(await found(`${BADGE}:${filter}`)).not.toContain(strange);
    expect((await okta.at.send("GET", `/Users?sortBy=${BADGE}:level`)).status).toBe(200);
  });
});

describe("RFC 7644 §3.5.2: PATCH", () => {
  const path = (name: string): string => `${BADGE}:${name}`;

  test.each<[string, object[], unknown]>([
    ["add by URN and name", [{ op: "add", path: path("level"), value: 9 }], { ...full, level: 9 }],
    ["names in whatever case", [{ op: "replace", path: path("LEVEL").toUpperCase(), value: 9 }], { ...full, level: 9 }],
    ["a part", [{ op: "replace", path: path("desk.height"), value: 1 }], { ...full, desk: { room: "R1", height: 1 } }],
    [
      "a part of the values that a filter selects",
      [{ op: "replace", path: path('doors[floor gt 1 and until gt "2026-01-01T00:00:00Z"].open'), value: true }],
      { ...full, doors: [full.doors[0], { ...full.doors[1], open: true }] },
    ],
    [
      "another primary",
      [{ op: "replace", path: path('doors[value eq "south"].primary'), value: true }],
      {
        ...full,
        doors: [
          { ...full.doors[0], primary: false },
          { ...full.doors[1], primary: true },
        ],
      },
    ],
    [
      "a value that was not there",
      [{ op: "add", path: path("doors"), value: [{ value: "west", floor: 3 }] }],
      { ...full, doors: [...full.doors, { value: "west", floor: 3 }] },
    ],
    [
      "the values of a filter",
      [{ op: "remove", path: path("doors[floor eq 1]") }],
      { ...full, doors: [full.doors[1]] },
    ],
    [
      "more of several, each once",
      [{ op: "add", path: path("tags"), value: ["RED", "blue"] }],
      { ...full, tags: ["red", "Green", "blue"] },
    ],
    [
      "some of several",
      [
        { op: "remove", path: path("tags"), value: ["GREEN"] },
        { op: "remove", path: path("levels"), value: [1] },
        { op: "remove", path: path("days"), value: ["2026-01-31T01:00:00+01:00"] },
      ],
      { ...full, tags: ["red"], levels: [2], days: undefined },
    ],
    [
      "all of several",
      [{ op: "replace", path: path("flags"), value: [false, true] }],
      { ...full, flags: [false, true] },
    ],
    ["an attribute goes", [{ op: "remove", path: path("desk") }], { ...full, desk: undefined }],
    ["the whole extension goes", [{ op: "remove", path: BADGE }], undefined],
    [
      "a value for the extension is one for each of its attributes",
      [{ op: "replace", path: BADGE, value: { level: 4, desk: { height: 2 } } }],
      { ...full, level: 4, desk: { room: "R1", height: 2 } },
    ],
    [
      "without a path",
      [{ op: "add", value: { [BADGE]: { level: 5 }, [path("weight")]: 6 } }],
      { ...full, level: 5, weight: 6 },
    ],
  ])("%s", async (_what, operations, expected) => {
    const id = await person(full);
    const { status, body, text } = await patch(id, ...operations);
    expect(status, text).toBe(200);
    const wanted = JSON.parse(JSON.stringify({ [BADGE]: expected }))[BADGE];
    expect((body as Resource)[BADGE]).toEqual(wanted);
    expect((await read(id))[BADGE]).toEqual(wanted);
    expect(((await read(id)).schemas ?? []).includes(BADGE)).toBe(expected !== undefined);
  });

  test("no number of requests makes a list longer than it may be", async () => {
    const id = await person({ levels: Array.from({ length: 1_000 }, (_, index) => index) });
    expect((await patch(id, { op: "add", path: path("levels"), value: [999] })).status).toBe(200);
    expect((await patch(id, { op: "add", path: path("levels"), value: [1_000] })).body).toMatchObject({
      scimType: "invalidValue",
    });
  });
});

describe("RFC 7644 §3.9: attributes and excludedAttributes", () => {
  test.each<[string, unknown]>([
    [`attributes=${BADGE}`, full],
    [`attributes=${BADGE}:level,userName`, { level: 3 }],
    [`attributes=${BADGE.toUpperCase()}:LEVEL`, { level: 3 }],
    [`attributes=${BADGE}:doors.floor`, { doors: [{ floor: 1 }, { floor: 2 }] }],
    [`attributes=${BADGE}:desk.room,${BADGE}:tags`, { desk: { room: "R1" }, tags: full.tags }],
    ["attributes=userName", undefined],
    [`excludedAttributes=${BADGE}`, undefined],
    [`excludedAttributes=${BADGE}:doors,userName`, { ...full, doors: undefined }],
    [`excludedAttributes=${BADGE}:desk.room`, { ...full, desk: { height: 72.5 } }],
  ])("%s", async (query, expected) => {
    const id = await person(full);
    const wanted = JSON.parse(JSON.stringify({ [BADGE]: expected }))[BADGE];
    for (const path of [`/Users/${id}?`, `/Users?filter=${encodeURIComponent(`id eq "${id}"`)}&`]) {
      const { body, resources } = await okta.at.send("GET", path + query);
      expect(((resources[0] ?? body) as Resource)[BADGE]).toEqual(wanted);
    }
  });
});
