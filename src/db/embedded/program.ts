import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MusterError } from "../../errors.ts";
import type { Binaries } from "./binaries.ts";
import type { SystemUser } from "./system-user.ts";

/** Where a server's files are, and whom and what it runs with. */
export type Home = { directory: string; binaries: Binaries; user: SystemUser | undefined };

/** How PostgreSQL's programs are started: in the cluster, by its user, with nothing of Muster's environment. */
export function spawnOptions(home: Home): { cwd: string; uid?: number; gid?: number; env: NodeJS.ProcessEnv } {
  return {
    cwd: home.directory,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" },
    ...(home.user && { uid: home.user.uid, gid: home.user.gid }),
  };
}

/**
 * The cluster's name for its own processes. Where they run as another user than Muster, that is their own working
 * directory: the kernel enters it before the user changes, so they need no right on the directories above it, and
 * a data directory that root alone can enter (mode 0700) works.
 */
export function dataArgument(home: Home): string {
  const own = "/proc/self/cwd";
  return home.user && existsSync(own) ? own : home.directory;
}

export function programPath(home: Home, program: string): string {
  return join(home.binaries.directory, "bin", program);
}

/** Runs one of PostgreSQL's programs on the cluster to its end and returns what it said. */
export function runProgram(
  home: Home,
  program: string,
  args: readonly string[],
  input: readonly string[] = [],
): string {
  const result = spawnSync(
    programPath(home, program),
    [...args.slice(0, 1), "-D", dataArgument(home), ...args.slice(1)],
    {
      ...spawnOptions(home),
      input: input.map((line) => `${line}\n`).join(""),
      encoding: "utf8",
    },
  );
  const said = `${result.stdout ?? ""}${result.stderr ?? ""}`;
  if (result.status !== 0) throw failure(program, said, result.error);
  return said;
}

/** One line out of many: the last that PostgreSQL itself calls an error, else the last. */
export function failure(program: string, said: string, cause?: unknown): MusterError {
  const lines = said.split("\n").filter((line) => line.trim() !== "");
  const telling = lines.findLast((line) => /\b(FATAL|PANIC|ERROR|error):/.test(line)) ?? lines.at(-1);
  const reason =
    telling?.replace(/^.*\b(FATAL|PANIC|ERROR|error):\s*/, "") ??
    (cause as Error | undefined)?.message ??
    "no reason given";
  return new MusterError("configuration", `the embedded PostgreSQL does not start (${program}): ${reason}`, {
    at: "MUSTER_DATA_DIR",
    cause,
  });
}
