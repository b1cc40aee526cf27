import { mkdirSync, writeFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import type { TestStep } from "../../connectors/connector.ts";
import { testSteps } from "../../connectors/index.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { addDirectory, type Directory, resolveDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { type Tried, testSettings, triedOf } from "../../src/sync/test.ts";
import { company, group, member, person, QUICK } from "../connectors/google-workspace/company.ts";
import { type FakeGoogle, type FakeOptions, startFakeGoogle } from "../harness/fake-google-directory.ts";
import { keyFile } from "../harness/fake-google-directory-token.ts";
import { listeningLogger } from "../harness/log.ts";
import { testContext } from "../harness/postgres.ts";
import { makeWorld } from "./world.ts";

const { logger, lines } = listeningLogger();
const ctx = await testContext({ logger });
const world = await makeWorld(ctx);

let fake: FakeGoogle | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

async function google(options: FakeOptions = {}): Promise<Tried> {
  fake = await startFakeGoogle(company([person(1)], [group(1, [member(person(1))])]), options);
  return { kind: "google-workspace", settings: { ...QUICK, endpoint: fake.url }, secret: keyFile() };
}

/** Runs what waits until nothing is connected any more. */
async function released(): Promise<void> {
  while (fake !== undefined && (await fake.connections()) > 0) await nextTurn();
}

const told = (tried: Tried, how?: Parameters<typeof testSettings>[2]): Promise<TestStep[]> =>
  Array.fromAsync(testSettings(ctx, tried, how));
const verdicts = (steps: readonly TestStep[]) => steps.map(({ name, verdict }) => `${name} ${verdict}`);
const all = (verdict: string) => testSteps("google-workspace").map((name) => `${name} ${verdict}`);

it("tells every step of the kind, each once", async () => {
  expect(verdicts(await told(await google()))).toEqual(all("passed"));
});

it("what is not over in time has failed, what comes after it is skipped, and nothing stays open", async () => {
  const steps = await told(await google({ fault: { phase: "groups", page: 1, kind: "hang" } }), { seconds: 3 });
  const failed = steps.findIndex(({ verdict }) => verdict === "failed");
  expect(verdicts(steps)).toEqual(
    all("passed").map((passed, at) =>
      at < failed ? passed : passed.replace("passed", at === failed ? "failed" : "skipped"),
    ),
  );
  expect(steps[failed]).toMatchObject({ name: "groups", detail: "it was not over after 3 seconds" });
  await released();
});

it("whoever stops listening lets go of everything", async () => {
  for await (const step of testSettings(ctx, await google())) if (step.name === "users") break;
  await released();
});

it("settings that are wrong are the first step, and nobody is asked", async () => {
  const { settings } = await google();
  for (const tried of [
    { kind: "google-workspace", settings: { ...(settings as object), admin: "nobody" }, secret: keyFile() },
    { kind: "google-workspace", settings, secret: null },
    { kind: "google-workspace", settings, secret: "{}" },
  ] as const) {
    const [first, ...rest] = await told(tried);
    expect(first).toMatchObject({ name: "settings", verdict: "failed" });
    expect(verdicts(rest)).toEqual(all("skipped").slice(1));
  }
  expect(fake?.calls).toBe(0);
  expect(fake?.tokens).toBe(0);
});

it("asking nobody, only the settings are looked at", async () => {
  expect(verdicts(await told(await google(), { asking: false }))).toEqual([
    "settings passed",
    ...all("skipped").slice(1),
  ]);
  expect([fake?.calls, fake?.tokens]).toEqual([0, 0]);
});

it("a fault of Muster is told as one, and its words, which could hold anything, are neither told nor logged", async () => {
  // A connector that does not even check what it is given.
  const broken = { ...ctx, config: new Proxy(ctx.config, { get: () => badly() }) };
  const steps = await Array.fromAsync(testSettings(broken, await google()));
  expect(steps[0]).toMatchObject({ name: "settings", verdict: "failed", hint: "see the log" });
  expect(JSON.stringify(steps)).not.toContain("hush hush");
  expect(lines.filter(({ level }) => level === "error")).toMatchObject([{ error: "RangeError" }]);
  expect(JSON.stringify(lines)).not.toContain("hush hush");
});

function badly(): never {
  throw new RangeError("hush hush");
}

it("a stored directory is tried as it stands, with its secret opened", async () => {
  const { settings } = await google();
  const secret = { key: loadSecretKey(ctx.config), text: keyFile() };
  const made = (name: string, kind: "google-workspace" | "csv" | "scim", given: object, sealed?: typeof secret) =>
    inTransaction(
      ctx,
      world.actor,
      (tx) => addDirectory(tx, { name, kind, settings: given as Directory["settings"] }, sealed),
      { lock: "exclusive" },
    );
  const db = ctx.db.of(world.actor.organization);
  await made("google", "google-workspace", settings as object, secret);
  const before = await world.fingerprint();
  const tried = await triedOf(ctx, db, await resolveDirectory(db, "google"));
  expect(verdicts(await told(tried))).toEqual(all("passed"));
  expect(await world.fingerprint()).toBe(before);

  await made("files", "csv", { users: "u.csv" });
  mkdirSync(ctx.config.filesDirectory, { recursive: true });
  writeFileSync(`${ctx.config.filesDirectory}/u.csv`, "id,userName,active,email,displayName,givenName,familyName\n");
  const files = await told(await triedOf(ctx, db, await resolveDirectory(db, "files")));
  expect(verdicts(files)).toEqual([
    "settings passed",
    "base passed",
    "users warned",
    "groups skipped",
    "count passed",
    "members skipped",
  ]);
  await made("okta", "scim", {});
  const pushed = await resolveDirectory(db, "okta");
  await expect(triedOf(ctx, db, pushed)).rejects.toMatchObject({ code: "invalid", at: "directory" });
});

it("and never with the settings of before and the secret of now, when both change in between", async () => {
  const key = loadSecretKey(ctx.config);
  const db = ctx.db.of(world.actor.organization);
  const seen = await resolveDirectory(db, "google");
  const settings = { ...seen.settings, endpoint: "http://127.0.0.1:1" };
  await inTransaction(
    ctx,
    world.actor,
    (tx) => updateDirectory(tx, seen.id, { settings }, { key, text: keyFile({ private_key_id: "second" }) }),
    { lock: "exclusive" },
  );
  expect(await triedOf(ctx, db, seen)).toEqual({
    ...{ kind: "google-workspace", settings, secret: keyFile({ private_key_id: "second" }) },
  });
});
