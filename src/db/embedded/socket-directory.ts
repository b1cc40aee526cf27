import { chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Home } from "./program.ts";

/** A unix socket's path holds 108 bytes on Linux and 104 on macOS, the closing zero included. */
const LONGEST_DIRECTORY = 103 - "/.s.PGSQL.5432".length;

/**
 * Where the server's socket is: in the cluster, whose path stays valid as long as the data does; when that path is too
 * long for a socket, in a directory under the temporary one that only the server's user can enter, and that is
 * remembered in the cluster.
 */
export function socketDirectory(home: Home): string {
  if (Buffer.byteLength(home.directory) <= LONGEST_DIRECTORY) return home.directory;
  const note = join(home.directory, "muster-socket-directory");
  const uid = home.user?.uid ?? process.getuid?.();
  if (existsSync(note)) {
    const known = readFileSync(note, "utf8").trim();
    if (!existsSync(known)) own(home, known, () => mkdirSync(known, { mode: 0o700 }));
    const { mode, uid: owner } = lstatSync(known);
    if (owner === uid && (mode & 0o777) === 0o700 && lstatSync(known).isDirectory()) return known;
  }
  const directory = mkdtempSync(join(tmpdir(), "muster-"));
  own(home, directory);
  writeFileSync(note, `${directory}\n`, { mode: 0o600 });
  own(home, note);
  return directory;
}

function own(home: Home, path: string, make?: () => void): void {
  make?.();
  if (home.user) chownSync(path, home.user.uid, home.user.gid);
}
