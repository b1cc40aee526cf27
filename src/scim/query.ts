import type { SqlFragment } from "../db/sql.ts";
import { MusterError } from "../errors.ts";
import type { ScimRequest } from "./exchange.ts";
import { parseFilter, resolveName } from "./filter/parse.ts";
import { filterToSql, orderToSql } from "./filter/to-sql.ts";
import { type Projection, readProjection } from "./projection.ts";
import type { ResourceType } from "./schema/attribute.ts";

/** Resources on a page when nobody says how many, and at most. */
export const DEFAULT_COUNT = 100;
export const MAX_COUNT = 1_000;

/** What a list request asks for (RFC 7644 §3.4.2). */
export type ListQuery = {
  where?: SqlFragment;
  orderBy?: SqlFragment;
  /** From 1. */
  startIndex: number;
  count: number;
  projection: Projection;
};

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * The parameters of a request's URL, each at most once.
 * @throws MusterError `invalid-value` when one is repeated.
 */
export function readParameters(url: string): ReadonlyMap<string, string> {
  const start = url.indexOf("?");
  if (start === -1) return NONE;
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (parameters.has(name))
      throw new MusterError("invalid-value", `the parameter is given twice`, { at: name.slice(0, 60) });
    parameters.set(name, value);
  }
  return parameters;
}

/** @throws MusterError `invalid-filter`, `invalid-value`, naming the parameter. */
export function readListQuery(request: ScimRequest, type: ResourceType): ListQuery {
  const { parameters } = request;
  const { baseUrl } = request.caller;
  const scope = { type, baseUrl };
  const filter = parameters.get("filter");
  const sortBy = parameters.get("sortBy");
  return {
    ...(filter === undefined ? {} : { where: filterToSql(parseFilter(request, filter, type), scope) }),
    ...(sortBy === undefined ? {} : { orderBy: readOrder(type, sortBy, parameters.get("sortOrder"), baseUrl) }),
    startIndex: Math.max(1, readWhole(parameters, "startIndex") ?? 1),
    count: Math.min(MAX_COUNT, Math.max(0, readWhole(parameters, "count") ?? DEFAULT_COUNT)),
    projection: readProjection(type, parameters),
  };
}

/** Below the least the least counts (RFC 7644 §3.4.2.4); what is no whole number is refused. */
function readWhole(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) throw new MusterError("invalid-value", "must be a whole number", { at: name });
  return Number(text);
}

function readOrder(type: ResourceType, sortBy: string, sortOrder: string | undefined, baseUrl: string): SqlFragment {
  const path = resolveName(type, sortBy);
  if (path === undefined || path.attribute.returned === "never")
    throw new MusterError("invalid-value", `${type.name} has no such attribute`, { at: "sortBy" });
  const order = (sortOrder ?? "ascending").toLowerCase();
  if (order !== "ascending" && order !== "descending")
    throw new MusterError("invalid-value", "must be ascending or descending", { at: "sortOrder" });
  return orderToSql(path, { type, baseUrl }, order === "descending");
}
