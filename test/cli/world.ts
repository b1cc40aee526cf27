import { expect } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { runMuster } from "../harness/muster.ts";

export type Failure = { code: string; message: string; at: string; candidates?: string[] };

/** Commands as a person types them, each a process of its own, on one environment. */
export function commands(environment: Record<string, string>) {
  /** The answer of a command that succeeds; its standard output is exactly one JSON value. */
  async function answer<T = Record<string, unknown>>(...words: string[]): Promise<T> {
    const { code, out, err } = await runMuster([...words, "--json"], environment);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return JSON.parse(out) as T;
  }
  /**
   * The exit code and error of a command that fails; nothing stands on standard output. Runs in this process, which
   * takes a fifth of the time; `words` shows that a process says the same.
   */
  async function failure(...words: string[]): Promise<Failure & { exit: number }> {
    const [out, err]: [string[], string[]] = [[], []];
    const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
    const exit = await runCommand([...words, "--json"], environment, output);
    expect(out).toEqual([]);
    return { exit, ...errorOf(err.join("")) };
  }
  /** What a person reads without --json. */
  async function words(...typed: string[]): Promise<{ code: unknown; out: string; err: string }> {
    return runMuster(typed, environment);
  }
  return { answer, failure, words };
}

/** The error that the last line of standard error names. */
export function errorOf(err: string): Failure {
  const last = JSON.parse(err.trimEnd().split("\n").at(-1) ?? "") as { error: Failure };
  expect(Object.keys(last)).toEqual(["error"]);
  expect(Object.keys(last.error).filter((key) => key !== "candidates")).toEqual(["code", "message", "at"]);
  return last.error;
}

export const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
