import { expect } from "vitest";
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
  /** The exit code and error of a command that fails; nothing stands on standard output. */
  async function failure(...words: string[]): Promise<Failure & { exit: unknown }> {
    const { code, out, err } = await runMuster([...words, "--json"], environment);
    expect(out).toBe("");
    const last = JSON.parse(err.trimEnd().split("\n").at(-1) ?? "") as { error: Failure };
    expect(Object.keys(last)).toEqual(["error"]);
    expect(Object.keys(last.error).filter((key) => key !== "candidates")).toEqual(["code", "message", "at"]);
    return { exit: code, ...last.error };
  }
  /** What a person reads without --json. */
  async function words(...typed: string[]): Promise<{ code: unknown; out: string; err: string }> {
    return runMuster(typed, environment);
  }
  return { answer, failure, words };
}

export const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
