import { describe, expect, test } from "vitest";
import type { DirectoryUserId, SyncRunId } from "../../src/db/id.ts";
import { forgetRecords } from "../../src/identity/accounts/forget.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { pageOfPlan, type SyncPlanRow } from "../../src/sync/history.ts";
import { MEMBERS_OF_A_ROW } from "../../src/sync/plan/lines.ts";
import { getRun } from "../../src/sync/runs.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { personInput } from "../identity/access/organization.ts";
import { makeWorld, silent, type World } from "./world.ts";

/** Many memberships of a new group stand in one row of a plan; whoever reads the plan sees each of them. */
const ctx = await testContext({ logger: silent });

/** Of fewer people each membership is looked up, and has a row of its own. */
const PEOPLE = 21 * MEMBERS_OF_A_ROW + 7;
const nameOf = (number: number): string => `p${String(number).padStart(4, "0")}`;
const NAMES = Array.from({ length: PEOPLE }, (_, number) => nameOf(number));
/** More than a page has lines. */
const ONES = ["one", ...Array.from({ length: 200 }, (_, number) => `one-${number}`)];
const GROUPS: Record<string, string[]> = {
  all: NAMES,
  full: NAMES.slice(0, MEMBERS_OF_A_ROW),
  more: NAMES.slice(0, MEMBERS_OF_A_ROW + 1),
  ...Object.fromEntries(ONES.map((one) => [one, NAMES.slice(3, 4)])),
};
const MEMBERSHIPS = Object.entries(GROUPS).flatMap(([group, members]) => members.map((name) => `${name} in ${group}`));

function company(): ScriptedDirectory {
  const source = new ScriptedDirectory();
  source.pageSize = 1_000;
  for (const name of NAMES) source.user(name);
  for (const [group, members] of Object.entries(GROUPS)) source.group(group, members);
  return source;
}

async function linesOf(world: World, run: SyncRunId, limit: number, kind?: string): Promise<SyncPlanRow[]> {
  const lines: SyncPlanRow[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = await pageOfPlan(ctx.db.of(world.actor.organization), run, {
      after,
      limit,
      ...(kind !== undefined && { kind }),
    });
    lines.push(...page.rows);
    after = page.next;
  }
  return lines;
}

const rowsOf = (world: World, run: SyncRunId) =>
  world.query<{ members: number }>({
    text: `select cardinality(array_remove(members, null)) as members from sync_plan
      where organization = $1 and run = $2 and kind = 'member-add' and conflict is null order by seq`,
    values: [world.actor.organization, run],
  });

describe("the memberships of new groups in a plan", () => {
  test("are shown one by one, once each, whatever the size of a page", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    const { runId } = await world.sync(directory, company());
    expect(await rowsOf(world, runId)).toHaveLength(22 + 1 + 2 + ONES.length);
    const whole = await linesOf(world, runId, 10_000);
    expect(whole).toHaveLength(PEOPLE + Object.keys(GROUPS).length + MEMBERSHIPS.length);
    expect(whole.every((line, place) => place === 0 || line.seq > (whole[place - 1]?.seq ?? 0))).toBe(true);
    for (const limit of [7, MEMBERS_OF_A_ROW, MEMBERS_OF_A_ROW + 1])
      expect(await linesOf(world, runId, limit)).toEqual(whole);
    const members = await linesOf(world, runId, 31, "member-add");
    expect(members).toEqual(whole.filter((line) => line.kind === "member-add"));
    expect(members.map((line) => line.name).toSorted()).toEqual(MEMBERSHIPS.toSorted());
    expect(members.every((line) => line.member !== null && line.appliedAt === null)).toBe(true);

    expect(await world.sync(directory, company(), { mode: "approve" })).toMatchObject({ runId, state: "done" });
    const applied = await linesOf(world, runId, 100);
    expect(applied.map(({ appliedAt: _, ...line }) => line)).toEqual(whole.map(({ appliedAt: _, ...line }) => line));
    expect(applied.every((line) => line.appliedAt !== null)).toBe(true);
  });

  test("are written without whom the directory lost meanwhile; that one alone is left out", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp", "preview");
    const { runId } = await world.sync(directory, company());
    // Two people cannot have one id, so the second of them is left out.
    await world.query({
      text: `update sync_plan set immutable_id = $4, next = jsonb_set(next, '{immutableId}', to_jsonb($4::text))
        where organization = $1 and run = $2 and kind = 'user-add' and name = $3`,
      values: [world.actor.organization, runId, nameOf(2), nameOf(3)],
    });
    const planned = await linesOf(world, runId, 10_000);
    expect(await world.sync(directory, company(), { mode: "approve" })).toMatchObject({
      runId,
      state: "partial",
      counts: { added: PEOPLE - 1 },
    });
    // Whoever turned pages meanwhile has missed none, and has seen none twice.
    const bare = ({ appliedAt: _, conflict: __, ...line }: SyncPlanRow) => line;
    for (const limit of [7, MEMBERS_OF_A_ROW, 200, 10_000])
      expect((await linesOf(world, runId, limit)).map(bare)).toEqual(planned.map(bare));
    const left = (await linesOf(world, runId, 100)).filter((line) => line.conflict !== null);
    const without = (name: string): string[] => MEMBERSHIPS.filter((line) => line.startsWith(`${name} `));
    expect(left.map((line) => line.name).toSorted()).toEqual([nameOf(3), ...without(nameOf(3))].toSorted());
    expect(left.every((line) => line.appliedAt === null)).toBe(true);
    const held = MEMBERSHIPS.filter((line) => !line.startsWith(`${nameOf(3)} `));
    expect(await world.members(directory)).toEqual(
      held.map((line) => line.split(" in ").toReversed().join("/")).toSorted(),
    );
    expect((await rowsOf(world, runId)).reduce((sum, row) => sum + row.members, 0)).toBe(held.length);
    // The record that was written goes by the other's id: the next run gives it that one's name, and brings who has none.
    const next = await world.sync(directory, company());
    expect(next).toMatchObject({ state: "done", counts: { added: 1 } });
    expect((await linesOf(world, next.runId, 100, "member-add")).map((line) => line.name).toSorted()).toEqual(
      [...without(nameOf(2)), ...ONES.map((one) => `${nameOf(3)} in ${one}`)].toSorted(),
    );
  });

  test("do not tell any more what somebody was called who is forgotten", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const shared = { email: "shared@example.com" };
    // A directory that pushes may give its people no unchanging id.
    const outsider = personInput("outsider", { email: "another@example.com" });
    const elsewhere = await world.directory("elsewhere");
    await world.write((tx) => insertDirectoryUsers(tx, elsewhere, [outsider]));
    const source = company().user(nameOf(5), shared).user(nameOf(7), shared).user(nameOf(9), { email: outsider.email });
    const first = await world.sync(directory, source);
    expect((await linesOf(world, first.runId, 100, "shared-address")).map((line) => line.name)).toEqual([
      nameOf(5),
      nameOf(7),
      nameOf(9),
    ]);
    source.group("one", [nameOf(0), nameOf(5)]);
    const second = await world.sync(directory, source);
    const user = (await world.users(directory))[nameOf(5)]?.id as DirectoryUserId;
    await world.write(async (tx) => {
      await tx.query({
        text: "update directory_users set deleted_at = statement_timestamp() where organization = $1 and id = any ($2)",
        values: [tx.organization, [user, outsider.id]],
      });
      await forgetRecords(tx, [user, outsider.id]);
    });
    const told = [...(await linesOf(world, first.runId, 100)), ...(await linesOf(world, second.runId, 100))];
    expect(told.filter((line) => /p0005|outsider/.test(JSON.stringify(line)))).toEqual([]);
    expect(told.filter((line) => line.name?.startsWith(`${nameOf(6)} in `))).toHaveLength(3);
  });

  test("tell nothing of somebody who is forgotten while the plan waits for a process that died, and are written without", async () => {
    const world = await makeWorld(ctx);
    const directory = await world.directory("corp");
    const people = (displayName: string): ScriptedDirectory => {
      const source = new ScriptedDirectory();
      source.pageSize = 1_000;
      for (const name of NAMES) source.user(name, { displayName });
      return source;
    };
    await world.sync(directory, people("then"));
    const user = (await world.users(directory))[nameOf(5)]?.id as DirectoryUserId;
    await world.sync(directory, people("then").remove(nameOf(5)));
    const source = people("now")
      .group("all", NAMES)
      .group("one", [nameOf(5)]);
    const { runId } = await world.sync(directory, source, { mode: "dry-run" });
    const ofPerson = async (): Promise<string[]> =>
      (await linesOf(world, runId, 10_000)).flatMap((line) =>
        JSON.stringify(line).includes(nameOf(5)) ? [`${line.kind} ${line.name}`] : [],
      );
    expect(await ofPerson()).toEqual([
      `user-restore ${nameOf(5)}`,
      `member-add ${nameOf(5)} in all`,
      `member-add ${nameOf(5)} in one`,
    ]);
    // As a process leaves it that is killed when it has begun to apply.
    await world.query({
      text: `update sync_runs set state = 'running', phase = 'apply', finished_at = null, applied_at = statement_timestamp()
        where organization = $1 and id = $2`,
      values: [world.actor.organization, runId],
    });
    await world.write((tx) => forgetRecords(tx, [user]));
    expect(await ofPerson()).toEqual([]);

    const next = await world.sync(directory, source);
    expect(await getRun(ctx.db.of(world.actor.organization), runId)).toMatchObject({ state: "done" });
    expect((await linesOf(world, next.runId, 100)).map((line) => `${line.kind} ${line.name}`)).toEqual([
      `user-add ${nameOf(5)}`,
      `member-add ${nameOf(5)} in all`,
      `member-add ${nameOf(5)} in one`,
    ]);
    expect(await world.members(directory)).toHaveLength(PEOPLE + 1);
    expect(
      await world.query({
        text: "select from remote_memberships where organization = $1 and directory_user = $2",
        values: [world.actor.organization, user],
      }),
    ).toEqual([]);
  });
});
