import type { Database } from "../../db/connection.ts";
import type { DirectoryId } from "../../db/id.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import type { DirectoryUser, DirectoryUserInput } from "./directory-user.ts";
import { type GroupOfUser, groupsOfDirectoryUsers, lockDirectoryUser } from "./read.ts";
import { updateDirectoryUsers } from "./update.ts";

/**
 * What came of `writeDirectoryUser`. `changed-meanwhile`: the record has another version than the expected one, read it
 * again; `gone`: it is no live record of the directory. Only `written` has written anything.
 */
export type DirectoryUserWritten =
  | { outcome: "written"; user: DirectoryUser; groups: GroupOfUser[] }
  | { outcome: "changed-meanwhile" }
  | { outcome: "gone" };

/**
 * Replaces the whole content of one record, as a change of its own, if it still has the version from which the new
 * content was made (RFC 7644 §3.5.1, §3.5.2).
 *
 * Before: `input.id` was read with `expectedVersion`. After: `written`: as after `updateDirectoryUsers`, committed.
 * @param wants whether the answer shows the groups of the record; else the list is empty.
 * @throws MusterError `uniqueness` when another record holds the user name.
 */
export async function writeDirectoryUser(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  input: DirectoryUserInput,
  expectedVersion: number,
  wants: { groups: boolean } = { groups: false },
): Promise<DirectoryUserWritten> {
  return inTransaction(ctx, actor, async (tx) => {
    const held = await lockDirectoryUser(tx, directory, input.id);
    if (!held) return { outcome: "gone" };
    if (held.version !== expectedVersion) return { outcome: "changed-meanwhile" };
    const [user] = await updateDirectoryUsers(tx, directory, [input]);
    if (!user) return { outcome: "gone" };
    const groups = wants.groups ? await groupsOfDirectoryUsers(tx, directory, [user.id]) : undefined;
    return { outcome: "written", user, groups: groups?.get(user.id) ?? [] };
  });
}
