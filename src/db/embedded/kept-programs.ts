import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { isNeeded, type Programs } from "./binaries.ts";

const PREFIX = "postgres-programs-";

/**
 * Keeps PostgreSQL's programs in the data directory, once per version: an installation that is made anew has lost those
 * that can read what the older one wrote. They are the same files where the file system allows it, else copies.
 */
export function keepPrograms(dataDirectory: string, programs: Programs, log: (message: string) => void): void {
  const kept = join(dataDirectory, `${PREFIX}${programs.name}`);
  if (existsSync(kept)) return;
  const half = mkdtempSync(join(dataDirectory, `.${PREFIX}`));
  try {
    linkTree(programs.directory, half);
    // The server's user may be another; what may be entered is for the data directory itself to say.
    chmodSync(half, 0o755);
    renameSync(half, kept);
    const major = Number.parseInt(programs.name, 10);
    for (const name of keptOf(dataDirectory, major))
      if (name !== programs.name) rmSync(join(dataDirectory, `${PREFIX}${name}`), { recursive: true, force: true });
  } catch (error) {
    rmSync(half, { recursive: true, force: true });
    // Another starter was faster, or only an upgrade to come will miss them.
    if (!existsSync(kept)) log(`PostgreSQL's programs cannot be kept in ${kept}: ${(error as Error).message}`);
  }
}

/** The programs of a major version that the data directory keeps. */
export function keptPrograms(dataDirectory: string, major: number): Programs | undefined {
  const here = `-${process.platform}-${process.arch}`;
  const name = keptOf(dataDirectory, major).find((each) => each.endsWith(here));
  return name === undefined ? undefined : { directory: join(dataDirectory, `${PREFIX}${name}`), name };
}

function keptOf(dataDirectory: string, major: number): string[] {
  return readdirSync(dataDirectory)
    .filter((name) => name.startsWith(`${PREFIX}${major}.`))
    .map((name) => name.slice(PREFIX.length));
}

function linkTree(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!isNeeded(source)) continue;
    if (entry.isDirectory()) {
      mkdirSync(target, { mode: 0o755 });
      linkTree(source, target);
    } else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  }
}
