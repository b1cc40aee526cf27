import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { startFakeLdap } from "../harness/fake-ldap.ts";
import { listeningLogger } from "../harness/log.ts";
import { apiServer, makeCompany } from "./world.ts";

const { logger, lines } = listeningLogger();
const api = await apiServer({ logger });
const acme = await makeCompany(api, "acme");
const BASE = "dc=example,dc=com";
const PASSWORD = "correct horse battery";

const uuid = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
const ldap = await startFakeLdap({
  users: [
    {
      dn: `uid=ada,${BASE}`,
      attributes: {
        ...{ objectClass: ["inetOrgPerson"], entryUUID: [uuid(1)], uid: ["ada"], cn: ["Ada"], sn: ["L"] },
        mail: ["ada@example.com"],
      },
    },
  ],
  groups: [
    {
      dn: `cn=staff,${BASE}`,
      attributes: {
        ...{ objectClass: ["groupOfNames"], entryUUID: [uuid(2)], cn: ["staff"] },
        member: [`uid=ada,${BASE}`],
      },
    },
  ],
});
afterAll(() => ldap.stop());

const settingsFor = (url: string) => ({ url, bindDn: `cn=muster,${BASE}`, base: BASE });
const tryUnsaved = (settings: object, more: { query?: string; token?: string } = {}) =>
  api.ask("POST", `/directories/test${more.query ?? ""}`, {
    token: more.token ?? acme.token,
    body: { kind: "ldap", settings, secret: PASSWORD },
  });

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});
/** Something that is no directory, and greets whoever connects. */
async function greeter(greeting: string | Buffer): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(greeting);
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("settings that are not stored yet", () => {
  it("are tried with the secret beside them; nothing is kept", async () => {
    const before = await api.ask("GET", "/directories", { token: acme.token });
    const audit = await api.ask("GET", "/audit?limit=1", { token: acme.token });
    const tried = await tryUnsaved(settingsFor(ldap.url));
    expect(tried.status, tried.text).toBe(200);
    expect(
      tried.body.steps.map(({ name, verdict }: { name: string; verdict: string }) => `${name} ${verdict}`),
    ).toEqual(
      ["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"].map(
        (name) => `${name} passed`,
      ),
    );
    expect(tried.body.passed).toBe(true);
    expect(tried.body.steps[5].samples).toEqual([{ id: uuid(1), name: "ada", location: `uid=ada,${BASE}` }]);
    expect(Buffer.concat(ldap.received).includes(PASSWORD)).toBe(true);
    expect(tried.text).not.toContain(PASSWORD);
    expect((await api.ask("GET", "/directories", { token: acme.token })).text).toBe(before.text);
    expect((await api.ask("GET", "/audit?limit=1", { token: acme.token })).text).toBe(audit.text);
  });

  it("a dry run looks at the settings and connects to nobody", async () => {
    const { connections } = ldap;
    const dry = await tryUnsaved(settingsFor(ldap.url), { query: "?dryRun=true" });
    expect(dry.body).toMatchObject({
      passed: true,
      steps: [{ verdict: "passed" }, ...Array(8).fill({ verdict: "skipped" })],
    });
    expect(ldap.connections).toBe(connections);
  });

  it("are tried for nobody who may not write directories: nothing is connected for them", async () => {
    const { connections } = ldap;
    const permissions = ["directories:read", "runs:read", "runs:write", "settings:write"];
    const made = await api.ask("POST", "/tokens", { token: acme.token, body: { permissions, name: "reader" } });
    const refused = await tryUnsaved(settingsFor(ldap.url), { token: made.body.token });
    expect([refused.status, refused.body.code], refused.text).toEqual([403, "not-allowed"]);
    expect((await api.ask("POST", "/directories/corp/test", { token: made.body.token })).status).toBe(403);
    expect(ldap.connections).toBe(connections);
  });

  it("name no files of the server", async () => {
    for (const key of ["caFile", "clientCertificateFile", "clientKeyFile"]) {
      const refused = await tryUnsaved({ ...settingsFor(ldap.url), [key]: "/etc/passwd" });
      expect([refused.status, refused.body.errors[0].pointer]).toEqual([422, `/settings/${key}`]);
    }
  });
});

describe("what stands at an address", () => {
  it.each<[string, string | Buffer]>([
    ["a banner", "SSH-2.0-OpenSSH_9.9 swordfish\r\n"],
    ["a page", "HTTP/1.1 400 Bad Request\r\nServer: swordfish\r\n\r\n<h1>swordfish</h1>"],
    ["bytes of no kind", Buffer.from("30848400swordfish")],
    ["nothing", ""],
  ])("is told in our words alone: %s", async (_, greeting) => {
    const tried = await tryUnsaved(settingsFor(await greeter(greeting)));
    expect([tried.status, tried.body.passed]).toEqual([200, false]);
    expect(tried.text).not.toMatch(/swordfish|SSH|HTTP|Server:/);
    expect(tried.text).not.toContain(PASSWORD);
    expect(JSON.stringify(lines)).not.toMatch(/swordfish|correct horse/);
  });

  it("and a port at which nobody listens", async () => {
    const tried = await tryUnsaved(settingsFor("ldap://127.0.0.1:1"));
    expect(tried.body.steps[1]).toMatchObject({ name: "connect", verdict: "failed" });
    expect(tried.body.steps[1].hint).not.toBe("");
  });
});

describe("a stored directory", () => {
  it("is tried as it stands, by its id and its name", async () => {
    const body = { kind: "ldap", name: "branch", settings: settingsFor(ldap.url), secret: PASSWORD, syncEvery: null };
    const made = await api.ask("POST", "/directories", { token: acme.token, body });
    for (const path of ["branch", made.body.id]) {
      const tried = await api.ask("POST", `/directories/${path}/test`, { token: acme.token });
      expect(tried.body.passed, tried.text).toBe(true);
    }
  });

  it("that nobody pulls from has nothing to try; another organization's is unknown", async () => {
    const pushed = await api.ask("POST", "/directories/okta/test", { token: acme.token });
    expect([pushed.status, pushed.body.code]).toEqual([422, "invalid"]);
    const other = await makeCompany(api, "other");
    const { id } = (await api.ask("GET", "/directories/corp", { token: other.token })).body;
    const strip = ({ status, text, body }: typeof pushed) => `${status} ${text.replaceAll(body.requestId, "")}`;
    const foreign = await api.ask("POST", `/directories/${id}/test`, { token: acme.token });
    const unknown = await api.ask("POST", `/directories/${uuid(9)}/test`, { token: acme.token });
    expect(foreign.status).toBe(404);
    expect(strip(foreign).replaceAll(id, "ID")).toBe(strip(unknown).replaceAll(uuid(9), "ID"));
  });
});
