import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Attribute, Change, Client } from "ldapts";
import { afterAll, expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { runSync } from "../../src/sync/run.ts";
import { getRun } from "../../src/sync/runs.ts";
import { testContext } from "../harness/postgres.ts";
import { type RunningSlapd, type SlapdInstallation, startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { makeWorld, silent } from "./world.ts";

const company = readFileSync(join(import.meta.dirname, "../fixtures/ldif/company.ldif"), "utf8");
const BASE = "dc=example,dc=com";

const ctx = await testContext({ logger: silent });

describeWithSlapd("changes of a real LDAP server", (installation: SlapdInstallation) => {
  const servers: RunningSlapd[] = [];
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  test("arrive by deltas; who left is taken away by the full run after them, which finds nothing else", async () => {
    const slapd = await startSlapd(installation, { ldif: [company] });
    servers.push(slapd);
    const world = await makeWorld(ctx);
    const settings = { url: slapd.url, bindDn: `cn=muster,ou=services,${BASE}`, base: BASE, pageSize: 4 };
    const schedule = { firstRun: "apply", syncEvery: 3600, deltaEvery: 300 } as const;
    const secret = { key: loadSecretKey(ctx.config), text: "reader-secret" };
    const { id } = await world.write(
      (tx) => addDirectory(tx, { name: "corp", kind: "ldap", settings, ...schedule }, secret),
      "exclusive",
    );
    const sync = (lane: "full" | "delta") =>
      runSync(ctx, id, { mode: "run", lane, trigger: "command", actor: world.actor });
    expect(await sync("full")).toMatchObject({ state: "done", counts: { read: 15 } });
    const before = await world.users(id);

    const ldap = new Client({ url: slapd.url });
    await ldap.bind(slapd.rootDn, slapd.rootPassword);
    await ldap.modifyDN(`uid=elind,ou=people,${BASE}`, `uid=eholm,ou=people,${BASE}`);
    await ldap.del(`uid=kbauer,ou=contractors,ou=people,${BASE}`);
    await ldap.add(`uid=newcomer,ou=people,${BASE}`, {
      ...{
        objectClass: ["inetOrgPerson"],
        uid: "newcomer",
        cn: "New Comer",
        sn: "Comer",
        mail: "newcomer@example.com",
      },
    });
    const members = (operation: "add" | "delete", uid: string) =>
      new Change({
        operation,
        modification: new Attribute({ type: "member", values: [`uid=${uid},ou=people,${BASE}`] }),
      });
    await ldap.modify(`cn=engineering,ou=groups,${BASE}`, [members("add", "newcomer"), members("delete", "akiyama")]);
    await ldap.unbind();

    const changed = await sync("delta");
    expect(await getRun(ctx.db.of(world.actor.organization), changed.runId)).toMatchObject({
      ...{ state: "done", lane: "delta", fellBack: null },
      counts: { added: 1, updated: 1, removed: 0, deactivated: 0, conflicts: 0 },
    });
    const users = await world.users(id);
    expect(users.eholm?.id).toBe(before.elind?.id);
    expect(users.kbauer?.active).toBe(true);
    expect(await world.members(id)).toEqual(
      expect.arrayContaining(["engineering/akiyama", "engineering/awong", "engineering/newcomer"]),
    );
    const held = await world.fingerprint();
    expect(await sync("delta")).toMatchObject({ state: "done", rowsWritten: 0 });
    expect(await world.fingerprint()).toBe(held);

    expect(await sync("full")).toMatchObject({
      state: "done",
      counts: { read: 15, added: 0, updated: 0, removed: 1, deactivated: 0 },
    });
    expect((await world.users(id)).kbauer).toBeUndefined();
    expect(await world.members(id)).not.toContain("engineering/akiyama");
    expect(await sync("full")).toMatchObject({ rowsWritten: 0 });
  });
});
