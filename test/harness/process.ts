import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Asks until the answer is yes, for at most so many seconds; a test waits for what happens, never for a time. */
export async function until(what: string, seconds: number, ask: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A process whose words are kept. */
export type Talking = {
  child: ChildProcess;
  out(): string;
  err(): string;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>;
  /** The first line of standard output that the pattern finds. @throws when the process ends without it. */
  line(pattern: RegExp): Promise<string>;
};

export type Start = { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number; detached?: boolean };

export function talk(command: string, args: readonly string[], start: Start = {}): Talking {
  const child = spawn(command, args, { ...start, stdio: ["pipe", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  child.stdin?.on("error", () => {});
  let over = false;
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      over = true;
      resolve(code ?? signal ?? 0);
    });
  });
  return {
    child,
    out: () => out,
    err: () => err,
    ended,
    line: async (pattern) => {
      const find = (): string | undefined =>
        out
          .split("\n")
          .slice(0, -1)
          .find((each) => pattern.test(each));
      await until(`a line like ${pattern} (${command} ${args.join(" ")})`, 60, () => {
        if (over && find() === undefined) throw new Error(`ended without a line like ${pattern}: ${out}${err}`);
        return find() !== undefined;
      });
      return find() ?? "";
    },
  };
}

/** The PostgreSQL processes that work in this data directory, whatever their user and their command line. */
export function postmasterOf(dataDirectory: string): number | undefined {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(join(dataDirectory, "postgres", "postmaster.pid"), "utf8"), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  return pid > 0 && isRunning(pid) ? pid : undefined;
}

/** Whether a process is there and no zombie. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !["Z", "X"].includes(stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3));
  } catch {
    if (existsSync("/proc/self/stat")) return false;
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
