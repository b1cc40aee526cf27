import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const flags = ["--disable-proto=delete", "--import", "./src/check-node.mjs", "src/main.ts"];

/** `muster` as a person would call it: a child process in the checkout with an environment of its own. */
export class MusterCommands {
  readonly #environment: NodeJS.ProcessEnv;

  constructor(environment: Record<string, string>) {
    this.#environment = { ...process.env, ...environment };
    for (const name of ["DATABASE_URL", "DATABASE_OWNER_URL", "SMTP_URL", "MUSTER_CONFIG"])
      delete this.#environment[name];
  }

  /** Runs one command with `--json` and gives its answer. Throws with what it said when it fails. */
  async run<Answer>(...words: string[]): Promise<Answer> {
    const child = spawn(process.execPath, [...flags, ...words, "--json"], {
      cwd: root,
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const [out, err, code] = await Promise.all([read(child.stdout), read(child.stderr), exit(child)]);
    // 8: partly done, and the answer says what.
    if (code !== 0 && code !== 8) throw new Error(`muster ${words.join(" ")} ended with ${code}: ${err.trim()}`);
    return JSON.parse(out) as Answer;
  }

  /** Starts `muster start` and waits until it answers that it is ready. */
  async start(baseUrl: string): Promise<ChildProcess> {
    const child = spawn(process.execPath, [...flags, "start"], {
      cwd: root,
      env: this.#environment,
      stdio: ["ignore", "pipe", "pipe"],
      // Ctrl-C reaches the demo alone, which then stops the server in order.
      detached: true,
    });
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-20_000);
    });
    child.stdout?.resume();
    for (;;) {
      if (hasEnded(child)) throw new Error(`muster start ended with ${child.exitCode}: ${said.trim()}`);
      const ready = await fetch(`${baseUrl}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (ready) return child;
      await new Promise((later) => setTimeout(later, 50));
    }
  }
}

/** Asks a started Muster to stop and waits until it has. */
export async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  child.kill("SIGTERM");
  await exit(child);
}

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = "";
  if (stream) for await (const chunk of stream) text += chunk.toString();
  return text;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function exit(child: ChildProcess): Promise<number | null> {
  return hasEnded(child)
    ? Promise.resolve(child.exitCode)
    : new Promise((done) => child.once("close", (code) => done(code)));
}
