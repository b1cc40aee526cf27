import { MusterError } from "../../errors.ts";
import { type Reading, tolerate } from "../dialect.ts";
import type { Filter } from "../filter/ast.ts";
import { isUnassigned } from "../schema/canonical.ts";
import { invalidValue, isObject } from "../schema/document.ts";
import type { Operation } from "./operations.ts";

/**
 * What a PATCH does to a group's members, whatever they are: the group's members are never read for it. With
 * `replaced` they become exactly the added ones, else those of `add` come and those of `remove` go.
 */
export type MemberChange = { replaced: boolean; add: string[]; remove: string[] };

const MAX_ID_LENGTH = 512;

/** Whether an operation is about the members of a group; an extension may have members of its own. */
export function isOnMembers({ target }: Operation): boolean {
  return target.kind === "attribute" && target.path.extension === null && target.path.attribute.name === "members";
}

/**
 * The net effect of operations on `members`, in their order (RFC 7644 §3.5.2); the last word on a member counts.
 * @throws MusterError `invalid-value` for a member without an id, `mutability` for a change of a member's parts,
 *   `invalid-path` for a filter on anything but `value eq`.
 */
export function readMemberChange(reading: Reading, operations: readonly Operation[]): MemberChange {
  const wanted = new Map<string, "add" | "remove">();
  let replaced = false;
  for (const operation of operations) {
    const { ids, all } = readMembers(reading, operation);
    if (all) {
      wanted.clear();
      replaced = true;
    }
    for (const id of ids) wanted.set(id, operation.op === "remove" ? "remove" : "add");
  }
  const of = (what: "add" | "remove"): string[] => [...wanted].filter(([, does]) => does === what).map(([id]) => id);
  return { replaced, add: of("add"), remove: replaced ? [] : of("remove") };
}

/** The members that an operation names; `all` when it first empties the group. */
function readMembers(reading: Reading, operation: Operation): { ids: string[]; all: boolean } {
  const { op, target, value, at } = operation;
  if (target.kind === "extension") return { ids: [], all: false };
  if (target.path.sub !== null)
    throw new MusterError("mutability", "a member is added or removed, never changed", { at: `${at}.path` });
  const absent = isUnassigned(reading, value, at);
  if (target.filter !== null) {
    const ids = idsOf(target.filter, `${at}.path`);
    // Adding by path alone is OneLogin's; a value that names another member would change this one.
    if (op === "replace" || (op === "add" && !absent && memberIds(reading, value, at).some((id) => !ids.includes(id))))
      throw new MusterError("mutability", "a member is added or removed, never changed", { at: `${at}.path` });
    if (op === "add") tolerate(reading, "member-added-by-path", `${at}.path`);
    return { ids, all: false };
  }
  // Entra names whom it removes in the value (test/fixtures/idp/entra/member-shapes.json); without one all go (§3.5.2.2).
  if (op === "remove" && absent) return { ids: [], all: true };
  if (op === "remove") {
    tolerate(reading, "member-removed-by-value", at);
    return { ids: memberIds(reading, value, at), all: false };
  }
  return { ids: absent ? [] : memberIds(reading, value, at), all: op === "replace" };
}

/** The ids of members in any of the shapes that providers use: objects with `value`, bare texts, one or a list. */
export function memberIds(reading: Reading, value: unknown, at: string): string[] {
  const items = Array.isArray(value) ? value : [value];
  if (!Array.isArray(value)) tolerate(reading, "single-value-for-list", at);
  return items.map((item, index) => {
    const key = isObject(item) ? Object.keys(item).find((name) => name.toLowerCase() === "value") : undefined;
    const id = isObject(item) ? (key === undefined ? undefined : item[key]) : item;
    if (typeof item === "string") tolerate(reading, "reference-as-text", at);
    const place = Array.isArray(value) ? `${at}[${index}].value` : `${at}.value`;
    if (typeof id !== "string" || id === "") throw invalidValue(place, "must be the id of a member");
    if (id.length > MAX_ID_LENGTH) throw invalidValue(place, `may have at most ${MAX_ID_LENGTH} characters`);
    return id;
  });
}

function idsOf(filter: Filter, at: string): string[] {
  if (filter.kind === "or") return filter.terms.flatMap((term) => idsOf(term, at));
  const isId =
    filter.kind === "compare" &&
    filter.operator === "eq" &&
    filter.path.sub?.name === "value" &&
    typeof filter.value === "string";
  if (!isId) throw new MusterError("invalid-path", "members are selected by value eq alone", { at });
  return [String(filter.value)];
}
