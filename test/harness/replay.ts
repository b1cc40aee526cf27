import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { PROFILES } from "../../src/identity/profiles.ts";
import { WARNING_NAMES } from "../../src/scim/dialect.ts";

const json: z.ZodType<unknown> = z.json();
const headers = z.record(z.string(), z.string().nullable());

const FIXTURES = join(import.meta.dirname, "../fixtures/idp");

const exchange = z.strictObject({
  name: z.string().min(1),
  request: z.strictObject({
    method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    /** Relative to the base URL. */
    path: z.string().startsWith("/"),
    /** `null` sends none of that name. */
    headers: headers.optional(),
    body: json.optional(),
  }),
  expect: z.strictObject({
    status: z.union([z.int(), z.array(z.int()).min(1)]),
    /** Name of a placeholder → JSON pointer (RFC 6901) into the answer. */
    capture: z.record(z.string(), z.string().startsWith("/")).optional(),
    body: z.record(z.string(), json).optional(),
    absent: z.array(z.string().startsWith("/")).optional(),
    /** The rewrites that the request log names, in any order; without it there are none. */
    warnings: z.array(z.enum(WARNING_NAMES)).min(1).optional(),
  }),
});

const exchangeFile = z.strictObject({
  source: z.strictObject({
    vendor: z.string().min(1),
    document: z.string().min(1),
    section: z.string().min(1),
    fidelity: z.enum(["verbatim", "adapted", "inferred"]),
    profile: z.enum(PROFILES),
    /** Why it is not replayed under `generic` as well. */
    alone: z.string().min(1).optional(),
  }),
  description: z.string().min(1),
  headers: headers.optional(),
  exchanges: z.array(exchange).min(1),
});

/** A recorded conversation of an identity provider with a SCIM server; test/fixtures/idp/README.md explains every key. */
export type ExchangeFile = z.output<typeof exchangeFile>;
type Exchange = z.output<typeof exchange>;
type Headers = z.output<typeof headers>;

/**
 * What came of one exchange. `status` 0: it was not sent, or no answer came; `problems` says why. `requestId` is the one
 * that the answer bears, by which the request log knows it.
 */
export type Outcome = { exchange: Exchange; status: number; requestId: string | null; problems: string[] };

/** The folders that hold conversations, one a vendor. */
export function exchangeFolders(): string[] {
  const entries = readdirSync(FIXTURES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map((entry) => join(FIXTURES, entry.name)).sort();
}

/** The conversations in a folder, by file name in alphabetical order. Throws when a file is not of the documented form. */
export function readExchangeFiles(folder: string): Map<string, ExchangeFile> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(names.sort().map((name) => [name, readExchangeFile(join(folder, name))]));
}

export function readExchangeFile(path: string): ExchangeFile {
  const parsed = exchangeFile.safeParse(JSON.parse(readFileSync(path, "utf8")));
  if (!parsed.success) throw new Error(`${path}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/**
 * Sends the file's requests in order, each after the answer to the one before, and compares every answer with what is
 * expected. Goes on after a mismatch; an exchange that needs something an earlier one failed to capture is not sent.
 */
export async function replay(file: ExchangeFile, target: { baseUrl: string; token: string }): Promise<Outcome[]> {
  const captured = new Map([["baseUrl", target.baseUrl]]);
  const outcomes: Outcome[] = [];
  for (const exchange of file.exchanges) outcomes.push(await perform(exchange, file.headers ?? {}, target, captured));
  return outcomes;
}

async function perform(
  exchange: Exchange,
  headers: Headers,
  target: { baseUrl: string; token: string },
  captured: Map<string, string>,
): Promise<Outcome> {
  const missing = placeholders(exchange).filter((name) => !captured.has(name));
  if (missing.length > 0) return unsent(exchange, `not sent: nothing captured as ${missing.join(", ")}`);
  const { method, path, body, headers: own } = fill(exchange.request, captured);
  let response: Response;
  let text: string;
  try {
    response = await fetch(target.baseUrl + path, {
      method,
      headers: allHeaders(target.token, body !== undefined, fill(headers, captured), own ?? {}),
      // As bytes, because with a text `fetch` would name a media type by itself.
      ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
    });
    text = await response.text();
  } catch (error) {
    return unsent(exchange, `no answer: ${(error as Error).message}`);
  }
  const problems = judge(exchange, response.status, text, captured);
  return { exchange, status: response.status, requestId: response.headers.get("x-request-id"), problems };
}

function unsent(exchange: Exchange, problem: string): Outcome {
  return { exchange, status: 0, requestId: null, problems: [problem] };
}

/** What every client sends, then what the file and the exchange say of it, whatever the case of the names. */
function allHeaders(token: string, hasBody: boolean, ...said: Headers[]): globalThis.Headers {
  const headers = new globalThis.Headers({ authorization: `Bearer ${token}`, accept: "application/scim+json" });
  if (hasBody) headers.set("content-type", "application/scim+json; charset=utf-8");
  for (const [name, value] of said.flatMap(Object.entries<string | null>)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  return headers;
}

function judge(exchange: Exchange, status: number, text: string, captured: Map<string, string>): string[] {
  const allowed = [exchange.expect.status].flat();
  if (!allowed.includes(status)) return [`status ${status} instead of ${allowed.join(" or ")}: ${text.slice(0, 500)}`];
  const answer = parse(text);
  const problems = differences(fill(exchange.expect.body ?? {}, captured), answer, "");
  for (const pointer of exchange.expect.absent ?? [])
    if ((pointTo(answer, pointer) ?? null) !== null) problems.push(`${pointer} should be absent`);
  for (const [name, pointer] of Object.entries(exchange.expect.capture ?? {})) {
    const value = pointTo(answer, pointer);
    if (typeof value === "string") captured.set(name, value);
    else problems.push(`${pointer} is no text to capture as ${name}`);
  }
  return problems;
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}

/** Objects match when every expected key does; arrays when every expected element matches some element; else equality. */
function differences(expected: unknown, actual: unknown, at: string): string[] {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return [`${at || "the answer"} is no list but ${show(actual)}`];
    return expected
      .filter((wanted) => !actual.some((found) => differences(wanted, found, at).length === 0))
      .map((wanted) => `${at} lacks ${show(wanted)}, it is ${show(actual)}`);
  }
  if (isRecord(expected)) {
    if (Object.keys(expected).length === 0) return [];
    if (!isRecord(actual)) return [`${at || "the answer"} is no object but ${show(actual)}`];
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, actual[key], `${at}/${pointerToken(key)}`),
    );
  }
  return expected === actual ? [] : [`${at} is ${show(actual)} instead of ${show(expected)}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? "absent").slice(0, 300);
}

/** The value at a JSON pointer, undefined where nothing is. */
function pointTo(value: unknown, pointer: string): unknown {
  let found = value;
  for (const token of pointer.split("/").slice(1)) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as Record<string, unknown>)[token.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return found;
}

function pointerToken(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

const PLACEHOLDER = /\{\{(\w+)\}\}/g;

function placeholders(exchange: Exchange): string[] {
  const text = JSON.stringify([exchange.request, exchange.expect.body ?? null]);
  return [...new Set([...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? ""))];
}

function fill<T>(value: T, captured: ReadonlyMap<string, string>): T {
  if (typeof value === "string")
    return value.replaceAll(PLACEHOLDER, (whole, name: string) => captured.get(name) ?? whole) as T;
  if (Array.isArray(value)) return value.map((item) => fill(item, captured)) as T;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, captured)])) as T;
}
