import { readFileSync, readSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";
import { MusterError } from "../errors.ts";
import { parsePeriod, type When } from "../identity/time-zone.ts";

/** A path that a person typed: relative to where they stood when they called npm, else to the working directory. */
export function typedPath(environment: NodeJS.ProcessEnv, path: string): string {
  return resolve(environment.INIT_CWD || process.cwd(), path);
}

const LIMIT = 16 * 1024 * 1024;

/** @throws MusterError `invalid` when the file cannot be read or is larger than 16 MiB. */
export function readInput(path: string, at: string): string {
  try {
    if (statSync(path).size > LIMIT) throw new Error("too large");
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new MusterError("invalid", `the file ${path} cannot be read`, { at, cause });
  }
}

/** What comes on standard input. @throws MusterError `too-large` beyond 16 MiB. */
export function readStandardInput(): string {
  const [pieces, piece]: [Buffer[], Buffer] = [[], Buffer.alloc(65_536)];
  for (let size = 0; ; ) {
    const read = readSync(0, piece);
    if (read === 0) return Buffer.concat(pieces).toString("utf8");
    size += read;
    if (size > LIMIT) throw new MusterError("too-large", "standard input has more than 16 MiB", { at: "-" });
    pieces.push(Buffer.from(piece.subarray(0, read)));
  }
}

/** Names of one list. */
const MOST_NAMES = 10_000;

/** A list of names as typed; a `-` in it stands for the lines of standard input. @throws MusterError `too-many` beyond 10,000. */
export function typedNames(texts: readonly string[]): string[] {
  const piped = texts.includes("-") ? readStandardInput().split(/\r?\n/) : [];
  const names = [...texts.filter((text) => text !== "-"), ...piped.map((line) => line.trim()).filter(Boolean)];
  if (names.length > MOST_NAMES)
    throw new MusterError("too-many", `a list has at most ${MOST_NAMES} names; name them by --filter`, { at: "-" });
  return names;
}

/** A secret from its file, without the line break that editors add. @throws MusterError `invalid` when empty. */
export function readSecret(path: string, at: string): string {
  const text = readInput(path, at).replace(/\r?\n$/, "");
  if (text === "") throw new MusterError("invalid", `the file ${path} is empty`, { at });
  return text;
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `90s`, `60m`, `12h`, `30d`, or undefined when the text is none. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? Number.NaN);
  return seconds > 0 && seconds <= 10 * 365 * 86_400 ? seconds : undefined;
}

/** For commander: a duration in seconds. */
export function duration(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError("a duration is a number with s, m, h or d, as in 60m");
  return seconds;
}

/** For commander: an instant, or a period from now by the organization's calendar: `30d`, `12h`, or ISO 8601 as in `P1M`. */
export function when(text: string): When {
  const [, number, unit = ""] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  const iso = number === undefined ? text : unit === "d" ? `P${number}D` : `PT${number}${unit.toUpperCase()}`;
  const period = parsePeriod(iso);
  if (period !== undefined) return period;
  const date = new Date(text);
  if (!/^\d{4}-\d\d-\d\d(T|$)/.test(text) || Number.isNaN(date.getTime()))
    throw new InvalidArgumentError("it must be a time as in 2027-01-31T00:00:00Z, or a period as in 30d or P1M");
  return date;
}

/** For commander: a whole number from 0. */
export function count(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("it must be a whole number");
  return Number(text);
}

/** For commander: an instant, as RFC 3339 or as a duration from now. */
export function instant(text: string): Date {
  const seconds = parseDuration(text);
  const date = seconds === undefined ? new Date(text) : new Date(Date.now() + seconds * 1000);
  if (seconds === undefined && (!/^\d{4}-\d\d-\d\d(T|$)/.test(text) || Number.isNaN(date.getTime())))
    throw new InvalidArgumentError("it must be a time as in 2027-01-31T00:00:00Z, or a duration as in 30d");
  return date;
}

/** For commander: an instant that was, as RFC 3339 or as a duration before now. */
export function past(text: string): Date {
  const seconds = parseDuration(text);
  const date = seconds === undefined ? new Date(text) : new Date(Date.now() - seconds * 1000);
  if (seconds === undefined && (!/^\d{4}-\d\d-\d\d(T|$)/.test(text) || Number.isNaN(date.getTime())))
    throw new InvalidArgumentError("it must be a time as in 2027-01-31T00:00:00Z, or a duration as in 24h");
  return date;
}

/** For commander: an option that may be given several times. */
export function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
