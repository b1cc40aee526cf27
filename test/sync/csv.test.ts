import { writeFileSync } from "node:fs";
import { mkdir, rename, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { csvConnector } from "../../connectors/csv/csv-connector.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { statusOf } from "../../src/identity/statuses.ts";
import { showRun } from "../../src/sync/history.ts";
import { runSync, type SyncOptions } from "../../src/sync/run.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });
const FILES = ["users", "groups", "members"] as const;

type Files = { users: string[][]; groups: string[][]; members: string[][] };

const company: Files = {
  users: ["ada", "ben", "cem", "dora", "emil"].map((name) => [
    ...[`id-${name}`, name, String(name !== "emil"), `${name}@old.example`, `${name} Old`, name, "Old"],
  ]),
  groups: [
    ["g-wiki", "wiki people"],
    ["g-core", "core"],
  ],
  members: [
    ["g-wiki", "id-ada", ""],
    ["g-wiki", "", "g-core"],
    ["g-core", "id-ben", ""],
    ["g-core", "id-emil", ""],
  ],
};

async function migrated(key: string) {
  const world = await makeWorld(ctx);
  const db = ctx.db.of(world.actor.organization);
  const folder = join(ctx.config.filesDirectory, key);
  await mkdir(folder, { recursive: true });
  const write = async (files: Files): Promise<void> => {
    await writeFile(join(folder, "users.csv"), csv([USER_HEADINGS, ...files.users]));
    await writeFile(join(folder, "groups.csv"), csv([["id", "name"], ...files.groups]));
    await writeFile(join(folder, "members.csv"), csv([["group", "user", "subgroup"], ...files.members]));
  };
  await write(company);
  const settings = { users: `${key}/users.csv`, groups: `${key}/groups.csv`, members: `${key}/members.csv` };
  const directory: DirectoryId = await world.write(async (tx) => {
    const { id } = await addDirectory(tx, { name: "old-server", kind: "csv", settings, firstRun: "apply" });
    const wiki = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
    await grantRole(tx, { group: { directory: id, name: "wiki people" }, product: wiki.id, role: "user" });
    return id;
  }, "exclusive");
  const sync = (mode: SyncOptions["mode"] = "run", onPage?: () => void) =>
    runSync(ctx, directory, {
      ...{ mode, trigger: "command", actor: world.actor },
      ...(onPage && {
        // A reader of its own thread would be further by the time that this one hears of a page.
        connector: csvConnector(settings, ctx.config.filesDirectory),
        onProgress: (phase) => void (phase === "read" && onPage()),
      }),
    });
  const held = async () => [await world.users(directory), await world.members(directory)];
  return { world, db, folder, write, directory, sync, held };
}

describe("people who move here in files", () => {
  test("R66, R168: are here with their groups and their access, and nobody is mailed; the second time nothing is written", async () => {
    const { world, db, sync, directory } = await migrated("move");
    expect(await sync()).toMatchObject({ state: "done", counts: { read: 5, added: 5, conflicts: 0 } });
    expect(await world.users(directory)).toMatchObject({
      ada: { active: true, email: "ada@old.example" },
      emil: { active: false },
    });
    expect(await world.members(directory)).toEqual(["core/ben", "core/emil", "wiki people/*core", "wiki people/ada"]);
    const allowed: Record<string, boolean | undefined> = {};
    for (const name of ["ada", "ben", "cem", "emil"]) {
      const account = await resolvePerson(db, name);
      allowed[name] = (await accessOf(db, account)).access.find(({ product }) => product === "wiki")?.allowed ?? false;
      // R78: who came silently has no invitation, however long they have been here.
      expect(await statusOf(db, account)).toBe(name === "emil" ? "deactivated" : "invited-not-sent");
    }
    expect(allowed).toEqual({ ada: true, ben: true, cem: false, emil: false });

    const before = await world.fingerprint();
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0, counts: { read: 5, unchanged: 5 } });
    expect(await world.fingerprint()).toBe(before);
    const [mails] = await world.query<{ count: number }>({ text: "select count(*)::int as count from mails" });
    expect(mails?.count).toBe(0);
    // The wish to send one would be a job beside its row.
    const jobs = await statements(ctx.database.superuserUrl, [
      "select task_identifier from graphile_worker.jobs where task_identifier like '%mail%'",
    ]);
    expect(jobs).toEqual([]);
  });

  test("a rename, a move between groups, somebody gone and somebody new arrive as what they are", async () => {
    const { world, directory, sync, write } = await migrated("changes");
    await sync();
    const before = await world.users(directory);
    await write({
      users: [
        ...company.users.filter(([id]) => id !== "id-cem" && id !== "id-dora"),
        ["id-dora", "dorothea", "true", "dora@old.example", "dora Old", "dora", "Old"],
        ["id-fay", "fay", "true", "", "", "", ""],
      ],
      groups: [
        ["g-core", "kernel"],
        ["g-wiki", "wiki people"],
      ],
      members: [
        ["g-core", "id-dora", ""],
        ["g-wiki", "id-ada", ""],
      ],
    });
    expect(await sync()).toMatchObject({ state: "done", counts: { added: 1, updated: 1, removed: 1 } });
    const users = await world.users(directory);
    expect(users.dorothea?.id).toBe(before.dora?.id);
    expect(Object.keys(users)).toEqual(["ada", "ben", "dorothea", "emil", "fay"]);
    expect(await world.members(directory)).toEqual(["kernel/dorothea", "wiki people/ada"]);
  });

  test("a file that is missing, cut, damaged or changed while it is read takes nobody away; whole again, all is as it was", async () => {
    const { db, folder, write, sync, held } = await migrated("faults");
    await sync();
    const before = await held();
    const damage: [string, (path: string) => Promise<void>][] = [
      ["missing", (path) => rename(path, `${path}.away`)],
      ["cut inside a row", (path) => truncate(path, 30)],
      ["emptied", (path) => truncate(path, 0)],
      ["no CSV", (path) => writeFile(path, 'id,"')],
    ];
    for (const [what, harm] of damage)
      for (const file of FILES) {
        await harm(join(folder, `${file}.csv`));
        const result = await sync();
        expect(result, `${file} ${what}`).toMatchObject({ state: "failed", rowsWritten: 0, counts: { removed: 0 } });
        expect((await showRun(db, result.runId)).run.error).toContain(`faults/${file}.csv`);
        expect(await held()).toEqual(before);
        await write(company);
      }
    for (const file of FILES)
      for (let last = 1; last <= 3; last++) {
        let page = 0;
        const result = await sync("run", () => {
          if (++page === last) writeFileSync(join(folder, `${file}.csv`), csv([["id", "userName"]]));
        });
        expect(result, `${file} after page ${last}`).toMatchObject({ state: "failed", rowsWritten: 0 });
        expect(await held()).toEqual(before);
        await write(company);
      }
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
  });

  test("whoever lost the user name in the file is held as they were, and a file that lost most people waits for a person", async () => {
    const { sync, write, held } = await migrated("shrink");
    await sync();
    const before = await held();
    const [ada = [], ...others] = company.users;
    await write({ ...company, users: [["id-ada", "", ...ada.slice(2)], ...others] });
    expect(await sync()).toMatchObject({ state: "partial", counts: { removed: 0, deactivated: 0, conflicts: 1 } });
    expect((await held())[0]).toEqual(before[0]);
    await write({ users: company.users.slice(0, 1), groups: company.groups, members: [] });
    expect(await sync()).toMatchObject({ state: "held", rowsWritten: 0, counts: { removed: 4 } });
    expect((await held())[0]).toEqual(before[0]);
  });

  test("are read on a schedule only when one is set", async () => {
    const { world, directory } = await migrated("schedule");
    const due = () =>
      ctx.db.lookUp<{ id: string; lane: string }>({ text: "select id, lane from list_due_syncs(100, '1 minute')" });
    expect(await due()).not.toContainEqual({ id: directory, lane: "full" });
    await world.write((tx) =>
      tx.query({
        text: "update directories set sync_every = interval '1 hour', next_run_at = now() where organization = $1 and id = $2",
        values: [tx.organization, directory],
      }),
    );
    expect(await due()).toContainEqual({ id: directory, lane: "full" });
  });
});
