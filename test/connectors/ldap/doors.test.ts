import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ldapConnector } from "../../../connectors/ldap/ldap-connector.ts";
import { makeAuthority } from "../../harness/certificates.ts";
import { startFakeLdap } from "../../harness/fake-ldap.ts";
import { generateLdif } from "../../harness/ldif-generator.ts";
import { type RunningSlapd, startSlapd } from "../../harness/slapd.ts";
import { describeWithSlapd } from "../../harness/slapd-suite.ts";
import { failureOf, readAll } from "./read-all.ts";
import { tried } from "./tried.ts";

const BASE = "dc=example,dc=com";
const READER = `cn=muster,ou=services,${BASE}`;
const PASSWORD = "reader-secret";
const small = generateLdif({ users: 20, groups: 3, members: 5, seed: 11 }).ldif;

describeWithSlapd("the way into an LDAP server", (slapd) => {
  const authority = makeAuthority("Company authority");
  let server: RunningSlapd;
  beforeAll(async () => {
    server = await startSlapd(slapd, {
      ldif: [small],
      tls: authority.issue(["127.0.0.1"]),
      globals: ["TLSVerifyClient try", `authz-regexp "^cn=known$" "${READER}"`],
    });
  });
  afterAll(() => server?.stop());

  const simple = (settings: object = {}, password = PASSWORD) =>
    ldapConnector({ url: server.url, bindDn: READER, base: BASE, ...settings }, password);

  describe("of several servers", () => {
    it("the first that can be used is read, and no other is asked", async () => {
      const second = await startFakeLdap({ users: [], groups: [] });
      onTestFinished(() => second.stop());
      expect((await readAll(simple({ url: [server.url, second.url] }))).proof.users).toBe(20);
      expect(second.connections).toBe(0);
    });

    it("one that is gone, that is silent, or that cannot prove its name is passed over", async () => {
      const silent = await startFakeLdap({ users: [], groups: [], startTls: "plain" });
      onTestFinished(() => silent.stop());
      const stranger = await startSlapd(slapd, { ldif: [small], tls: makeAuthority().issue(["127.0.0.1"]) });
      onTestFinished(() => stranger.stop());
      for (const url of ["ldap://127.0.0.1:1", silent.url, stranger.url]) {
        const settings = { url: [url, server.url], startTls: true, ca: authority.ca, connectSeconds: 2 };
        expect((await readAll(simple(settings))).proof.users, url).toBe(20);
        const steps = await tried(simple(settings));
        expect([...steps.values()].filter((step) => step.verdict === "warned")).toHaveLength(1);
        expect([...steps.values()].filter((step) => step.verdict === "failed")).toEqual([]);
      }
      for (const fake of [silent]) expect(Buffer.concat(fake.received).includes(PASSWORD)).toBe(false);
    });

    it("a wrong password is not tried on the next", async () => {
      const second = await startFakeLdap({ users: [], groups: [] });
      onTestFinished(() => second.stop());
      expect(await failureOf(simple({ url: [server.url, second.url] }, "wrong"))).toMatchObject({
        code: "credentials",
      });
      expect(second.connections).toBe(0);
    });

    it("none of which can be used each is named", async () => {
      const error = await failureOf(simple({ url: ["ldap://127.0.0.1:1", "ldap://127.0.0.1:2"] }));
      expect(error).toMatchObject({ code: "unreachable" });
      expect(error.message).toMatch(/127\.0\.0\.1:1 .*127\.0\.0\.1:2 /);
    });

    it("none of which can be used, each for a reason of its own, is told with what helps against either", async () => {
      const stranger = await startSlapd(slapd, { ldif: [small], tls: makeAuthority().issue(["127.0.0.1"]) });
      onTestFinished(() => stranger.stop());
      const settings = { url: ["ldap://127.0.0.1:1", stranger.url], startTls: true, ca: authority.ca };
      const step = (await tried(simple(settings))).get("tls");
      expect(step).toMatchObject({
        verdict: "failed",
        detail: expect.stringContaining("no trusted encrypted connection"),
      });
      expect(step?.hint).toMatch(/reached.*ca or caFile/);
    });

    it("one is kept for the whole read: its end is the end of the read", async () => {
      const dying = await startFakeLdap({
        users: Array.from({ length: 9 }, (_, number) => ({
          dn: `uid=u${number},${BASE}`,
          attributes: { uid: [`u${number}`], entryUUID: [`00000000-0000-4000-8000-00000000000${number}`] },
        })),
        groups: [],
        fault: { page: 3, kind: "cut-before" },
      });
      onTestFinished(() => dying.stop());
      expect(await failureOf(simple({ url: [dying.url, server.url], pageSize: 2 }))).toMatchObject({
        code: "unreachable",
      });
    });
  });

  describe("a client certificate in place of a password (SASL EXTERNAL)", () => {
    const external = (name: string, settings: object = {}, signer = authority) => {
      const { certificate, key } = signer.issue([name]);
      const whole = { url: server.ldapsUrl, base: BASE, ca: authority.ca, clientCertificate: certificate, ...settings };
      return { connector: ldapConnector(whole, key), certificate, key };
    };

    it("reads as whom the server takes it for, over ldaps and StartTLS", async () => {
      expect((await readAll(external("known").connector)).proof).toMatchObject({ users: 20, boundAs: READER });
      const byStartTls = external("known", { url: server.url, startTls: true }).connector;
      expect((await readAll(byStartTls)).proof).toMatchObject({ users: 20, boundAs: READER });
      // Nobody mapped this one: the server calls it by its subject.
      expect((await readAll(external("somebody").connector)).proof).toMatchObject({ boundAs: "cn=somebody" });
    });

    it("may stand in files, which are read anew each time", async () => {
      const { certificate, key } = external("known");
      const [clientCertificateFile, clientKeyFile] = [".crt", ".key"].map((end) =>
        join(tmpdir(), `muster-client-${process.pid}${end}`),
      ) as [string, string];
      onTestFinished(async () => {
        await rm(clientCertificateFile, { force: true });
        await rm(clientKeyFile, { force: true });
      });
      const settings = { url: server.ldapsUrl, base: BASE, ca: authority.ca, clientCertificateFile, clientKeyFile };
      const connector = ldapConnector(settings, null);
      expect(await failureOf(connector)).toMatchObject({ code: "configuration" });
      await writeFile(clientCertificateFile, certificate);
      await writeFile(clientKeyFile, key);
      expect((await readAll(connector)).proof).toMatchObject({ users: 20, boundAs: READER });
      // Beside a password the certificate is shown, and the password decides.
      const both = ldapConnector({ ...settings, bindDn: READER }, PASSWORD);
      expect((await readAll(both)).proof).toMatchObject({ boundAs: READER });
    });

    it("of a stranger, or with another's key, reads nothing, and no error tells the key", async () => {
      const { certificate, key } = external("known");
      const stranger = external("known", {}, makeAuthority("somebody else")).connector;
      expect((await failureOf(stranger)).code).toMatch(/^(credentials|tls|unreachable|incomplete)$/);
      const settings = { url: server.ldapsUrl, base: BASE, ca: authority.ca, clientCertificate: certificate };
      for (const wrong of [external("known").key, "no key at all", key.slice(0, 60)]) {
        const error = await failureOf(ldapConnector(settings, wrong));
        expect(error).toMatchObject({ code: "configuration" });
        expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain(wrong.slice(0, 40));
      }
    });
  });

  describe("settings that are tried", () => {
    it("pass, and show people and groups by the ids that a sync would hold", async () => {
      const steps = await tried(simple({ url: server.ldapsUrl, ca: authority.ca }));
      expect([...steps.values()].map((step) => [step.name, step.verdict])).toEqual(
        ["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"].map((name) => [
          name,
          "passed",
        ]),
      );
      expect(steps.get("tls")?.detail).toMatch(
        /^TLSv1\.\d, a certificate of CN=127\.0\.0\.1, signed by CN=Company authority/,
      );
      expect(steps.get("bind")?.detail).toContain(`bound as ${READER} at 127.0.0.1:`);
      expect(steps.get("count")?.detail).toBe("20 people and 3 groups");
      const { users, groups } = await readAll(simple());
      expect(steps.get("users")?.samples).toHaveLength(5);
      for (const { id, name } of steps.get("users")?.samples ?? []) expect(users.get(id)?.userName).toBe(name);
      for (const { id, name } of steps.get("groups")?.samples ?? []) expect(groups.get(id)?.name).toBe(name);
    });

    it.each([
      ["tls", { startTls: true, ca: makeAuthority().ca }, PASSWORD, /signed by CN=Company authority/, /ca or caFile/],
      ["tls", { startTls: true, serverName: "ldap.example.net" }, PASSWORD, /for 127\.0\.0\.1,/, /serverName/],
      ["connect", { url: "ldap://127.0.0.1:1" }, PASSWORD, /ECONNREFUSED/, /server runs/],
      ["bind", {}, "wrong", /refused the name or the password/, /bindDn/],
      ["base", { base: "dc=example,dc=net" }, PASSWORD, /dc=example,dc=net/, /this server holds dc=example,dc=com/],
      ["base", { userBase: "ou=nobody,dc=example,dc=com" }, PASSWORD, /userBase/, /holds dc=example,dc=com/],
      ["settings", { startTls: true, caFile: "/nowhere/ca.pem" }, PASSWORD, /caFile/, /setting/],
    ])("fail at %s (case %#)", async (name, settings, password, detail, hint) => {
      const ca = "startTls" in settings && !("ca" in settings) && !("caFile" in settings) ? { ca: authority.ca } : {};
      const steps = await tried(simple({ ...ca, ...settings }, password));
      const step = steps.get(name as "bind");
      expect(step).toMatchObject({ verdict: "failed" });
      expect(step?.detail).toMatch(detail);
      expect(step?.hint).toMatch(hint);
      expect(JSON.stringify([...steps.values()])).not.toContain(password);
      expect([...steps.values()].filter((other) => other.verdict === "failed")).toHaveLength(1);
      expect(steps.size).toBe(9);
    });

    it.each([
      ["users", { userFilter: "(objectClass=account)" }, /userFilter/],
      ["users", { attributes: { userName: "employeeNumber" } }, /attributes\.userName/],
      ["groups", { groupFilter: "(objectClass=account)" }, /groupFilter/],
      ["members", { attributes: { member: "owner" } }, /attributes\.member/],
      ["members", { userFilter: "(uid=u1)" }, /filter/],
    ])("are warned about at %s with %j", async (name, settings, hint) => {
      const step = (await tried(simple(settings))).get(name as "users");
      expect(step).toMatchObject({ verdict: "warned" });
      expect(step?.hint).toMatch(hint);
    });

    it("fail where ids are hidden or are none", async () => {
      const step = (await tried(simple({ attributes: { id: "nsUniqueId" } }))).get("users");
      expect(step).toMatchObject({ verdict: "failed", hint: expect.stringContaining("nsUniqueId") });
    });

    it("name the line for slapd.conf that lifts a limit, and that line lifts it", async () => {
      const { ldif } = generateLdif({ users: 700, groups: 3, members: 5, seed: 5 });
      const globals = ["sizelimit 500"];
      const limited = await startSlapd(slapd, { ldif: [ldif], globals });
      onTestFinished(() => limited.stop());
      const { verdict, hint } = (await tried(simple({ url: limited.url }))).get("count") ?? {};
      expect(verdict).toBe("failed");
      const line = /: (limits .+?) \(in cn=config/.exec(hint ?? "")?.[1] ?? "";
      const lifted = await startSlapd(slapd, { ldif: [ldif], globals, database: [line] });
      onTestFinished(() => lifted.stop());
      expect((await tried(simple({ url: lifted.url }))).get("count")?.detail).toBe("700 people and 3 groups");
      expect((await readAll(simple({ url: lifted.url }))).proof.users).toBe(700);
    });
  });
});

describe("what a fake server says when settings are tried", () => {
  const settings = { bindDn: "cn=reader", base: BASE };

  it("referrals alone lead to the Global Catalog", async () => {
    const fake = await startFakeLdap({ users: [], groups: [], referrals: ["ldap://other.example.com/"] });
    onTestFinished(() => fake.stop());
    const step = (await tried(ldapConnector({ ...settings, url: fake.url }, "secret"))).get("users");
    expect(step).toMatchObject({ verdict: "failed", hint: expect.stringContaining("Global Catalog") });
  });

  it.each([
    ["530", "time of day"],
    ["531", "this computer"],
    ["532", "has expired"],
    ["533", "is disabled"],
    ["701", "account has expired"],
    ["773", "must be changed"],
    ["775", "is locked"],
    ["525", "no such account"],
  ])("data %s of Active Directory is put into words", async (data, words) => {
    const text = `80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data ${data}, v4563`;
    const fake = await startFakeLdap({ users: [], groups: [], bindResult: { code: 49, text } });
    onTestFinished(() => fake.stop());
    const step = (await tried(ldapConnector({ ...settings, url: fake.url }, "secret"))).get("bind");
    expect(step).toMatchObject({ verdict: "failed", detail: expect.stringContaining(words) });
    expect(step?.hint).not.toMatch(/servers say the same/);
  });

  it("counts many people up to a bound, and says so", async () => {
    const users = Array.from({ length: 20_400 }, (_, number) => ({
      dn: `uid=u${number},${BASE}`,
      attributes: { uid: [`u${number}`], entryUUID: [`00000000-0000-4000-8000-${String(number).padStart(12, "0")}`] },
    }));
    const fake = await startFakeLdap({ users, groups: [] });
    onTestFinished(() => fake.stop());
    const steps = await tried(ldapConnector({ ...settings, url: fake.url, pageSize: 1000 }, "secret"));
    expect(steps.get("count")?.detail).toBe("at least 20000 people and 0 groups");
    // 21 pages at most for people, and a few more for looking.
    expect(fake.pages).toBeLessThan(30);
  });
});
