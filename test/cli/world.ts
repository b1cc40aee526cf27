import { expect } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { runMuster } from "../harness/muster.ts";
import { scaled, seed } from "../harness/scale.ts";

/** Of so many commands one is a process of its own: each of them where loops run whole. */
const PROCESS_OF = Math.max(1, Math.round(8 / scaled(8)));

export type Failure = { code: string; message: string; at: string; candidates?: string[] };

/**
 * Commands as a person types them, each a process of its own where loops run whole. Else most run in this process, in
 * the same program to the same exit code and words, which takes a fifth of the time; the seed says which do not.
 */
export function commands(environment: Record<string, string>) {
  let typed = seed;
  async function run(words: string[]): Promise<{ code: unknown; out: string; err: string }> {
    return typed++ % PROCESS_OF === 0 ? runMuster(words, environment) : inThisProcess(words, environment);
  }
  /** The answer of a command that succeeds; its standard output is exactly one JSON value. */
  async function answer<T = Record<string, unknown>>(...words: string[]): Promise<T> {
    const { code, out, err } = await run([...words, "--json"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return JSON.parse(out) as T;
  }
  /**
   * The exit code and error of a command that fails; nothing stands on standard output. Runs in this process, always;
   * `words` shows that a process says the same.
   */
  async function failure(...words: string[]): Promise<Failure & { exit: number }> {
    const { code, out, err } = await inThisProcess([...words, "--json"], environment);
    expect(out).toBe("");
    return { exit: code, ...errorOf(err) };
  }
  /** What a person reads without --json. */
  async function words(...typed: string[]): Promise<{ code: unknown; out: string; err: string }> {
    return run(typed);
  }
  return { answer, failure, words };
}

async function inThisProcess(
  typed: string[],
  environment: Record<string, string>,
): Promise<{ code: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  const code = await runCommand(typed, environment, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
  });
  return { code, out, err };
}

/** The error that the last line of standard error names. */
export function errorOf(err: string): Failure {
  const last = JSON.parse(err.trimEnd().split("\n").at(-1) ?? "") as { error: Failure };
  expect(Object.keys(last)).toEqual(["error"]);
  expect(Object.keys(last.error).filter((key) => key !== "candidates")).toEqual(["code", "message", "at"]);
  return last.error;
}

export const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
