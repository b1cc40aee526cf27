import { z } from "zod";
import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { type Directory, resolveDirectory } from "../identity/directories.ts";
import { keyIn } from "./fields.ts";
import { unlessUnknown } from "./unless-unknown.ts";

/** A path's directory: its id or its name. Ids have the form of names. */
export const oneDirectory = z.strictObject({ directory: keyIn });

/** One answer for every directory that the organization does not have, whoever else may have it. @throws MusterError `not-found`. */
export async function directoryFor(db: Db, nameOrId: string): Promise<Directory> {
  const found = await unlessUnknown(resolveDirectory(db, nameOrId));
  if (!found) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
  return found;
}
