import type { DirectoryId, DirectoryUserId, GroupId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { unreachable } from "../../errors.ts";
import { changeMembers } from "../../identity/directory-groups/members.ts";
import { changeNestings } from "../../identity/directory-groups/nestings.ts";
import { removeDirectoryGroups, restoreDirectoryGroups } from "../../identity/directory-groups/remove.ts";
import { insertDirectoryGroups, updateDirectoryGroups } from "../../identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../identity/directory-users/insert.ts";
import {
  removeDirectoryUsers,
  restoreDirectoryUsers,
  rewriteRemovedUsers,
} from "../../identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../identity/directory-users/update.ts";
import { checkGroups, checkLinks, checkUsers } from "./check.ts";
import {
  type GroupKind,
  type GroupRow,
  groupInput,
  type LinkKind,
  type LinkRow,
  type Outcome,
  type UserKind,
  type UserRow,
  userInput,
} from "./rows.ts";
import { takeLinksBack } from "./taken-back.ts";

/** Writes people of one kind (updates and deactivations are one kind here) exactly as planned, through the rules of `identity`. */
export async function writeUsers(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
  kind: UserKind,
  rows: readonly UserRow[],
): Promise<Outcome> {
  const { fresh, leftOut } = await checkUsers(tx, directory, rows);
  const ids = fresh.map((row) => row.subject);
  const inputs = fresh.flatMap((row) => (row.next === null ? [] : [userInput(row.subject, row.next)]));
  let links: LinkRow[] = [];
  switch (kind) {
    case "user-add":
      await insertDirectoryUsers(tx, directory, inputs);
      break;
    case "user-remove":
      await removeDirectoryUsers(tx, directory, ids);
      await rewriteRemovedUsers(tx, directory, inputs);
      links = await takeLinksBack(tx, run, fresh, rows, leftOut);
      break;
    case "user-update":
    case "user-deactivate":
      await updateDirectoryUsers(tx, directory, inputs);
      break;
    case "user-restore": {
      await restoreDirectoryUsers(tx, directory, ids);
      const changed = new Set(fresh.filter(hasOtherContent).map((row) => row.subject));
      await updateDirectoryUsers(
        tx,
        directory,
        inputs.filter((input) => changed.has(input.id)),
      );
      links = await staleLinks(tx, run, "member-remove", "member", ids);
      await changeMembers(tx, directory, { add: [], remove: links.map(toMember) });
      break;
    }
    default:
      return unreachable(kind);
  }
  return {
    applied: [...fresh, ...links].map((row) => row.seq),
    leftOut,
    written: fresh.length + links.length,
    lost: fresh.filter(
      (row) =>
        (kind === "user-remove" || row.next?.active === false) &&
        row.previous?.active === true &&
        kind !== "user-restore",
    ).length,
    gained: fresh.filter(
      (row) =>
        kind !== "user-remove" &&
        row.next?.active === true &&
        (kind === "user-restore" || row.previous?.active !== true),
    ).length,
  };
}

/** Writes groups of one kind exactly as planned. Removing and restoring need the organization's exclusive lock. */
export async function writeGroups(
  tx: Tx,
  run: SyncRunId,
  directory: DirectoryId,
  kind: GroupKind,
  rows: readonly GroupRow[],
): Promise<Outcome> {
  const { fresh, leftOut } = await checkGroups(tx, directory, rows);
  const ids = fresh.map((row) => row.subject);
  const inputs = fresh.flatMap((row) => (row.next === null ? [] : [groupInput(row.subject, row.next)]));
  let links: LinkRow[] = [];
  switch (kind) {
    case "group-add":
      await insertDirectoryGroups(tx, directory, inputs);
      break;
    case "group-remove":
      await updateDirectoryGroups(tx, directory, inputs);
      await removeDirectoryGroups(tx, directory, ids);
      links = await takeLinksBack(tx, run, fresh, rows, leftOut);
      break;
    case "group-update":
      await updateDirectoryGroups(tx, directory, inputs);
      break;
    case "group-restore": {
      await restoreDirectoryGroups(tx, directory, ids);
      const changed = new Set(fresh.filter(hasOtherContent).map((row) => row.subject));
      await updateDirectoryGroups(
        tx,
        directory,
        inputs.filter((input) => changed.has(input.id)),
      );
      const members = await staleLinks(tx, run, "member-remove", "subject", ids);
      const nestings = await staleLinks(tx, run, "nesting-remove", "either", ids);
      await changeMembers(tx, directory, { add: [], remove: members.map(toMember) });
      await changeNestings(tx, directory, { add: [], remove: nestings.map(toNesting) });
      links = [...members, ...nestings];
      break;
    }
    default:
      return unreachable(kind);
  }
  return {
    applied: [...fresh, ...links].map((row) => row.seq),
    leftOut,
    written: fresh.length + links.length,
    lost: 0,
    gained: 0,
  };
}

/** Writes memberships or nestings of one kind exactly as planned. Nestings need the organization's exclusive lock. */
export async function writeLinks(
  tx: Tx,
  directory: DirectoryId,
  kind: LinkKind,
  rows: readonly LinkRow[],
): Promise<Outcome> {
  const { fresh, leftOut } = await checkLinks(tx, directory, rows);
  const { added, removed } = await changeLinks(tx, directory, kind, fresh);
  return { applied: fresh.map((row) => row.seq), leftOut, written: added + removed, lost: 0, gained: 0 };
}

async function changeLinks(
  tx: Tx,
  directory: DirectoryId,
  kind: LinkKind,
  rows: readonly LinkRow[],
): Promise<{ added: number; removed: number }> {
  switch (kind) {
    case "member-add":
      return changeMembers(tx, directory, { add: rows.map(toMember), remove: [] });
    case "member-remove":
      return changeMembers(tx, directory, { add: [], remove: rows.map(toMember) });
    case "nesting-add":
      return changeNestings(tx, directory, { add: rows.map(toNesting), remove: [] });
    case "nesting-remove":
      return changeNestings(tx, directory, { add: [], remove: rows.map(toNesting) });
    default:
      return unreachable(kind);
  }
}

/**
 * What a tombstone brings back with it although the directory no longer says so. It goes in the same transaction, so
 * that nobody has a moment of access by a membership of long ago.
 */
async function staleLinks(
  tx: Tx,
  run: SyncRunId,
  kind: "member-remove" | "nesting-remove",
  side: "subject" | "member" | "either",
  ids: readonly string[],
): Promise<LinkRow[]> {
  return tx.query<LinkRow>({
    text: `select seq, kind, subject, member, coalesce(name, '') as name, version, false as "ofMany" from sync_plan
      where organization = $1 and run = $2 and kind = $3 and applied_at is null and conflict is null
        and ((subject = any($4) and $5 <> 'member') or (member = any($4) and $5 <> 'subject')) order by seq`,
    values: [tx.organization, run, kind, ids, side],
  });
}

function hasOtherContent(row: UserRow | GroupRow): boolean {
  return row.previous?.contentHash !== row.next?.contentHash;
}

function toMember(row: LinkRow): { group: GroupId; member: DirectoryUserId } {
  return { group: row.subject, member: row.member as DirectoryUserId };
}

function toNesting(row: LinkRow): { parent: GroupId; child: GroupId } {
  return { parent: row.subject, child: row.member as GroupId };
}
