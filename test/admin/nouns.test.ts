import { describe, expect, it } from "vitest";
import { type Ask, apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const acme = await makeCompany(api, "acme");
const other = await makeCompany(api, "other");
const { people, groups } = acme;

const get = (path: string, options: Ask = {}) => api.ask("GET", path, { token: acme.token, ...options });
const post = (path: string, body?: unknown) => api.ask("POST", path, { token: acme.token, body });
const patch = (path: string, body: unknown) => api.ask("PATCH", path, { token: acme.token, body });
const put = (path: string, body: unknown) => api.ask("PUT", path, { token: acme.token, body });
const remove = (path: string) => api.ask("DELETE", path, { token: acme.token });

/** Status, code and the places that an answer names. */
const refusal = ({ status, body }: Awaited<ReturnType<typeof get>>) => [
  status,
  body.code,
  ...body.errors.map((fault: { pointer: string }) => fault.pointer),
];

/** Every item of a list, by pages of two. */
async function all(path: string, token = acme.token) {
  const found: Record<string, unknown>[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const mark = path.includes("?") ? "&" : "?";
    const { status, body, text } = await get(`${path}${mark}limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, {
      token,
    });
    expect(status, text).toBe(200);
    expect(body.data.length).toBeLessThanOrEqual(2);
    found.push(...body.data);
    cursor = body.page.next;
  }
  return found;
}

const keys = (found: readonly Record<string, unknown>[], key = "key") => found.map((each) => each[key]).sort();

describe("users", () => {
  it("are made in internal without mail, and never beside somebody of that address", async () => {
    const made = await post("/users", { email: "Gus@Elsewhere.example", displayName: "Gus" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      userName: "gus@elsewhere.example",
      status: "invited-not-sent",
      records: [{ directory: "internal", canonical: true, active: true }],
    });
    expect((await get(made.headers.get("location")?.replace("/api/v1", "") ?? "")).body).toEqual(made.body);
    expect((await get(`/mails?user=${made.body.id}`)).body.data).toEqual([]);
    expect(refusal(await post("/users", { email: "gus@elsewhere.example" }))).toEqual([409, "uniqueness", "/email"]);
    expect(refusal(await post("/users", { email: "ADA@acme.example" }))).toEqual([409, "uniqueness", "/email"]);
    expect(refusal(await post("/users", { email: "no address" }))).toEqual([422, "invalid", "/email"]);
  });

  it("say in which groups they are and which paths lead them to a role", async () => {
    expect(await all(`/users/${people.ada}/groups`)).toEqual([
      { id: groups.users.id, name: "users", directory: null, remote: false, local: true, counts: true },
    ]);
    expect(await all(`/users/${people.eve}/groups`)).toMatchObject([{ name: "guests", counts: false }]);
    const [path] = await all(`/users/${people.eve}/explain?product=wiki`);
    expect(path).toMatchObject({ site: "acme", product: "wiki", role: "guest", failing: "parked" });
    expect(await all(`/users/${people.ada}/explain?product=tracker&site=acme`)).toEqual([]);
    expect(refusal(await get(`/users/${people.ada}/explain?site=acme`))).toEqual([400, "usage", "site"]);
    expect(refusal(await get(`/users/${other.people.ada}/groups`))).toEqual([404, "not-found", "id"]);
    expect(refusal(await get(`/users/${other.people.ada}/explain`))).toEqual([404, "not-found", "id"]);
  });

  it("are confirmed, suspended and restored once", async () => {
    expect((await post(`/users/${people.eve}/confirm`)).body).toEqual({ confirmed: 1 });
    expect((await post(`/users/${people.eve}/confirm`)).body).toEqual({ confirmed: 0 });
    expect((await post(`/users/${people.fay}/suspend`, {})).body.status).toBe("suspended");
    expect((await post(`/users/${people.fay}/suspend`, {})).status).toBe(409);
    expect((await post(`/users/${people.fay}/restore`)).body.status).toBe("invited-not-sent");
    expect((await post(`/users/${people.fay}/restore`)).status).toBe(409);
    for (const verb of ["confirm", "restore"])
      expect(refusal(await post(`/users/${other.people.eve}/${verb}`))).toEqual([404, "not-found", "id"]);
  });
});

describe("sites, products and spaces", () => {
  it("are made under a key that only one has, shown and renamed", async () => {
    const site = await post("/sites", { key: "north", name: "North" });
    expect([site.status, site.headers.get("location")]).toEqual([201, "/api/v1/sites/north"]);
    expect(refusal(await post("/sites", { key: "north" }))).toEqual([409, "uniqueness", "/key"]);
    expect(refusal(await post("/sites", { key: "No Key" }))).toEqual([422, "invalid", "/key"]);
    expect((await patch("/sites/north", { name: "The north" })).body).toEqual({ ...site.body, name: "The north" });
    expect(refusal(await patch("/sites/nowhere", { name: "x" }))).toEqual([404, "not-found", "key"]);
    expect(keys(await all("/sites"))).toEqual(["acme", "north"]);
  });

  it("a product of a key that two sites have is told apart by its site", async () => {
    const made = await post("/products", { key: "wiki", site: "north", seats: 2 });
    expect([made.status, made.headers.get("location")]).toEqual([201, "/api/v1/products/wiki?site=north"]);
    expect(made.body).toMatchObject({ site: "north", seats: 2, seatEnforcement: "warn", hasGuests: false });
    const ambiguous = await get("/products/wiki");
    expect(refusal(ambiguous)).toEqual([409, "conflict", "key"]);
    expect(ambiguous.body.candidates).toEqual(["acme/wiki", "north/wiki"]);
    expect((await get("/products/wiki?site=north")).body).toEqual(made.body);
    expect(refusal(await get("/products/wiki?site=south"))).toEqual([404, "not-found", "site"]);
    expect(refusal(await post("/products", { key: "wiki", site: "north" }))).toEqual([409, "uniqueness", "/key"]);
    expect(refusal(await post("/products", { key: "desk" }))).toEqual([400, "usage", "/site"]);
    const etag = (await get("/products/wiki?site=north")).headers.get("etag") ?? "";
    const changed = await api.ask("PATCH", "/products/wiki?site=north", {
      token: acme.token,
      body: { name: "North wiki" },
      headers: { "if-match": etag },
    });
    expect(changed.body).toEqual({ ...made.body, name: "North wiki" });
    expect(keys(await all("/products?site=acme"))).toEqual(["tracker", "wiki"]);
    expect(await all("/products")).toHaveLength(3);
  });

  it("guests are turned off only where no grant gives their role (R8)", async () => {
    expect(refusal(await patch("/products/wiki?site=acme", { hasGuests: false }))).toEqual([
      409,
      "conflict",
      "/hasGuests",
    ]);
    expect((await get("/products/wiki?site=acme")).body.hasGuests).toBe(true);
  });

  it("spaces are a product's", async () => {
    const made = await post("/products/wiki/spaces?site=acme", { key: "ops", name: "Operations" });
    expect(made.headers.get("location")).toBe("/api/v1/products/wiki/spaces/ops?site=acme");
    expect(refusal(await post("/products/wiki/spaces?site=acme", { key: "ops" }))).toEqual([409, "uniqueness", "/key"]);
    expect((await patch("/products/wiki/spaces/ops?site=acme", { name: "Ops" })).body.name).toBe("Ops");
    expect(keys(await all("/products/wiki/spaces?site=acme"))).toEqual(["docs", "ops"]);
    expect(refusal(await get("/products/tracker/spaces/ops"))).toEqual([404, "not-found", "space"]);
  });
});

describe("groups and grants", () => {
  it("a local group is made, filled, nested and taken away, and access follows at once", async () => {
    const { id } = (await post("/groups", { name: "writers" })).body;
    expect(refusal(await post("/groups", { name: "WRITERS" }))).toEqual([409, "uniqueness", "/name"]);
    const granted = await post("/grants", { group: "local/writers", product: "tracker", role: "user" });
    expect(granted.body).toMatchObject({ group: { id, name: "writers" }, state: "in-force", accountsChanged: 0 });
    expect((await post(`/groups/${id}/members`, { users: [people.carol, people.carol] })).body).toEqual({ added: 1 });
    const unknown = [people.ada, other.people.ada];
    expect(refusal(await post(`/groups/${id}/members`, { users: unknown }))).toEqual([404, "not-found", "/users/1"]);
    expect((await post(`/groups/${id}/groups`, { groups: [groups.users.id] })).body).toEqual({ added: 1 });
    expect(refusal(await post(`/groups/${groups.users.id}/groups`, { groups: [id] }))).toEqual([
      422,
      "invalid",
      "/groups/0",
    ]);
    expect(await all(`/groups/${id}/groups`)).toMatchObject([{ name: "users" }]);
    expect(await all(`/groups/${id}/members`)).toEqual([
      { user: { id: people.carol, userName: "carol" }, remote: false, local: true, counts: true },
    ]);
    const allowed = async () =>
      keys(
        (await all("/products/tracker/access")).map(({ user }) => user as never),
        "userName",
      );
    expect(await allowed()).toEqual(["ada", "carol"]);
    expect((await remove(`/groups/${id}/groups/${groups.users.id}`)).body).toEqual({ removed: 1 });
    expect(await allowed()).toEqual(["carol"]);
    expect((await remove(`/groups/${id}/members/${people.carol}`)).body).toEqual({
      removed: 1,
      kept: [],
      remaining: [],
    });
    expect(await allowed()).toEqual([]);
    expect((await patch(`/groups/${id}`, { name: "authors" })).body.name).toBe("authors");
    expect((await remove(`/groups/${id}`)).status).toBe(204);
    for (const gone of [`/groups/${id}`, `/grants/${granted.body.id}`])
      expect(refusal(await get(gone))).toEqual([404, "not-found", "id"]);
    expect((await post("/groups", { name: "authors" })).status).toBe(201);
  });

  it("a directory's group is neither renamed, taken away nor nested into", async () => {
    const path = `/groups/${groups.owners.id}`;
    for (const answer of [await patch(path, { name: "x" }), await remove(path)])
      expect(refusal(answer)).toEqual([403, "read-only", "id"]);
    expect(refusal(await post(`${path}/groups`, { groups: [groups.empty.id] }))).toEqual([422, "invalid", "id"]);
    expect(await all("/groups?directory=okta")).toEqual([{ id: groups.owners.id, name: "owners", directory: "okta" }]);
    expect(keys(await all("/groups?directory=local"), "name")).toContain("users");
    expect(await all("/groups?name=Users")).toHaveLength(1);
  });

  it("a grant is given once, waits for its group, is confirmed and taken away", async () => {
    const wanted = { group: "local/empty", product: "tracker", role: "user" };
    const made = await post("/grants", wanted);
    expect(made.status).toBe(201);
    expect(refusal(await post("/grants", wanted))).toEqual([409, "conflict", "/role"]);
    expect(refusal(await post("/grants", { ...wanted, role: "guest" }))).toEqual([422, "invalid", "/role"]);
    expect(refusal(await post("/grants", { ...wanted, group: "local/nobody" }))).toEqual([404, "not-found", "/group"]);
    expect(refusal(await post("/grants", { ...wanted, group: "empty" }))).toEqual([422, "invalid", "/group"]);
    expect(refusal(await post("/grants", { ...wanted, product: "nope" }))).toEqual([404, "not-found", "/product"]);
    const later = await post("/grants", { ...wanted, group: "okta/later" });
    expect((await get(`/grants/${later.body.id}`)).body).toMatchObject({
      group: { id: null, name: "later" },
      directory: "okta",
      state: "waiting",
    });
    expect(refusal(await post(`/grants/${later.body.id}/confirm`))).toEqual([409, "conflict", "id"]);
    expect((await post(`/grants/${acme.grants.waiting.id}/confirm`)).body).toEqual({ accountsChanged: 0 });
    expect((await remove(`/grants/${made.body.id}`)).body).toEqual({ accountsChanged: 0 });
    expect(refusal(await remove(`/grants/${made.body.id}`))).toEqual([404, "not-found", "id"]);
    expect(keys(await all("/grants?product=tracker"), "id")).toEqual([later.body.id]);
    expect(await all(`/grants?group=${groups.users.id}`)).toHaveLength(1);
  });

  it("a dry run of a grant names whom it would reach", async () => {
    const dry = await post("/grants?dryRun=true", { group: "local/users", product: "tracker", role: "admin" });
    expect(dry.body).toMatchObject({ dryRun: true, status: 201, result: { accountsChanged: 1 } });
    expect(dry.body.changes).toContainEqual(
      expect.objectContaining({ action: "access.granted", subject: { kind: "account", id: people.ada } }),
    );
    expect(await all(`/grants?group=${groups.users.id}`)).toHaveLength(1);
  });
});

describe("guests", () => {
  it("have one space of a product, with a permission, an end and a sponsor", async () => {
    const wanted = { user: people.fay, product: "wiki", site: "acme", space: "docs" };
    const made = await post("/guests", { ...wanted, sponsor: people.ada, expiresAt: "2100-01-01T00:00:00+01:00" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      user: { userName: "fay" },
      space: "docs",
      permission: "read-only",
      sponsor: { userName: "ada" },
      expiresAt: "2099-12-31T23:00:00.000Z",
    });
    const path = `/guests/${made.body.id}`;
    expect(refusal(await post("/guests", wanted))).toEqual([409, "conflict", "/space"]);
    expect(refusal(await post("/guests", { ...wanted, user: other.people.ada }))).toEqual([404, "not-found", "/user"]);
    const unknown = { ...wanted, user: people.carol, sponsor: other.people.ada };
    expect(refusal(await post("/guests", unknown))).toEqual([404, "not-found", "/sponsor"]);
    expect(refusal(await post("/guests", { ...wanted, space: "nope" }))).toEqual([404, "not-found", "/space"]);
    expect(refusal(await post(`${path}/extend`, { expiresAt: "2020-01-01T00:00:00Z" }))).toEqual([
      422,
      "invalid",
      "/expiresAt",
    ]);
    expect((await post(`${path}/extend`, { expiresAt: null })).body.expiresAt).toBeNull();
    expect((await patch(path, { permission: "can-create-and-edit" })).body.permission).toBe("can-create-and-edit");
    expect(
      keys(
        (await all("/guests")).map(({ user }) => user as never),
        "userName",
      ),
    ).toEqual(["bob", "fay"]);
    expect(await all(`/guests?user=${people.bob}`)).toHaveLength(1);
    expect(await all("/guests?endsBefore=2100-01-01T00:00:00Z")).toEqual([]);
    expect((await remove(path)).status).toBe(204);
    expect(refusal(await get(path))).toEqual([404, "not-found", "id"]);
  });
});

describe("directories", () => {
  it("are made of two kinds, shown without their secret and changed within their kind", async () => {
    const settings = { url: "ldaps://ldap.example.com", bindDn: "cn=r,dc=example", base: "dc=example" };
    const made = await post("/directories", { kind: "ldap", name: "branch", settings, secret: "hush hush" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ kind: "ldap", settings, hasSecret: true, syncEvery: 3_600, baseUrl: null });
    expect(made.text).not.toContain("hush");
    const wrong = { kind: "ldap", name: "wrong", secret: "x" };
    for (const [inside, place] of [
      [{ ...settings, url: "ldap://ldap.example.com" }, "/settings/url"],
      [{ ...settings, base: "nowhere" }, "/settings/base"],
      [{ ...settings, attributes: { id: "mail" } }, "/settings/attributes/id"],
      [{ ...settings, colour: "red" }, "/settings/colour"],
      [{ ...settings, caFile: "/etc/passwd" }, "/settings/caFile"],
    ] as const)
      expect(refusal(await post("/directories", { ...wrong, settings: inside }))).toEqual([422, "invalid", place]);
    expect(refusal(await patch("/directories/branch", { profile: "okta" }))).toEqual([422, "invalid", "/profile"]);
    expect(refusal(await patch("/directories/okta", { secret: "x" }))).toEqual([422, "invalid", "/secret"]);
    expect(refusal(await post("/directories", { kind: "scim", name: "okta" }))).toEqual([409, "uniqueness", "/name"]);
    expect(refusal(await post("/directories", { kind: "scim", name: "local" }))).toEqual([422, "invalid", "/name"]);
    const changed = await patch(`/directories/${made.body.id}`, {
      authoritativeDomains: ["Example.COM."],
      syncEvery: null,
    });
    expect(changed.body).toMatchObject({ authoritativeDomains: ["example.com"], syncEvery: null, settings });
    expect(refusal(await get(`/directories/${other.okta.id}`))).toEqual([404, "not-found", "directory"]);
  });

  it("stand in an order that names each of them once", async () => {
    const names = async () => (await all("/directories")).map(({ name }) => name);
    expect(await names()).toEqual(["okta", "corp", "branch", "internal"]);
    const wanted = ["internal", "branch", "corp", "okta"];
    const dry = await put("/directories/order?dryRun=true", { names: wanted });
    expect(dry.body.changes).toMatchObject([{ action: "directories.ordered" }]);
    expect(await names()).toEqual(["okta", "corp", "branch", "internal"]);
    expect((await put("/directories/order", { names: wanted })).body.changed).toBe(true);
    expect(await names()).toEqual(wanted);
    expect(refusal(await put("/directories/order", { names: wanted.slice(1) }))).toEqual([422, "invalid", "/names"]);
    const twice = ["internal", "internal", "corp", "okta"];
    expect(refusal(await put("/directories/order", { names: twice }))).toEqual([422, "invalid", "/names/0"]);
  });

  it("are released for a while, and have tokens that are shown once", async () => {
    const released = await post("/directories/okta/release", { seconds: 60, reason: "migration" });
    expect(released.status).toBe(200);
    expect((await get("/directories/okta/removals")).body).toMatchObject({ lost: 0, ...released.body });
    expect((await get("/directories/corp/removals")).body).toBeNull();
    expect(refusal(await post("/directories/corp/release", { seconds: 60, reason: "x" }))[0]).toBe(422);
    const made = await post("/directories/okta/tokens", { name: "okta", scopes: ["groups:read", "users:read"] });
    expect(made.body.token).toMatch(/^mst_scim_/);
    expect(await all("/directories/okta/tokens")).toMatchObject([
      { id: made.body.id, name: "okta", scopes: ["users:read", "groups:read"], user: null },
    ]);
    expect((await get("/directories/okta/tokens")).text).not.toContain(made.body.token);
    expect(refusal(await post("/directories/okta/tokens", { scopes: ["me"] }))).toEqual([
      422,
      "invalid-value",
      "/scopes",
    ]);
    expect(refusal(await post("/directories/okta/tokens", { user: people.ada }))).toEqual([404, "not-found", "/user"]);
    expect(refusal(await post("/directories/corp/tokens", {}))).toEqual([409, "conflict", "directory"]);
  });
});

describe("audit, mails and settings", () => {
  it("the audit is read in both directions and by what is sought", async () => {
    const newest = (await all("/audit")).map(({ id }) => Number(id));
    const oldest = (await all("/audit?order=oldest-first")).map(({ id }) => Number(id));
    expect(newest).toEqual([...oldest].reverse());
    expect([...oldest].sort((a, b) => a - b)).toEqual(oldest);
    const [row] = await all(`/audit?action=account.suspended&subject=${people.fay}`);
    expect(row).toMatchObject({ actor: { kind: "api-token" }, subject: { kind: "account", id: people.fay } });
    expect((await get(`/audit/${row?.id}`)).body).toEqual(row);
    for (const each of await all("/audit?action=directory.*")) expect(each.action).toMatch(/^directory\./);
    expect(await all("/audit?actorKind=nobody")).toEqual([]);
    expect(await all("/audit?until=2020-01-01T00:00:00Z")).toEqual([]);
    expect(JSON.stringify(await all("/audit"))).not.toContain(other.people.ada);
    const [foreign] = await all("/audit", other.token);
    for (const id of [foreign?.id, "0", "x"])
      expect(refusal(await get(`/audit/${id}`))).toEqual([404, "not-found", "id"]);
  });

  it("mails are shown with what became of them", async () => {
    const [mail] = await all("/mails");
    expect(mail).toMatchObject({ id: acme.mail.mailId, state: "queued", recipient: "carol@acme.example", attempts: 0 });
    expect((await get(`/mails/${acme.mail.mailId}`)).body).toEqual(mail);
    expect(await all("/mails?state=failed")).toEqual([]);
    expect(refusal(await get(`/mails/${other.mail.mailId}`))).toEqual([404, "not-found", "id"]);
  });

  it("the organization's settings, sign-up domains and schema extensions are read and set", async () => {
    const before = (await get("/settings")).body;
    expect((await patch("/settings", { name: "Acme Limited", membershipMode: "masking" })).body).toEqual({
      ...before,
      name: "Acme Limited",
      membershipMode: "masking",
    });
    const list = ["example.com", "*.example.org"];
    expect((await put("/settings/sign-up-domains", { domains: list })).body.domains).toEqual(list);
    expect((await get("/settings/sign-up-domains")).body.domains).toEqual(list);
    const wrong = { domains: ["example.com", "co.uk"] };
    expect(refusal(await put("/settings/sign-up-domains", wrong))).toEqual([422, "invalid", "/domains/1"]);
    // The domains and the rest of signing up in one: refused as a whole, set as a whole.
    const { roles, ...signUp } = (await get("/settings/sign-up")).body;
    expect(signUp).toMatchObject({ mode: "off", domains: list });
    const half = { ...signUp, domains: ["example.net"], mode: "restricted" };
    expect(refusal(await put("/settings/sign-up", half))).toEqual([409, "conflict", "/mode"]);
    expect((await get("/settings/sign-up")).body).toEqual({ ...signUp, roles });
    const whole = { ...half, mode: "open" };
    expect((await put("/settings/sign-up", whole)).body).toEqual({ ...whole, roles });
    const { domains: _, ...rest } = whole;
    expect((await put("/settings/sign-up", rest)).body).toEqual({ ...whole, roles });
    const badge = {
      urn: "urn:example:scim:1.0:Badge",
      resource: "User",
      name: "Badge",
      attributes: [{ name: "number", type: "string" }],
    };
    expect((await put("/settings/schema-extensions", { extensions: [badge] })).body).toEqual({
      extensions: [{ urn: badge.urn, outcome: "created" }],
    });
    expect((await get("/settings/schema-extensions")).body.extensions).toMatchObject([badge]);
    const bad = { extensions: [{ ...badge, attributes: [{ name: "a b", type: "string" }] }] };
    expect(refusal(await put("/settings/schema-extensions", bad))).toEqual([
      422,
      "invalid",
      "/extensions/0/attributes/0/name",
    ]);
  });
});
