import type { Database } from "../../db/connection.ts";
import type { WriteKind } from "../../db/gathered-writes.ts";
import type { DirectoryId, DirectoryUserId, GroupId } from "../../db/id.ts";
import { isOfOneAlone } from "../../db/storage-error.ts";
import { type Actor, inStatement } from "../../db/transaction.ts";

/**
 * What came of `changeGroupMembers`. `unknown`: these are neither live users of the directory to add nor somebody who
 * can be taken out as a user; `changed-meanwhile`: the group has another version than the expected one. Only `written`
 * has written anything.
 */
export type GroupMembersChanged =
  | { outcome: "written"; version: number; added: number; removed: number }
  | { outcome: "unknown"; ids: string[] }
  | { outcome: "changed-meanwhile" }
  | { outcome: "gone" };

type Changed = {
  outcome: "written" | "unknown" | "changed-meanwhile" | "gone";
  version: number;
  added: number;
  removed: number;
  unknown: string[];
};

/**
 * Adds users to one group and takes users out of it, as a change of its own (RFC 7644 §3.5.2). When somebody of `add` is
 * no live user of the directory, or somebody of `remove` is a group nested in this one, nothing is written: then the
 * change is about groups, and is made with `changeMembers` and `changeNestings` under the exclusive lock. One statement.
 *
 * Before: any. After: `written`: as after `changeMembers`, committed; `version` is the group's by now.
 */
export async function changeGroupMembers(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  group: GroupId,
  change: { add: readonly DirectoryUserId[]; remove: readonly DirectoryUserId[]; expectedVersion?: number },
): Promise<GroupMembersChanged> {
  const request = { actor, group, ...change };
  // Whoever expects a version wants to know at once whether it is that.
  if (change.expectedVersion !== undefined) return changeAlone(ctx, directory, request);
  const name = `change-members ${actor.organization} ${directory} ${actor.kind}`;
  return ctx.db.writes.write(name, group, changing(ctx, directory), request);
}

type Request = {
  actor: Actor;
  group: GroupId;
  add: readonly DirectoryUserId[];
  remove: readonly DirectoryUserId[];
  expectedVersion?: number;
};

/** Members that one transaction takes, of which each request counts as some. So it is eight of few members or some of many. */
const MOST = 512;
const LEAST_WEIGHT = 64;
/** Transactions at once: one works while another waits for its commit. */
const LANES = 2;

function changing(ctx: { db: Database }, directory: DirectoryId): WriteKind<Request, GroupMembersChanged> {
  return {
    most: MOST,
    weightOf: ({ add, remove }) => Math.max(LEAST_WEIGHT, add.length + remove.length),
    lanes: LANES,
    repeatsKeys: true,
    together: (requests) => changeTogether(ctx, directory, requests),
    alone: (request) => changeAlone(ctx, directory, request),
  };
}

/** What concerns one of them alone makes them all come alone, as does a member that an earlier one names too. */
async function changeTogether(
  ctx: { db: Database },
  directory: DirectoryId,
  requests: readonly Request[],
): Promise<(GroupMembersChanged | undefined)[]> {
  const seen = new Set<DirectoryUserId>();
  const taken = requests.filter(({ add, remove }) => {
    const members = new Set([...add, ...remove]);
    const isFirst = members.size === add.length + remove.length && seen.isDisjointFrom(members);
    // Of those that must wait too: what comes for the same member after them is not to be done before them.
    for (const member of members) seen.add(member);
    return isFirst;
  });
  const { organization, kind } = (requests[0] as Request).actor;
  const rows = taken.flatMap(({ add, remove }, at) => [
    ...add.map((member) => ({ place: at + 1, member, comes: true })),
    ...remove.map((member) => ({ place: at + 1, member, comes: false })),
  ]);
  if (rows.length === 0) return [];
  try {
    const done = await ctx.db
      .of(organization)
      .query<{ place: number; version: number; added: number; removed: number }>({
        name: "change-members-each",
        text: `select c.place, c.version, c.added, c.removed from change_members_each($1, $2, $3::uuid[], $4, $5::text[],
        $6::text[], $7::integer[], $8::uuid[], $9::boolean[]) c`,
        values: [
          organization,
          directory,
          taken.map(({ group }) => group),
          kind,
          taken.map(({ actor }) => actor.id),
          taken.map(({ actor }) => actor.requestId),
          rows.map((row) => row.place),
          rows.map((row) => row.member),
          rows.map((row) => row.comes),
        ],
      });
    const answers = new Map(
      done.map(({ place, ...rest }) => [taken[place - 1], { outcome: "written" as const, ...rest }]),
    );
    return requests.map((request) => answers.get(request));
  } catch (error) {
    if (isOfOneAlone(error)) return [];
    throw error;
  }
}

async function changeAlone(
  ctx: { db: Database },
  directory: DirectoryId,
  { actor, group, add, remove, expectedVersion }: Request,
): Promise<GroupMembersChanged> {
  const [done] = await inStatement<Changed>(ctx, actor, () => ({
    name: "change-members",
    text: `select c.outcome, c.version, c.added, c.removed, c.unknown
      from change_members($1, $2, $3, $4::uuid[], $5::uuid[], $6, $7, $8, $9) c`,
    values: [
      actor.organization,
      directory,
      group,
      add,
      remove,
      expectedVersion ?? null,
      actor.kind,
      actor.id,
      actor.requestId,
    ],
  }));
  const { outcome, version, added, removed, unknown } = done as Changed;
  if (outcome === "written") return { outcome, version, added, removed };
  return outcome === "unknown" ? { outcome, ids: unknown } : { outcome };
}
