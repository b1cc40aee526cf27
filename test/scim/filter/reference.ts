import type { Operator, Value } from "../../../src/filter/ast.ts";
import { nameKey, userNameKey } from "../../../src/identity/keys.ts";
import type { Filter } from "../../../src/scim/filter/ast.ts";
import type { Attribute, AttributePath } from "../../../src/scim/schema/attribute.ts";

type Json = Record<string, unknown>;

/**
 * What a filter means, said on the resource as it is served and as plainly as RFC 7644 §3.4.2.2 says it; where the RFC is
 * silent, an attribute without a value differs from every value. The oracle for the SQL that filters become.
 */
export function matches(filter: Filter, resource: Json): boolean {
  switch (filter.kind) {
    case "and":
      return filter.terms.every((term) => matches(term, resource));
    case "or":
      return filter.terms.some((term) => matches(term, resource));
    case "not":
      return !matches(filter.term, resource);
    case "present":
      return valuesAt(resource, filter.path).some(isValue);
    case "compare":
      return compares(filter.path, filter.operator, filter.value, valuesAt(resource, filter.path));
    case "value":
      return valuesAt(resource, { ...filter.path, sub: null }).some((element) =>
        inElement(filter.filter, element as Json),
      );
  }
}

/** Inside the brackets: the same on one value, whose parts are the attributes. */
function inElement(filter: Filter, element: Json): boolean {
  switch (filter.kind) {
    case "and":
      return filter.terms.every((term) => inElement(term, element));
    case "or":
      return filter.terms.some((term) => inElement(term, element));
    case "not":
      return !inElement(filter.term, element);
    case "present":
      return isValue(partOf(element, filter.path));
    case "compare":
      return compares(filter.path, filter.operator, filter.value, [partOf(element, filter.path)]);
    case "value":
      throw new Error("a bracket in a bracket");
  }
}

function valuesAt(resource: Json, path: AttributePath): unknown[] {
  const holder = path.extension === null ? resource : ((resource[path.extension] ?? {}) as Json);
  const held = holder[path.attribute.name];
  const list = held === undefined ? [] : Array.isArray(held) ? held : [held];
  return path.sub === null ? list : list.map((element) => partOf(element as Json, path));
}

/** A value that does not say whether it is primary is not (RFC 7643 §2.4). */
function partOf(element: Json, path: AttributePath): unknown {
  const { name } = path.sub as Attribute;
  return element[name] ?? (name === "primary" ? false : undefined);
}

function isValue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function compares(path: AttributePath, operator: Operator, wanted: Value, held: readonly unknown[]): boolean {
  if (wanted === null) return held.some(isValue) === (operator === "ne");
  const attribute = path.sub ?? path.attribute;
  if (operator === "ne")
    return held.length === 0 || held.some((value) => !isValue(value) || differs(attribute, value, wanted));
  return held.some((value) => isValue(value) && holds(attribute, operator, value, wanted));
}

function differs(attribute: Attribute, value: unknown, wanted: Value): boolean {
  return form(attribute, value) !== form(attribute, wanted);
}

function holds(attribute: Attribute, operator: Operator, value: unknown, wanted: Value): boolean {
  const left = form(attribute, value);
  const right = form(attribute, wanted);
  switch (operator) {
    case "eq":
      return left === right;
    case "co":
      return `${left}`.includes(`${right}`);
    case "sw":
      return `${left}`.startsWith(`${right}`);
    case "ew":
      return `${left}`.endsWith(`${right}`);
    case "gt":
      return order(left, right) > 0;
    case "ge":
      return order(left, right) >= 0;
    case "lt":
      return order(left, right) < 0;
    case "le":
      return order(left, right) <= 0;
    default:
      return !holds(attribute, "eq", value, wanted);
  }
}

function form(attribute: Attribute, value: unknown): unknown {
  // Without a zone it is UTC.
  if (attribute.type === "dateTime")
    return new Date(/(Z|[+-]\d\d:\d\d)$/.test(`${value}`) ? `${value}` : `${value}Z`).getTime();
  return typeof value === "string" && !attribute.caseExact
    ? (attribute.name === "userName" ? userNameKey : nameKey)(value)
    : value;
}

/** Numbers by size, texts by code points. */
function order(left: unknown, right: unknown): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  const [a, b] = [[...String(left)], [...String(right)]];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
