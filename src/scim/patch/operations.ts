import { MusterError } from "../../errors.ts";
import { countComparisons } from "../../filter/ast.ts";
import { type Reading, tolerate } from "../dialect.ts";
import { parsePath, type Target } from "../filter/path.ts";
import type { AttributePath, ResourceType } from "../schema/attribute.ts";
import { caseless, invalidValue, isObject, namesSchema } from "../schema/document.ts";

/** One step of a PATCH on one attribute or on a whole extension (then it is a removal). */
export type Operation = {
  op: "add" | "remove" | "replace";
  target: Target;
  value: unknown;
  /** Where it stands in the request, for error messages. */
  at: string;
};

/** Operations of one request, a key of a value without path counted as one; far more than any provider sends. */
const MAX_OPERATIONS = 1_000;

/** Comparisons in the paths of one request: each is made with every value of its attribute. */
const MAX_COMPARISONS = 2_000;

/**
 * The operations of a PATCH request (RFC 7644 §3.5.2) in their order, each aimed at one attribute: an operation without a
 * path becomes one for each key of its value. Keys may be dotted or carry a URN, as Entra writes them
 * (test/fixtures/idp/entra/patch-with-flag.json). Read-only or unknown keys of such a value are left out: Okta repeats the
 * `id` (test/fixtures/idp/okta/groups.json).
 * @throws MusterError `invalid`, `invalid-path`, `invalid-value`, `no-target`, `mutability`, `too-many`, naming the operation.
 */
export function readOperations(reading: Reading, type: ResourceType, body: unknown): Operation[] {
  if (!isObject(body)) throw new MusterError("invalid", "the body must be a JSON object");
  if (!namesSchema(body, PATCH_OP)) tolerate(reading, "schemas-missing", "schemas");
  const list = caseless(body, "operations");
  if (list !== undefined && !Object.hasOwn(body, "Operations")) tolerate(reading, "operations-key-case", "Operations");
  if (!Array.isArray(list) || list.length === 0)
    throw new MusterError("invalid", "a PATCH needs a list of one or more operations", { at: "Operations" });
  requireFew(list.length, MAX_OPERATIONS, "operations");
  const operations = list.flatMap((item, index) => readOperation(reading, type, item, `Operations[${index}]`));
  requireFew(operations.length, MAX_OPERATIONS, "operations");
  const comparisons = operations.reduce((sum, { target }) => sum + comparisonsIn(target), 0);
  requireFew(comparisons, MAX_COMPARISONS, "comparisons in its paths");
  return operations;
}

/** RFC 7644 §3.5.2: the body must say that it is a PatchOp. */
const PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:patchop";

/** The attributes that operations aim at; whole extensions are not among them. */
export function pathsOf(operations: readonly Operation[]): AttributePath[] {
  return operations.flatMap(({ target }) => (target.kind === "attribute" ? [target.path] : []));
}

function requireFew(count: number, limit: number, what: string): void {
  if (count > limit)
    throw new MusterError("too-many", `a PATCH may hold at most ${limit} ${what}`, { at: "Operations" });
}

function comparisonsIn(target: Target): number {
  return target.kind === "attribute" && target.filter !== null ? countComparisons(target.filter) : 0;
}

const OPS: Readonly<Record<string, Operation["op"]>> = { add: "add", remove: "remove", replace: "replace" };

function readOperation(reading: Reading, type: ResourceType, item: unknown, at: string): Operation[] {
  if (!isObject(item)) throw new MusterError("invalid", "an operation must be an object", { at });
  const word = caseless(item, "op");
  const key = typeof word === "string" ? word.toLowerCase() : "";
  const op = Object.hasOwn(OPS, key) ? OPS[key] : undefined;
  if (op === undefined) throw new MusterError("invalid", "op must be add, remove or replace", { at: `${at}.op` });
  if (word !== op) tolerate(reading, "op-case", `${at}.op`);
  const path = caseless(item, "path");
  const value = caseless(item, "value");
  if (path === undefined || path === null || path === "") return withoutPath(reading, type, op, value, at);
  if (typeof path !== "string") throw new MusterError("invalid-path", "path must be a text", { at: `${at}.path` });
  // Which extensions a resource has follows from what it holds of them.
  if (path.toLowerCase() === "schemas") return [];
  const target = readPath(reading, type, path, at);
  if (op !== "remove" && value === undefined && !selectsByFilter(target))
    throw invalidValue(`${at}.value`, "is missing");
  return target.kind === "extension"
    ? ofExtension(reading, type, target.urn, op, value, at)
    : [{ op, target, value, at }];
}

function readPath(reading: Reading, type: ResourceType, path: string, at: string): Target {
  const target = located(() => parsePath(reading, path, type), `${at}.path`);
  if (target === undefined)
    throw new MusterError("invalid-path", `${type.name} has no attribute of this path`, { at: `${at}.path` });
  if (target.kind === "extension" && target.urn === type.core.urn)
    throw new MusterError("invalid-path", "the core schema itself is no attribute", { at: `${at}.path` });
  if (isReadOnly(target)) throw new MusterError("mutability", "this attribute is read-only", { at: `${at}.path` });
  return target;
}

function located<T>(read: () => T, at: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MusterError)) throw error;
    throw new MusterError(error.code, error.message, { at: error.at === undefined ? at : `${at}, ${error.at}` });
  }
}

/** OneLogin adds a member by path alone: `members[value eq "…"]`. */
function selectsByFilter(target: Target): boolean {
  return target.kind === "attribute" && target.filter !== null;
}

function isReadOnly(target: Target): boolean {
  if (target.kind === "extension") return false;
  return target.path.attribute.mutability === "readOnly" || target.path.sub?.mutability === "readOnly";
}

function withoutPath(
  reading: Reading,
  type: ResourceType,
  op: Operation["op"],
  value: unknown,
  at: string,
): Operation[] {
  if (op === "remove") throw new MusterError("no-target", "remove needs a path", { at: `${at}.path` });
  if (!isObject(value)) throw invalidValue(`${at}.value`, "must be an object when there is no path");
  return Object.entries(value).flatMap(([key, inner]) => ofKey(reading, type, key, op, inner, `${at}.value`));
}

function ofKey(
  reading: Reading,
  type: ResourceType,
  key: string,
  op: Operation["op"],
  value: unknown,
  at: string,
): Operation[] {
  const place = `${at}.${key.slice(0, 120)}`;
  if (key.toLowerCase() === "schemas") return [];
  const target = readKey(reading, type, key);
  if (target === undefined) {
    tolerate(reading, key.includes(":") ? "unknown-schema-ignored" : "unknown-attribute-ignored", place);
    return [];
  }
  if (isReadOnly(target)) {
    tolerate(reading, key.toLowerCase() === "id" ? "pathless-id-ignored" : "read-only-ignored", place);
    return [];
  }
  if (target.kind === "extension") return ofExtension(reading, type, target.urn, op, value, at);
  if (target.path.sub !== null || target.filter !== null) tolerate(reading, "dotted-key", place);
  return [{ op, target, value, at: place }];
}

function readKey(reading: Reading, type: ResourceType, key: string): Target | undefined {
  try {
    return parsePath(reading, key, type);
  } catch (error) {
    if (error instanceof MusterError && error.code === "invalid-path") return undefined;
    throw error;
  }
}

/** A value for a whole schema is a value for each attribute in it; the others stay (RFC 7644 §3.5.2.3). */
function ofExtension(
  reading: Reading,
  type: ResourceType,
  urn: string,
  op: Operation["op"],
  value: unknown,
  at: string,
): Operation[] {
  if (op === "remove" || value === null) {
    if (urn === type.core.urn) return [];
    return [{ op: "remove", target: { kind: "extension", urn }, value: undefined, at }];
  }
  if (!isObject(value)) throw invalidValue(at, "must be an object of the schema's attributes");
  return Object.entries(value).flatMap(([key, inner]) => {
    // A key that is a schema itself would nest without end.
    return key.includes(":") ? [] : ofKey(reading, type, `${urn}:${key}`, op, inner, at);
  });
}
