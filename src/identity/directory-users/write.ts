import type { Database } from "../../db/connection.ts";
import type { AccountId, DirectoryId } from "../../db/id.ts";
import { type Actor, inStatement, inTransaction } from "../../db/transaction.ts";
import { type DirectoryUser, type DirectoryUserInput, fromValues, toValues } from "./directory-user.ts";
import { lockDirectoryUser } from "./read.ts";
import { updateDirectoryUsers } from "./update.ts";

/**
 * What came of `writeDirectoryUser`. `changed-meanwhile`: the record has another version than the expected one, read it
 * again; `gone`: it is no live record of the directory. Only `written` has written anything.
 */
export type DirectoryUserWritten =
  | { outcome: "written"; user: DirectoryUser }
  | { outcome: "changed-meanwhile" }
  | { outcome: "gone" };

type Updated = {
  outcome: "written" | "changed-meanwhile" | "gone" | "renames";
  account: AccountId;
  version: number;
  createdAt: Date;
  updatedAt: Date;
};

/**
 * Replaces the whole content of one record, as a change of its own, if it still has the version from which the new
 * content was made (RFC 7644 §3.5.1, §3.5.2). One statement, unless the user name changes.
 *
 * Before: `input.id` was read with `expectedVersion`. After: `written`: as after `updateDirectoryUsers`, committed.
 * @throws MusterError `uniqueness` when another record holds the user name.
 */
export async function writeDirectoryUser(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  input: DirectoryUserInput,
  expectedVersion: number,
): Promise<DirectoryUserWritten> {
  const [updated] = await inStatement<Updated>(ctx, actor, () => ({
    name: "update-directory-user",
    text: `select u.outcome, u.account, u.version, u.created_at as "createdAt", u.updated_at as "updatedAt"
      from update_directory_user($1, $2, ${fromValues(3)}, $15, $16, $17, $18) u`,
    values: [actor.organization, directory, ...toValues(input), expectedVersion, actor.kind, actor.id, actor.requestId],
  }));
  if (!updated || updated.outcome === "gone") return { outcome: "gone" };
  const { outcome, ...row } = updated;
  if (outcome === "changed-meanwhile") return { outcome };
  if (outcome === "written") return { outcome, user: { ...input, directory, ...row } };
  return inTransaction(ctx, actor, async (tx) => {
    const held = await lockDirectoryUser(tx, directory, input.id);
    if (!held) return { outcome: "gone" };
    if (held.version !== expectedVersion) return { outcome: "changed-meanwhile" };
    const [user] = await updateDirectoryUsers(tx, directory, [input]);
    return user ? { outcome: "written", user } : { outcome: "gone" };
  });
}
