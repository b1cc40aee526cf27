import { describe, expect, it } from "vitest";
import { newId } from "../../src/db/id.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const acme = await makeCompany(api, "acme");
const { groups, grants, guest, people } = acme;

const made = async (path: string, body: unknown) => {
  const answer = await api.ask("POST", path, { token: acme.token, body });
  expect(answer.status, answer.text).toBe(201);
  return answer.body;
};

await made("/sites", { key: "north" });
const north = await made("/products", { key: "wiki", site: "north", hasGuests: true });
await made("/products/wiki/spaces?site=north", { key: "docs" });
const trackers = await made("/grants", { group: "local/empty", product: "tracker", role: "user" });
const norths = await made("/grants", { group: "local/empty", product: "wiki", site: "north", role: "guest" });
const northGuest = await made("/guests", { user: people.carol, product: "wiki", site: "north", space: "docs" });

const PERMISSIONS = [
  "access:read",
  "groups:read",
  "members:write",
  "grants:read",
  "grants:write",
  "guests:read",
  "guests:write",
  "sites:read",
  "sites:write",
  "products:read",
  "products:write",
];

const tokenFor = async (scope: object): Promise<string> =>
  (await made("/tokens", { permissions: PERMISSIONS, scope })).token;

const [ofWiki, ofAcme, ofUsers] = [
  await tokenFor({ kind: "product", id: acme.wiki.id }),
  await tokenFor({ kind: "site", id: acme.site.id }),
  await tokenFor({ kind: "group", id: groups.users.id }),
];

async function listed(token: string, path: string, key = "id"): Promise<string[]> {
  const { status, body, text } = await api.ask("GET", path, { token });
  expect(status, text).toBe(200);
  return body.data.map((each: Record<string, string>) => each[key]).sort();
}

/** Status and body without what differs from request to request. */
async function answerOf(token: string, method: string, path: string, body?: unknown): Promise<string> {
  const answer = await api.ask(method, path, { token, body });
  return `${answer.status} ${answer.text.replace(answer.body?.requestId ?? "-", "")}`;
}

describe("what a caller reaches", () => {
  it("of one product: it, its grants, the groups that have a role there, and its guests", async () => {
    expect(await listed(ofWiki, "/products")).toEqual([acme.wiki.id]);
    expect(await listed(ofWiki, "/grants", "product")).toEqual(["wiki", "wiki", "wiki"]);
    expect(await listed(ofWiki, "/grants")).not.toContain(norths.id);
    expect(await listed(ofWiki, "/groups", "name")).toEqual(["guests", "owners", "users"]);
    expect(await listed(ofWiki, "/guests")).toEqual([guest.id]);
    expect(await listed(ofWiki, "/sites")).toEqual([]);
    expect(await listed(ofWiki, "/products/wiki/spaces", "key")).toEqual(["docs"]);
    expect(await listed(ofWiki, `/groups/${groups.users.id}/members`, "local")).toEqual([true, true]);
  });

  it("of one site: its products and what stands there", async () => {
    expect(await listed(ofAcme, "/sites", "key")).toEqual(["acme"]);
    expect(await listed(ofAcme, "/products", "key")).toEqual(["tracker", "wiki"]);
    expect(await listed(ofAcme, "/grants")).toContain(trackers.id);
    expect(await listed(ofAcme, "/grants")).not.toContain(norths.id);
    expect(await listed(ofAcme, "/guests")).toEqual([guest.id]);
    expect(await listed(ofAcme, "/groups", "name")).toEqual(["empty", "guests", "owners", "users"]);
  });

  it("of one group: it alone", async () => {
    expect(await listed(ofUsers, "/groups", "name")).toEqual(["users"]);
    for (const path of ["/products", "/sites", "/grants", "/guests"]) expect(await listed(ofUsers, path)).toEqual([]);
    const members = `/groups/${groups.users.id}/members`;
    expect(await answerOf(ofUsers, "POST", members, { users: [people.fay] })).toBe('200 {"added":1}');
    expect(await answerOf(ofUsers, "DELETE", `${members}/${people.fay}`)).toBe(
      '200 {"removed":1,"kept":[],"remaining":[]}',
    );
  });

  it("a key that several sites have means the one within reach", async () => {
    for (const token of [ofWiki, ofAcme])
      expect((await api.ask("GET", "/products/wiki", { token })).body.id).toBe(acme.wiki.id);
  });
});

describe("what a caller does not reach", () => {
  const unknown = newId<string & never>();
  const wanted = { group: "local/guests", role: "user" };
  it.each([
    ["a product", ofWiki, "GET", "/products/tracker", "/products/nope", undefined],
    ["a product of another site", ofAcme, "GET", "/products/wiki?site=north", "/products/wiki?site=nope", undefined],
    ["its settings", ofAcme, "PATCH", "/products/wiki?site=north", "/products/nope", { name: "x" }],
    ["its spaces", ofWiki, "GET", "/products/tracker/spaces", "/products/nope/spaces", undefined],
    ["a new space", ofWiki, "POST", "/products/tracker/spaces", "/products/nope/spaces", { key: "x" }],
    ["a site", ofAcme, "GET", "/sites/north", "/sites/nope", undefined],
    ["its name", ofAcme, "PATCH", "/sites/north", "/sites/nope", { name: "x" }],
    ["a grant", ofWiki, "GET", `/grants/${trackers.id}`, `/grants/${unknown}`, undefined],
    ["its end", ofWiki, "DELETE", `/grants/${norths.id}`, `/grants/${unknown}`, undefined],
    [
      "its confirmation",
      ofUsers,
      "POST",
      `/grants/${grants.waiting.id}/confirm`,
      `/grants/${unknown}/confirm`,
      undefined,
    ],
    ["a group", ofWiki, "GET", `/groups/${groups.empty.id}`, `/groups/${unknown}`, undefined],
    ["its members", ofWiki, "GET", `/groups/${groups.empty.id}/members`, `/groups/${unknown}/members`, undefined],
    [
      "a new member",
      ofUsers,
      "POST",
      `/groups/${groups.empty.id}/members`,
      `/groups/${unknown}/members`,
      { users: [people.ada] },
    ],
    ["a guest", ofWiki, "GET", `/guests/${northGuest.id}`, `/guests/${unknown}`, undefined],
    ["a guest's end", ofAcme, "DELETE", `/guests/${northGuest.id}`, `/guests/${unknown}`, undefined],
  ] as const)("answers as what is not there: %s", async (_, token, method, there, nowhere, body) => {
    const answer = await answerOf(token, method, there, body);
    expect(answer).toMatch(/^40[34] /);
    expect(answer).toBe(await answerOf(token, method, nowhere, body));
  });

  it("neither in a body", async () => {
    for (const [path, body] of [
      ["/grants", wanted],
      ["/guests", { user: people.ada, space: "docs" }],
    ] as const) {
      const answer = await answerOf(ofWiki, "POST", path, { ...body, product: "wiki", site: "north" });
      expect(answer).toMatch(/^403 /);
      expect(answer).toBe(await answerOf(ofWiki, "POST", path, { ...body, product: "nope" }));
    }
    const product = { key: "new", site: "north" };
    expect(await answerOf(ofAcme, "POST", "/products", product)).toBe(
      await answerOf(ofAcme, "POST", "/products", { ...product, site: "nope" }),
    );
    expect((await api.ask("POST", "/products", { token: ofAcme, body: { key: "new", site: "acme" } })).status).toBe(
      201,
    );
    expect(await answerOf(ofAcme, "POST", "/sites", { key: "new" })).toMatch(/^403 /);
  });

  it("nor makes a directory's token do more than it may itself, or for longer", async () => {
    const path = "/directories/okta/tokens";
    const { token } = await made("/tokens", { permissions: ["tokens:write", "directories:write"] });
    expect(await answerOf(token, "POST", path, {})).toMatch(/^403 .*users:write/);
    const permissions = ["tokens:write", "directories:write", "users:write", "groups:write", "members:write"];
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const short = (await made("/tokens", { permissions, expiresAt })).token;
    expect(await answerOf(short, "POST", path, { expiresAt: null })).toMatch(/^403 /);
    const { status, body } = await api.ask("POST", path, { token: short, body: {} });
    expect(status).toBe(201);
    // What is left is asked for by one statement and given by the next.
    expect(Date.parse(body.expiresAt)).toBeLessThan(Date.parse(expiresAt) + 60_000);
  });

  it("nor the whole organization's own", async () => {
    for (const path of [
      "/users",
      "/directories",
      "/runs",
      "/audit",
      "/mails",
      "/settings",
      `/users/${people.ada}/groups`,
    ])
      expect(await answerOf(ofAcme, "GET", path)).toMatch(/^403 /);
    expect(await answerOf(ofAcme, "PATCH", `/groups/${groups.users.id}`, { name: "x" })).toMatch(/^403 /);
    expect(north.site).toBe("north");
  });
});
