import { MusterError } from "../../errors.ts";
import { nameKey } from "../../identity/keys.ts";
import { type Reading, tolerate } from "../dialect.ts";
import type { Filter } from "../filter/ast.ts";
import { matchesElement } from "../filter/match.ts";
import type { Attribute } from "../schema/attribute.ts";
import {
  canonicalElements,
  canonicalValue,
  isSubstantial,
  isUnassigned,
  referenceOf,
  requireFewValues,
  unwrap,
} from "../schema/canonical.ts";
import { type Document, invalidValue, isObject } from "../schema/document.ts";
import { requireFixedParts } from "../schema/mutability.ts";
import type { Operation } from "./operations.ts";

/** The values of an attribute with parts; a single-valued one has none or one. */
type Elements = readonly Document[];

/** What an operation left, and the values that it wrote: one of these that is primary takes that from the others. */
type Outcome = { elements: Document[]; written: Document[] };

/**
 * An operation on an attribute with parts (RFC 7644 §3.5.2.1 to §3.5.2.3), from its values to its new values.
 * `filter` selects values, `sub` a part of each.
 */
export function applyToElements(
  reading: Reading,
  attribute: Attribute,
  held: Elements,
  operation: Operation,
  sub: Attribute | null,
  filter: Filter | null,
): Document[] {
  const { elements, written } =
    filter !== null
      ? onSelected(reading, attribute, held, operation, sub, filter)
      : sub !== null
        ? onPart(reading, attribute, held, operation, sub)
        : attribute.multiValued
          ? onList(reading, attribute, held, operation)
          : onSingle(reading, attribute, held, operation);
  const kept = elements.filter((element) => isSubstantial(attribute, element));
  requireFewValues(attribute, kept, operation.at);
  const substantial = new Set(kept);
  return onePrimary(
    reading,
    kept,
    written.filter((element) => substantial.has(element)),
    operation.at,
  );
}

function onSingle(reading: Reading, attribute: Attribute, held: Elements, operation: Operation): Outcome {
  if (operation.op === "remove") return { elements: [], written: [] };
  const { at } = operation;
  if (isUnassigned(reading, operation.value, at)) return { elements: [], written: [] };
  const value = unwrap(reading, attribute, operation.value, at);
  if (isUnassigned(reading, value, at)) return { elements: [], written: [] };
  const parts = merge(reading, attribute, held[0] ?? {}, value, at);
  return { elements: [parts], written: [] };
}

function onList(reading: Reading, attribute: Attribute, held: Elements, operation: Operation): Outcome {
  const { op, value, at } = operation;
  const absent = isUnassigned(reading, value, at);
  if (op === "remove")
    return { elements: absent ? [] : without(attribute, held, given(reading, attribute, value, at)), written: [] };
  const values = absent ? [] : given(reading, attribute, value, at);
  if (op === "replace") return { elements: values, written: [] };
  // Of values that are the same the first one counts, so it is put into the map last.
  const places = new Map(held.map((element, index) => [identity(attribute, element), index] as const).reverse());
  const elements = [...held];
  const written: Document[] = [];
  for (const added of values) {
    const place = places.get(identity(attribute, added));
    const before = place === undefined ? {} : (elements[place] ?? {});
    const element = { ...before, ...added };
    requireFixedParts(attribute, before, element, at);
    if (place === undefined) places.set(identity(attribute, added), elements.push(element) - 1);
    else elements[place] = element;
    written.push(element);
  }
  return { elements, written };
}

function given(reading: Reading, attribute: Attribute, value: unknown, at: string): Document[] {
  if (!Array.isArray(value)) tolerate(reading, "single-value-for-list", at);
  return canonicalElements(reading, attribute, Array.isArray(value) ? value : [value], at) as Document[];
}

/** Two values with the same `value` and `type` are one and the same (RFC 7643 §2.4); without a `value`, all parts count. */
function identity(attribute: Attribute, element: Document): string {
  const names = attribute.subAttributes.has("value")
    ? ["value", "type"]
    : [...attribute.subAttributes.values()].map((sub) => sub.name);
  return partsOf(
    attribute,
    element,
    names.filter((name) => name !== "primary"),
  );
}

function partsOf(attribute: Attribute, element: Document, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => fold(attribute.subAttributes.get(name.toLowerCase()), element[name])));
}

function fold(sub: Attribute | undefined, value: unknown): unknown {
  return typeof value === "string" && sub !== undefined && !sub.caseExact ? nameKey(value) : (value ?? null);
}

/** Removes the listed values, as Entra does it (test/fixtures/idp/entra/member-shapes.json): each by the parts that are given. */
function without(attribute: Attribute, held: Elements, listed: readonly Document[]): Document[] {
  // By the names of the given parts, of which there are few sets: a comparison of each with each could take seconds.
  const wanted = new Map<string, Set<string>>();
  for (const value of listed) {
    const names = Object.keys(value).sort();
    const key = names.join();
    wanted.set(key, (wanted.get(key) ?? new Set()).add(partsOf(attribute, value, names)));
  }
  return held.filter((element) =>
    [...wanted].every(([key, values]) => !values.has(partsOf(attribute, element, key.split(",")))),
  );
}

function onPart(reading: Reading, attribute: Attribute, held: Elements, operation: Operation, sub: Attribute): Outcome {
  const targets = held.length > 0 || operation.op === "remove" ? held : [{}];
  const written = targets.map((element) => setPart(reading, attribute, element, sub, operation));
  return { elements: written, written };
}

function onSelected(
  reading: Reading,
  attribute: Attribute,
  held: Elements,
  operation: Operation,
  sub: Attribute | null,
  filter: Filter,
): Outcome {
  const { op, value, at } = operation;
  const selected = new Set(held.filter((element) => matchesElement(filter, element)));
  if (op === "remove" && sub === null)
    return { elements: held.filter((element) => !selected.has(element)), written: [] };
  // Removing what is not there is done already: providers repeat requests.
  if (selected.size === 0 && op === "remove") return { elements: [...held], written: [] };
  if (selected.size === 0) {
    const stamp = stampOf(filter);
    // Entra sets `emails[type eq "work"].value` on a user without e-mails (test/fixtures/idp/entra/values-on-nothing.json).
    if (stamp === undefined || (op === "replace" && "value" in stamp))
      throw new MusterError("no-target", "no value matches the filter of the path", { at: `${at}.path` });
    tolerate(reading, "value-created-for-filter", `${at}.path`);
    const created =
      sub === null
        ? merge(reading, attribute, stamp, value ?? {}, at)
        : setPart(reading, attribute, stamp, sub, operation);
    return { elements: [...held, created], written: [created] };
  }
  const written: Document[] = [];
  const elements = held.map((element) => {
    if (!selected.has(element)) return element;
    // Replaced whole (RFC 7644 §3.5.2.3), but still one that the filter finds.
    const kept = op === "replace" ? (stampOf(filter) ?? {}) : element;
    const changed =
      sub === null
        ? merge(reading, attribute, kept, value ?? {}, at)
        : setPart(reading, attribute, element, sub, operation);
    requireFixedParts(attribute, element, changed, at);
    written.push(changed);
    return changed;
  });
  return { elements, written };
}

/** The parts that a filter of equalities prescribes for a value that it would match; undefined for any other filter. */
function stampOf(filter: Filter): Document | undefined {
  if (filter.kind === "compare" && filter.operator === "eq" && filter.value !== null && filter.path.sub !== null)
    return { [filter.path.sub.name]: filter.value };
  if (filter.kind !== "and") return undefined;
  const parts: Document = {};
  for (const term of filter.terms) {
    const stamp = stampOf(term);
    if (stamp === undefined) return undefined;
    Object.assign(parts, stamp);
  }
  return parts;
}

function setPart(
  reading: Reading,
  attribute: Attribute,
  element: Document,
  sub: Attribute,
  operation: Operation,
): Document {
  return merge(
    reading,
    attribute,
    element,
    { [sub.name]: operation.op === "remove" ? null : operation.value },
    operation.at,
  );
}

/** Parts that are given replace, null clears, the others stay (RFC 7644 §3.5.2.3). */
function merge(reading: Reading, attribute: Attribute, held: Document, value: unknown, at: string): Document {
  const parts = { ...held };
  const incoming = referenceOf(reading, attribute, value, at);
  if (!isObject(incoming)) throw invalidValue(at, "must be an object");
  for (const [key, part] of Object.entries(incoming)) {
    const sub = attribute.subAttributes.get(key.toLowerCase());
    if (!sub) tolerate(reading, "unknown-attribute-ignored", `${at}.${key.slice(0, 120)}`);
    if (!sub || sub.mutability === "readOnly") continue;
    const canonical = canonicalValue(reading, sub, part, `${at}.${sub.name}`);
    if (canonical === undefined) delete parts[sub.name];
    else parts[sub.name] = canonical;
  }
  // A reference to whom the value named before would contradict the value.
  if (parts.value !== held.value && parts.$ref === held.$ref) delete parts.$ref;
  requireFixedParts(attribute, held, parts, at);
  return parts;
}

/** A value that an operation makes primary takes that from all others (RFC 7644 §3.5.2). */
function onePrimary(
  reading: Reading,
  elements: readonly Document[],
  written: readonly Document[],
  at: string,
): Document[] {
  const primary = written.filter((element) => element.primary === true);
  if (primary.length === 0) return [...elements];
  if (primary.length > 1) tolerate(reading, "second-primary-ignored", at);
  return elements.map((element) =>
    element !== primary[0] && element.primary === true ? { ...element, primary: false } : element,
  );
}
