import { randomBytes } from "node:crypto";
import { beforeAll, expect, test } from "vitest";
import { newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { schemaExtensionList } from "../../src/identity/schema-extensions/form.ts";
import { setSchemaExtensions } from "../../src/identity/schema-extensions/write.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { type Answer, ENTERPRISE, type Endpoint, patchOf, scimServer, sender, system, userOf } from "./endpoint.ts";

const server = await scimServer();
/** Stands in everything that a directory holds: `secret-0` to `secret-3`. */
const marker = (index: number) => `secret-${index}`;

/** What somebody else's identifiers look like. */
type Kind =
  | "user"
  | "group"
  | "userName"
  | "externalId"
  | "displayName"
  | "email"
  | "location"
  | "cursor"
  | "token"
  | "urn";

type Held = {
  at: Endpoint;
  mark: string;
  values: Record<Kind, string[]>;
  gone: string[];
  group: string;
  person: string;
};

const directories: Held[] = [];
const urnOf = (index: number) => `urn:example:scim:schemas:extension:tenant${index}:2.0:User`;

async function made(at: Endpoint, path: string, body: unknown): Promise<string> {
  const answer = await at.send("POST", path, body);
  expect(answer.status, answer.text).toBe(201);
  return answer.id;
}

/** A directory with people and groups, live, inactive and deleted, references between them, cursors and tokens. */
async function filled(at: Endpoint, index: number, extension: string | null): Promise<Held> {
  const mark = marker(index);
  const person = (n: number, more: object = {}) =>
    made(
      at,
      "/Users",
      userOf(`${mark}-${n}`, {
        externalId: `${mark}-e${n}`,
        title: mark,
        emails: [{ value: `${mark}-${n}@example.com`, type: "work" }],
        ...more,
      }),
    );
  const boss = await person(0);
  const users = [
    boss,
    await person(1, { [ENTERPRISE]: { manager: { value: boss } } }),
    await person(2, { active: false }),
  ];
  const members = users.map((value) => ({ value }));
  const inner = await made(at, "/Groups", { displayName: `${mark}-inner`, externalId: `${mark}-g`, members });
  const groups = [inner, await made(at, "/Groups", { displayName: `${mark}-outer`, members: [{ value: inner }] })];
  const gone = [await person(3), await made(at, "/Groups", { displayName: `${mark}-gone`, members })];
  await at.send("DELETE", `/Users/${gone[0]}`);
  await at.send("DELETE", `/Groups/${gone[1]}`);
  const cursors = await Promise.all(
    ["/Users?count=1&cursor=", "/Groups?count=1&cursor="].map(async (path) =>
      String(((await at.send("GET", path)).body as { nextCursor: string }).nextCursor),
    ),
  );
  const me = await inTransaction(server.ctx, system(at.organization), (tx) =>
    createToken(tx, { directory: at.directory }, undefined, { subject: boss as never, scopes: ["me"] }),
  );
  return {
    at,
    mark,
    gone,
    group: inner,
    person: boss,
    values: {
      user: [...users, gone[0] as string],
      group: [...groups, gone[1] as string],
      userName: [0, 1, 2, 3].map((n) => `${mark}-${n}`),
      externalId: [`${mark}-e0`, `${mark}-e3`, `${mark}-g`],
      displayName: [`${mark}-inner`, `${mark}-gone`],
      email: [`${mark}-0@example.com`],
      location: [
        ...users.map((id) => `${at.baseUrl}/Users/${id}`),
        ...groups.map((id) => `${at.baseUrl}/Groups/${id}`),
      ],
      cursor: cursors,
      token: [at.token, me.token],
      urn: extension === null ? [] : [extension],
    },
  };
}

beforeAll(async () => {
  for (let organization = 0; organization < 2; organization++) {
    const id = await server.organization();
    const urn = urnOf(organization);
    const extensions = schemaExtensionList.parse([
      { urn, resource: "User", name: "Tenant", attributes: [{ name: "colour", type: "string" }] },
    ]);
    await inTransaction(server.ctx, system(id), (tx) => setSchemaExtensions(tx, extensions), { lock: "exclusive" });
    for (const name of ["first", "second"])
      directories.push(await filled(await server.directory(id, name), directories.length, urn));
  }
});

/** The same kind of thing, of nobody. */
function nobodys(kind: Kind, value: string): string {
  switch (kind) {
    case "user":
    case "group":
      return newId();
    case "location":
      return value.slice(0, value.lastIndexOf("/") + 1) + newId();
    case "cursor":
      return randomBytes(value.length).toString("base64url").slice(0, value.length);
    case "token":
      return `mst_scim_${randomBytes(64)
        .toString("hex")
        .slice(0, value.length - 9)}`;
    case "urn":
      return value.replace(/tenant\d/, "tenant9");
    default:
      return randomBytes(value.length).toString("hex").slice(0, value.length);
  }
}

type Place = {
  what: string;
  kinds: readonly Kind[];
  send: (own: Held, value: string) => Promise<Answer>;
  /** Nobody's value here, where it is not that of the kind. */
  nobodys?: (value: string) => string;
};

/** The location in a directory that does not exist. */
const nowhere = (location: string): string => location.replace(/v2\/[^/]+/, `v2/${newId()}`);

const ids: readonly Kind[] = ["user", "group"];
const filtered = (path: string, filter: (value: string) => string) => (own: Held, value: string) =>
  own.at.send("GET", `${path}?filter=${encodeURIComponent(filter(value))}`);
const onGroup = (operation: (value: string) => unknown) => (own: Held, value: string) =>
  own.at.send("PATCH", `/Groups/${own.group}`, patchOf(operation(value)));
const bulk = (own: Held, ...Operations: unknown[]) =>
  own.at.send("POST", "/Bulk", { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations });
const search = (own: Held, path: string, filter: string) =>
  own.at.send("POST", `${path}/.search`, { schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], filter });

/** Everywhere that an identifier can stand. None of these requests changes what its own directory holds. */
const PLACES: Place[] = [
  ...["/Users", "/Groups"].flatMap((path): Place[] => [
    { what: `GET ${path}/…`, kinds: ids, send: (own, value) => own.at.send("GET", `${path}/${value}`) },
    {
      what: `GET ${path}/… in capitals`,
      kinds: ids,
      send: (own, value) => own.at.send("GET", `${path}/${value.toUpperCase()}`),
    },
    {
      what: `GET ${path}/… with attributes`,
      kinds: ids,
      send: (own, value) => own.at.send("GET", `${path}/${value}?attributes=displayName`),
    },
    { what: `HEAD ${path}/…`, kinds: ids, send: (own, value) => own.at.send("HEAD", `${path}/${value}`) },
    {
      what: `GET ${path}/… with If-None-Match`,
      kinds: ids,
      send: (own, value) => own.at.send("GET", `${path}/${value}`, undefined, { "if-none-match": 'W/"1"' }),
    },
    {
      what: `PUT ${path}/…`,
      kinds: ids,
      send: (own, value) =>
        own.at.send("PUT", `${path}/${value}`, path === "/Users" ? userOf("mine") : { displayName: "mine" }),
    },
    {
      what: `PATCH ${path}/…`,
      kinds: ids,
      send: (own, value) =>
        own.at.send("PATCH", `${path}/${value}`, patchOf({ op: "replace", path: "displayName", value: "mine" })),
    },
    { what: `DELETE ${path}/…`, kinds: ids, send: (own, value) => own.at.send("DELETE", `${path}/${value}`) },
    {
      what: `DELETE ${path}/… with If-Match`,
      kinds: ids,
      send: (own, value) => own.at.send("DELETE", `${path}/${value}`, undefined, { "if-match": 'W/"1"' }),
    },
    { what: `GET ${path}/…/members`, kinds: ids, send: (own, value) => own.at.send("GET", `${path}/${value}/members`) },
    {
      what: `GET ${path}/<location>`,
      kinds: ["location"],
      send: (own, value) => own.at.send("GET", `${path}/${encodeURIComponent(value)}`),
    },
    {
      what: `${path} with a cursor`,
      kinds: ["cursor"],
      send: (own, value) => own.at.send("GET", `${path}?count=1&cursor=${value}`),
    },
    { what: `${path}/.search by id`, kinds: ids, send: (own, value) => search(own, path, `id eq "${value}"`) },
    {
      what: `${path} by location`,
      kinds: ["location"],
      send: filtered(path, (value) => `meta.location eq "${value}"`),
    },
    {
      what: `${path} by externalId`,
      kinds: ["externalId"],
      send: filtered(path, (value) => `externalId eq "${value}"`),
    },
    { what: `${path} by id`, kinds: ids, send: filtered(path, (value) => `id eq "${value}"`) },
  ]),
  {
    what: "PATCH of the members of a group",
    kinds: ["group"],
    send: (own, value) =>
      own.at.send("PATCH", `/Groups/${value}`, patchOf({ op: "add", path: "members", value: [{ value: own.person }] })),
  },
  { what: "users by group", kinds: ids, send: filtered("/Users", (value) => `groups.value eq "${value}"`) },
  {
    what: "users by group, in brackets",
    kinds: ids,
    send: filtered("/Users", (value) => `groups[value eq "${value}"]`),
  },
  {
    what: "users by group's name",
    kinds: ["displayName"],
    send: filtered("/Users", (value) => `groups.display eq "${value}"`),
  },
  {
    what: "users by manager",
    kinds: ids,
    send: filtered("/Users", (value) => `${ENTERPRISE}:manager.value eq "${value}"`),
  },
  { what: "groups by member", kinds: ids, send: filtered("/Groups", (value) => `members.value eq "${value}"`) },
  {
    what: "groups by member, in brackets",
    kinds: ids,
    send: filtered("/Groups", (value) => `members[value eq "${value}"]`),
  },
  {
    what: "groups by member's location",
    kinds: ["location"],
    send: filtered("/Groups", (value) => `members.$ref eq "${value}"`),
  },
  {
    what: "groups by member's name",
    kinds: ["userName", "displayName"],
    send: filtered("/Groups", (value) => `members.display eq "${value}"`),
  },
  { what: "users by name", kinds: ["userName"], send: filtered("/Users", (value) => `userName eq "${value}"`) },
  {
    what: "users by the beginning of a name",
    kinds: ["userName"],
    send: filtered("/Users", (value) => `userName sw "${value}"`),
  },
  {
    what: "users by address",
    kinds: ["email"],
    send: filtered("/Users", (value) => `emails[type eq "work"].value eq "${value}"`),
  },
  { what: "groups by name", kinds: ["displayName"], send: filtered("/Groups", (value) => `displayName eq "${value}"`) },
  { what: "everything by id", kinds: ids, send: (own, value) => search(own, "", `id eq "${value}"`) },
  {
    what: "everything by reference",
    kinds: ids,
    send: (own, value) => search(own, "", `members.value eq "${value}" or groups.value eq "${value}"`),
  },
  {
    what: "a cursor in the body of a search",
    kinds: ["cursor"],
    send: (own, value) =>
      own.at.send("POST", "/.search", {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        count: 1,
        cursor: value,
      }),
  },
  {
    what: "a member to add",
    kinds: ids,
    send: onGroup((value) => ({ op: "add", path: "members", value: [{ value }] })),
  },
  { what: "a member to add, bare", kinds: ids, send: onGroup((value) => ({ op: "add", path: "members", value })) },
  {
    what: "a member to add, without a path",
    kinds: ids,
    send: onGroup((value) => ({ op: "add", value: { members: [{ value }] } })),
  },
  {
    what: "a member to add by its location",
    kinds: ["location"],
    send: onGroup((value) => ({ op: "add", path: "members", value: [{ $ref: value }] })),
  },
  {
    what: "members to replace",
    kinds: ids,
    send: onGroup((value) => ({ op: "replace", path: "members", value: [{ value }] })),
  },
  {
    what: "a member to remove by filter",
    kinds: ids,
    send: onGroup((value) => ({ op: "remove", path: `members[value eq "${value}"]` })),
  },
  {
    what: "a member to remove by value",
    kinds: ids,
    send: onGroup((value) => ({ op: "remove", path: "members", value: [{ value }] })),
  },
  {
    what: "a member of a new group",
    kinds: ids,
    send: (own, value) => own.at.send("POST", "/Groups", { displayName: "never", members: [{ value }] }),
  },
  {
    what: "a member in PUT",
    kinds: ids,
    send: (own, value) =>
      own.at.send("PUT", `/Groups/${own.group}`, { displayName: "never", members: [{ value: own.person }, { value }] }),
  },
  {
    what: "an id to patch",
    kinds: ids,
    send: (own, value) => own.at.send("PATCH", `/Users/${own.person}`, patchOf({ op: "replace", path: "id", value })),
  },
  {
    what: "a group of a user to patch",
    kinds: ids,
    send: (own, value) =>
      own.at.send("PATCH", `/Users/${own.person}`, patchOf({ op: "add", path: "groups", value: [{ value }] })),
  },
  {
    what: "a filter in a path",
    kinds: ids,
    send: (own, value) =>
      own.at.send(
        "PATCH",
        `/Users/${own.person}`,
        patchOf({ op: "replace", path: `emails[value eq "${value}"].display`, value: "x" }),
      ),
  },
  {
    what: "Bulk: a path",
    kinds: ids,
    send: (own, value) =>
      bulk(own, { method: "DELETE", path: `/Users/${value}` }, { method: "DELETE", path: `/Groups/${value}` }),
  },
  {
    what: "Bulk: a path to patch",
    kinds: ids,
    send: (own, value) =>
      bulk(own, { method: "PATCH", path: `/Users/${value}`, data: patchOf({ op: "add", path: "title", value: "x" }) }),
  },
  {
    what: "Bulk: a member",
    kinds: ids,
    send: (own, value) =>
      bulk(own, {
        method: "PATCH",
        path: `/Groups/${own.group}`,
        data: patchOf({ op: "add", path: "members", value: [{ value }] }),
      }),
  },
  {
    what: "Bulk: a reference",
    kinds: ids,
    send: (own, value) =>
      bulk(own, {
        method: "POST",
        path: "/Groups",
        bulkId: "x",
        data: { displayName: "never", members: [{ value: `bulkId:${value}` }] },
      }),
  },
  {
    what: "Bulk: a version",
    kinds: ids,
    send: (own, value) => bulk(own, { method: "DELETE", path: `/Users/${value}`, version: 'W/"1"' }),
  },
  {
    what: "a location outside",
    kinds: ["location"],
    send: (own, value) => bulk(own, { method: "DELETE", path: new URL(value).pathname }),
  },
  {
    what: "another's token at one's own path",
    kinds: ["token"],
    send: (own, value) => sender(own.at.baseUrl, value)("GET", "/Users"),
  },
  {
    what: "another's token on a person",
    kinds: ["token"],
    send: (own, value) => sender(own.at.baseUrl, value)("GET", `/Users/${own.person}`),
  },
  {
    what: "another's token on /Me",
    kinds: ["token"],
    send: (own, value) => sender(own.at.baseUrl, value)("GET", "/Me"),
  },
  {
    what: "another's token to write",
    kinds: ["token"],
    send: (own, value) => sender(own.at.baseUrl, value)("POST", "/Users", userOf("never")),
  },
  {
    what: "one's own token at another's path",
    kinds: ["location"],
    nobodys: nowhere,
    send: (own, value) =>
      sender(new URL(value).origin + new URL(value).pathname.replace(/\/(Users|Groups)\/.*$/, ""), own.at.token)(
        "GET",
        "/Users",
      ),
  },
  {
    what: "one's own token at another's resource",
    kinds: ["location"],
    nobodys: nowhere,
    send: (own, value) => sender(value, own.at.token)("GET", ""),
  },
  { what: "another's schema", kinds: ["urn"], send: (own, value) => own.at.send("GET", `/Schemas/${value}`) },
  {
    what: "a filter on another's schema",
    kinds: ["urn"],
    send: filtered("/Users", (value) => `${value}:colour eq "x"`),
  },
  {
    what: "an order by another's schema",
    kinds: ["urn"],
    send: (own, value) => own.at.send("GET", `/Users?sortBy=${value}:colour`),
  },
  {
    what: "attributes of another's schema",
    kinds: ["urn"],
    send: (own, value) => own.at.send("GET", `/Users/${own.person}?attributes=${value}:colour`),
  },
];

/** Requests that are taken, because nothing looks up what they name: the answers show it back, and nothing more. */
const TAKEN: Place[] = [
  {
    what: "a manager",
    kinds: ids,
    send: (own, value) =>
      own.at.send("POST", "/Users", userOf(`twin-${newId()}`, { [ENTERPRISE]: { manager: { value } } })),
  },
  {
    what: "an id, a location and groups in POST",
    kinds: ids,
    send: (own, value) =>
      own.at.send(
        "POST",
        "/Users",
        userOf(`twin-${newId()}`, { id: value, meta: { location: value }, groups: [{ value }] }),
      ),
  },
  {
    what: "an externalId",
    kinds: ids,
    send: (own, value) => own.at.send("POST", "/Users", userOf(`twin-${newId()}`, { externalId: value })),
  },
];

/** What a caller can see, but for the moment and for what the request itself said. */
function visible(answer: Answer, value: string): unknown {
  const hide = (text: string): string => {
    let shown = text;
    const parts = URL.canParse(value) ? [new URL(value).pathname, value.slice(value.lastIndexOf("/") + 1)] : [];
    for (const spelled of [value, value.toUpperCase(), encodeURIComponent(value), ...parts])
      shown = shown.replaceAll(spelled, "<value>");
    return shown;
  };
  const headers = [...answer.headers].filter(
    ([name]) => !["date", "x-request-id", "ratelimit", "content-length"].includes(name),
  );
  return { status: answer.status, headers: headers.map(([name, text]) => [name, hide(text)]), text: hide(answer.text) };
}

/** What was made for the question alone: ids, names, times. */
function withoutOwn(seen: unknown): string {
  return JSON.stringify(seen)
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}|<value>/g, "<id>")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>");
}

async function everything({ at }: Held): Promise<string> {
  return (await at.send("GET", "/Users")).text + (await at.send("GET", "/Groups")).text;
}

test("5,000 questions with somebody else's identifiers are answered as those with nobody's, to the byte", {
  timeout: 600_000,
}, async () => {
  const before = await Promise.all(directories.map(everything));
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const wanted = scaled(5_000);
  const asked = new Map<string, number>();
  let left = wanted;

  async function ask(number: number): Promise<void> {
    // Every place comes at least once, also in a short run.
    const place = PLACES[number % PLACES.length] as Place;
    const own = pick(directories);
    const kind = pick(place.kinds);
    const others = directories.filter(
      (other) => other !== own && (kind !== "urn" || other.at.organization !== own.at.organization),
    );
    const other = pick(others);
    // One's own tombstones are nobody's too.
    const tombstone =
      (kind === "user" || kind === "group") && next() < 0.15 ? own.gone[kind === "user" ? 0 : 1] : undefined;
    const value = tombstone ?? pick(other.values[kind]);
    const none = place.nobodys?.(value) ?? nobodys(kind, value);
    const [theirs, unknown] = [await place.send(own, value), await place.send(own, none)];
    const hint = `seed ${seed}, question ${number}: ${place.what} (${kind}) of ${other.mark} by ${own.mark}`;
    // A location leads to its directory as well, and to nobody's there.
    expect(visible(theirs, value), hint).toEqual(visible(unknown, none));
    expect(theirs.text.replaceAll(value, ""), hint).not.toContain(other.mark);
    for (const leaked of [other.at.token, other.at.organization]) expect(theirs.text, hint).not.toContain(leaked);
    if (!value.includes(other.at.directory)) expect(theirs.text, hint).not.toContain(other.at.directory);
    asked.set(place.what, (asked.get(place.what) ?? 0) + 1);
  }

  const asker = async () => {
    for (let number = --left; number >= 0; number = --left) await ask(number);
  };
  await Promise.all(Array.from({ length: 8 }, asker));
  expect(asked.size).toBe(Math.min(wanted, PLACES.length));
  expect(await Promise.all(directories.map(everything))).toEqual(before);
});

test("what is taken unread, a manager or an externalId, shows nothing of who it names", async () => {
  for (const own of directories) {
    const others = directories.filter((each) => each !== own);
    // Each once: a deleted person comes back with its externalId.
    for (const { what, kinds, send } of TAKEN)
      for (const kind of kinds)
        for (const value of [
          ...others.map((other) => other.values[kind][0] as string),
          own.gone[kind === "user" ? 0 : 1] as string,
        ]) {
          const none = nobodys(kind, value);
          const [theirs, unknown] = [await send(own, value), await send(own, none)];
          expect(theirs.status, `${what}: ${theirs.text}`).toBe(201);
          expect(withoutOwn(visible(theirs, value)), what).toBe(withoutOwn(visible(unknown, none)));
          for (const other of others) expect(theirs.text).not.toContain(other.mark);
          for (const answer of [theirs, unknown]) await own.at.send("DELETE", `/Users/${answer.id}`);
        }
  }
});

test("a name that another directory holds is free, and joins without showing anything of the other record", async () => {
  for (const own of directories)
    for (const other of directories.filter((each) => each !== own)) {
      const answer = await own.at.send("POST", "/Users", userOf(`${other.mark}-0`));
      expect(answer.status, answer.text).toBe(201);
      expect(Object.keys(answer.body as object).sort()).toEqual(["active", "id", "meta", "schemas", "userName"]);
      expect(answer.text).not.toContain(other.person);
      expect((await own.at.send("DELETE", `/Users/${answer.id}`)).status).toBe(204);
      const group = await own.at.send("POST", "/Groups", { displayName: `${other.mark}-inner` });
      expect([group.status, (group.body as { members?: unknown[] }).members ?? []]).toEqual([201, []]);
      await own.at.send("DELETE", `/Groups/${group.id}`);
    }
});
