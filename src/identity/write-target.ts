import type { Db } from "../db/connection.ts";
import type { Tx } from "../db/transaction.ts";
import { type Directory, listDirectories } from "./directories.ts";
import { type DirectoryPermissions, refusalToWrite } from "./directory-permissions.ts";
import { externalUserManagement, type Refusal, refused } from "./external-user-management.ts";

/** What administrators may do with a directory's people and groups. C15. */
type DirectoryCapabilities = {
  addPeople: boolean;
  editPeople: boolean;
  editGroups: boolean;
  localMembers: boolean;
};

/** Where a new person would be written, directory by directory. C15. */
export type WriteTarget = {
  /** The first directory in order that may be written to; null: nowhere. R162. */
  directory: string | null;
  /** Why nowhere. */
  refusal: Refusal | null;
  /** Every directory in order, with why people are not added or edited there. */
  directories: {
    name: string;
    kind: Directory["kind"];
    permissions: DirectoryPermissions;
    capabilities: DirectoryCapabilities;
    refusal: Refusal | null;
  }[];
};

/** "Where would this be written?", and why not where one would think. R162, R164, C15. */
export async function writeTarget(db: Db): Promise<WriteTarget> {
  const outside = await externalUserManagement(db);
  const directories = (await listDirectories(db)).map((directory) => {
    const closed = refusalToWrite(directory);
    const people = outside === null && closed === null;
    return {
      name: directory.name,
      kind: directory.kind,
      permissions: directory.permissions,
      capabilities: {
        // Nobody is looked for any more in a directory whose people were switched to another one.
        addPeople: people && directory.switchedTo === null,
        editPeople: people,
        editGroups: closed === null,
        localMembers: directory.permissions !== "read-only",
      },
      refusal: outside ?? closed,
    };
  });
  const first = directories.find(({ capabilities }) => capabilities.addPeople);
  return { directory: first?.name ?? null, refusal: first ? null : (outside ?? nowhere(directories)), directories };
}

/** Of several directories that may not be written to the one that could be is told: `internal`, unless somebody closed it. */
function nowhere(directories: WriteTarget["directories"]): Refusal | null {
  const closed = directories.find(({ kind }) => kind === "internal") ?? directories[0];
  if (!closed?.refusal) return null;
  const names = directories.map(({ name, permissions }) => `${name} (${permissions})`).join(", ");
  return { ...closed.refusal, message: `no directory may be written to: ${names}` };
}

/**
 * The directory to which a new person is written: the first in order that permits it. R162, T9.
 * @throws MusterError `externally-managed`; `read-only` when none permits it (T10), with what would help.
 */
export async function requireWriteTarget(tx: Tx): Promise<Directory> {
  const { directory: name, refusal } = await writeTarget(tx);
  const found = (await listDirectories(tx)).find((directory) => directory.name === name);
  if (found) return found;
  throw refused(refusal as Refusal);
}
