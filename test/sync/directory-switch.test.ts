import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { DirectoryId } from "../../src/db/id.ts";
import type { Tx } from "../../src/db/transaction.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { switchDirectory } from "../../src/identity/directory-switch/switch.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { askForApproval, askForSync, askForUndo } from "../../src/sync/ask.ts";
import { runSync } from "../../src/sync/run.ts";
import { enqueueDueSyncs, syncTask } from "../../src/sync/schedule.ts";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { sender, serveScim } from "../scim/endpoint.ts";
import { makeWorld, silent, type World } from "./world.ts";

const ctx = await testContext({ logger: silent });
const server = await serveScim(ctx);

/** What of people a sync or a push of what is there already may not touch: every row version. */
async function people(world: World): Promise<string> {
  const tables = ["accounts", "access", "directory_users", "local_memberships", "guest_assignments", "rights", "mails"];
  const rows = await world.query<{ versions: string }>({
    text: tables
      .map(
        (
          table,
        ) => `select '${table} ' || count(*) || coalesce(string_agg(xmin::text, ',' order by ctid), '') as versions
        from ${table}`,
      )
      .join(" union all "),
  });
  return rows.map((row) => row.versions).join("\n");
}

const mails = async (world: World) =>
  (await world.query<{ count: number }>({ text: "select count(*) as count from mails" }))[0]?.count;

async function scimDirectory(world: World, name: string) {
  const made = await world.write(async (tx) => {
    const { id } = await addDirectory(tx, { name, kind: "scim" });
    return { id, token: (await createToken(tx, { directory: id })).token };
  }, "exclusive");
  return { id: made.id, send: sender(`${server.origin}/scim/v2/${made.id}`, made.token) };
}

const switched = (world: World, from: DirectoryId, to: DirectoryId, match: string) =>
  world.write((tx) => switchDirectory(tx, { from, to, match, groups: "by-name" }), "exclusive");

const user = (name: string) => ({
  schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
  userName: `${name}@example.com`,
  externalId: `entra-${name}`,
  displayName: name.toUpperCase(),
  active: true,
  emails: [{ value: `${name}@example.com`, type: "work", primary: true }],
});

describe("from LDAP to an identity provider that pushes", () => {
  async function story() {
    const world = await makeWorld(ctx);
    const db = ctx.db.of(world.actor.organization);
    const source = new ScriptedDirectory();
    for (const name of ["ada", "bob", "cem"]) source.user(name);
    source.group("staff", ["ada", "bob", "cem"]);
    const corp = await world.directory("corp");
    await world.write((tx) => updateDirectory(tx, corp, { syncEvery: 600, deltaEvery: 60 }), "exclusive");
    await world.write(async (tx) => {
      const wiki = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
      await grantRole(tx, { group: { directory: corp, name: "staff" }, product: wiki.id, role: "user" });
    }, "exclusive");
    expect(await world.sync(corp, source)).toMatchObject({ state: "done" });
    await world.write((tx) =>
      tx.query({ text: "update directories set next_run_at = now() where id = $1", values: [corp] }),
    );
    const ids = new Map<string, string>();
    for (const name of ["ada", "bob", "cem"]) ids.set(name, await resolvePerson(db, name));

    const entra = await scimDirectory(world, "entra");
    const pushed: { name: string; id: string }[] = [];
    for (const name of ["ada", "bob", "cem"]) {
      const answer = await entra.send("POST", "/Users", user(name));
      expect(answer.status).toBe(201);
      pushed.push({ name, id: answer.id });
    }
    const group = await entra.send("POST", "/Groups", {
      schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
      displayName: "Staff",
      members: pushed.map(({ id }) => ({ value: id })),
    });
    expect(group.status).toBe(201);
    return { world, db, source, corp, entra, ids, pushed, group: group.id };
  }

  test("everybody keeps the account and the access; nothing that comes later changes it, and nobody is mailed", async () => {
    const { world, db, source, corp, entra, ids, pushed, group } = await story();
    const done = await switched(world, corp, entra.id, "email");
    expect(done.counts).toMatchObject({
      switched: 3,
      renamed: 3,
      joined: 3,
      conflicts: 0,
      unmatched: 0,
      accessLost: 0,
      grantsCopied: 1,
    });
    for (const [name, id] of ids) {
      const account = await resolvePerson(db, `${name}@example.com`);
      expect(account).toBe(id);
      expect((await accessOf(db, account)).access).toMatchObject([{ product: "wiki", role: "user", allowed: true }]);
    }
    const after = await people(world);

    // The provider goes on as if nothing had been.
    for (const { name, id } of pushed) {
      expect((await entra.send("GET", `/Users?filter=userName eq "${name}@example.com"`)).resources).toMatchObject([
        { id },
      ]);
      const same = {
        schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        Operations: [{ op: "replace", path: "active", value: true }],
      };
      expect((await entra.send("PATCH", `/Users/${id}`, same)).status).toBe(200);
    }
    const member = { op: "add", path: "members", value: [{ value: pushed[0]?.id }] };
    const patch = { schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], Operations: [member] };
    expect((await entra.send("PATCH", `/Groups/${group}`, patch)).status).toBe(204);
    expect(await people(world)).toBe(after);

    // The old directory comes too late, whoever asks for it.
    source.user("ada", { active: false }).user("dora").remove("bob");
    for (const mode of ["run", "dry-run", "approve"] as const)
      await expect(world.sync(corp, source, { mode })).rejects.toMatchObject({ code: "conflict", at: "switched" });
    await syncTask(ctx, { organization: world.actor.organization, directory: corp });
    await world.write((tx) => updateDirectory(tx, corp, { syncEvery: 300, deltaEvery: 60 }), "exclusive");
    const [times] = await world.query<{ rests: boolean }>({
      text: "select next_run_at = 'infinity' and next_delta_at = 'infinity' as rests from directories where id = $1",
      values: [corp],
    });
    expect(times).toEqual({ rests: true });
    expect(await enqueueDueSyncs(ctx)).toBe(0);
    expect(await people(world)).toBe(after);
    expect(await switched(world, corp, entra.id, "email")).toMatchObject({ changed: false });
    expect(await people(world)).toBe(after);
    expect(await mails(world)).toBe(0);
  });

  test("nobody is told that a run of the directory that is left will be applied, undone or made", async () => {
    const { world, source, corp, entra } = await story();
    const applied = await world.sync(corp, source.user("eve"), { mode: "run" });
    const waits = await world.sync(corp, source.remove("ada"), { mode: "dry-run" });
    await switched(world, corp, entra.id, "email");
    for (const ask of [
      (tx: Tx) => askForApproval(tx, waits.runId, "meant"),
      (tx: Tx) => askForUndo(tx, applied.runId),
      (tx: Tx) => askForSync(tx, corp, { mode: "dry-run", lane: "full" }),
    ])
      await expect(world.write<unknown>(ask)).rejects.toMatchObject({ code: "conflict", at: "switched" });
    await switched(world, entra.id, corp, "email");
    await world.write((tx) => askForApproval(tx, waits.runId, "meant"));
  });

  test("a run that is under way when its directory is left writes nothing more", async () => {
    const { world, source, corp, entra } = await story();
    source.user("ada", { displayName: "Another" });
    const late = world.sync(corp, source, {
      connector: source.connector(undefined, async (page) => {
        if (page === 1) await switched(world, corp, entra.id, "email");
      }),
    });
    await expect(late).rejects.toMatchObject({ code: "conflict" });
    const [run] = await world.query<{ state: string }>({
      text: "select state from sync_runs order by id desc limit 1",
    });
    expect(run?.state).toBe("abandoned");
    expect(await world.users(corp)).toEqual({});
  });

  test("the way back: pushes are refused, and the next sync finds everything as it was", async () => {
    const { world, db, source, corp, entra, ids, pushed } = await story();
    await switched(world, corp, entra.id, "email");
    expect((await switched(world, entra.id, corp, "email")).counts).toMatchObject({ switched: 3, conflicts: 0 });
    for (const [name, id] of ids) expect(await resolvePerson(db, name)).toBe(id);
    const after = await people(world);
    const requests: [string, string, object?][] = [
      ["GET", `/Users/${pushed[0]?.id}`],
      ["GET", "/Users"],
      ["POST", "/Users", user("ada")],
      ["PUT", `/Users/${pushed[0]?.id}`, user("ada")],
      ["DELETE", `/Users/${pushed[0]?.id}`],
      ["POST", "/Bulk", { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], Operations: [] }],
    ];
    for (const [method, path, body] of requests) {
      const answer = await entra.send(method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, 403]);
      expect(answer.text).toContain("switched to another one");
    }
    expect(await world.sync(corp, source)).toMatchObject({ state: "done", rowsWritten: 0, counts: { unchanged: 3 } });
    expect(await people(world)).toBe(after);
    expect(await mails(world)).toBe(0);
  });
});

describe("from files to LDAP", () => {
  test("people are matched by what the files call them there; the next sync of either writes nothing", async () => {
    const world = await makeWorld(ctx);
    const db = ctx.db.of(world.actor.organization);
    await mkdir(join(ctx.config.filesDirectory, "moved"), { recursive: true });
    const names = ["ada", "ben", "cem"];
    await writeFile(
      join(ctx.config.filesDirectory, "moved/users.csv"),
      csv([
        USER_HEADINGS,
        ...names.map((name) => [`id-${name}`, name, "true", `${name}@example.com`, name, name, "Old"]),
      ]),
    );
    const { id: files } = await world.write(
      (tx) =>
        addDirectory(tx, { name: "files", kind: "csv", settings: { users: "moved/users.csv" }, firstRun: "apply" }),
      "exclusive",
    );
    const read = () => runSync(ctx, files, { mode: "run", trigger: "command", actor: world.actor });
    expect(await read()).toMatchObject({ state: "done", counts: { added: 3 } });
    const before = await Promise.all(names.map((name) => resolvePerson(db, name)));

    const ldap = await world.directory("ldap");
    const source = new ScriptedDirectory();
    // Of one the user name is another one there; of one both the name and the address are as capitals will have it.
    source.user("u1", { userName: "Ada", email: "ada@example.com" });
    source.user("u2", { userName: "benjamin", email: "Ben@Example.com" });
    source.user("u3", { userName: "cem", email: "cem@example.com" });
    await world.sync(ldap, source);
    const done = await switched(world, files, ldap, "email");
    expect(done.counts).toMatchObject({ switched: 3, renamed: 1, joined: 1, conflicts: 0, unmatched: 0 });
    const after = await Promise.all(["ada", "benjamin", "cem"].map((name) => resolvePerson(db, name)));
    expect(after).toEqual(before);
    expect(await world.sync(ldap, source)).toMatchObject({ state: "done", rowsWritten: 0 });
    await expect(read()).rejects.toMatchObject({ code: "conflict" });
    expect(await mails(world)).toBe(0);
  });
});
