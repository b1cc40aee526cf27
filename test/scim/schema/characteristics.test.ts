import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, type Endpoint, oneDirectory, patchOf, scimServer, userOf } from "../endpoint.ts";
import { declare } from "./declare.ts";

const server = await scimServer();
const okta = oneDirectory(server);
const URN = "urn:example:scim:1.0:Card";

const text = (name: string, more: object = {}) => ({ name, type: "string", ...more });
const complex = (name: string, subAttributes: object[], more: object = {}) => ({
  name,
  type: "complex",
  subAttributes,
  ...more,
});
const immutable = { mutability: "immutable" };
const several = { multiValued: true };
const extension = (attributes: object[], more: object = {}) => [
  { urn: URN, resource: "User", name: "Card", attributes, ...more },
];

beforeAll(async () => {
  await declare(
    server.ctx,
    okta.at.organization,
    extension([
      text("fixed", immutable),
      text("list", { ...immutable, ...several }),
      { name: "since", type: "dateTime", ...immutable },
      complex("box", [text("serial", immutable), text("note")]),
      complex("cards", [text("value"), text("serial", immutable), text("note")], several),
      text("secret", { mutability: "writeOnly" }),
      complex("vault", [text("value", { returned: "never" }), text("label")]),
      text("large", { returned: "request" }),
      complex("album", [text("title"), text("picture", { returned: "request" })], several),
      text("loud", { returned: "always" }),
      text("active"),
      complex("cars", [text("type"), text("plate")], several),
    ]),
  );
});

let people = 0;
async function person(card: object): Promise<string> {
  const { status, id, text: body } = await okta.at.send("POST", "/Users", userOf(`p${++people}`, { [URN]: card }));
  expect(status, body).toBe(201);
  return id;
}

async function cardOf(id: string, query = ""): Promise<unknown> {
  return ((await okta.at.send("GET", `/Users/${id}${query}`)).body as Record<string, unknown>)[URN];
}

function patch(id: string, ...operations: object[]): Promise<Answer> {
  return okta.at.send("PATCH", `/Users/${id}`, patchOf(...operations));
}

function put(id: string, card: object | undefined): Promise<Answer> {
  return okta.at.send("PUT", `/Users/${id}`, userOf(`put-${id}`, card === undefined ? {} : { [URN]: card }));
}

const at = (name: string): string => `${URN}:${name}`;
const refused = { status: 400, body: { scimType: "mutability" } };

describe("RFC 7643 §7 immutable: set once", () => {
  const held = { fixed: "Abc", list: ["b", "a"], since: "2026-01-01T00:00:00Z", box: { serial: "1", note: "n" } };

  test("PUT takes it while there is none, and afterwards the same value only (RFC 7644 §3.5.1)", async () => {
    const id = await person({ loud: "x" });
    expect((await put(id, held)).body).toMatchObject({ [URN]: held });
    const same = {
      fixed: "aBC",
      list: ["A", "B"],
      since: "2026-01-01T01:00:00+01:00",
      box: { serial: "1", note: "m" },
    };
    expect((await put(id, same)).body).toMatchObject({ [URN]: { ...held, box: { serial: "1", note: "m" } } });
    for (const wrong of [
      { fixed: "other" },
      { list: ["a"] },
      { since: "2026-01-02T00:00:00Z" },
      { box: { serial: "2" } },
    ])
      expect(await put(id, wrong), JSON.stringify(wrong)).toMatchObject(refused);
    expect(await cardOf(id)).toEqual({ ...held, box: { serial: "1", note: "m" } });
  });

  test("PUT that says nothing of it leaves it; what holds an immutable part goes as a whole", async () => {
    const id = await person(held);
    const { box: _box, ...kept } = held;
    for (const card of [undefined, { loud: "x" }]) {
      expect((await put(id, card)).status).toBe(200);
      expect(await cardOf(id)).toEqual({ ...kept, ...card });
    }
    expect((await put(id, { box: { note: "new" } })).body).toMatchObject({ [URN]: { box: { note: "new" } } });
  });

  test.each<[string, object[]]>([
    ["another value", [{ op: "replace", path: at("fixed"), value: "other" }]],
    ["no value", [{ op: "remove", path: at("fixed") }]],
    ["one more of several", [{ op: "add", path: at("list"), value: ["c"] }]],
    ["another part", [{ op: "replace", path: at("box.serial"), value: "2" }]],
    ["another part of the whole", [{ op: "add", path: at("box"), value: { serial: "2" } }]],
    ["no part", [{ op: "remove", path: at("box.serial") }]],
    [
      "gone and back",
      [
        { op: "remove", path: at("fixed") },
        { op: "add", path: at("fixed"), value: "other" },
      ],
    ],
    ["without a path", [{ op: "replace", value: { [URN]: { fixed: "other" } } }]],
    ["the extension and all", [{ op: "remove", path: URN }]],
  ])("PATCH is refused for %s, and nothing of it counts (RFC 7644 §3.5.2)", async (_what, operations) => {
    const id = await person(held);
    expect(await patch(id, { op: "add", path: "title", value: "x" }, ...operations)).toMatchObject(refused);
    expect(await cardOf(id)).toEqual(held);
    expect((await okta.at.send("GET", `/Users/${id}`)).body).not.toHaveProperty("title");
  });

  test("PATCH may add it where there is none, repeat it, and take away what holds an immutable part", async () => {
    const id = await person({ loud: "x" });
    for (const operation of [
      { op: "add", path: at("fixed"), value: "Abc" },
      { op: "replace", path: at("fixed"), value: "ABC" },
      { op: "add", path: at("box"), value: { serial: "1" } },
      { op: "replace", path: at("box.note"), value: "n" },
      { op: "remove", path: at("box") },
    ])
      expect((await patch(id, operation)).status, JSON.stringify(operation)).toBe(200);
    expect(await cardOf(id)).toEqual({ loud: "x", fixed: "Abc" });
  });

  test("values of several come and go; a part of one that is there stays", async () => {
    const id = await person({ cards: [{ value: "a", serial: "1", note: "n" }, { value: "b" }] });
    expect((await patch(id, { op: "replace", path: at('cards[value eq "a"].note'), value: "m" })).status).toBe(200);
    expect((await patch(id, { op: "add", path: at('cards[value eq "b"].serial'), value: "2" })).status).toBe(200);
    for (const operation of [
      { op: "replace", path: at('cards[value eq "a"].serial'), value: "9" },
      { op: "remove", path: at('cards[value eq "a"].serial') },
      { op: "replace", path: at('cards[value eq "a"]'), value: { serial: "9" } },
      { op: "replace", path: at("cards.serial"), value: "9" },
      { op: "add", path: at("cards"), value: [{ value: "b", serial: "9" }] },
    ])
      expect(await patch(id, operation), JSON.stringify(operation)).toMatchObject(refused);
    expect(await cardOf(id)).toEqual({
      cards: [
        { value: "a", serial: "1", note: "m" },
        { value: "b", serial: "2" },
      ],
    });
    expect((await patch(id, { op: "remove", path: at('cards[value eq "a"]') })).status).toBe(200);
    expect((await patch(id, { op: "add", path: at("cards"), value: [{ value: "a", serial: "9" }] })).status).toBe(200);
  });

  test("members of a group are added and removed, their parts never changed (RFC 7643 §4.2)", async () => {
    const member = await person({ loud: "x" });
    const { id } = await okta.at.send("POST", "/Groups", { displayName: "Fixed", members: [{ value: member }] });
    for (const part of ["value", "display", "type", "$ref"])
      expect(
        await okta.at.send(
          "PATCH",
          `/Groups/${id}`,
          patchOf({ op: "replace", path: `members[value eq "${member}"].${part}`, value: "x" }),
        ),
      ).toMatchObject(refused);
  });
});

describe("RFC 7643 §7 returned", () => {
  const card = {
    secret: "hidden-1",
    vault: { value: "hidden-2", label: "v" },
    large: "big",
    album: [{ title: "t", picture: "p" }],
    loud: "!",
  };
  const always = { loud: "!" };
  const byDefault = { vault: { label: "v" }, album: [{ title: "t" }], ...always };
  const written = { ...byDefault, large: "big", album: [{ title: "t", picture: "p" }] };

  test.each<[string, unknown]>([
    ["", byDefault],
    [`?attributes=userName`, always],
    [`?attributes=${at("large")}`, { large: "big", ...always }],
    [`?attributes=${at("album")}`, { album: card.album, ...always }],
    [`?attributes=${at("album.title")}`, { album: [{ title: "t" }], ...always }],
    [`?attributes=${at("album.picture")}`, { album: [{ picture: "p" }], ...always }],
    [`?attributes=${at("secret")},${at("vault.value")}`, always],
    [`?attributes=${URN}`, written],
    [`?excludedAttributes=${at("loud")},${at("album")}`, { vault: { label: "v" }, ...always }],
    [`?excludedAttributes=${URN}`, always],
  ])("GET%s", async (query, expected) => {
    const id = await person(card);
    expect(await cardOf(id, query)).toEqual(expected);
    const list = await okta.at.send(
      "GET",
      `/Users${query}${query === "" ? "?" : "&"}filter=${encodeURIComponent(`id eq "${id}"`)}`,
    );
    expect(list.resources[0]?.[URN]).toEqual(expected);
  });

  test("what is returned on request is returned to whoever writes it", async () => {
    const created = await okta.at.send("POST", "/Users", userOf("on-request", { [URN]: card }));
    const of = ({ body }: Answer) => (body as Record<string, unknown>)[URN];
    expect(of(created)).toEqual(written);
    expect(of(await put(created.id, card))).toEqual(written);
    expect(of(await put(created.id, { large: "bigger" }))).toEqual({ large: "bigger" });
    expect(of(await patch(created.id, { op: "add", path: at("large"), value: "big" }))).toEqual({ large: "big" });
    expect(of(await patch(created.id, { op: "add", path: "title", value: "t" }))).toBeUndefined();
    expect(
      of(
        await patch(created.id, { op: "add", path: "title", value: "u" }, { op: "add", path: at("loud"), value: "!" }),
      ),
    ).toEqual(always);
  });

  test("what is never returned is kept, and no filter, order or path finds it out", async () => {
    const id = await person(card);
    const stored = await server.ctx.db.of(okta.at.organization).query<{ secret: string; vault: string }>({
      text: "select resource->$2->>'secret' as secret, resource->$2->'vault'->>'value' as vault from directory_users where id = $1",
      values: [id, URN],
    });
    expect(stored).toEqual([{ secret: "hidden-1", vault: "hidden-2" }]);
    for (const filter of [
      `${at("secret")} eq "hidden-1"`,
      `${at("vault")} eq "hidden-2"`,
      `${at("vault.value")} sw "h"`,
      `${at("vault")}[value eq "hidden-2"]`,
    ])
      expect((await okta.at.send("GET", `/Users?filter=${encodeURIComponent(filter)}`)).body, filter).toMatchObject({
        scimType: "invalidFilter",
      });
    for (const name of ["secret", "vault", "vault.value"])
      expect((await okta.at.send("GET", `/Users?sortBy=${at(name)}`)).body).toMatchObject({ scimType: "invalidValue" });
    expect(
      (await patch(id, { op: "replace", path: at('vault[value eq "hidden-2"].label'), value: "w" })).body,
    ).toMatchObject({ scimType: "invalidPath" });
    const changed = await patch(id, { op: "replace", path: at("vault.value"), value: "hidden-3" });
    expect([changed.status, changed.text.includes("hidden")]).toEqual([200, false]);
  });
});

describe("names and times", () => {
  test("what is special about a name of the RFC is not so in an extension", async () => {
    const id = await person({ active: "yes", cars: [{ type: "van" }, { plate: "1" }] });
    expect(await cardOf(id)).toEqual({ active: "yes", cars: [{ type: "van" }, { plate: "1" }] });
    const operation = { op: "remove", path: at("active") };
    expect((await patch(id, operation)).body).toMatchObject({ active: true, [URN]: { cars: [{}, {}] } });
    expect(await cardOf(id)).toEqual({ cars: [{ type: "van" }, { plate: "1" }] });
  });

  test("a time is kept to the microsecond and found by what is served", async () => {
    const id = await person({ since: "2031-01-31T12:00:00.999999999Z" });
    expect(await cardOf(id)).toEqual({ since: "2031-01-31T12:00:00.999999Z" });
    for (const [filter, found] of [
      ['eq "2031-01-31T12:00:00.999999Z"', [id]],
      ['lt "2031-01-31T12:00:01Z"', [id]],
      ['ge "2031-01-31T12:00:01Z"', []],
    ] as const) {
      const query = encodeURIComponent(`${at("since")} ${filter} and id eq "${id}"`);
      expect((await okta.at.send("GET", `/Users?filter=${query}`)).resources.map((each) => each.id)).toEqual(found);
    }
  });
});

describe("RFC 7643 §6 required", () => {
  async function endpoint(declared: object[]): Promise<Endpoint> {
    const organization = await server.organization();
    await declare(server.ctx, organization, declared);
    return server.directory(organization);
  }
  const required = { required: true };

  test("an attribute is required where its extension is, a part where its value is", async () => {
    const here = await endpoint(
      extension([text("number", required), complex("box", [text("serial", required), text("note")], several)]),
    );
    const send = (card: object | undefined) =>
      here.send("POST", "/Users", userOf(`r${++people}`, card === undefined ? {} : { [URN]: card }));
    expect((await send(undefined)).status).toBe(201);
    const { id, status } = await send({ number: "1", box: [{ serial: "s" }] });
    expect(status).toBe(201);
    for (const [card, place] of [
      [{ box: [{ serial: "s" }] }, "number"],
      [{ number: " " }, "number"],
      [{ number: "1", box: [{ serial: "s" }, { note: "n" }] }, "box.serial"],
    ] as const) {
      expect((await send(card)).body).toMatchObject({
        scimType: "invalidValue",
        detail: expect.stringContaining(at(place)),
      });
      expect((await here.send("PUT", `/Users/${id}`, userOf("put", { [URN]: card }))).status).toBe(400);
    }
    const change = (...operations: object[]) => here.send("PATCH", `/Users/${id}`, patchOf(...operations));
    expect(await change({ op: "remove", path: at("number") })).toMatchObject(refused);
    expect((await change({ op: "add", path: at("box"), value: [{ note: "n" }] })).body).toMatchObject({
      scimType: "invalidValue",
    });
    expect(await change({ op: "remove", path: at("box.serial") })).toMatchObject(refused);
    expect((await change({ op: "remove", path: URN })).status).toBe(200);
    expect((await change({ op: "add", path: at("box"), value: [{ serial: "n" }] })).body).toMatchObject({
      detail: expect.stringContaining(at("number")),
    });
  });

  test("a required extension is in every resource, and discovery says so", async () => {
    const here = await endpoint(extension([text("number", required), text("note")], required));
    expect((await here.send("GET", "/ResourceTypes/User")).body).toMatchObject({
      schemaExtensions: [
        { schema: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", required: false },
        { schema: URN, required: true },
      ],
    });
    expect((await here.send("POST", "/Users", userOf("none"))).body).toMatchObject({
      scimType: "invalidValue",
      detail: expect.stringContaining(at("number")),
    });
    const { id, status } = await here.send("POST", "/Users", userOf("some", { [URN]: { number: "1" } }));
    expect(status).toBe(201);
    expect((await here.send("PUT", `/Users/${id}`, userOf("some"))).status).toBe(400);
    expect((await here.send("PATCH", `/Users/${id}`, patchOf({ op: "remove", path: URN }))).status).toBe(400);
    const leaves = patchOf({ op: "replace", path: "active", value: false });
    expect((await here.send("PATCH", `/Users/${id}`, leaves)).status).toBe(200);
  });

  test("a required extension without required attributes is there with any value", async () => {
    const here = await endpoint(extension([text("note")], required));
    expect((await here.send("POST", "/Users", userOf("none"))).body).toMatchObject({
      detail: expect.stringContaining(URN),
    });
    expect((await here.send("POST", "/Users", userOf("some", { [URN]: { note: "n" } }))).status).toBe(201);
  });
});

describe("a change of what is declared", () => {
  test("counts for requests within a second, and what no schema knows any more is not shown", async () => {
    const here = await server.directory(await server.organization());
    const { id } = await here.send("POST", "/Users", userOf("first", { [URN]: { number: "1" } }));
    const card = async () => ((await here.send("GET", `/Users/${id}`)).body as Record<string, unknown>)[URN];
    expect(await card()).toBeUndefined();
    const known = async () => (await here.send("GET", `/Schemas/${URN}`)).status;
    expect(await known()).toBe(404);

    await declare(server.ctx, here.organization, extension([text("number"), text("note")]));
    await expect.poll(known).toBe(200);
    await here.send("PATCH", `/Users/${id}`, patchOf({ op: "add", path: URN, value: { number: "1", note: "n" } }));
    expect(await card()).toEqual({ number: "1", note: "n" });

    await here.send("PATCH", `/Users/${id}`, patchOf({ op: "remove", path: at("note") }));
    await declare(server.ctx, here.organization, extension([text("number")]));
    await expect.poll(async () => (await here.send("GET", `/Users?filter=${at("note")} pr`)).status).toBe(400);
    // As a request that began before would have left it.
    await server.ctx.db.of(here.organization).query({
      text: "update directory_users set resource = $2 where id = $1",
      values: [id, { [URN]: { number: "1", note: "late" }, "urn:example:gone": { a: 1 }, title: "t" }],
    });
    const { body } = await here.send("GET", `/Users/${id}`);
    expect(body).toMatchObject({ title: "t", [URN]: { number: "1" }, schemas: [expect.anything(), URN] });
    expect(JSON.stringify(body)).not.toMatch(/late|urn:example:gone/);
  });
});
