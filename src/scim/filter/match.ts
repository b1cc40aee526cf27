import { MusterError, unreachable } from "../../errors.ts";
import type { Operator, Value } from "../../filter/ast.ts";
import { parseDateTime } from "../../filter/date-time.ts";
import { nameKey } from "../../identity/keys.ts";
import type { Attribute } from "../schema/attribute.ts";
import type { Filter } from "./ast.ts";

/** One value of an attribute with parts, in canonical form. */
export type Element = Readonly<Record<string, unknown>>;

/**
 * Whether one value of a multi-valued attribute matches the filter between the brackets of a PATCH path. A part that
 * is not there differs from every value (`ne`), and matches nothing else.
 */
export function matchesElement(filter: Filter, element: Element): boolean {
  switch (filter.kind) {
    case "and":
      return filter.terms.every((term) => matchesElement(term, element));
    case "or":
      return filter.terms.some((term) => matchesElement(term, element));
    case "not":
      return !matchesElement(filter.term, element);
    case "present":
      return isPresent(partOf(element, filter.path.sub));
    case "compare":
      return compare(
        filter.path.sub ?? filter.path.attribute,
        filter.operator,
        partOf(element, filter.path.sub),
        filter.value,
      );
    case "value":
      throw new MusterError("internal", "a bracket inside a bracket");
    default:
      return unreachable(filter);
  }
}

function partOf(element: Element, sub: Attribute | null): unknown {
  if (sub === null) return undefined;
  // A value that does not say whether it is primary is not (RFC 7643 §2.4).
  return element[sub.name] ?? (sub.name === "primary" && sub.type === "boolean" ? false : undefined);
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "";
}

function compare(attribute: Attribute, operator: Operator, held: unknown, wanted: Value): boolean {
  if (wanted === null) return isPresent(held) === (operator === "ne");
  if (held === undefined || held === null) return operator === "ne";
  const left = comparable(attribute, held);
  const right = comparable(attribute, wanted);
  switch (operator) {
    case "eq":
      return left === right;
    case "ne":
      return left !== right;
    case "co":
      return String(left).includes(String(right));
    case "sw":
      return String(left).startsWith(String(right));
    case "ew":
      return String(left).endsWith(String(right));
    case "gt":
      return order(left, right) > 0;
    case "ge":
      return order(left, right) >= 0;
    case "lt":
      return order(left, right) < 0;
    case "le":
      return order(left, right) <= 0;
    default:
      return unreachable(operator);
  }
}

function comparable(attribute: Attribute, value: unknown): string | number | boolean {
  if (attribute.type === "dateTime") return parseDateTime(String(value))?.getTime() ?? Number.NaN;
  if (typeof value === "number" || typeof value === "boolean") return value;
  return attribute.caseExact ? String(value) : nameKey(String(value));
}

/** Texts in the order of their UTF-8 bytes, as PostgreSQL's "C" has it. */
function order(left: string | number | boolean, right: string | number | boolean): number {
  if (typeof left === "string" && typeof right === "string")
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  return Number(left) - Number(right);
}
