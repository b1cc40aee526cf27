import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Memory, Question, Watched } from "./inside.ts";
import type { CpuProfile } from "./profile.ts";

/** What an interruption must end: running servers, and whatever would come next. */
export type Run = { servers: Set<Server>; signal: AbortSignal; folder: string };

const root = resolve(import.meta.dirname, "../..");
const INSIDE = pathToFileURL(join(import.meta.dirname, "inside.ts")).href;
const FLAGS = ["--disable-proto=delete", "--import", "./src/check-node.mjs", "--import", INSIDE];

/** One running server. What it logs goes to a file, as a service's does. */
export class Server {
  readonly #child: ChildProcess;
  readonly #log: string;
  /** From the start of the process to the first 200 of /readyz. */
  seconds = 0;

  private constructor(child: ChildProcess, log: string) {
    this.#child = child;
    this.#log = log;
  }

  /** Starts a script as both servers are started, and waits until its /readyz answers. */
  static async start(
    words: readonly string[],
    environment: Record<string, string>,
    port: number,
    run: Run,
  ): Promise<Server> {
    run.signal.throwIfAborted();
    const started = performance.now();
    const log = join(run.folder, `log-${port}`);
    const file = openSync(log, "w");
    const child = spawn(process.execPath, [...FLAGS, ...words], {
      cwd: root,
      env: { PATH: process.env.PATH, ...environment },
      stdio: ["ignore", "ignore", file, "ipc"],
      detached: true,
    });
    closeSync(file);
    const server = new Server(child, log);
    run.servers.add(server);
    for (;;) {
      if (server.#hasEnded) throw new Error(`${words.join(" ")} ended with ${child.exitCode}: ${server.#lastWords()}`);
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) break;
      await new Promise((later) => setTimeout(later, 10));
    }
    server.seconds = (performance.now() - started) / 1000;
    return server;
  }

  /** Ends it in order, or has it ended already. */
  async stop(): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill("SIGTERM");
    await once(this.#child, "exit");
  }

  /** Microseconds of processor time that its process has used so far. */
  async cpu(): Promise<number> {
    return (await this.#ask<{ microseconds: number }>("cpu")).microseconds;
  }

  memory(): Promise<Memory> {
    return this.#ask("memory");
  }

  /** The longest stall of its event loop while `work` runs. */
  async watch(work: () => Promise<unknown>): Promise<Watched> {
    await this.#ask("watch");
    await work();
    return this.#ask("watched");
  }

  /** Where its CPU time goes while `work` runs. */
  async profile(work: () => Promise<unknown>): Promise<CpuProfile> {
    await this.#ask("profile");
    await work();
    return this.#ask("profiled");
  }

  async #ask<T>(question: Question): Promise<T> {
    const settled = new AbortController();
    const answer = once(this.#child, "message", { signal: settled.signal });
    const ended = once(this.#child, "exit", { signal: settled.signal }).then(() => {
      throw new Error(`the server ended: ${this.#lastWords()}`);
    });
    this.#child.send(question);
    try {
      return (await Promise.race([answer, ended]))[0] as T;
    } finally {
      settled.abort();
    }
  }

  /** The errors at the end of its log: what went wrong inside it. */
  get errors(): string[] {
    return this.#lastWords()
      .split("\n")
      .filter((line) => line.includes('"level":"error"'));
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #lastWords(): string {
    return readFileSync(this.#log, "utf8").slice(-20_000).trim();
  }
}
