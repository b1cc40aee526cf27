import { expect, test } from "vitest";
import { resolveDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { runSync } from "../../src/sync/run.ts";
import { ADMIN, company, group, member, person } from "../connectors/google-workspace/company.ts";
import { startFakeGoogle } from "../harness/fake-google-directory.ts";
import { keyFile, keyPair } from "../harness/fake-google-directory-token.ts";
import { tablesThatHold } from "../harness/held-text.ts";
import { listeningLogger } from "../harness/log.ts";
import { apiServer, makeCompany } from "./world.ts";

const { logger, lines } = listeningLogger();
const api = await apiServer({ logger });
const acme = await makeCompany(api, "acme");
const { token, organization } = acme;
/** A line from the middle of the key: where it shows, the key shows. */
const KEY = keyPair().privateKey.split("\n")[5] ?? "";
const SECRET = /PRIVATE KEY|private_key"/;

const body = {
  kind: "google-workspace",
  name: "google",
  settings: { admin: ADMIN, groups: ["g0001@*"], quotaPerMinute: 100_000 },
  secret: keyFile(),
};
const ask = (method: string, path: string, sent?: unknown, headers = {}) =>
  api.ask(method, path, { token, headers, ...(sent === undefined ? {} : { body: sent }) });

test("a Google Workspace directory is made, shown, changed, tried and read over the API", async () => {
  const google = await startFakeGoogle(company([person(1)], [group(1, [member(person(1))])]));
  const made = await ask("POST", "/directories", body, { "idempotency-key": "once" });
  expect(made.status, made.text).toBe(201);
  const { kind, name, settings } = body;
  expect(made.body).toMatchObject({ kind, name, settings, hasSecret: true, syncEvery: 3_600, firstRun: "preview" });
  const again = await ask("POST", "/directories", body, { "idempotency-key": "once" });
  expect([again.status, again.headers.get("idempotency-replayed"), again.body.id]).toEqual([201, "true", made.body.id]);
  expect((await ask("GET", "/directories/google")).body).toEqual(made.body);

  const changed = await ask("PATCH", "/directories/google", {
    settings: { ...settings, deletedUsers: "inactive" },
    secret: keyFile({ private_key_id: "second" }),
    syncEvery: null,
  });
  expect(changed.body).toMatchObject({ settings: { deletedUsers: "inactive" }, syncEvery: null, hasSecret: true });

  // The doors refuse what only tests may set, so it is set behind them.
  await api.write(organization, async (tx) => {
    const { id, settings: held } = await resolveDirectory(tx, "google");
    return updateDirectory(tx, id, { settings: { ...held, endpoint: google.url } });
  });
  const dry = await ask("POST", "/directories/google/test?dryRun=true");
  expect(dry.body.steps.map(({ verdict }: { verdict: string }) => verdict)).toEqual([
    "passed",
    ...Array(8).fill("skipped"),
  ]);
  expect([google.calls, google.tokens]).toEqual([0, 0]);
  const tried = await ask("POST", "/directories/google/test");
  expect(tried.status, tried.text).toBe(200);
  expect(tried.body).toMatchObject({ passed: true, steps: Array(9).fill({ verdict: "passed" }) });
  expect(tried.body.steps[0].detail).toContain("with its key second");
  expect(tried.body.steps[5].samples[0]).toMatchObject({ id: person(1).id, name: "p00001@example.com" });

  const actor = { organization, kind: "system", id: null, requestId: null } as const;
  const run = await runSync(api.ctx, made.body.id, { mode: "approve", trigger: "api", actor });
  expect(run).toMatchObject({ state: "done", counts: { added: 2 } });
  const found = await ask("GET", `/users?filter=${encodeURIComponent('userName eq "p00001@example.com"')}`);
  expect(found.body.data).toMatchObject([{ status: "invited-not-sent" }]);

  google.options.scopes = [];
  const refused = await ask("POST", "/directories/google/test");
  expect([refused.status, refused.body.passed]).toEqual([200, false]);
  expect(refused.body.steps[3]).toMatchObject({ name: "bind", verdict: "failed" });
  expect(refused.body.steps[3].hint).toContain("Manage domain-wide delegation");
  await google.stop();

  for (const answer of [made, again, changed, dry, tried, refused]) {
    expect(answer.text).not.toMatch(SECRET);
    expect(answer.text).not.toContain(KEY);
  }
});

test("what is no service account's key, and what only tests may set, is refused by its place and quoted nowhere", async () => {
  const wrong: [object, string][] = [
    [{ secret: `swordfish ${KEY}` }, "/secret"],
    [{ secret: keyFile({ type: "authorized_user" }) }, "/secret"],
    [{ secret: keyFile({ private_key: KEY }) }, "/secret"],
    [{ secret: keyFile({ universe_domain: "elsewhere.example" }) }, "/secret"],
    [{ settings: { ...body.settings, endpoint: "http://127.0.0.1:1" } }, "/settings/endpoint"],
    [{ settings: { admin: "nobody" } }, "/settings/admin"],
    [{ settings: {} }, "/settings/admin"],
    [{ settings: { ...body.settings, keyFile: "/etc/passwd" } }, "/settings/keyFile"],
    [{ profile: "okta" }, "/profile"],
  ];
  for (const [change, pointer] of wrong) {
    const { name, kind, ...rest } = body;
    for (const answer of [
      await ask("POST", "/directories", { ...body, name: "wrong", ...change }),
      ...("profile" in change ? [] : [await ask("POST", "/directories/test", { kind, ...rest, ...change })]),
      await ask("PATCH", `/directories/${name}`, change),
    ]) {
      expect([answer.status, answer.body.errors?.[0]?.pointer], answer.text).toEqual([422, pointer]);
      expect(answer.text).not.toMatch(/swordfish|elsewhere/);
      expect(answer.text).not.toContain(KEY);
    }
  }
  expect((await ask("GET", "/directories/wrong")).status).toBe(404);
  expect((await ask("POST", "/directories/test", { ...body, name: undefined, kind: "csv" })).status).toBe(422);
});

test("the key is sealed in its row and stands nowhere else: no table, no audit, no event, no log", async () => {
  const { superuserUrl } = api.ctx.database;
  expect(await tablesThatHold(superuserUrl, "g0001@*")).toContain("muster.directories");
  for (const text of [KEY, "PRIVATE KEY", "swordfish"]) expect(await tablesThatHold(superuserUrl, text)).toEqual([]);
  for (const path of ["/audit?limit=200", "/events?limit=200", "/runs"]) {
    const { text } = await ask("GET", path);
    expect(text).toContain("data");
    expect(text).not.toMatch(SECRET);
    expect(text).not.toContain(KEY);
  }
  expect(lines.length).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).not.toMatch(SECRET);
  expect(JSON.stringify(lines)).not.toContain(KEY);
});
