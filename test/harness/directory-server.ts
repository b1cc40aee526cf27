/** What the recipes of real directory servers share: a process of our own that goes when we go. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const execute = promisify(execFile);
const SETPRIV = "/usr/bin/setpriv";

/** @throws Error with the last words of the program when it fails. */
export async function runTool(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  try {
    await execute(program, args, { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? `${error.stderr}`.trim() : String(error);
    throw new Error(`${program}: ${words.split("\n").slice(-4).join(" ")}`);
  }
}

/** @throws Error in one line naming what is missing and how to get it. */
export function requirePrograms(what: string, programs: readonly string[], packages: string): void {
  const missing = programs.filter((program) => !existsSync(program));
  if (process.platform !== "linux") throw new Error(`${what} is tested on Linux only`);
  if (missing.length > 0)
    throw new Error(
      `${what} is missing (${missing.join(", ")}); install it with: apt-get install -y --no-install-recommends ${packages}`,
    );
}

/** A server in the foreground: killed with this process, however that ends. */
export function launch(command: readonly string[]): ChildProcess {
  const whole = existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", ...command] : command;
  const [program = "", ...args] = whole;
  const server = spawn(program, args, { stdio: "ignore" });
  const killNow = (): void => {
    server.kill("SIGKILL");
  };
  process.once("exit", killNow);
  server.once("exit", () => process.removeListener("exit", killNow));
  return server;
}

/** @throws Error when it is not there in time or ends before. */
export async function listens(
  server: ChildProcess,
  host: string,
  port: number,
  log: () => Promise<string>,
): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
    if (server.exitCode !== null || server.signalCode !== null)
      throw new Error(`the server ended while starting: ${(await log()).split("\n").slice(-8).join(" ")}`);
    if (await accepts(host, port)) return;
  }
  throw new Error(`nobody answers at ${host}:${port}: ${(await log()).split("\n").slice(-8).join(" ")}`);
}

/** Asks it to end, and ends it when it does not. */
export async function end(server: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  if ((await Promise.race([gone, sleep(10_000, "late", { ref: false })])) !== "late") return;
  server.kill("SIGKILL");
  await gone;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
