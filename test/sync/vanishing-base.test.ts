import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "ldapts";
import { afterAll, expect, test } from "vitest";
import type { Connector } from "../../connectors/connector.ts";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { showRun } from "../../src/sync/history.ts";
import { runSync } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { type RunningSlapd, type SlapdInstallation, startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { hashOf } from "./held.ts";
import { makeWorld, silent } from "./world.ts";

const company = readFileSync(join(import.meta.dirname, "../fixtures/ldif/company.ldif"), "utf8");
const ctx = await testContext({ logger: silent });

describeWithSlapd("a base that vanishes while it is read", (installation: SlapdInstallation) => {
  let slapd: RunningSlapd | undefined;
  afterAll(() => slapd?.stop());

  /** The reader, and something that happens once it has given out so many pages; 0: before it is asked. */
  function interrupted(connector: Connector, after: number, happens: () => Promise<void>): Connector {
    return {
      ...connector,
      async *read(signal) {
        if (after === 0) await happens();
        const pages = connector.read(signal);
        for (let given = 1; ; given++) {
          const page = await pages.next();
          if (page.done) return page.value;
          yield page.value;
          if (given === after) await happens();
        }
      },
    };
  }

  test.each([
    ["people", "ou=people", "ou=people-moved"],
    ["groups", "ou=groups", "ou=groups-moved"],
  ])("%s", async (_, from, to) => {
    slapd = await startSlapd(installation, { ldif: [company] });
    const root = new Client({ url: slapd.url });
    await root.bind(slapd.rootDn, slapd.rootPassword);
    const base = "dc=example,dc=com";
    const move = (before: string, after: string) => root.modifyDN(`${before},${base}`, `${after},${base}`);
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const connector = ldapConnector(
      {
        ...{ url: slapd.url, bindDn: "cn=muster,ou=services,dc=example,dc=com", pageSize: 3 },
        ...{ base, userBase: `ou=people,${base}`, groupBase: `ou=groups,${base}` },
      },
      "reader-secret",
    );
    const sync = (reader: Connector) =>
      runSync(ctx, directory, { ...{ mode: "run", trigger: "command" }, actor: world.actor, connector: reader });
    expect(await sync(connector)).toMatchObject({ state: "done" });
    const before = await hashOf(world);
    let failed = 0;
    for (let after = 0; ; after++) {
      let gone = false;
      const end = await sync(
        interrupted(connector, after, async () => {
          gone = true;
          await move(from, to);
        }),
      );
      if (!gone) break;
      const { run } = await showRun(ctx.db.of(world.actor.organization), end.runId);
      // Once nothing of it is asked for any more the read is whole; it is no less true than a moment before.
      expect([end.state, end.rowsWritten], `after page ${after}: ${run.error}`).toEqual([
        end.state === "done" ? "done" : "failed",
        0,
      ]);
      expect(await hashOf(world), `after page ${after}`).toBe(before);
      if (end.state === "failed") failed += 1;
      await move(to, from);
    }
    expect(failed).toBeGreaterThan(3);
    expect(await sync(connector)).toMatchObject({ state: "done", rowsWritten: 0 });
    await root.unbind();
    await slapd.stop();
  });
});
