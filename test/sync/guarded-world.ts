import { expect } from "vitest";
import type { Context } from "../../src/context.ts";
import { type DirectoryId, newId } from "../../src/db/id.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { showRun } from "../../src/sync/history.ts";
import type { SyncOptions, SyncResult } from "../../src/sync/run.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { copy, type Directory, type Expected, GuardModel } from "./guard-model.ts";
import { makeWorld, type World } from "./world.ts";

/** A directory of so many people, with groups of so many of them, and what the model thinks of it. */
export type GuardedWorld = {
  world: World;
  directory: DirectoryId;
  model: GuardModel;
  /** What the directory says now; change it as you like. */
  said: Directory;
  /** Everything that was applied is so many hours older. */
  pass(hours: number): Promise<void>;
  /** Syncs, and compares the verdict with the model's. */
  sync(mode?: SyncOptions["mode"]): Promise<{ result: SyncResult; expected: Expected }>;
};

export type Setting = {
  people: number;
  inactive?: number;
  /** The sizes of the groups. */
  groups?: readonly number[];
  /** How many of the people are organization administrators, and how many others. */
  administrators?: number;
  outside?: number;
};

/** The directory as the connector gives it out. */
function scripted({ people, groups }: Directory): ScriptedDirectory {
  const source = new ScriptedDirectory();
  source.pageSize = 500;
  for (const [id, { name, active }] of people) source.user(id, { userName: name, active, email: null });
  for (const [name, members] of groups) source.group(name, [...members]);
  return source;
}

export async function makeGuarded(ctx: Context, setting: Setting): Promise<GuardedWorld> {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const model = new GuardModel();
  const said: Directory = { people: new Map(), groups: new Map() };
  for (let number = 0; number < setting.people; number++)
    said.people.set(`p${number}`, { name: `p${number}`, active: true });
  for (let number = 0; number < (setting.inactive ?? 0); number++)
    said.people.set(`i${number}`, { name: `i${number}`, active: false });
  for (const [number, size] of (setting.groups ?? []).entries())
    said.groups.set(`g${number}`, new Set([...said.people.keys()].slice(0, size)));

  const guarded: GuardedWorld = {
    world,
    directory,
    model,
    said,
    pass: async (hours) => {
      model.hour += hours;
      await world.query({
        text: `update sync_runs set started_at = started_at - make_interval(hours => $2),
            applied_at = applied_at - make_interval(hours => $2) where organization = $1`,
        values: [world.actor.organization, hours],
      });
    },
    sync: async (mode = "run") => {
      const expected = model.expect(said);
      const result = await world.sync(directory, scripted(said), { mode });
      const { run } = await showRun(ctx.db.of(world.actor.organization), result.runId, { limit: 1 });
      const reasons = (run.verdict?.reasons ?? []).map(({ rule, detail }) =>
        rule === "group-members" ? `${rule}:${/^the group (\S+) would lose/.exec(detail)?.[1]}` : rule,
      );
      expect((run.verdict as unknown as { figures: object }).figures).toMatchObject(expected.figures);
      expect(toldOf(reasons)).toEqual(toldOf(expected.reasons));
      expect(expected.reasons).toEqual(expect.arrayContaining(reasons));
      expect(run.verdict?.held).toBe(expected.reasons.length > 0);
      return { result, expected };
    },
  };
  expect((await world.sync(directory, scripted(said))).state).toBe("done");
  model.apply(copy(said));
  await makeAdministrators(guarded, setting);
  return guarded;
}

/** A verdict names at most so many groups, the largest losses first. */
const MOST_GROUPS = 20;

/** The reasons; of more groups than a verdict names, how many it does. */
function toldOf(reasons: readonly string[]): readonly string[] {
  const [groups, others] = [true, false].map((wanted) =>
    reasons.filter((reason) => reason.startsWith("group-members:") === wanted).sort(),
  ) as [string[], string[]];
  return groups.length < MOST_GROUPS ? [...groups, ...others] : [`${MOST_GROUPS} groups`, ...others];
}

/** The first people, and people of a directory that pushes. */
async function makeAdministrators({ world, directory, model }: GuardedWorld, setting: Setting): Promise<void> {
  const ids = [...model.held.people.keys()].slice(0, setting.administrators ?? 0);
  model.administrators = new Set(ids);
  model.outside = setting.outside ?? 0;
  if (model.outside > 0)
    await world.write(async (tx) => {
      const { id } = await addDirectory(tx, { name: "hq", kind: "scim" });
      const others = Array.from({ length: model.outside }, (_, number) => ({
        ...{ id: newId(), immutableId: null, externalId: null, userName: `hq${number}`, active: true },
        ...{ email: null, displayName: null, resource: {}, contentHash: null },
      }));
      await insertDirectoryUsers(tx, id, others as unknown as Parameters<typeof insertDirectoryUsers>[2]);
    }, "exclusive");
  await world.write((tx) =>
    tx.query({
      text: `insert into rights (organization, id, account, bundle, scope_kind, scope_id)
        select $1, new_id(), u.account, 'organization-administrator', 'organization', $1 from directory_users u
        where u.organization = $1 and ((u.directory = $2 and u.immutable_id = any($3)) or u.user_name like 'hq%')`,
      values: [tx.organization, directory, ids],
    }),
  );
}
