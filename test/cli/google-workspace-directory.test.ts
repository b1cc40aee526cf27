import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { inTransaction } from "../../src/db/transaction.ts";
import { resolveDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { ADMIN, company, group, member, person } from "../connectors/google-workspace/company.ts";
import { startFakeGoogle } from "../harness/fake-google-directory.ts";
import { keyFile, keyPair } from "../harness/fake-google-directory-token.ts";
import { tablesThatHold } from "../harness/held-text.ts";
import { testContext } from "../harness/postgres.ts";
import { commands, UUID7 } from "./world.ts";

const ctx = await testContext();
const people = [person(1), person(2, { suspended: true })];
const google = await startFakeGoogle(company(people, [group(1, people.map(member)), group(2, [])]));
afterAll(() => google.stop());

const { answer, failure, words } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_LOG_LEVEL: "debug",
});
/** A line from the middle of the key: where it shows, the key shows. */
const KEY = keyPair().privateKey.split("\n")[5] ?? "";
const file = (name: string, text: string): string => {
  const path = join(ctx.config.dataDirectory, name);
  writeFileSync(path, text);
  return path;
};
const key = file("key.json", `${keyFile()}\n`);

/** The doors refuse what only tests may set, so it is set behind them. */
async function pointToFake(name: string, organizationKey?: string): Promise<void> {
  const { id: organization } = await resolveOrganization(ctx.db, organizationKey);
  const { id, settings } = await resolveDirectory(ctx.db.of(organization), name);
  const change = { settings: { ...settings, endpoint: google.url } };
  const actor = { organization, kind: "system", id: null, requestId: null } as const;
  await inTransaction(ctx, actor, (tx) => updateDirectory(tx, id, change), { lock: "exclusive" });
}

describe("a directory of kind google-workspace", () => {
  it("R65, R166: is added with the key of its service account, tested and synced; its people are there and nobody is mailed", async () => {
    expect(KEY).toMatch(/^[A-Za-z0-9+/]{64}$/);
    await answer("org", "create", "acme");
    const made = await answer(
      ...["directory", "add", "google", "--kind", "google-workspace", "--admin", ADMIN, "--key-file", key],
      ...["--domain", "example.com", "--group", "g0001@*", "--quota", "100000", "--every", "30m"],
      ...["--deleted-users", "inactive", "--archived-active"],
    );
    expect(made).toEqual({ id: expect.stringMatching(UUID7), name: "google", kind: "google-workspace", position: 1 });
    const { id: organization } = await resolveOrganization(ctx.db, undefined);
    expect(await resolveDirectory(ctx.db.of(organization), "google")).toMatchObject({
      ...{ hasSecret: true, syncEvery: 1_800, firstRun: "preview" },
      settings: {
        ...{ admin: ADMIN, domains: ["example.com"], groups: ["g0001@*"], quotaPerMinute: 100_000 },
        ...{ deletedUsers: "inactive", archivedIsInactive: false },
      },
    });
    await pointToFake("google");
    const tested = await answer<{ passed: boolean; steps: { name: string; verdict: string }[] }>(
      ...["directory", "test", "google"],
    );
    expect(tested).toMatchObject({ directory: "google", passed: true });
    expect(tested.steps.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual(
      ["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"].map(
        (name) => `${name} passed`,
      ),
    );
    const counts = { read: 3, added: 3, updated: 0, deactivated: 0, removed: 0, unchanged: 0, conflicts: 0 };
    expect(await answer("directory", "sync", "google", "--dry-run")).toMatchObject({ state: "previewed", counts });
    expect(await answer("directory", "sync", "google", "--approve")).toMatchObject({ state: "done", counts });
    const shown = (name: string) => answer("user", "show", name);
    expect(await shown("p00001@example.com")).toMatchObject({ status: "invited-not-sent" });
    expect(await shown("p00002@example.com")).toMatchObject({ status: "deactivated" });
    const mails = await ctx.db.of(organization).query<{ count: number }>({
      text: "select count(*)::int as count from mails where organization = $1",
      values: [organization],
    });
    expect(mails).toEqual([{ count: 0 }]);
  });

  it("is tested step by step before a person's eyes", async () => {
    const { code, out, err } = await words("directory", "test", "google");
    expect({ code, err: err.replaceAll(/^\{.*\}$/gm, "").trim() }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^STEP {6}VERDICT {2}DETAIL\nsettings {2}passed {3}reads as root@example\.com through/);
    expect(out).toMatch(
      /\nusers {5}passed {3}.*\n {19}- p00001@example\.com {2}100000000001 {2}\/p00001@example\.com\n/,
    );
  });

  it("tells what to do when a step fails, and ends with 1; a key that is refused too", async () => {
    google.options.scopes = [];
    const { code, out, err } = await words("directory", "test", "google");
    google.options = {};
    expect(code).toBe(1);
    expect(out).toMatch(/\nbind {6}failed {3}the service account may not act for.*\n {19}→ in the Admin console/);
    expect(out).toMatch(/\nbase {6}skipped {2}it needs bind\n/);
    expect(err).toMatch(/muster: bind: the service account may not act for .*\(google\)/);
    expect(out + err).not.toContain(KEY);
    expect(await failure("directory", "test", "internal")).toMatchObject({ exit: 6, code: "invalid" });
    expect(await failure("directory", "test", "nowhere")).toMatchObject({ exit: 3 });
    // What was sealed with one key opens with no other.
    const other = commands({
      ...ctx.database.environment,
      MUSTER_DATA_DIR: ctx.config.dataDirectory,
      MUSTER_SECRET_KEY_FILE: file("other.key", Buffer.alloc(32, 7).toString("base64")),
    });
    chmodSync(join(ctx.config.dataDirectory, "other.key"), 0o600);
    expect(await other.failure("directory", "test", "google")).toMatchObject({ exit: 78, code: "configuration" });
  });

  it("never shows its key, and keeps it sealed alone", async () => {
    for (const typed of [
      ["directory", "list"],
      ["sync", "runs"],
      ["user", "list"],
    ]) {
      const { out, err } = await words(...typed, "--json");
      expect(out + err).not.toMatch(/PRIVATE KEY|private_key/);
      expect(out + err).not.toContain(KEY);
    }
    expect(await tablesThatHold(ctx.database.superuserUrl, ADMIN)).toContain("muster.directories");
    for (const text of [KEY, "PRIVATE KEY"]) expect(await tablesThatHold(ctx.database.superuserUrl, text)).toEqual([]);
  });

  it("is refused with the flag that is wrong, and nothing of a wrong key is quoted", async () => {
    const add = (...more: string[]) => failure("directory", "add", "x", "--kind", "google-workspace", ...more);
    const withKey = (...more: string[]) => add("--admin", ADMIN, "--key-file", key, ...more);
    expect(await add("--key-file", key)).toMatchObject({ exit: 2, at: "--admin" });
    expect(await add("--admin", ADMIN)).toMatchObject({ exit: 2, at: "--key-file" });
    expect(await add("--admin", "root", "--key-file", key)).toMatchObject({ exit: 6, code: "invalid", at: "--admin" });
    expect(await withKey("--customer", "acme")).toMatchObject({ exit: 6, at: "--customer" });
    expect(await withKey("--domain", "example.com", "--domain", "nodot")).toMatchObject({ exit: 6, at: "--domain" });
    expect(await withKey("--unit", "Sales")).toMatchObject({ exit: 6, at: "--unit" });
    expect(await withKey("--group", "a b")).toMatchObject({ exit: 6, at: "--group" });
    expect(await withKey("--quota", "3")).toMatchObject({ exit: 6, at: "--quota" });
    expect(await withKey("--base", "dc=x")).toMatchObject({ exit: 2, at: "--base" });
    expect(await withKey("--profile", "okta")).toMatchObject({ exit: 2, at: "--profile" });
    expect(await withKey("--endpoint", google.url)).toMatchObject({ exit: 2 });
    for (const [wrong, words] of [
      [`swordfish ${KEY}`, "is no JSON"],
      [keyFile({ type: "authorized_user" }), "no valid type"],
      [keyFile({ private_key: KEY }), "no valid private_key"],
      [keyFile({ client_email: KEY }), "no valid client_email"],
    ] as const) {
      const refused = await add("--admin", ADMIN, "--key-file", file("wrong.json", wrong));
      expect(refused).toMatchObject({ exit: 6, code: "invalid", at: "--key-file" });
      expect(refused.message).toContain(words);
      expect(JSON.stringify(refused)).not.toMatch(/swordfish/);
      expect(JSON.stringify(refused)).not.toContain(KEY);
    }
    const ldap = await failure("directory", "add", "x", "--kind", "ldap", "--key-file", key);
    expect(ldap).toMatchObject({ exit: 2, at: "--key-file" });
  });

  it("stands in a file for apply, which may exchange the key", async () => {
    const path = join(ctx.config.dataDirectory, "apply.yaml");
    const written = (more: object) => {
      const directory = { name: "google", kind: "google-workspace", admin: ADMIN, keyFile: "key.json", ...more };
      writeFileSync(path, stringify({ organizations: [{ key: "other", directories: [directory] }] }));
    };
    written({ groups: ["g0001@*"], permissions: "read-only" });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 2, updated: 0 });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 0, updated: 0 });
    file("second.json", keyFile({ private_key_id: "second" }));
    written({ groups: ["g0001@*"], keyFile: "second.json" });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 0, updated: 1 });
    await pointToFake("google", "other");
    const { steps } = await answer<{ steps: { detail: string }[] }>("directory", "test", "google", "--org", "other");
    expect(steps[0]?.detail).toContain("with its key second");
    for (const [more, words] of [
      [{ endpoint: google.url }, /^google\.endpoint: there is no such setting/],
      [{ admin: "root" }, /^google\.admin: is not an e-mail address/],
      [{ keyFile: "apply.yaml" }, /^google\.keyFile: .*is no JSON/],
    ] as const) {
      written(more);
      const refused = await failure("apply", "-f", path);
      expect(refused).toMatchObject({ exit: 6, code: "invalid", at: expect.stringMatching(/apply\.yaml:\d+:\d+$/) });
      expect(refused.message).toMatch(words);
    }
    written({ keyFile: undefined });
    expect(await failure("apply", "-f", path)).toMatchObject({ exit: 6 });
  });
});
