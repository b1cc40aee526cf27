import type { Database } from "../../db/connection.ts";
import type { WriteKind } from "../../db/gathered-writes.ts";
import type { AccountId, DirectoryId, DirectoryUserId } from "../../db/id.ts";
import { isOfOneAlone } from "../../db/storage-error.ts";
import { type Actor, inStatement, inTransaction } from "../../db/transaction.ts";
import { type DirectoryUser, type DirectoryUserInput, fromValues, toValues } from "./directory-user.ts";
import { type Joined, joinedColumn, lockDirectoryUser, type StoredDirectoryUser, withGroups } from "./read.ts";
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

/** What came of `setDirectoryUserActive`. `unchanged`: the record was so already, and nothing was written. */
export type DirectoryUserActivated =
  | { outcome: "written" | "unchanged"; user: StoredDirectoryUser }
  | { outcome: "gone" };

type Activated = StoredDirectoryUser & Joined & { outcome: DirectoryUserActivated["outcome"] };
type Activation = { actor: Actor; id: DirectoryUserId; active: boolean };

/**
 * Deactivates one record or makes it active again, as a change of its own: what providers do most, in one statement that
 * nobody has to read the record for, shared with others of the same moment. Everything else of the record stays as it is.
 *
 * Before: any. After: `written`: as after `updateDirectoryUsers`, committed; `gone`: it is no live record of the directory.
 * The record is answered as it stands then; without `groups` their list is empty.
 */
export async function setDirectoryUserActive(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  id: DirectoryUserId,
  active: boolean,
  wants: { groups: boolean },
): Promise<DirectoryUserActivated> {
  const { organization, kind } = actor;
  const name = `set-directory-user-active ${organization} ${directory} ${kind} ${wants.groups}`;
  const activation = { actor, id, active };
  return ctx.db.writes.write(name, id, activating(ctx, directory, wants), activation);
}

/** Records that one transaction changes at most; migration 0027 reckons with it (together/spend.ts). */
const MOST = 8;
/** Transactions at once: one works while another waits for its commit. */
const LANES = 2;

function activating(
  ctx: { db: Database },
  directory: DirectoryId,
  wants: { groups: boolean },
): WriteKind<Activation, DirectoryUserActivated> {
  return {
    most: MOST,
    weightOf: () => 1,
    lanes: LANES,
    repeatsKeys: false,
    together: (changes) => activateTogether(ctx, directory, changes, wants),
    alone: (change) => activateAlone(ctx, directory, change, wants),
  };
}

/** Of many only one statement long. What concerns one of them alone makes them all come alone. */
async function activateTogether(
  ctx: { db: Database },
  directory: DirectoryId,
  changes: readonly Activation[],
  wants: { groups: boolean },
): Promise<(DirectoryUserActivated | undefined)[]> {
  const { organization, kind } = (changes[0] as Activation).actor;
  const db = ctx.db.of(organization);
  let rows: Activated[];
  try {
    rows = await db.query<Activated>({
      name: wants.groups ? "set-directory-users-active-with-groups" : "set-directory-users-active",
      text: `select u.outcome, u.id, u.external_id as "externalId", u.user_name as "userName", u.active, u.resource,
          u.version, u.created_at as "createdAt", u.updated_at as "updatedAt" ${wants.groups ? `, ${joinedColumn("u.id")}` : ""}
        from set_directory_users_active($1, $2, $3::uuid[], $4::boolean[], $5, $6::text[], $7::text[]) u`,
      values: [
        organization,
        directory,
        changes.map((change) => change.id),
        changes.map((change) => change.active),
        kind,
        changes.map((change) => change.actor.id),
        changes.map((change) => change.actor.requestId),
      ],
    });
  } catch (error) {
    if (isOfOneAlone(error)) return [];
    throw error;
  }
  const answers = new Map((await withGroups(db, directory, rows)).map((row) => [row.id, activated(row)]));
  return changes.map((change) => answers.get(change.id));
}

async function activateAlone(
  ctx: { db: Database },
  directory: DirectoryId,
  { actor, id, active }: Activation,
  wants: { groups: boolean },
): Promise<DirectoryUserActivated> {
  const rows = await inStatement<Activated>(ctx, actor, () => ({
    name: wants.groups ? "set-directory-user-active-with-groups" : "set-directory-user-active",
    text: `select u.outcome, $3::uuid as id, u.external_id as "externalId", u.user_name as "userName",
        $4::boolean as active, u.resource, u.version, u.created_at as "createdAt", u.updated_at as "updatedAt"
        ${wants.groups ? `, ${joinedColumn("$3")}` : ""}
      from set_directory_user_active($1, $2, $3, $4, $5, $6, $7) u`,
    values: [actor.organization, directory, id, active, actor.kind, actor.id, actor.requestId],
  }));
  const [row] = await withGroups(ctx.db.of(actor.organization), directory, rows);
  return row ? activated(row) : { outcome: "gone" };
}

function activated({ outcome, ...user }: Omit<Activated, "joined">): DirectoryUserActivated {
  return outcome === "gone" ? { outcome } : { outcome, user };
}
