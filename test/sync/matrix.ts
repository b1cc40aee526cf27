import { expect } from "vitest";
import type { Connector } from "../../connectors/connector.ts";
import type { Context } from "../../src/context.ts";
import type { DirectoryId } from "../../src/db/id.ts";
import { listRuns } from "../../src/sync/history.ts";
import { runSync, type SyncOptions, type SyncResult } from "../../src/sync/run.ts";
import { until } from "../harness/process.ts";
import { scaled } from "../harness/scale.ts";
import { hashOf, heldOf } from "./held.ts";
import type { Goal } from "./two-companies.ts";
import { makeWorld, type World } from "./world.ts";

/** What a run may end in that met a fault: its state, or that it threw (`unfinished`: the next one goes on with it). */
export type End = "failed" | "held" | "done" | "threw" | "unfinished";

/** One fault: how it is made, and what may come of it. */
export type Attempt = {
  what: string;
  /** `fault` reads the directory as it is broken, `whole` as it is. Nothing is broken between the two. */
  fault: { connector: Connector; ctx?: Context } & Partial<Pick<SyncOptions, "signal" | "onProgress">>;
  whole: () => Connector;
  goal: Goal;
  ends: readonly End[];
};

export type Matrix = {
  world: World;
  directory: DirectoryId;
  /**
   * One cell: a run with the fault, what must be true after it, and a run without. What stands before is the other
   * company, so that there is always something to add, to change and to take away.
   */
  meet(attempt: Attempt): Promise<void>;
  /** The first company, taken over as a whole. */
  begin(connector: Connector, goal: Goal): Promise<void>;
};

/** Every cell in the full count, else every tenth, so that the kinds take turns. */
export function chosen<Cell>(cells: readonly Cell[]): readonly Cell[] {
  const every = Math.ceil(cells.length / scaled(cells.length));
  return cells.filter((_, index) => index % every === 0);
}

export async function makeMatrix(ctx: Context): Promise<Matrix> {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const sync = (options: Partial<SyncOptions>, on = ctx): Promise<SyncResult> =>
    runSync(on, directory, { mode: "run", trigger: "command", actor: world.actor, ...options });
  const lastRun = async () => (await listRuns(ctx.db.of(world.actor.organization), { directory, limit: 1 }))[0];

  /** The guard's window is not the subject here, so what was applied is long ago. */
  const age = (): Promise<unknown> =>
    world.query({
      text: `update sync_runs set started_at = started_at - interval '2 days', applied_at = applied_at - interval '2 days'
        where organization = $1`,
      values: [world.actor.organization],
    });

  async function isLocked(): Promise<boolean> {
    const rows = await world.query({
      text: `select 1 from pg_locks where locktype = 'advisory' and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database())`,
    });
    return rows.length > 0;
  }

  async function endOf(attempt: Attempt): Promise<{ end: End; result?: SyncResult }> {
    const { ctx: on, ...options } = attempt.fault;
    try {
      const result = await sync(options, on);
      return { end: result.state as End, result };
    } catch {
      return { end: "threw" };
    }
  }

  return {
    world,
    directory,
    async begin(connector, { people, members }) {
      expect(await sync({ connector })).toMatchObject({ state: "done" });
      expect(await heldOf(world, directory)).toEqual({ people, members });
      await age();
    },
    async meet({ what, goal, ...attempt }) {
      const before = await hashOf(world);
      const stood = await heldOf(world, directory);
      const met = await endOf({ what, goal, ...attempt });
      // A connection that was cut off here ends there in a moment.
      await until(`${what}: the lock is free`, 60, async () => !(await isLocked()));

      const run = await lastRun();
      const isOpen = run?.state === "running";
      expect(isOpen && run.phase !== "apply", `${what}: left at ${run?.phase}`).toBe(false);
      const end = met.end === "threw" && isOpen ? "unfinished" : met.end;
      expect(attempt.ends, `${what}: ${run?.error}`).toContain(end);
      if (met.result) expect(run?.id, what).toBe(met.result.runId);

      const now = await heldOf(world, directory);
      if (run?.appliedAt === null) {
        expect(met.result?.counts.removed ?? 0, what).toBe(end === "held" ? met.result?.counts.removed : 0);
        expect(run.rowsWritten, what).toBe(0);
        expect(await hashOf(world), `${what}: nothing that is held was touched`).toBe(before);
        if (end !== "held") expect(run.complete && run.verdict !== null && run.error === null, what).toBe(false);
      } else {
        // Only a proven read may come this far, and then nobody goes but those whom it does not hold any more.
        expect(run?.complete, what).toBe(true);
        const lost = Object.keys(stood.people).filter((id) => !now.people[id]?.active && stood.people[id]?.active);
        expect(
          lost.filter((id) => !goal.leaving.includes(id)),
          what,
        ).toEqual([]);
        if (end === "done") expect(now, what).toEqual({ people: goal.people, members: goal.members });
      }
      const good = await sync({ connector: attempt.whole() });
      expect(good.state, `${what}: the next good run`).toBe("done");
      expect(await heldOf(world, directory), `${what}: the next good run`).toEqual({
        people: goal.people,
        members: goal.members,
      });
      if (end === "unfinished") expect(await stateOf(world, run?.id), `${what}: is resumed`).toBe("done");
      expect(await leftOf(world), `${what}: nothing is left behind`).toEqual([]);
      await age();
    },
  };
}

/** Runs that nobody ends any more, and staging that nobody reads. */
function leftOf(world: World): Promise<unknown[]> {
  return world.query({
    text: `select 'run' as kind, id from sync_runs where state = 'running'
      union all select distinct 'people', run from sync_staged_users
      union all select distinct 'groups', run from sync_staged_groups
      union all select distinct 'members', run from sync_staged_members`,
  });
}

async function stateOf(world: World, run: string | undefined): Promise<string | undefined> {
  const [row] = await world.query<{ state: string }>({
    text: "select state from sync_runs where organization = $1 and id = $2",
    values: [world.actor.organization, run],
  });
  return row?.state;
}
