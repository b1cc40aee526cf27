import { join } from "node:path";
import { freePort } from "./free-port.ts";
import { type Start, type Talking, talk } from "./process.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const MAIN = join(ROOT, "src", "main.ts");

/** A Muster process that serves, on a port of its own unless the environment names one. */
export type RunningMuster = Talking & { url: string };

/** Runs one command as a person would; nothing of this process's environment reaches it. */
function muster(args: readonly string[], environment: NodeJS.ProcessEnv, start: Start = {}): Talking {
  return talk(process.execPath, ["--disable-proto=delete", MAIN, ...args], {
    ...start,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      ...environment,
    },
  });
}

/** Runs one command to its end. */
export async function runMuster(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ code: number | NodeJS.Signals; out: string; err: string }> {
  const running = muster(args, environment);
  running.child.stdin?.end();
  const code = await running.ended;
  return { code, out: running.out(), err: running.err() };
}

/** `muster start`, once it says that it is ready. The caller ends it. */
export async function startMuster(
  environment: NodeJS.ProcessEnv,
  start: Start & { command?: string } = {},
): Promise<RunningMuster> {
  const listen = environment.MUSTER_LISTEN ?? `127.0.0.1:${await freePort()}`;
  const running = muster([start.command ?? "start"], { MUSTER_LISTEN: listen, ...environment }, start);
  await running.line(/^Muster is ready/);
  return { ...running, url: `http://${listen}` };
}
