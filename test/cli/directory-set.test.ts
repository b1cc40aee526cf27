import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change, Client } from "ldapts";
import { afterAll, describe, expect, it } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { resolveDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { makeAuthority } from "../harness/certificates.ts";
import { tablesThatHold } from "../harness/held-text.ts";
import { generateLdif } from "../harness/ldif-generator.ts";
import { testContext } from "../harness/postgres.ts";
import { type RunningSlapd, startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure, words } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
});
const BASE = "dc=example,dc=com";
const READER = `cn=muster,ou=services,${BASE}`;
const file = (name: string, text: string): string => {
  const path = join(ctx.config.dataDirectory, name);
  writeFileSync(path, text);
  return path;
};
const password = file("password", "reader-secret\n");
const ldap = (name: string, url: string, ...more: string[]) =>
  answer(
    ...["directory", "add", name, "--kind", "ldap", "--url", url, "--bind-dn", READER, "--base", BASE],
    ...["--bind-password-file", password, ...more],
  );
const set = (name: string, ...options: string[]) => answer("directory", "set", name, ...options);
const refused = (name: string, ...options: string[]) => failure("directory", "set", name, ...options);
const show = (name: string) => answer<{ settings: Record<string, unknown> }>("directory", "show", name);

await answer("org", "create", "acme");
await answer("directory", "add", "okta", "--kind", "scim", "--profile", "okta");

describe("muster directory set", () => {
  it("changes what is given and keeps the rest; what is said empty goes", async () => {
    await ldap("corp", "ldaps://one.example.com", "--user-filter", "(uid=*)", "--email-attribute", "otherMail");
    const before = await show("corp");
    expect(before).toMatchObject({
      name: "corp",
      kind: "ldap",
      hasSecret: true,
      firstRun: "preview",
      syncEvery: 3_600,
    });
    const settings = { url: "ldaps://one.example.com", bindDn: READER, base: BASE };
    expect(before.settings).toEqual({
      ...{ ...settings, userFilter: "(uid=*)", attributes: { email: "otherMail" } },
    });
    const groupBase = `ou=groups,${BASE}`;
    const changed = await set(
      ...(["corp", "--group-base", groupBase, "--user-filter", "", "--every", "30m", "--delta-every", "5m"] as const),
      ...["--user-name-attribute", "uid", "--first-run", "apply"],
    );
    const wanted = {
      ...{ ...before, firstRun: "apply", syncEvery: 1_800, deltaEvery: 300 },
      settings: { ...settings, groupBase, attributes: { email: "otherMail", userName: "uid" } },
    };
    expect(changed).toEqual({ ...wanted, changed: true });
    expect(await show("corp")).toEqual(wanted);
    expect(await set("corp", "--every", "30m", "--group-base", groupBase)).toEqual({ ...wanted, changed: false });
    expect(await set("corp")).toEqual({ ...wanted, changed: false });
    expect(await set("corp", "--delta-every", "none", "--every", "none", "--email-attribute", "")).toEqual({
      ...{ ...wanted, deltaEvery: null, syncEvery: null, changed: true },
      settings: { ...settings, groupBase, attributes: { userName: "uid" } },
    });
  });

  it("a vendor that was said can be told by the server again", async () => {
    expect(await set("corp", "--vendor", "other")).toMatchObject({ settings: { vendor: "other" } });
    const { settings } = await answer<{ settings: object }>("directory", "set", "corp", "--vendor", "");
    expect(settings).not.toHaveProperty("vendor");
  });

  it("--dry-run shows what would stand and changes nothing", async () => {
    const before = await show("corp");
    const would = await set("corp", "--every", "2h", "--dry-run");
    expect(would).toMatchObject({ dryRun: true, changed: true, syncEvery: 7_200 });
    expect(await show("corp")).toEqual(before);
  });

  it("refuses with the option that is wrong, and changes nothing", async () => {
    const before = await show("corp");
    for (const [options, exit, at] of [
      [["--base", "nonsense"], 6, "--base"],
      [["--vendor", "novell"], 2, "--vendor"],
      [["--base", ""], 6, "--base"],
      [["--user-filter", "(("], 6, "--user-filter"],
      [["--start-tls"], 6, "--start-tls"],
      [["--url", "http://one.example.com"], 6, "--url"],
      [["--every", "30s"], 6, "syncEvery"],
      [["--delta-every", "5m"], 6, "deltaEvery"],
      [["--admin", "root@example.com"], 2, "--admin"],
      [["--users", "people.csv"], 2, "--users"],
      [["--bind-password-file", "nowhere"], 6, "--bind-password-file"],
      [["--ca", "nowhere"], 6, "--ca"],
    ] as const)
      expect(await refused("corp", ...options), options.join(" ")).toMatchObject({ exit, at });
    expect(await refused("corp", "--every", "soon")).toMatchObject({ exit: 2, message: expect.stringMatching(/none/) });
    expect(await refused("nowhere", "--every", "2h")).toMatchObject({ exit: 3 });
    for (const name of ["okta", "internal"])
      expect(await refused(name, "--every", "2h")).toMatchObject({
        ...{ exit: 6, at: name, message: expect.stringContaining(`muster directory policy ${name}`) },
      });
    expect(await show("corp")).toEqual(before);
  });

  it("sends the password nowhere but where it was given for, unless it is given again", async () => {
    for (const options of [
      ["--url", "ldaps://two.example.com"],
      ["--url", "ldaps://one.example.com", "--url", "ldaps://two.example.com"],
      ["--bind-dn", `cn=other,${BASE}`],
      ["--server-name", "two.example.com"],
      ["--url", "ldap://one.example.com", "--allow-plaintext"],
      ["--ca", file("other.pem", makeAuthority().ca)],
    ]) {
      const told = await refused("corp", ...options);
      expect(told, options.join(" ")).toMatchObject({ exit: 6, code: "invalid", at: "--bind-password-file" });
      expect(told.message).toContain(options[0] === "--url" ? "--url" : options[0]);
    }
    await set("corp", "--url", "ldaps://two.example.com", "--bind-password-file", password);
    expect(await show("corp")).toMatchObject({ settings: { url: "ldaps://two.example.com" } });
    // The same server said otherwise is the same.
    expect(await set("corp", "--url", "ldaps://two.example.com:636")).toMatchObject({ changed: true });
    expect(await tablesThatHold(ctx.database.superuserUrl, "reader-secret")).toEqual([]);
  });

  it("takes switches back, and certificates, whose lines a person is spared", async () => {
    const ca = makeAuthority().ca;
    await ldap("plain", "ldap://one.example.com", "--start-tls", "--ca", file("ca.pem", ca));
    expect((await show("plain")).settings).toMatchObject({ startTls: true, ca });
    const { out } = await words("directory", "show", "plain");
    expect(out).toMatch(/\nsettings\.ca +a text of several lines; -o json shows it\n/);
    expect(out).toMatch(/\nsettings\.startTls +true\n/);
    expect(out).not.toContain("BEGIN CERTIFICATE");
    expect(await refused("plain", "--no-start-tls")).toMatchObject({ exit: 6, at: "--url" });
    const { settings } = await answer<{ settings: object }>(
      ...["directory", "set", "plain", "--no-start-tls", "--url", "ldaps://one.example.com", "--ca", ""],
      ...["--bind-password-file", password],
    );
    expect(settings).toEqual({ url: "ldaps://one.example.com", bindDn: READER, base: BASE, startTls: false });
  });

  it("changes the schedule of a directory whose settings were taken once and would not be now", async () => {
    await ldap("older", "ldaps://one.example.com");
    const { id: organization } = await resolveOrganization(ctx.db, "acme");
    const { id, settings } = await resolveDirectory(ctx.db.of(organization), "older");
    const actor = { organization, kind: "system", id: null, requestId: null } as const;
    const change = { settings: { ...settings, forgotten: true } };
    await inTransaction(ctx, actor, (tx) => updateDirectory(tx, id, change), { lock: "exclusive" });
    expect(await set("older", "--every", "2h")).toMatchObject({ ...change, syncEvery: 7_200, changed: true });
    expect(await refused("older", "--base", "dc=other")).toMatchObject({ exit: 6, at: "forgotten" });
  });

  it("of a directory of kind csv changes files and headings", async () => {
    const add = ["directory", "add", "old", "--kind", "csv", "--users", "people.csv", "--groups", "groups.csv"];
    await answer(...add, "--delimiter", ";", "--column", "users.email=Mail", "--column", "users.active=");
    await set("old", "--groups", "", "--delimiter", "", "--column", "users.email=E-mail", "--every", "1h");
    expect(await show("old")).toMatchObject({ hasSecret: false, syncEvery: 3_600 });
    expect((await show("old")).settings).toEqual({
      users: "people.csv",
      columns: { users: { email: "E-mail", active: null } },
    });
    expect(await refused("old", "--users", "")).toMatchObject({ exit: 6, at: "--users" });
  });
});

it("muster directory show tells what the directory's kind has, and nothing of others", async () => {
  const okta = await show("okta");
  expect(okta).toMatchObject({ name: "okta", kind: "scim", profile: "okta", requireIfMatch: false });
  expect(okta).toMatchObject({ baseUrl: expect.stringMatching(/\/scim\/v2\/[0-9a-f-]{36}$/) });
  for (const key of ["settings", "hasSecret", "syncEvery", "switchedTo"]) expect(okta).not.toHaveProperty(key);
  expect(await show("internal")).not.toHaveProperty("profile");
  expect(await failure("directory", "show", "nowhere")).toMatchObject({ exit: 3, code: "not-found" });
});

describeWithSlapd("a reader whose password was changed at the server", (installation) => {
  let slapd: RunningSlapd | undefined;
  afterAll(() => slapd?.stop());

  it("reads again once Muster is told the new one; who is here stays", async () => {
    slapd = await startSlapd(installation, {
      ldif: [generateLdif({ users: 20, groups: 3, members: 5, seed: 11 }).ldif],
    });
    await ldap("moved", slapd.url, "--first-run", "apply");
    expect(await answer("directory", "sync", "moved")).toMatchObject({ state: "done" });
    const people = await answer<object[]>("user", "list");
    expect(people.length).toBe(20);
    const root = new Client({ url: slapd.url });
    await root.bind(slapd.rootDn, slapd.rootPassword);
    await root.modify(READER, [
      new Change({
        operation: "replace",
        modification: new Attribute({ type: "userPassword", values: ["a new secret"] }),
      }),
    ]);
    await root.unbind();
    const tested = await words("directory", "test", "moved");
    expect(tested).toMatchObject({ code: 1, out: expect.stringMatching(/with: muster directory set moved\n$/) });
    const { code, out } = await words("directory", "sync", "moved", "--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ state: "failed" });
    expect(await set("moved", "--bind-password-file", file("new", "a new secret\n"))).toMatchObject({ changed: true });
    expect(await answer("directory", "test", "moved")).toMatchObject({ passed: true });
    expect(await answer("directory", "sync", "moved")).toMatchObject({ state: "done" });
    expect(await answer("user", "list")).toEqual(people);
    const { id } = await resolveOrganization(ctx.db, "acme");
    expect(await resolveDirectory(ctx.db.of(id), "moved")).toMatchObject({ hasSecret: true });
  });
});
