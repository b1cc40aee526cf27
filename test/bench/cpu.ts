import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Server } from "./server.ts";

/** Microseconds of processor time: of the server's process, of PostgreSQL as a whole, of the client. */
export type Cpu = { server: number; postgres: number; client: number };

/** What everybody has used so far. PostgreSQL's part is read from /proc: 0 where there is none. */
export async function cpuNow(server: Server, folder: string): Promise<Cpu> {
  const { user, system } = process.cpuUsage();
  return { server: await server.cpu(), postgres: cpuOfPostgres(folder), client: user + system };
}

export function cpuBetween(before: Cpu, after: Cpu): Cpu {
  return {
    server: after.server - before.server,
    postgres: after.postgres - before.postgres,
    client: after.client - before.client,
  };
}

/** The kernel counts in hundredths of a second. */
const TICK = 10_000;

/** PostgreSQL as a whole: the postmaster with the children that it has and had. */
export function cpuOfPostgres(folder: string): number {
  const file = join(folder, "data", "postgres", "postmaster.pid");
  if (!existsSync("/proc/self/stat") || !existsSync(file)) return 0;
  const postmaster = Number(readFileSync(file, "utf8").split("\n")[0]);
  let ticks = ticksOf(postmaster, true);
  for (const name of readdirSync("/proc"))
    if (/^\d+$/.test(name) && parentOf(Number(name)) === postmaster) ticks += ticksOf(Number(name), false);
  return ticks * TICK;
}

/** proc_pid_stat(5): the fields behind the command's name, which is in brackets; utime is the 14th of all. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    // It has ended since it was listed.
    return [];
  }
}

/** Microseconds that one process has used, 0 where there is no /proc. */
export function cpuOfProcess(pid: number): number {
  return ticksOf(pid, false) * TICK;
}

function parentOf(pid: number): number {
  return Number(statOf(pid)[1] ?? 0);
}

function ticksOf(pid: number, withChildren: boolean): number {
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = statOf(pid).slice(11, 15).map(Number);
  return user + system + (withChildren ? childrenUser + childrenSystem : 0);
}
