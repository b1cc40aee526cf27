import type { Context } from "../context.ts";
import { type DirectoryUserId, type GroupId, parseId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { changeGroupMembers } from "../identity/directory-groups/gathered-members.ts";
import { changeMembers, lockMembersBeforeGroup, replaceMembers } from "../identity/directory-groups/members.ts";
import { changeNestings } from "../identity/directory-groups/nestings.ts";
import { listDirectoryGroups } from "../identity/directory-groups/read.ts";
import type { Caller } from "./caller.ts";
import { notFound } from "./errors.ts";
import type { MemberChange } from "./patch/members.ts";
import { invalidValue } from "./schema/document.ts";

/** Groups that one request may nest or un-nest. */
const MAX_NESTED = 10_000;

/** How the transaction holds the organization: nesting changes what many accounts read, so it must be alone. */
type Lock = "shared" | "exclusive";

/** Thrown to begin again with the exclusive lock. */
const NESTS = new Error("this request changes nesting");

/**
 * Runs `work` under the shared lock, as requests about people do, and only when it turns out to nest groups once more
 * under the exclusive one.
 */
export async function inGroupTransaction<T>(
  ctx: Context,
  actor: Actor,
  work: (tx: Tx, lock: Lock) => Promise<T>,
): Promise<T> {
  try {
    return await inTransaction(ctx, actor, (tx) => work(tx, "shared"));
  } catch (error) {
    if (error !== NESTS) throw error;
    return inTransaction(ctx, actor, (tx) => work(tx, "exclusive"), { lock: "exclusive" });
  }
}

/**
 * A change of users alone, in one statement. Undefined, and nothing written, when it names somebody who is no user: then
 * it may be about nested groups.
 * @throws MusterError `not-found`, `invalid-value`.
 */
export async function changeUsers(
  ctx: Context,
  caller: Caller,
  group: GroupId,
  change: MemberChange,
): Promise<{ version: number; added: number; removed: number } | undefined> {
  const done = await changeGroupMembers(ctx, caller.actor, caller.directory, group, {
    add: change.add.map((text) => known(text)),
    remove: change.remove.flatMap((text) => parseId<DirectoryUserId>(text) ?? []),
  });
  if (done.outcome === "gone") throw notFound();
  return done.outcome === "written" ? done : undefined;
}

/** To be called before the group itself is locked. What is no id is left to `writeMembers` to refuse. */
export async function lockMembers(tx: Tx, caller: Caller, group: GroupId, change: MemberChange): Promise<void> {
  const members = [...change.add, ...change.remove].flatMap((text) => parseId<DirectoryUserId>(text) ?? []);
  await lockMembersBeforeGroup(tx, caller.directory, group, { replaced: change.replaced, members });
}

/**
 * Changes the members of a group as rows: users first, then what is no user but a group of the same directory.
 * Removing whom the group does not have is done already.
 * @throws MusterError `invalid-value` when somebody to add is neither; then nothing is written.
 */
export async function writeMembers(
  tx: Tx,
  lock: Lock,
  caller: Caller,
  group: GroupId,
  change: MemberChange,
): Promise<{ added: number; removed: number }> {
  const add = change.add.map((text) => known(text));
  const remove = change.remove.flatMap((text) => parseId<DirectoryUserId>(text) ?? []);
  const { directory } = caller;
  const { unknown, ...moved } = change.replaced
    ? await replaceMembers(tx, directory, group, add)
    : await changeMembers(tx, directory, {
        add: add.map((member) => ({ group, member })),
        remove: remove.map((member) => ({ group, member })),
      });
  const children = unknown as GroupId[];
  const gone =
    change.replaced || remove.length > 0 ? await nestedIn(tx, caller, group, change.replaced ? null : remove) : [];
  const dropped = gone.filter((child) => !children.includes(child));
  if (children.length === 0 && dropped.length === 0) return moved;
  if (lock === "shared") {
    await requireGroups(tx, caller, children);
    throw NESTS;
  }
  const nested = await changeNestings(tx, directory, {
    add: children.map((child) => ({ parent: group, child })),
    remove: dropped.map((child) => ({ parent: group, child })),
  });
  if (nested.unknown[0] !== undefined) throw unknownMember(nested.unknown[0]);
  return { added: moved.added + nested.added, removed: moved.removed + nested.removed };
}

function known(text: string): DirectoryUserId {
  const id = parseId<DirectoryUserId>(text);
  if (id === undefined) throw unknownMember(text);
  return id;
}

/** What is no id may be somebody's name, which must not get into the request log. */
function unknownMember(id: string): Error {
  const what = parseId(id) === undefined ? "something that is no id" : `${id}, which this directory does not have`;
  return invalidValue("members", `names ${what}`);
}

/** Tells a wrong id before anybody has to wait for the exclusive lock. */
async function requireGroups(tx: Tx, caller: Caller, ids: readonly GroupId[]): Promise<void> {
  if (ids.length === 0) return;
  const { groups } = await listDirectoryGroups(tx, caller.directory, {
    where: { text: "g.id = any($1::uuid[])", values: [ids] },
    limit: MAX_NESTED,
    offset: 0,
  });
  const found = new Set(groups.map((each) => each.id));
  const missing = ids.find((id) => !found.has(id));
  if (missing !== undefined) throw unknownMember(missing);
}

/** The groups nested directly in this one, or those of them that are among `only`. */
async function nestedIn(tx: Tx, caller: Caller, group: GroupId, only: readonly string[] | null): Promise<GroupId[]> {
  const { groups } = await listDirectoryGroups(tx, caller.directory, {
    where: {
      text: `($2::uuid[] is null or g.id = any($2)) and exists (select from group_nestings n
        where n.organization = g.organization and n.parent = $1 and n.child = g.id and n.origin = 'remote')`,
      values: [group, only],
    },
    limit: MAX_NESTED,
    offset: 0,
  });
  return groups.map((each) => each.id);
}
