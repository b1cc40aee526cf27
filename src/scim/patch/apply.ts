import { isDeepStrictEqual } from "node:util";
import { MusterError } from "../../errors.ts";
import { type Reading, tolerate } from "../dialect.ts";
import type { Attribute, ResourceType } from "../schema/attribute.ts";
import { canonicalValue, requireFewValues } from "../schema/canonical.ts";
import { type Document, invalidValue } from "../schema/document.ts";
import { keepFixed, sameKey } from "../schema/mutability.ts";
import { requireAttributes } from "../schema/resource.ts";
import { applyToElements } from "./elements.ts";
import type { Operation } from "./operations.ts";

/**
 * Applies operations to a document, one after the other (RFC 7644 §3.5.2), and leaves the document that was given as it
 * was. `changed` is false when the result says the same: then nothing is to be written (§3.5.2.1).
 * @throws MusterError `invalid-value`, `mutability`, `no-target`, naming the operation; then nothing of the request counts.
 */
export function applyOperations(
  reading: Reading,
  type: ResourceType,
  document: Document,
  operations: readonly Operation[],
): { document: Document; changed: boolean } {
  const result = structuredClone(document);
  let visited = 0;
  for (const operation of operations) {
    visited += valuesBefore(result, operation);
    if (visited > MAX_VISITED)
      throw new MusterError("too-many", "a PATCH may not go through so many values so many times", {
        at: operation.at,
      });
    applyOperation(reading, result, operation);
  }
  requireAttributes(type, result);
  const after = keepFixed(type, document, result, "refused");
  return { document: after, changed: !isDeepStrictEqual(after, document) };
}

/** Values that the operations of one request may go through in all. */
const MAX_VISITED = 200_000;

function valuesBefore(document: Document, { target }: Operation): number {
  if (target.kind === "extension") return 0;
  const { attribute, extension } = target.path;
  const holder = extension === null ? document : (document[extension] as Document | undefined);
  const held = holder?.[attribute.name];
  return Array.isArray(held) ? held.length : 0;
}

function applyOperation(reading: Reading, document: Document, operation: Operation): void {
  const { target } = operation;
  if (target.kind === "extension") {
    delete document[target.urn];
    return;
  }
  const { attribute, extension } = target.path;
  if (attribute.discarded) {
    tolerate(reading, "password-ignored", operation.at);
    return;
  }
  if (extension === null) {
    assign(reading, document, attribute, operation);
    return;
  }
  const holder = { ...(document[extension] as Document | undefined) };
  assign(reading, holder, attribute, operation);
  if (Object.keys(holder).length > 0) document[extension] = holder;
  else delete document[extension];
}

function assign(reading: Reading, holder: Document, attribute: Attribute, operation: Operation): void {
  const value = newValue(reading, attribute, holder[attribute.name], operation);
  if (value !== undefined) holder[attribute.name] = value;
  else if (isKept(operation)) throw refusal(attribute, operation);
  else delete holder[attribute.name];
}

/** A required attribute always has a value, and so has `active`: what would a person without it be? */
function isKept({ target }: Operation): boolean {
  if (target.kind === "extension") return false;
  const { attribute, extension } = target.path;
  return attribute.required || (extension === null && attribute.name === "active");
}

/** RFC 7644 §3.5.2.2 wants `mutability` for the removal; a value that is none is the value's fault. */
function refusal(attribute: Attribute, operation: Operation): MusterError {
  if (operation.op !== "remove") return invalidValue(operation.at, `leaves ${attribute.name} without a value`);
  return new MusterError("mutability", `${attribute.name} always has a value and cannot be removed`, {
    at: operation.at,
  });
}

/** The attribute's value after the operation, undefined when it has none. */
function newValue(reading: Reading, attribute: Attribute, held: unknown, operation: Operation): unknown {
  const { target, op, value, at } = operation;
  if (target.kind === "extension") return undefined;
  const { sub } = target.path;
  if (op === "remove" && sub?.required && held !== undefined) throw refusal(sub, operation);
  if (attribute.type === "complex") {
    const before = held === undefined ? [] : ((attribute.multiValued ? held : [held]) as Document[]);
    const after = applyToElements(reading, attribute, before, operation, sub, target.filter);
    if (after.length === 0) return undefined;
    return attribute.multiValued ? after : after[0];
  }
  if (op === "remove" && (!attribute.multiValued || value === undefined || value === null)) return undefined;
  const given = canonicalValue(reading, attribute, value, at);
  if (!attribute.multiValued || op === "replace") return given;
  const after = new Map(((held ?? []) as unknown[]).map((item) => [sameKey(attribute, item), item]));
  for (const item of (given ?? []) as unknown[]) {
    const key = sameKey(attribute, item);
    if (op === "remove") after.delete(key);
    else if (!after.has(key)) after.set(key, item);
  }
  const values = [...after.values()];
  requireFewValues(attribute, values, at);
  return values.length === 0 ? undefined : values;
}
