import { afterAll, expect, test } from "vitest";
import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { removeAdministrator } from "../../src/identity/administrators.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { isProviderUrl } from "../../src/identity/single-sign-on.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { freePort } from "../harness/free-port.ts";
import { type OidcProvider, type Person, startOidcProvider } from "../harness/oidc.ts";
import { until } from "../harness/process.ts";
import { PASSWORD, signInWorld } from "./sign-in-world.ts";

const SECRET = "a secret of the client muster, long enough for anybody";
const world = await signInWorld();
const { browser, asOwner, write } = world;
const back = `${world.url}/api/v1/single-sign-on/callback`;
const clients = [
  { id: "muster", secret: SECRET },
  { id: "another", secret: "a secret of the other client, as long as that" },
];
const provider = await startOidcProvider({ clients, back });
const second = await startOidcProvider({ clients, back, claimsInIdToken: true });
afterAll(async () => {
  await provider.stop();
  await second.stop();
});
const { token } = await write((tx) => createToken(tx, { administration: true }));

const put = (setting: object = {}) =>
  browser().ask(
    "PUT",
    "/settings/single-sign-on",
    { issuer: provider.issuer, clientId: "muster", clientSecret: SECRET, domains: ["example.com"], ...setting },
    { authorization: `Bearer ${token}` },
  );
expect((await put()).status).toBe(200);

type Browser = ReturnType<typeof browser>;

/** Begins at Muster; answers where the provider is asked. */
async function start(own: Browser, query = ""): Promise<URL> {
  const answer = await own.ask("GET", `/single-sign-on/start${query}`);
  expect(answer.status, answer.text).toBe(302);
  expect(answer.headers.getSetCookie()[0]).toMatch(
    /^__Host-muster-flow=[\w.-]+; Max-Age=600; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
  );
  return new URL(answer.headers.get("location") ?? "");
}

/** The whole way of one person. */
async function through(person: Person, own = browser(), query = "", by: OidcProvider = provider) {
  by.next = person;
  const url = await start(own, query);
  return own.ask("GET", await by.visit(url.href));
}

const verified = (sub: string, email = `${sub}@example.com`): Person => ({ sub, email, email_verified: true });
const bindings = () =>
  asOwner<{ subject: string; account: string; issuer: string }>(
    "select subject, account, issuer from muster.single_sign_on_bindings order by bound_at",
  );
const refusedWith = async (status: number, answer: { status: number; headers: Headers }, own: Browser) => {
  expect(answer.status).toBe(status);
  expect(own.cookies.has("__Host-muster")).toBe(false);
};

test("a verified address of a listed domain signs in whose it is, is bound by its subject, and stays bound", async () => {
  const ada = await world.administrator("ada@example.com");
  const bea = await world.administrator("bea@example.com");
  const own = browser();
  provider.next = verified("ada");
  const url = await start(own);
  expect(url.searchParams.get("code_challenge_method")).toBe("S256");
  expect(url.searchParams.get("redirect_uri")).toBe(back);
  const answer = await own.ask("GET", await provider.visit(url.href));
  expect(answer.status, answer.text).toBe(302);
  expect(answer.headers.get("location")).toBe(`${world.url}/`);
  expect(own.cookies.has("__Host-muster-flow")).toBe(false);
  expect((await own.ask("GET", "/session")).body).toMatchObject({ method: "single-sign-on", user: { id: ada } });
  expect((await own.ask("GET", "/users")).status).toBe(200);
  expect(await bindings()).toEqual([{ subject: "ada", account: ada, issuer: provider.issuer }]);
  // By its subject alone from now on: whatever address it has later, also none, also another person's.
  for (const claims of [{}, { email: "bea@example.com", email_verified: true }, { email: "x@evil.example" }]) {
    const later = browser();
    expect((await through({ sub: "ada", ...claims }, later)).status).toBe(302);
    expect((await later.ask("GET", "/session")).body).toMatchObject({ user: { id: ada } });
  }
  // A changed subject never moves the binding.
  const other = browser();
  await refusedWith(403, await through(verified("ada-2", "ada@example.com"), other), other);
  expect(await bindings()).toHaveLength(1);
  expect((await through(verified("bea"))).status).toBe(302);
  expect((await bindings()).map(({ account }) => account)).toEqual([ada, bea]);
});

test("a person who comes twice at the same moment is bound once, and signed in twice", async () => {
  const id = await world.administrator("gus@example.com");
  provider.next = verified("gus");
  const browsers = Array.from({ length: 4 }, () => browser());
  const ways = await Promise.all(browsers.map(async (own) => provider.visit((await start(own)).href)));
  let answers: Promise<{ status: number }[]> | undefined;
  // Holds the first until another waits for it.
  await write(async (tx) => {
    await tx.query({
      text: "select id from accounts where organization = $1 and id = $2 for no key update",
      values: [tx.organization, id],
    });
    answers = Promise.all(browsers.map((own, turn) => own.ask("GET", ways[turn] ?? "")));
    await until("two wait", 30, async () => {
      const [waiting] = await asOwner<{ count: number }>(
        "select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return (waiting?.count ?? 0) > 1;
    });
  });
  expect((await answers)?.map(({ status }) => status)).toEqual([302, 302, 302, 302]);
  expect((await bindings()).filter(({ account }) => account === id)).toHaveLength(1);
});

test.each<[string, Person]>([
  ["an address that is not verified", { sub: "u1", email: "carl@example.com", email_verified: false }],
  ["an address of which nothing is said", { sub: "u2", email: "carl@example.com" }],
  ["a text that only looks like true", { sub: "u3", email: "carl@example.com", email_verified: "true" }],
  ["no address", { sub: "u4", email_verified: true }],
  ["an address of another domain", verified("u5", "carl@elsewhere.example")],
  ["a domain that only ends alike", verified("u6", "carl@notexample.com")],
  ["a domain below", verified("u7", "carl@mail.example.com")],
  ["nobody's address", verified("u8", "nobody@example.com")],
  ["an address that two people have", verified("u9", "twice@example.com")],
  ["a person without rights", verified("u10", "former@example.com")],
  ["an account's user name as subject", { sub: "carl@example.com" }],
])("%s signs nobody in and binds nobody", async (_what, person) => {
  if (person.sub === "u1") await strangers();
  const before = await bindings();
  const own = browser();
  await refusedWith(403, await through(person, own), own);
  expect(await bindings()).toEqual(before);
});

async function strangers(): Promise<void> {
  await world.administrator("carl@example.com");
  for (const domain of ["elsewhere.example", "notexample.com", "mail.example.com"])
    await world.administrator(`carl@${domain}`);
  const former = await world.administrator("former@example.com");
  await write((tx) => removeAdministrator(tx, former));
  await write(async (tx) => {
    const directory = await addDirectory(tx, { name: "okta", kind: "scim" });
    await insertDirectoryUsers(
      tx,
      directory.id,
      ["one", "two"].map((userName) => ({
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: null,
        userName,
        active: true,
        email: "twice@example.com",
        displayName: null,
        resource: {},
        contentHash: null,
      })),
    );
  });
}

test("an answer is taken once, in the browser where it began, as it was asked for", async () => {
  await world.administrator("dora@example.com");
  provider.next = verified("dora");
  const own = browser();
  const url = await start(own);
  const flow = own.cookies.get("__Host-muster-flow") ?? "";
  const answer = await provider.visit(url.href);
  const bring = async (address: string, cookie: string | null) => {
    const other = browser();
    if (cookie !== null) other.cookies.set("__Host-muster-flow", cookie);
    await refusedWith(401, await other.ask("GET", address), other);
  };
  const changed = (name: string, value: string | null) => {
    const to = new URL(answer);
    if (value === null) to.searchParams.delete(name);
    else to.searchParams.set(name, value);
    return to.href;
  };
  const redeemed = provider.redeemed;
  await bring(answer, null);
  await bring(answer, `${flow.slice(0, -4)}AAAA`);
  await bring(answer, flow.replace(/^[^.]+/, newId()));
  expect(provider.redeemed).toBe(redeemed);
  expect((await own.ask("GET", answer)).status).toBe(302);
  // Again, by whoever has come by both.
  await bring(answer, flow);
  expect(provider.redeemed).toBe(redeemed + 1);

  // Another state than the browser's, none, another provider's name, the provider's own refusal.
  for (const address of [
    changed("state", "another"),
    changed("state", null),
    changed("iss", second.issuer),
    changed("code", null),
    `${back}?error=access_denied&state=${new URL(answer).searchParams.get("state")}&iss=${provider.issuer}`,
  ]) {
    const fresh = browser();
    await start(fresh);
    await refusedWith(401, await fresh.ask("GET", address), fresh);
  }
  // A state that was replayed with a code of its own.
  const again = browser();
  const anew = await start(again);
  const cookie = again.cookies.get("__Host-muster-flow") ?? "";
  expect((await again.ask("GET", await provider.visit(anew.href))).status).toBe(302);
  const replayed = browser();
  replayed.cookies.set("__Host-muster-flow", cookie);
  await refusedWith(401, await replayed.ask("GET", await provider.visit(anew.href)), replayed);
});

test.each(["nonce", "code_challenge"])("a swapped %s signs nobody in", async (name) => {
  provider.next = verified("dora");
  const own = browser();
  const url = await start(own);
  const [value = ""] = [url.searchParams.get(name) ?? ""];
  url.searchParams.set(name, `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`);
  await refusedWith(401, await own.ask("GET", await provider.visit(url.href)), own);
});

test("a code that was given to another client, or for another person's flow, signs nobody in", async () => {
  provider.next = verified("dora");
  const own = browser();
  const url = await start(own);
  const foreign = new URL(url);
  foreign.searchParams.set("client_id", "another");
  await refusedWith(401, await own.ask("GET", await provider.visit(foreign.href)), own);

  const victim = browser();
  await start(victim);
  const thief = browser();
  const code = new URL(await provider.visit((await start(thief)).href)).searchParams.get("code") ?? "";
  const injected = new URL(back);
  injected.searchParams.set("code", code);
  injected.searchParams.set("iss", provider.issuer);
  // The state of the victim's own flow is in no cookie that can be read; as near as somebody can come is their own.
  injected.searchParams.set("state", "of the thief");
  await refusedWith(401, await victim.ask("GET", injected.href), victim);
});

test("another issuer's same subject is another person; the new issuer binds anew, and its predecessor's sessions end", async () => {
  const own = browser();
  expect((await through(verified("dora"), own)).status).toBe(302);
  expect((await put({ issuer: second.issuer })).status).toBe(200);
  expect((await own.ask("GET", "/session")).status).toBe(401);
  const stranger = browser();
  await refusedWith(403, await through({ sub: "dora" }, stranger, "", second), stranger);
  const unverified = { sub: "dora", email: "dora@example.com", email_verified: false };
  await refusedWith(403, await through(unverified, stranger, "", second), stranger);
  // An answer of the first provider is none of the second.
  provider.next = verified("dora");
  const mixed = browser();
  const url = await start(mixed);
  const answer = await second.visit(url.href).then((there) => new URL(there));
  answer.searchParams.set("iss", provider.issuer);
  await refusedWith(401, await mixed.ask("GET", answer.href), mixed);
  expect((await through(verified("dora"), browser(), "", second)).status).toBe(302);
  expect((await put()).status).toBe(200);
});

test("a session of single sign-on is fresh only after a fresh proof at the provider", async () => {
  const own = browser();
  expect((await through(verified("dora"), own)).status).toBe(302);
  expect((await own.ask("GET", "/session")).body).toMatchObject({ fresh: false });
  const give = () => own.ask("POST", "/tokens", { permissions: ["users:read"] });
  expect((await give()).body.code).toBe("reauthentication-required");
  expect((await own.ask("POST", "/session/reauthenticate", { password: "anything at all" })).status).toBe(401);
  provider.next = verified("dora");
  const url = await start(own, "?fresh=true");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({ prompt: "login", max_age: "0" });
  expect((await own.ask("GET", await provider.visit(url.href))).status).toBe(302);
  expect((await own.ask("GET", "/session")).body).toMatchObject({ fresh: true });
  expect((await give()).status).toBe(201);
});

test("a person of another directory has no password: single sign-on is their one way in, until another record takes the name", async () => {
  const authorization = { authorization: `Bearer ${token}` };
  const record = newId<DirectoryUserId>();
  const id = await write(async (tx) => {
    const directory = await addDirectory(tx, { name: "entra", kind: "scim" });
    await insertDirectoryUsers(tx, directory.id, [
      {
        id: record,
        immutableId: null,
        externalId: null,
        userName: "fay",
        active: true,
        email: "fay@example.com",
        displayName: null,
        resource: {},
        contentHash: null,
      },
    ]);
    return resolvePerson(tx, "fay");
  });
  const right = { user: id, bundle: "auditor", scope: { kind: "organization" } };
  expect((await browser().ask("POST", "/rights", right, authorization)).status).toBe(201);
  const hash = await hashPassword(PASSWORD);
  await expect(write((tx) => setPassword(tx, id, hash))).rejects.toMatchObject({ code: "conflict" });
  // As if it had been let in by mistake: a password counts only for the record that it was given to, in internal.
  await asOwner(
    `insert into muster.credentials (organization, account, record, password)
       values ('${world.organization}', '${id}', '${record}', '${hash}')`,
  );
  expect((await browser().signIn("fay")).status).toBe(401);
  const own = browser();
  expect((await through(verified("fay"), own)).status).toBe(302);
  expect((await own.ask("GET", "/session")).body).toMatchObject({ user: { id }, secondFactor: false });
  expect((await own.ask("POST", "/session/reauthenticate", { password: PASSWORD })).status).toBe(409);
  expect((await own.ask("GET", "/audit")).status).toBe(200);
  expect((await own.ask("PATCH", "/settings", {})).status).toBe(403);
});

test("an administrator binds and unbinds; another record on the name ends the binding's worth", async () => {
  const authorization = { authorization: `Bearer ${token}` };
  const id = await world.administrator("eve@example.com");
  const bind = (user: string, subject: string) =>
    browser().ask("POST", "/settings/single-sign-on/bindings", { user, subject }, authorization);
  expect((await bind(newId(), "sub-of-nobody")).status).toBe(404);
  expect(await bind(id, "sub-of-eve")).toMatchObject({ status: 201, body: { account: id, subject: "sub-of-eve" } });
  expect((await bind(id, "sub-of-eve-2")).status).toBe(409);
  const own = browser();
  expect((await through({ sub: "sub-of-eve" }, own)).status).toBe(302);
  const listed = await browser().ask("GET", "/settings/single-sign-on/bindings", undefined, authorization);
  expect(listed.body.data).toContainEqual(expect.objectContaining({ account: id, subject: "sub-of-eve" }));
  expect(
    (await browser().ask("DELETE", `/settings/single-sign-on/bindings/${id}`, undefined, authorization)).status,
  ).toBe(204);
  expect((await own.ask("GET", "/session")).status).toBe(401);
  await refusedWith(403, await through({ sub: "sub-of-eve" }, own), own);

  expect((await bind(id, "sub-of-eve")).status).toBe(201);
  await asOwner(`update muster.single_sign_on_bindings set record = gen_random_uuid() where account = '${id}'`);
  await refusedWith(403, await through({ sub: "sub-of-eve" }, own), own);
});

test("the setting: its secret is never shown, its issuer is https, and only who may everything changes it", async () => {
  const authorization = { authorization: `Bearer ${token}` };
  const shown = await browser().ask("GET", "/settings/single-sign-on", undefined, authorization);
  expect(shown.body).toEqual({
    issuer: provider.issuer,
    clientId: "muster",
    enabled: true,
    domains: ["example.com"],
    emailClaim: "email",
    verifiedClaim: "email_verified",
  });
  for (const issuer of [
    "http://login.example.com",
    "https://169.254.169.254/",
    "http://127.0.0.1.evil.example",
    "https://me:pw@login.example.com",
    "file:///etc/passwd",
    "https://login.example.com/?a=b",
    "nonsense",
  ])
    expect(await put({ issuer }), issuer).toMatchObject({ status: 422, body: { errors: [{ pointer: "/issuer" }] } });
  expect((await put({ domains: ["*.com"] })).status).toBe(422);
  expect((await put({ emailClaim: "__proto__ x" })).status).toBe(422);
  expect((await put({ issuer: "https://login.example.com", clientSecret: undefined })).status).toBe(422);
  expect((await put({ clientSecret: undefined })).status).toBe(200);
  const narrow = await browser().ask("POST", "/tokens", { permissions: ["settings:write"] }, authorization);
  expect(narrow.status).toBe(201);
  for (const [method, path, body] of [
    ["PUT", "", { issuer: provider.issuer, clientId: "muster", clientSecret: SECRET, domains: ["example.com"] }],
    ["DELETE", "", undefined],
    ["POST", "/bindings", { user: newId(), subject: "mine" }],
    ["DELETE", `/bindings/${newId()}`, undefined],
  ] as const) {
    const by = { authorization: `Bearer ${narrow.body.token}` };
    const answer = await browser().ask(method, `/settings/single-sign-on${path}`, body, by);
    expect(answer, `${method} ${path}`).toMatchObject({ status: 403, body: { code: "not-allowed" } });
  }
  for (const table of ["single_sign_on", "audit", "outbox", "idempotent_requests", "sessions", "single_sign_on_flows"])
    for (const { row } of await asOwner<{ row: string }>(`select t::text as row from muster.${table} t`)) {
      expect(row).not.toContain(SECRET);
      expect(row).not.toContain(Buffer.from(SECRET).toString("hex"));
    }
  expect(JSON.stringify(world.lines)).not.toContain(SECRET);
});

test("where Muster may go for a provider", () => {
  for (const good of ["https://login.example.com/a", "http://127.0.0.1:8080", "http://localhost/x", "http://[::1]:80/"])
    expect(isProviderUrl(good), good).toBe(true);
  for (const bad of [
    "http://10.0.0.1/",
    "https://169.254.169.254/",
    "https://[fe80::1]/",
    "ftp://127.0.0.1/",
    "http://127.1.evil/",
  ])
    expect(isProviderUrl(bad), bad).toBe(false);
});

test("a provider that is away is told to the browser, and Muster goes on", async () => {
  expect((await put({ issuer: `http://127.0.0.1:${await freePort()}` })).status).toBe(200);
  const answer = await browser().ask("GET", "/single-sign-on/start");
  expect(answer).toMatchObject({ status: 503, body: { code: "unavailable" } });
  expect((await put({ enabled: false })).status).toBe(200);
  expect((await browser().ask("GET", "/single-sign-on/start")).status).toBe(404);
  expect((await browser().ask("GET", "/single-sign-on/start?organization=other")).status).toBe(404);
});
