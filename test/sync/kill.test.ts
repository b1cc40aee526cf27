import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { isMusterError } from "../../src/errors.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { listRuns } from "../../src/sync/history.ts";
import { runSync, type SyncResult } from "../../src/sync/run.ts";
import { startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { talk } from "../harness/process.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { GrowingCompany } from "./growing-company.ts";
import { heldOf } from "./held.ts";
import { BASE } from "./two-companies.ts";
import { makeWorld, silent } from "./world.ts";

const KILLS = scaled(30);
const CHILD = join(import.meta.dirname, "kill-child.ts");
/** People in so many pages, and twice as many pages of groups; then the plan is made. */
const SIZE = { people: 300, groups: 20, page: 50 };

const ctx = await testContext({ logger: silent });
const next = random(seed);
const company = new GrowingCompany(SIZE.people, SIZE.groups, next);
const options = company.entries();
const fake = await startFakeLdap(options);
afterAll(() => fake.stop());
const ldap = { url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: SIZE.page };

type Moment = "read" | "plan" | "apply";

/** Kills the process at a random step of the phase, at rest there or on its way from it; true when it was still at work. */
async function killAt(moment: Moment, isAtRest: boolean, order: object): Promise<boolean> {
  const pages = Math.ceil(company.people.size / SIZE.page);
  const step = 1 + Math.floor(next() * (moment === "read" ? pages : 3));
  const stop = isAtRest ? { at: moment, step } : null;
  const child = talk(process.execPath, [CHILD, JSON.stringify({ ...order, stop })]);
  const isThere = (): boolean =>
    child
      .out()
      .split("\n")
      .filter((line) => line === moment).length >= step;
  let over = false;
  const ended = child.ended.then(() => {
    over = true;
  });
  while (!isThere() && !over) await Promise.race([ended, once(child.child.stdout ?? child.child, "data")]);
  if (!isAtRest) await sleep(Math.floor(next() * 10));
  child.child.kill("SIGKILL");
  const end = await child.ended;
  expect(child.err()).toBe("");
  return end === "SIGKILL";
}

test(
  `${KILLS} times kill -9 in the middle of a sync: the next run converges, nobody is mailed twice, nothing stays locked`,
  async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const db = ctx.db.of(world.actor.organization);
    const sync = (): Promise<SyncResult> =>
      runSync(ctx, directory, {
        ...{ mode: "run", trigger: "command", actor: world.actor, connector: ldapConnector(ldap, "secret") },
      });
    /** The dead process's lock goes with its connection, which the database notices in a moment. */
    const syncOnceUnlocked = async (): Promise<SyncResult> => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await sync();
        } catch (error) {
          if (attempt === 600 || !isMusterError(error) || error.code !== "conflict") throw error;
          await sleep(100);
        }
      }
    };
    expect(await sync()).toMatchObject({ state: "done" });

    const found: Record<string, number> = {};
    let [kills, asked] = [0, 0];
    for (let round = 0; kills < KILLS; round++) {
      expect(round, "most rounds kill").toBeLessThan(KILLS * 3 + 5);
      company.change(round);
      Object.assign(options, company.entries());
      // Somebody who is there by now gets the one mail that was asked for.
      const invited = await resolvePerson(
        db,
        String(Object.values((await heldOf(world, directory)).people).find(({ active }) => active)?.name),
      );
      await world.write((tx) => resendInvitation(tx, { ...ctx.config.invitations, resendCoolDown: 0 }, invited));
      asked += 1;

      const moment = (["read", "plan", "apply"] as const)[round % 3] ?? "read";
      const order = { settings: ctx.database.settings, directory, actor: world.actor, ldap };
      const isAtRest = round % 2 === 0;
      if (await killAt(moment, isAtRest, order)) kills += 1;
      const [dead] = await listRuns(db, { directory, limit: 1 });
      const at = dead?.state === "running" ? dead.phase : "over";
      found[at] = (found[at] ?? 0) + 1;
      if (isAtRest) expect(at).toBe(moment);

      expect(await syncOnceUnlocked()).toMatchObject({ state: "done" });
      expect(await heldOf(world, directory), `round ${round}, killed at ${at}`).toEqual(company.goal());
      // What had begun to be applied was allowed, so it is applied to its end; anything else is given up.
      const [after] = await world.query<{ state: string }>({
        text: "select state from sync_runs where organization = $1 and id = $2",
        values: [world.actor.organization, dead?.id],
      });
      if (at !== "over") expect(after?.state, `round ${round}`).toBe(at === "apply" ? "done" : "abandoned");
      expect(await world.query({ text: "select id from sync_runs where state = 'running'" })).toEqual([]);
      expect(await sync()).toMatchObject({ state: "done", rowsWritten: 0 });
      await world.query({
        text: "update sync_runs set applied_at = applied_at - interval '25 hours', started_at = started_at - interval '25 hours'",
      });
    }
    console.info(`sync killed ${kills} times, found at ${JSON.stringify(found)}`);

    const mails = await world.query<{ recipients: number; count: number }>({
      text: "select count(*)::int as count, count(distinct dedupe_key)::int as recipients from mails",
    });
    expect(mails).toEqual([{ count: asked, recipients: asked }]);
    const jobs = await statements<{ count: number }>(ctx.database.superuserUrl, [
      "select count(*)::int as count from graphile_worker.jobs where task_identifier = 'send-mail'",
    ]);
    expect(jobs).toEqual([{ count: asked }]);
    // Everything that became of anybody is told once.
    const doubled = await world.query({
      text: `select subject from audit where action in ('directory-user.created', 'directory-group.created')
        group by subject having count(*) > 1`,
    });
    expect(doubled).toEqual([]);
  },
  60_000 + KILLS * 120_000,
);
