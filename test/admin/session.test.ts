import { expect, test } from "vitest";
import { type AccountId, newId, type OrganizationId } from "../../src/db/id.ts";
import { inTransaction, type Tx } from "../../src/db/transaction.ts";
import { restoreAccount, suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addAdministrator, removeAdministrator } from "../../src/identity/administrators.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { newTokenText } from "../../src/identity/token-form.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { apiFetch } from "../harness/api.ts";
import { until } from "../harness/process.ts";
import { PASSWORD, signInWorld } from "./sign-in-world.ts";

const world = await signInWorld();
const { browser, asOwner, write } = world;
await world.administrator("root@example.com");

/** An administrator of this test alone, signed in. */
async function signedIn(name: string) {
  const id = await world.administrator(`${name}@example.com`);
  const own = browser();
  const answer = await own.signIn(`${name}@example.com`);
  expect(answer.status).toBe(201);
  return { id, own, token: own.cookies.get("__Host-muster") ?? "" };
}

/** Somebody elsewhere who has come by the cookie, and perhaps by the CSRF token. */
function thief(of: { token: string; own: { csrf: string } }, csrf = of.own.csrf) {
  const other = browser();
  other.cookies.set("__Host-muster", of.token);
  other.csrf = csrf;
  return other;
}

test("a session is a cookie that only Muster's own pages send, and its token is nowhere at rest", async () => {
  const ada = browser();
  const answer = await ada.signIn("ROOT@example.com");
  expect(answer.status).toBe(201);
  const [cookie = ""] = answer.headers.getSetCookie();
  expect(cookie).toMatch(/^__Host-muster=mst_ses_\w{49}; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(JSON.stringify(answer.body)).not.toContain("mst_ses_");
  expect((await ada.ask("GET", "/session")).body).toMatchObject({
    method: "password",
    user: { userName: "root@example.com" },
    csrfToken: ada.csrf,
    fresh: true,
  });
  expect((await ada.ask("GET", "/users")).status).toBe(200);
  const token = ada.cookies.get("__Host-muster") ?? "";
  for (const table of ["sessions", "audit", "outbox", "credentials"]) {
    const rows = await asOwner<{ row: string }>(`select t::text as row from muster.${table} t`);
    for (const { row } of rows) {
      expect(row).not.toContain(token);
      expect(row).not.toContain(PASSWORD);
      expect(row).not.toContain(Buffer.from(token).toString("hex"));
    }
  }
  expect(JSON.stringify(world.lines)).not.toMatch(/mst_ses_|a lake between/);
});

test("fixation: no token that somebody brings becomes a session, and each sign-in has a new one", async () => {
  const own = browser();
  const planted = newTokenText("ses");
  own.cookies.set("__Host-muster", planted);
  expect((await own.signIn("root@example.com")).status).toBe(201);
  const first = own.cookies.get("__Host-muster") ?? "";
  expect(first).not.toBe(planted);
  expect((await thief({ token: planted, own }).ask("GET", "/session")).status).toBe(401);
  expect((await own.signIn("root@example.com")).status).toBe(201);
  const second = own.cookies.get("__Host-muster") ?? "";
  expect(new Set([planted, first, second]).size).toBe(3);
});

test("a stolen cookie changes nothing from another origin or without the session's own CSRF token", async () => {
  const ada = await signedIn("csrf");
  const bob = await signedIn("csrf-other");
  const change = (who: ReturnType<typeof browser>, headers: Record<string, string> = {}) =>
    who.ask("POST", `/users/${bob.id}/suspend`, {}, headers);
  const without = (name: string) => ({ [name]: "" });
  const attempts = [
    await change(thief(ada), { origin: "https://evil.example" }),
    await change(thief(ada), { origin: `${world.url}.evil.example` }),
    await change(thief(ada), { origin: world.url.replace("http:", "https:") }),
    await change(thief(ada), { origin: "null" }),
    await change(thief(ada), { ...without("origin"), "sec-fetch-site": "same-site" }),
    await change(thief(ada, "")),
    await change(thief(ada, bob.own.csrf)),
    await change(thief(ada, `${ada.own.csrf}A`)),
    await change(thief(ada, ada.token)),
    await thief(ada, "").ask("DELETE", "/session"),
    await thief(ada).ask("POST", "/session/password", {}, { origin: "https://evil.example" }),
  ];
  for (const attempt of attempts) expect(attempt).toMatchObject({ status: 403, body: { code: "not-allowed" } });
  // A form of another site cannot send a header at all; its media type is not even looked at.
  const form = await apiFetch(`${world.url}/api/v1/users/${bob.id}/suspend`, {
    method: "POST",
    headers: { cookie: `__Host-muster=${ada.token}`, "content-type": "text/plain" },
    body: "{}",
  });
  expect(form.status).toBe(403);
  expect((await bob.own.ask("GET", "/session")).status).toBe(200);
  expect((await change(ada.own)).status).toBe(200);
});

test("a request comes with a token or with one session", async () => {
  const ada = await signedIn("both");
  const { token } = await write((tx) => createToken(tx, { administration: true }));
  const both = await ada.own.ask("GET", "/users", undefined, { authorization: `Bearer ${token}` });
  expect(both).toMatchObject({ status: 400, body: { code: "usage" } });
  const twice = await browser().ask("GET", "/users", undefined, {
    cookie: `__Host-muster=${ada.token}; __Host-muster=${ada.token}`,
  });
  expect(twice.status).toBe(400);
  // A token's text is no session, and a session's no token.
  expect((await thief({ ...ada, token }).ask("GET", "/users")).status).toBe(401);
  const asBearer = await browser().ask("GET", "/users", undefined, { authorization: `Bearer ${ada.token}` });
  expect(asBearer.status).toBe(401);
  expect((await browser().ask("GET", "/session", undefined, { authorization: `Bearer ${token}` })).status).toBe(404);
});

test("a session that has ended is nobody's: sign-out, suspension, lost rights, a new password, time", async () => {
  const ended = async (name: string, end: (session: Awaited<ReturnType<typeof signedIn>>) => Promise<unknown>) => {
    const session = await signedIn(name);
    expect((await session.own.ask("GET", "/session")).status).toBe(200);
    await end(session);
    for (const path of ["/session", "/users", "/me"]) {
      const answer = await thief(session).ask("GET", path);
      expect(answer, `${name} ${path}`).toMatchObject({ status: 401, body: { code: "unauthenticated" } });
      expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-muster=; .*Expires=Thu, 01 Jan 1970/);
    }
    return session;
  };
  await ended("signs-out", async ({ own }) => expect((await own.ask("DELETE", "/session")).status).toBe(204));
  await ended("ends-all", async ({ own }) => expect((await own.ask("DELETE", "/sessions")).status).toBe(204));
  const suspended = await ended("suspended", ({ id }) => write((tx) => suspendAccount(tx, id, null)));
  await write((tx) => restoreAccount(tx, suspended.id));
  expect((await thief(suspended).ask("GET", "/session")).status).toBe(401);
  const parked = await ended("inactive", async ({ id }) => {
    await write(async (tx) => {
      await tx.query({
        text: "update directory_users set active = false where organization = $1 and account = $2",
        values: [tx.organization, id],
      });
    });
  });
  expect((await parked.own.signIn("inactive@example.com")).status).toBe(403);
  const former = await ended("former", ({ id }) => write((tx) => removeAdministrator(tx, id)));
  expect(await former.own.signIn("former@example.com")).toMatchObject({ status: 403, body: { code: "not-allowed" } });
  await ended("changes", async ({ own }) => {
    const change = { currentPassword: PASSWORD, newPassword: "three clouds over the harbour" };
    expect((await own.ask("POST", "/session/password", change)).status).toBe(204);
    expect((await own.signIn("changes@example.com")).status).toBe(401);
    expect((await browser().signIn("changes@example.com", { password: change.newPassword })).status).toBe(201);
  });
  await ended("another-record", ({ id }) =>
    asOwner(`update muster.sessions set record = gen_random_uuid() where account = '${id}'`),
  );
  await ended("idle", ({ id }) =>
    asOwner(`update muster.sessions set last_used_at = now() - interval '31 minutes' where account = '${id}'`),
  );
  await ended("long", ({ id }) => asOwner(`update muster.sessions set expires_at = now() where account = '${id}'`));
});

test("who signs in at the moment in which the password changes, the rights go or the person is suspended is not signed in", async () => {
  const hash = await hashPassword("three clouds over the harbour");
  const changes: Record<string, (tx: Tx, id: AccountId) => Promise<unknown>> = {
    password: (tx, id) => setPassword(tx, id, hash),
    rights: (tx, id) => removeAdministrator(tx, id),
    suspension: (tx, id) => suspendAccount(tx, id, null),
  };
  for (const [name, change] of Object.entries(changes)) {
    const id = await world.administrator(`moment-${name}@example.com`);
    const own = browser();
    let signing: Promise<{ status: number }> | undefined;
    let answered = false;
    await write(async (tx) => {
      await change(tx, id);
      signing = own.signIn(`moment-${name}@example.com`).finally(() => {
        answered = true;
      });
      await until("it waits for the change", 30, async () => {
        const [waiting] = await asOwner<{ count: number }>(
          "select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        );
        return answered || (waiting?.count ?? 0) > 0;
      });
    });
    expect((await signing)?.status, name).toBe(name === "password" ? 401 : 403);
    expect(await asOwner(`select 1 from muster.sessions where account = '${id}'`), name).toEqual([]);
  }
});

test("rights that come back bring no session back", async () => {
  const ada = await signedIn("comes-back");
  await write((tx) => removeAdministrator(tx, ada.id));
  await write((tx) => addAdministrator(tx, "comes-back@example.com"));
  expect((await thief(ada).ask("GET", "/session")).status).toBe(401);
  expect((await ada.own.signIn("comes-back@example.com")).status).toBe(201);
});

test("a session that is used goes on for as long as it may, and not longer", async () => {
  const ada = await signedIn("goes-on");
  await asOwner(`update muster.sessions set last_used_at = now() - interval '29 minutes' where account = '${ada.id}'`);
  expect((await ada.own.ask("GET", "/session")).status).toBe(200);
  const [row] = await asOwner<{ used: number; left: number }>(
    `select extract(epoch from now() - last_used_at)::int as used, extract(epoch from expires_at - created_at)::int as left
       from muster.sessions where account = '${ada.id}'`,
  );
  expect(row?.used).toBeLessThan(60);
  expect(row?.left).toBe(43_200);
});

test("something dangerous asks again who one is, after ten minutes; a wrong password opens nothing", async () => {
  const ada = await signedIn("dangerous");
  const begin = () => ada.own.ask("POST", "/session/second-factor");
  const again = (password: string) => ada.own.ask("POST", "/session/reauthenticate", { password });
  expect((await begin()).status).toBe(200);
  await asOwner(
    `update muster.sessions set authenticated_at = now() - interval '11 minutes' where account = '${ada.id}'`,
  );
  for (const [method, path, body] of [
    ["POST", "/session/second-factor", undefined],
    ["DELETE", "/session/second-factor", undefined],
    ["POST", "/tokens", { permissions: ["users:read"] }],
    ["POST", "/rights", { user: ada.id, bundle: "auditor", scope: { kind: "organization" } }],
    ["PUT", "/settings/single-sign-on", { issuer: "https://a.example", clientId: "a", domains: [] }],
  ] as const)
    expect(await ada.own.ask(method, path, body), path).toMatchObject({
      status: 403,
      body: { code: "reauthentication-required" },
    });
  expect((await ada.own.ask("GET", "/users")).status).toBe(200);
  expect((await again("not the password")).status).toBe(401);
  expect((await begin()).status).toBe(403);
  // A trial neither tells whether the password is right nor counts as one.
  expect((await ada.own.ask("POST", "/session/reauthenticate?dryRun=true", { password: "x" })).status).toBe(200);
  expect((await begin()).status).toBe(403);
  expect((await again(PASSWORD)).status).toBe(204);
  expect((await begin()).status).toBe(200);
});

test("one sees and ends one's own sessions alone", async () => {
  const ada = await signedIn("lists");
  const bob = await signedIn("lists-other");
  const elsewhere = browser();
  await elsewhere.signIn("lists@example.com");
  type Listed = { id: string; current: boolean };
  const list = async () => (await ada.own.ask("GET", "/sessions")).body.data as Listed[];
  expect((await list()).map(({ current }) => current)).toEqual([false, true]);
  const [foreign] = (await bob.own.ask("GET", "/sessions")).body.data as Listed[];
  const unknown = await ada.own.ask("DELETE", `/sessions/${newId()}`);
  const others = await ada.own.ask("DELETE", `/sessions/${foreign?.id}`);
  expect([unknown.status, others.status]).toEqual([404, 404]);
  const told = ({ body }: typeof unknown) => ({ ...body, requestId: null });
  expect(told(others)).toEqual(told(unknown));
  expect((await bob.own.ask("GET", "/session")).status).toBe(200);
  const other = (await list()).find(({ current }) => !current);
  expect((await ada.own.ask("DELETE", `/sessions/${other?.id}`)).status).toBe(204);
  expect((await elsewhere.ask("GET", "/session")).status).toBe(401);
  expect(await list()).toHaveLength(1);
});

test("no more than twenty sessions of a person live; the oldest ends", async () => {
  const ada = await signedIn("many");
  for (let turn = 0; turn < 20; turn++) expect((await browser().signIn("many@example.com")).status).toBe(201);
  expect((await thief(ada).ask("GET", "/session")).status).toBe(401);
  const rows = await asOwner(`select 1 from muster.sessions where account = '${ada.id}'`);
  expect(rows).toHaveLength(20);
});

test("who is who is not told to strangers: unknown, without password, suspended and wrong look the same", async () => {
  const id = await world.administrator("sleeps@example.com");
  await write((tx) => suspendAccount(tx, id, null));
  const answers = [
    await browser().signIn("nobody@example.com"),
    await browser().signIn("root@example.com", { password: "a lake between two hill" }),
    await browser().signIn("sleeps@example.com", { password: "a lake between two hill" }),
    await browser().ask("POST", "/session", {
      userName: "root@example.com",
      password: PASSWORD,
      organization: "other",
    }),
    await browser().ask("POST", "/session/break-glass", { name: "nobody", password: PASSWORD, code: "000000" }),
  ];
  for (const answer of answers) expect(answer.status).toBe(401);
  expect(new Set(answers.map(({ body }) => JSON.stringify({ ...body, requestId: null }))).size).toBe(1);
  expect((await browser().signIn("sleeps@example.com")).status).toBe(403);
});

test("a page of another site cannot sign somebody in", async () => {
  const own = browser();
  const body = { userName: "root@example.com", password: PASSWORD };
  expect((await own.ask("POST", "/session", body, { origin: "https://evil.example" })).status).toBe(403);
  expect(own.cookies.size).toBe(0);
});

test("R5: of several organizations one is named, and none opens another", async () => {
  const beta = newId<OrganizationId>();
  await inTransaction(
    world.ctx,
    { organization: beta, kind: "system", id: null, requestId: null },
    async (tx) => {
      await createOrganization(tx, { key: "beta" });
      await addAdministrator(tx, "root@example.com");
    },
    { lock: "exclusive" },
  );
  const unnamed = await browser().signIn("root@example.com");
  expect(unnamed).toMatchObject({ status: 422, body: { errors: [{ pointer: "/organization" }] } });
  // Which there are is not for strangers.
  expect(unnamed.text).not.toMatch(/acme|beta/);
  expect((await browser().signIn("root@example.com", { organization: "beta" })).status).toBe(401);
  const own = browser();
  expect((await own.signIn("root@example.com", { organization: "acme" })).status).toBe(201);
  const [there] = await asOwner<{ id: string }>(`select id from muster.accounts where organization = '${beta}'`);
  expect((await own.ask("GET", `/users/${there?.id}`)).status).toBe(404);
});
