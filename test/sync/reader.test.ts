import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import type { Context } from "../../src/context.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { runSync, type SyncOptions, type SyncResult } from "../../src/sync/run.ts";
import { getRun } from "../../src/sync/runs.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { heldOf } from "./held.ts";
import { BASE, LDAP_PAGES, ldapCompany } from "./two-companies.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });
const options: FakeOptions = { ...ldapCompany(0) };
const fake = await startFakeLdap(options);
afterAll(() => fake.stop());

type Place = {
  world: World;
  directory: DirectoryId;
  settings: Record<string, unknown>;
  sync(given?: Partial<SyncOptions>, on?: Context): Promise<SyncResult & { error: string | null }>;
};

async function place(kind: "ldap" | "csv", settings: Record<string, unknown>): Promise<Place> {
  const world = await makeWorld(ctx);
  const secret = kind === "ldap" ? { key: loadSecretKey(ctx.config), text: "secret" } : undefined;
  const { id } = await world.write(
    (tx) => addDirectory(tx, { name: "corp", kind, settings, firstRun: "apply" }, secret),
    "exclusive",
  );
  return {
    world,
    directory: id,
    settings,
    sync: async (given = {}, on = ctx) => {
      const result = await runSync(on, id, { mode: "run", trigger: "command", actor: world.actor, ...given });
      const run = await getRun(ctx.db.of(world.actor.organization), result.runId);
      return { ...result, error: run?.error ?? null };
    },
  };
}

const ldap = (): Promise<Place> =>
  place("ldap", { url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: 2, pageSeconds: 1 });

/** Threads that this process has, by what they are waited for with. */
function threads(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "MessagePort" || kind === "Worker").length;
}

const atFirst = threads();

describe("a directory is read in a thread of its own", () => {
  test("what fails there fails in the same words, takes nobody away, and the next run finds all as it was", async () => {
    const { world, directory, settings, sync } = await ldap();
    const { goal } = ldapCompany(0);
    expect(await sync()).toMatchObject({ state: "done", counts: { added: Object.keys(goal.people).length } });
    for (const kind of ["cut-before", "size-limit", "damaged-entry", "garbage", "repeat-entry", "silence"] as const) {
      Object.assign(options, ldapCompany(1), { fault: { page: LDAP_PAGES - 2, kind } });
      const there = await sync();
      const here = await sync({ connector: ldapConnector(settings, "secret") });
      expect(there, kind).toMatchObject({ state: "failed", rowsWritten: 0 });
      expect(there.error, kind).toBe(here.error);
      expect(there.error, kind).not.toBeNull();
      expect(await heldOf(world, directory), kind).toEqual({ people: goal.people, members: goal.members });
    }
    delete options.fault;
    Object.assign(options, ldapCompany(0));
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
    await until("its threads are gone", 20, async () => threads() <= atFirst);
  });

  test("a setting that is wrong and a secret that is none are told as they are", async () => {
    const { world, directory, settings, sync } = await ldap();
    await world.query({
      text: "update directories set settings = settings - 'base' where organization = $1 and id = $2",
      values: [world.actor.organization, directory],
    });
    const result = await sync();
    expect(result.state).toBe("failed");
    expect(result.error).toMatch(/^configuration: LDAP settings: base/);
    await world.query({
      text: "update directories set settings = $3, secret = null where organization = $1 and id = $2",
      values: [world.actor.organization, directory, settings],
    });
    expect((await sync()).error).toMatch(/^configuration: .*password of bindDn/);
  });

  test("a reader that is told to stop while a server is silent stops, and the directory is free again", async () => {
    const { sync } = await ldap();
    await until("no thread is left of the tests before", 20, async () => threads() <= atFirst);
    Object.assign(options, ldapCompany(0), { fault: { page: 3, kind: "silence" } });
    const stop = new AbortController();
    let during = 0;
    const onProgress = (): void => {
      during = threads();
      stop.abort();
    };
    expect((await sync({ signal: stop.signal, onProgress })).error).toMatch(/^cancelled/);
    expect(during).toBeGreaterThan(atFirst);
    delete options.fault;
    await until("its thread is gone", 20, async () => threads() <= atFirst);
    expect(await sync()).toMatchObject({ state: "done" });
  });

  test("it knows the memory that it may take; a directory that needs more ends the read and nothing else", async () => {
    const { world, directory, sync } = await place("csv", { users: "many.csv" });
    await mkdir(ctx.config.filesDirectory, { recursive: true });
    const people = (count: number, id: (index: number) => string) =>
      writeFile(
        join(ctx.config.filesDirectory, "many.csv"),
        csv([
          USER_HEADINGS,
          ...Array.from({ length: count }, (_, i) => [id(i), `u${i}`, "true", "", `Person ${i}`, "", ""]),
        ]),
      );
    await people(3, (index) => `id-${index}`);
    expect(await sync()).toMatchObject({ state: "done", counts: { added: 3 } });
    const before = await world.users(directory);
    await people(120_000, (index) => `id-${index}-${"x".repeat(950)}`);
    const small = { ...ctx, config: { ...ctx.config, sync: { ...ctx.config.sync, memory: 64 } } };
    const result = await sync({}, small);
    expect(result).toMatchObject({ state: "failed", rowsWritten: 0, counts: { removed: 0 } });
    expect(result.error).toBe(
      "limit: reading the directory needs more than the 64 MB of memory that it may take; raise sync.memory, or narrow what is read",
    );
    expect(await world.users(directory)).toEqual(before);
    await people(3, (index) => `id-${index}`);
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
  });
});
