import type { AccountId, GroupId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { Directory } from "./directories.ts";
import { type Refusal, refused } from "./external-user-management.ts";

/**
 * What administrators may change of a directory's people and groups here, beside what it says of them itself. R162, R165.
 * `read-only`: nothing; its people and groups are put into no group either. `read-only-local-groups`: administrators put
 * them into groups. `read-write`: they also add and edit its people, and edit its groups and their members.
 *
 * Access is no part of a directory: roles, guests' spaces and suspension are the same under all three. Whom an
 * administrator put into a group stays there when the directory becomes `read-only`, and can be taken out.
 */
export const DIRECTORY_PERMISSIONS = ["read-only", "read-only-local-groups", "read-write"] as const;
export type DirectoryPermissions = (typeof DIRECTORY_PERMISSIONS)[number];

type Kind = Directory["kind"];
type Facts = Pick<Directory, "name" | "kind" | "permissions" | "syncEvery">;

/** What a directory has until an administrator says otherwise. */
export function defaultPermissions(kind: Kind): DirectoryPermissions {
  return kind === "internal" ? "read-write" : "read-only-local-groups";
}

/** Whether what Muster holds of such a directory is the record itself; else null, else why the next sync takes an edit back. */
function whyNeverWritten({ name, kind, syncEvery }: Omit<Facts, "permissions">): string | null {
  switch (kind) {
    case "internal":
    case "scim":
      return null;
    case "csv":
      return syncEvery === null
        ? null
        : `${name} is read from its files on a schedule, and the next run would take every edit back; end the schedule first`;
    case "ldap":
    case "google-workspace":
      return `the next sync of ${name}, a directory of kind ${kind}, would take every edit back; edit it there`;
  }
}

/** @throws MusterError `invalid` when the next sync would take back what these permissions allow. */
export function refuseUnfitPermissions(directory: Facts): void {
  const why = directory.permissions === "read-write" ? whyNeverWritten(directory) : null;
  if (why) throw new MusterError("invalid", `not read-write: ${why}`, { at: "permissions" });
}

/** Why administrators do not add or edit people and groups of this directory; null: they do. */
export function refusalToWrite(directory: Facts & Pick<Directory, "switchedTo">): Refusal | null {
  const { name, switchedTo } = directory;
  if (switchedTo !== null)
    return {
      code: "read-only",
      message: `the directory ${name} rests: its people were switched to ${switchedTo}`,
      setting: {
        name: "switchedTo",
        value: switchedTo,
        path: `/directories/${name}`,
        command: `muster directory switch ${switchedTo} ${name} --match userName`,
        consequence: `its people are switched back and ${switchedTo} rests`,
      },
    };
  return directory.permissions === "read-write" ? null : refusal(directory, "read-write");
}

/** Why administrators do not put its people and groups into groups; null: they do. */
function refusalOfLocalMembers(directory: Facts): Refusal | null {
  return directory.permissions === "read-only" ? refusal(directory, "read-only-local-groups") : null;
}

function refusal(directory: Facts, needed: DirectoryPermissions): Refusal {
  const { name, permissions } = directory;
  const what = needed === "read-write" ? "people and groups are not edited" : "people and groups are put into no group";
  return {
    code: "read-only",
    message: `the directory ${name} is ${permissions}: its ${what} here`,
    setting: { name: "permissions", value: permissions, path: `/directories/${name}`, ...wayOut(directory, needed) },
  };
}

/** What an administrator does instead; where these permissions would be refused, the edit is made in the directory itself. */
function wayOut(directory: Facts, needed: DirectoryPermissions): Pick<Refusal["setting"], "command" | "consequence"> {
  const { name, kind } = directory;
  const command = `muster directory policy ${name} --permissions ${needed}`;
  if (needed !== "read-write")
    return { command, consequence: `administrators put people of ${name} into groups; no sync takes them out` };
  if (whyNeverWritten(directory) === null)
    return { command, consequence: `administrators edit ${name} here; whoever else writes to it may overwrite that` };
  const there = kind === "csv" ? `the files of ${name}` : `${name} itself, a directory of kind ${kind},`;
  return {
    command: `muster directory sync ${name}`,
    consequence: `what is edited in ${there} comes with its next sync, which would take back an edit made here`,
  };
}

/**
 * Called before people or groups are put into groups. Read under the organization's lock, like the permissions themselves.
 * @param groups the group that they come into, and those that come.
 * @throws MusterError `read-only` naming the first directory in order that permits it for none of its own.
 */
export async function refuseReadOnlyMembers(
  tx: Tx,
  accounts: readonly AccountId[],
  groups: readonly GroupId[],
): Promise<void> {
  const [closed] = await tx.query<Facts>({
    text: `select d.name, d.kind, d.permissions, extract(epoch from d.sync_every)::int as "syncEvery" from directories d
      where d.organization = $1 and d.permissions = 'read-only' and (
        exists (select from accounts a join directory_users u on u.organization = a.organization and u.id = a.canonical
          where a.organization = $1 and a.id = any ($2) and u.directory = d.id)
        or exists (select from groups g where g.organization = $1 and g.id = any ($3) and g.directory = d.id))
      order by d.position limit 1`,
    values: [tx.organization, accounts, groups],
  });
  const refusal = closed && refusalOfLocalMembers(closed);
  if (refusal) throw refused(refusal);
}
