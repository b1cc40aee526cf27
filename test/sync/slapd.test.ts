import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change, Client } from "ldapts";
import { afterAll, expect, test } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { showRun } from "../../src/sync/history.ts";
import { runSync, type SyncOptions, type SyncResult } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { type RunningSlapd, type SlapdInstallation, startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { makeWorld, silent, type World } from "./world.ts";

const company = readFileSync(join(import.meta.dirname, "../fixtures/ldif/company.ldif"), "utf8");

const ctx = await testContext({ logger: silent });

describeWithSlapd("a real LDAP server", (installation: SlapdInstallation) => {
  const servers: RunningSlapd[] = [];
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  async function synced(): Promise<{
    world: World;
    slapd: RunningSlapd;
    sync: (mode?: SyncOptions["mode"], onPage?: () => void) => Promise<SyncResult>;
    error: (result: SyncResult) => Promise<string | null>;
    directory: Parameters<World["users"]>[0];
    change: (work: (ldap: Client) => Promise<void>) => Promise<void>;
  }> {
    const slapd = await startSlapd(installation, { ldif: [company] });
    servers.push(slapd);
    const world = await makeWorld(ctx);
    const settings = {
      url: slapd.url,
      bindDn: "cn=muster,ou=services,dc=example,dc=com",
      base: "dc=example,dc=com",
      pageSize: 4,
    };
    const { id } = await world.write(
      (tx) =>
        addDirectory(
          tx,
          { name: "corp", kind: "ldap", settings, firstRun: "apply" },
          { key: loadSecretKey(ctx.config), text: "reader-secret" },
        ),
      "exclusive",
    );
    return {
      world,
      slapd,
      directory: id,
      sync: (mode = "run", onPage) =>
        runSync(ctx, id, {
          ...{ mode, trigger: "command", actor: world.actor },
          ...(onPage && {
            // A reader of its own thread would be further by the time that this one hears of a page.
            connector: ldapConnector(settings, "reader-secret"),
            onProgress: (phase) => void (phase === "read" && onPage()),
          }),
        }),
      error: async (result) => (await showRun(ctx.db.of(world.actor.organization), result.runId)).run.error,
      change: async (work) => {
        const ldap = new Client({ url: slapd.url });
        await ldap.bind(slapd.rootDn, slapd.rootPassword);
        try {
          await work(ldap);
        } finally {
          await ldap.unbind();
        }
      },
    };
  }

  test("is read with its odd names, nested groups and disabled people, and a second time writes nothing", async () => {
    const { world, directory, sync } = await synced();
    const first = await sync();
    expect(first).toMatchObject({ state: "done", counts: { read: 15, added: 15, conflicts: 0 } });
    const users = await world.users(directory);
    expect(users.fmoreau?.active).toBe(false);
    expect(users.jmueller?.email).toBe("juergen.mueller@example.com");
    expect(await world.members(directory)).toEqual(
      expect.arrayContaining([
        "engineering/akiyama",
        "engineering/awong",
        "engineering/jmueller",
        "operations/gnovak",
        "support/cokafor",
        "support/elind",
        "wiki-admins/*wiki-editors-in-chief",
        "wiki-editors-in-chief/*wiki-admins",
      ]),
    );
    const before = await world.fingerprint();
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0, counts: { read: 15, unchanged: 15 } });
    expect(await world.fingerprint()).toBe(before);
  });

  test("a rename, a move, a departure and a new group arrive as what they are", async () => {
    const { world, directory, sync, change } = await synced();
    await sync();
    const before = await world.users(directory);
    await change(async (ldap) => {
      await ldap.modifyDN("uid=elind,ou=people,dc=example,dc=com", "uid=eholm,ou=people,dc=example,dc=com");
      await ldap.modifyDN(
        "uid=jcosta,ou=contractors,ou=people,dc=example,dc=com",
        "uid=jcosta,ou=people,dc=example,dc=com",
      );
      await ldap.del("uid=kbauer,ou=contractors,ou=people,dc=example,dc=com");
      await ldap.modify(
        "cn=engineering,ou=groups,dc=example,dc=com",
        new Change({
          operation: "add",
          modification: new Attribute({ type: "member", values: ["uid=dsilva,ou=people,dc=example,dc=com"] }),
        }),
      );
      await ldap.add("cn=newcomers,ou=groups,dc=example,dc=com", {
        objectClass: ["groupOfNames"],
        cn: "newcomers",
        member: ["uid=gnovak,ou=people,dc=example,dc=com"],
      });
    });
    expect(await sync()).toMatchObject({
      state: "done",
      counts: { read: 14, added: 0, updated: 1, removed: 1, deactivated: 0 },
    });
    const users = await world.users(directory);
    expect(users.eholm?.id).toBe(before.elind?.id);
    expect(users.jcosta).toEqual(before.jcosta);
    expect(users.kbauer).toBeUndefined();
    expect(await world.members(directory)).toEqual(expect.arrayContaining(["engineering/dsilva", "newcomers/gnovak"]));
  });

  test("a server that is gone fails the run and takes nobody away; back again, nothing has changed", async () => {
    const { world, directory, slapd, sync, error } = await synced();
    await sync();
    const before = await world.users(directory);
    await slapd.kill();
    const failed = await sync();
    expect(failed).toMatchObject({ state: "failed", rowsWritten: 0 });
    expect(await error(failed)).toMatch(/^unreachable: /);
    expect(await world.users(directory)).toEqual(before);
    await slapd.restart();
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
  });

  test("a server that dies after any of its pages takes nobody away", async () => {
    const { world, directory, slapd, sync } = await synced();
    await sync();
    const before = [await world.users(directory), await world.members(directory)];
    let pages = 0;
    await sync("dry-run", () => {
      pages += 1;
    });
    expect(pages).toBeGreaterThan(5);
    for (let last = 1; last <= pages; last++) {
      let page = 0;
      const result = await sync("run", () => {
        if (++page === last) void slapd.kill();
      });
      expect(result, `after page ${last}`).toMatchObject({ state: "failed", rowsWritten: 0, counts: { removed: 0 } });
      expect([await world.users(directory), await world.members(directory)]).toEqual(before);
      await slapd.restart();
    }
    expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
  });

  test("a reader whose view has shrunk is held by the guard, not believed", async () => {
    const { world, directory, sync, change } = await synced();
    await sync();
    const before = await world.users(directory);
    await change(async (ldap) => {
      for (const name of Object.keys(before).filter((userName) => !["bjensen", "akiyama"].includes(userName))) {
        const { searchEntries } = await ldap.search("dc=example,dc=com", {
          filter: `(uid=${name})`,
          attributes: ["1.1"],
        });
        for (const entry of searchEntries) await ldap.del(entry.dn);
      }
    });
    expect(await sync()).toMatchObject({ state: "held", rowsWritten: 0, counts: { read: 2, removed: 13 } });
    expect(await world.users(directory)).toEqual(before);
  });
});
