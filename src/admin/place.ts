import { isMusterError, MusterError } from "../errors.ts";
import { pointer } from "./pointer.ts";
import { InvalidInput } from "./problem.ts";
import type { Input } from "./route.ts";

/** What the rules call a thing, where bodies and queries call it otherwise. */
const GIVEN_AS: Readonly<Record<string, string>> = {
  account: "user",
  "--site": "site",
  for: "seconds",
  scope: "scopes",
  order: "names",
};
/** The same for paths. */
const ADDRESSED_AS: Readonly<Record<string, string>> = { group: "id", product: "key" };

/** Places that are no part of path, query or body. */
const HEADERS = new Set(["If-Match", "Idempotency-Key"]);

/**
 * A refusal of the rules, which name what is wrong in their own words, with the place that the caller knows: a JSON
 * pointer into the body (RFC 6901), or the name of a parameter of path or query.
 */
export function inPlace(error: unknown, input: Input<unknown, unknown, unknown>): unknown {
  if (!isMusterError(error) || error instanceof InvalidInput || error.at === undefined) return error;
  const at = placeOf(error.at, error.code === "not-found", input as Input<object, object, unknown>);
  if (at === error.at) return error;
  const { code, message, retryAfter, candidates, setting, mergedInto, cause } = error;
  return new MusterError(code, message, {
    at,
    cause,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(candidates && { candidates }),
    ...(setting && { setting }),
    ...(mergedInto && { mergedInto }),
  });
}

function placeOf(at: string, isUnknown: boolean, { params, query, body }: Input<object, object, unknown>): string {
  if (at === "" || HEADERS.has(at) || (at.startsWith("/") && isPlace(at, body))) return at;
  for (const name of [at, GIVEN_AS[at]]) {
    if (name === undefined) continue;
    if (isRecord(body) && Object.hasOwn(body, name)) return pointer([name]);
    if (Object.hasOwn(params, name) || Object.hasOwn(query, name)) return name;
  }
  const addressed = ADDRESSED_AS[at];
  if (addressed !== undefined && Object.hasOwn(params, addressed)) return addressed;
  const path = pathOf(at, body);
  if (path) return pointer(path);
  const parameter = Object.entries({ ...params, ...query }).find(([, value]) => value === at)?.[0];
  if (parameter !== undefined) return parameter;
  // A path that names one thing names what is unknown.
  const [only, ...more] = Object.keys(params);
  if (isUnknown && only !== undefined && more.length === 0) return only;
  // What was left out and is needed.
  const missing = GIVEN_AS[at];
  return missing !== undefined && isRecord(body) ? pointer([missing]) : at;
}

/** Where a text stands in the body: some rules name what is wrong by itself. Bodies are as deep as their schemas allow. */
function pathOf(text: string, value: unknown): string[] | undefined {
  if (value === text || (text.startsWith("id:") && value === text.slice("id:".length))) return [];
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const path = pathOf(text, inner);
    if (path) return [key, ...path];
  }
  return undefined;
}

/** Whether a text is a pointer to something in the body, and no value that looks like one. */
function isPlace(pointed: string, body: unknown): boolean {
  const steps = pointed.split("/").slice(1);
  let value = body;
  for (const step of steps.map((each) => each.replaceAll("~1", "/").replaceAll("~0", "~"))) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, step)) return false;
    value = (value as Record<string, unknown>)[step];
  }
  return true;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with one entry of a list is told with its place in it, a JSON pointer. @throws what the work throws, so placed. */
export async function inside(place: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMusterError(error) || error.at === undefined) throw error;
    const { code, message, at, candidates } = error;
    throw new MusterError(code, message, { at: `${place}/${at}`, ...(candidates && { candidates }) });
  }
}
