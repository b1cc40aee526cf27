import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Context } from "../../src/context.ts";
import { type DirectoryId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { type Jobs, startJobs } from "../../src/jobs/start.ts";
import { doors } from "../../src/start/doors.ts";
import { runSync } from "../../src/sync/run.ts";
import { apiFetch } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";
import { readExchangeFiles, replay } from "../harness/replay.ts";
import { type RunningSlapd, startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { startSmtpSink } from "../harness/smtp-sink.ts";

const fixtures = new URL("../fixtures/", import.meta.url).pathname;

type Person = { id: string; userName: string; status: string };

const sink = await startSmtpSink();
const base = await testContext();
const server = createServer();
await new Promise<void>((resolve) => {
  server.listen(0, "127.0.0.1", resolve);
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const ctx: Context = {
  ...base,
  config: {
    ...base.config,
    publicUrl: origin,
    mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] },
  },
};
server.on("request", makeApp(ctx, doors, { draining: false }));
afterAll(async () => {
  await sink.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});

describeWithSlapd("R64 to R67 over the real wires: SCIM, LDAP, SMTP, HTTP", (installation) => {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const tokens = new Map<string, string>();
  const directories = new Map<string, DirectoryId>();
  let slapd: RunningSlapd;
  let jobs: Jobs;

  const change = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive") =>
    inTransaction(ctx, actor, work, { lock });

  beforeAll(async () => {
    slapd = await startSlapd(installation, { ldif: [readFileSync(`${fixtures}ldif/company.ldif`, "utf8")] });
    jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
    await change(async (tx) => {
      await createOrganization(tx, { key: "example" });
      for (const name of ["okta", "entra"]) {
        const { id } = await addDirectory(tx, { name, kind: "scim" });
        directories.set(name, id);
        tokens.set(name, (await createToken(tx, { directory: id })).token);
      }
      const settings = { url: slapd.url, bindDn: slapd.rootDn, base: slapd.suffix, attributes: { userName: "mail" } };
      const secret = { key: loadSecretKey(ctx.config), text: slapd.rootPassword };
      directories.set("company", (await addDirectory(tx, { name: "company", kind: "ldap", settings }, secret)).id);
      const wiki = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki", hasGuests: true });
      const grants = [
        ["okta", "Wiki Editors", "user"],
        ["okta", "Partners", "guest"],
        ["entra", "Support", "user"],
        ["company", "engineering", "user"],
      ] as const;
      for (const [directory, name, role] of grants)
        await grantRole(tx, { group: { directory: directories.get(directory)!, name }, product: wiki.id, role });
      tokens.set("admin", (await createToken(tx, { administration: true })).token);
      tokens.set("wiki", (await createToken(tx, { product: wiki.id })).token);
    });
  });
  afterAll(async () => {
    await jobs?.stop();
    await slapd?.stop();
  });

  async function call<Body>(method: string, path: string, token: string, body?: object) {
    const send = path.startsWith("/api/v1/") ? apiFetch : fetch;
    const response = await send(origin + path, {
      method,
      headers: { authorization: `Bearer ${tokens.get(token)}`, ...(body && { "content-type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
  }

  async function people(): Promise<Person[]> {
    const { body } = await call<{ data: Person[] }>("GET", "/api/v1/users?limit=200", "admin");
    return body.data;
  }

  async function mailsQueued(): Promise<number> {
    const [row] = await ctx.db.of(organization).query<{ count: number }>({
      text: "select count(*) as count from mails where organization = $1",
      values: [organization],
    });
    return row?.count ?? -1;
  }

  const pull = async () =>
    (await runSync(ctx, directories.get("company")!, { mode: "approve", trigger: "command", actor })).state;

  test.each(["okta", "entra"])(
    "everything that %s documents goes over SCIM, and nobody is sent anything",
    async (name) => {
      const target = { baseUrl: `${origin}/scim/v2/${directories.get(name)}`, token: tokens.get(name)! };
      let created = 0;
      for (const [, file] of readExchangeFiles(`${fixtures}idp/${name}`)) {
        const outcomes = await replay(file, target);
        created += outcomes.filter(
          ({ exchange, status }) => exchange.request.method === "POST" && status === 201,
        ).length;
      }
      expect(created).toBeGreaterThan(5);
      expect(await mailsQueued()).toBe(0);
    },
  );

  test("the LDAP directory is pulled, twice, with people whom the others have too; nobody is sent anything", async () => {
    const before = (await people()).length;
    expect(await pull()).toMatch(/^(done|partial)$/);
    expect(await pull()).toMatch(/^(done|partial)$/);
    expect((await people()).length).toBeGreaterThan(before);
    expect(await mailsQueued()).toBe(0);
  });

  test("the order of the directories changes and everybody's canonical record with it; nobody is sent anything", async () => {
    await change((tx) => orderDirectories(tx, ["company", "okta", "entra", "internal"]));
    expect(await mailsQueued()).toBe(0);
  });

  test("nobody is Invited or Active", async () => {
    const found = await people();
    expect(found.length).toBeGreaterThan(15);
    expect(new Set(found.map((person) => person.status))).toEqual(new Set(["invited-not-sent", "deactivated"]));
  });

  test("Resend invite sends exactly one mail; Invited by it, Active by the first access, silent ever after", async () => {
    const person = (await people()).find((each) => each.userName === "bjensen@example.com");
    const statusNow = async () => (await call<Person>("GET", `/api/v1/users/${person?.id}`, "admin")).body.status;
    const check = (seen: boolean) =>
      call<{ allowed: boolean; status: string }>("POST", "/api/v1/access/check", "wiki", {
        product: "wiki",
        user: { id: person?.id },
        seen,
      });

    const pressed = await call("POST", `/api/v1/users/${person?.id}/resend-invite`, "admin");
    expect(pressed.status).toBe(202);
    expect(pressed.body).toMatchObject({ accountId: person?.id, status: "invited" });
    const again = await call("POST", `/api/v1/users/${person?.id}/resend-invite`, "admin");
    expect(again.status).toBe(429);
    expect(Number(again.headers.get("retry-after"))).toBeGreaterThan(0);

    await expect.poll(() => sink.mails.length, { timeout: 30_000 }).toBe(1);
    expect(sink.mails[0]?.to).toEqual(["bjensen@example.com"]);
    expect(await statusNow()).toBe("invited");

    const link = /http:\/\/127\.0\.0\.1:\d+\/i\/\w+/.exec(sink.mails[0]?.parsed.text ?? "")?.[0] ?? "";
    expect((await fetch(link)).status).toBe(200);
    expect((await fetch(link, { method: "POST" })).status).toBe(200);
    expect(await statusNow()).toBe("invited");

    expect((await check(false)).body).toMatchObject({ allowed: true, status: "invited" });
    expect(await statusNow()).toBe("invited");
    expect((await check(true)).body.allowed).toBe(true);
    expect(await statusNow()).toBe("active");

    await pull();
    await jobs.stop();
    expect(await mailsQueued()).toBe(1);
    expect(sink.connections).toBe(1);
    const others = (await people()).filter((each) => each.id !== person?.id).map((each) => each.status);
    expect(new Set(others)).toEqual(new Set(["invited-not-sent", "deactivated"]));
  });
});
