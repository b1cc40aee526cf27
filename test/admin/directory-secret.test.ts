import { afterAll, expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { makeAuthority } from "../harness/certificates.ts";
import { startFakeLdap } from "../harness/fake-ldap.ts";
import { apiServer, makeCompany } from "./world.ts";

const api = await apiServer();
const acme = await makeCompany(api, "acme");
const BASE = "dc=example,dc=com";
const PASSWORD = "correct horse battery";
const [own, elsewhere] = await Promise.all([
  startFakeLdap({ users: [], groups: [] }),
  startFakeLdap({ users: [], groups: [] }),
]);
afterAll(() => Promise.all([own.stop(), elsewhere.stop()]));

const settings = { url: own.url, bindDn: `cn=muster,${BASE}`, base: BASE };
const ask = (method: string, path: string, body?: object) =>
  api.ask(method, path, { token: acme.token, ...(body && { body }) });
const change = (body: object) => ask("PATCH", "/directories/branch", body);
const heard = ({ received }: typeof own) => Buffer.concat(received).toString("latin1");
const made = await ask("POST", "/directories", {
  ...{ kind: "ldap", name: "branch", settings, secret: PASSWORD, syncEvery: null },
});

test("a held secret goes to no other server, no less safely and for nobody else than it was given for", async () => {
  expect(made.status, made.text).toBe(201);
  const audit = await ask("GET", "/audit?limit=1");
  for (const [other, named] of [
    [{ url: elsewhere.url }, "url"],
    [{ url: [own.url, elsewhere.url] }, "url"],
    [{ url: "ldap://ldap.example.com", startTls: true }, "url, startTls"],
    [{ allowPlaintext: true }, "allowPlaintext"],
    [{ ca: makeAuthority().ca }, "ca"],
    [{ serverName: "elsewhere.example.com" }, "serverName"],
    [{ bindDn: `cn=other,${BASE}` }, "bindDn"],
  ] as const) {
    const body = { settings: { ...settings, ...other }, syncEvery: 3_600 };
    for (const path of ["/directories/branch", "/directories/branch?dryRun=true"]) {
      const refused = await ask("PATCH", path, body);
      expect([refused.status, refused.body.code], refused.text).toEqual([422, "invalid"]);
      expect(refused.body.errors).toMatchObject([
        { pointer: "/secret", message: expect.stringContaining(`a change of ${named}:`) },
      ]);
    }
  }
  expect((await ask("GET", "/directories/branch")).text).toBe(made.text);
  expect((await ask("GET", "/audit?limit=1")).text).toBe(audit.text);
  await ask("POST", "/directories/branch/test");
  expect(heard(own)).toContain(PASSWORD);
  expect(elsewhere.connections).toBe(0);
});

test("a stored directory is tried as it stands, and settings of somebody's own with a secret of theirs alone", async () => {
  const other = { ...settings, url: elsewhere.url };
  for (const body of [{ settings: other }, { kind: "ldap", settings: other }])
    await ask("POST", "/directories/branch/test", body);
  const bare = await ask("POST", "/directories/test", { kind: "ldap", settings: other });
  expect([bare.status, bare.body.errors[0].pointer]).toEqual([422, "/secret"]);
  expect(elsewhere.connections).toBe(0);
});

test("other settings change without the secret, and so does another spelling of the same server", async () => {
  const wider = { ...settings, base: "dc=com", userFilter: "(uid=*)", pageSize: 9, attributes: { email: "m" } };
  for (const one of [wider, { ...wider, url: [own.url], startTls: false }, settings]) {
    const changed = await change({ settings: one });
    expect([changed.status, changed.body.settings], changed.text).toEqual([200, one]);
  }
  const changed = await change({ syncEvery: 3_600, permissions: "read-only" });
  expect(changed.body).toMatchObject({ syncEvery: 3_600, settings, hasSecret: true });
});

test("with a secret of its own the server changes, and the one before is sent nowhere any more", async () => {
  const other = { ...settings, url: elsewhere.url };
  const changed = await change({ settings: other, secret: "hunter2 hunter2" });
  expect(changed.body, changed.text).toMatchObject({ settings: other, hasSecret: true });
  await ask("POST", "/directories/branch/test");
  expect(heard(elsewhere)).toContain("hunter2 hunter2");
  expect(heard(elsewhere)).not.toContain(PASSWORD);
});

test("where none is held, as after a restore without secrets, there is nothing to protect", async () => {
  await api.write(acme.organization, (tx) => addDirectory(tx, { name: "bare", kind: "ldap", settings }));
  const changed = await ask("PATCH", "/directories/bare", { settings: { ...settings, url: elsewhere.url } });
  expect([changed.status, changed.body.settings?.url], changed.text).toEqual([200, elsewhere.url]);
});
