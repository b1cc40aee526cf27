import type { Context } from "../context.ts";
import type { PageQuery } from "../db/page.ts";
import type { SqlFragment, SqlOrder } from "../db/sql.ts";
import { MusterError } from "../errors.ts";
import { openCursor, type Position, sealCursor } from "./cursor.ts";
import type { ScimRequest } from "./exchange.ts";
import { resolveName } from "./filter/names.ts";
import { parseFilter } from "./filter/parse.ts";
import { filterToSql, orderToSql } from "./filter/to-sql.ts";
import { DEFAULT_COUNT, MAX_COUNT } from "./limits.ts";
import { type Projection, readProjection } from "./projection.ts";
import { isSecret, type ResourceType } from "./schema/attribute.ts";

/** Which page is wanted: by its first index, from 1 (RFC 7644 §3.4.2.4), or behind a position (RFC 9865). */
export type Paging =
  | { method: "index"; startIndex: number; count: number }
  | { method: "cursor"; count: number; after: Position | null; total: number | null; query: string };

/** What a list request asks for (RFC 7644 §3.4.2). */
export type ListQuery = { where?: SqlFragment; orderBy?: SqlOrder; paging: Paging; projection: Projection };

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

/** @throws MusterError `invalid-filter`, `invalid-value`, and of cursors `invalid-cursor`, `expired-cursor`, `invalid-count`. */
export function readListQuery(ctx: Context, request: ScimRequest, type: ResourceType): ListQuery {
  const { parameters } = request;
  const filter = parameters.get("filter");
  const orderBy = readOrder(request, type);
  return {
    ...(filter === undefined
      ? {}
      : { where: filterToSql(parseFilter(request, filter, type), { type, baseUrl: request.caller.baseUrl }) }),
    ...(orderBy === undefined ? {} : { orderBy }),
    paging: readPaging(ctx, request, type.endpoint),
    projection: readProjection(type, parameters),
  };
}

/** @param path of the list, which a cursor belongs to. */
export function readPaging(ctx: Context, request: ScimRequest, path: string): Paging {
  const { parameters, caller } = request;
  const cursor = parameters.get("cursor");
  const count = readWhole(parameters, "count");
  const startIndex = readWhole(parameters, "startIndex");
  if (cursor === undefined)
    return {
      method: "index",
      startIndex: Math.max(1, startIndex ?? 1),
      count: Math.min(MAX_COUNT, Math.max(0, count ?? DEFAULT_COUNT)),
    };
  if (startIndex !== undefined)
    throw new MusterError("invalid-value", "startIndex and cursor exclude each other", { at: "startIndex" });
  const wanted = Math.max(0, count ?? DEFAULT_COUNT);
  if (wanted > MAX_COUNT) throw new MusterError("invalid-count", `must be at most ${MAX_COUNT}`, { at: "count" });
  const query = JSON.stringify([path, ...["filter", "sortBy", "sortOrder"].map((name) => parameters.get(name))]);
  if (cursor === "") return { method: "cursor", count: wanted, after: null, total: null, query };
  const { position, count: before, total } = openCursor(ctx, caller, query, cursor);
  if (wanted !== before)
    throw new MusterError("invalid-count", `must be ${before}, as in the request for the first page`, { at: "count" });
  return { method: "cursor", count: wanted, after: position, total, query };
}

/** The page as `listDirectoryUsers` and its like are asked for it; only the first page of a walk counts what matches. */
export function pageOf(paging: Paging): Pick<PageQuery, "limit" | "offset" | "after" | "total"> {
  if (paging.method === "index") return { limit: paging.count, offset: paging.startIndex - 1 };
  return {
    limit: paging.count,
    total: paging.after === null,
    ...(paging.after === null ? {} : { after: paging.after }),
  };
}

/** The cursor of the page that comes after this one, undefined behind the last. */
export function nextCursor(
  ctx: Context,
  request: ScimRequest,
  paging: Paging & { method: "cursor" },
  next: Position | null,
  total: number | null,
): string | undefined {
  if (next === null) return undefined;
  return sealCursor(ctx, request.caller, paging.query, { position: next, count: paging.count, total });
}

/** Below the least the least counts (RFC 7644 §3.4.2.4); what is no whole number is refused. */
function readWhole(parameters: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined || text === "") return undefined;
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    const code = name === "count" && parameters.has("cursor") ? "invalid-count" : "invalid-value";
    throw new MusterError(code, "must be a whole number", { at: name });
  }
  return Number(text);
}

function readOrder(request: ScimRequest, type: ResourceType): SqlOrder | undefined {
  const { parameters } = request;
  const sortBy = parameters.get("sortBy");
  const descending = readDescending(parameters);
  if (sortBy === undefined) return undefined;
  const path = resolveName(type, sortBy);
  if (path === undefined || isSecret(path))
    throw new MusterError("invalid-value", `${type.name} has no such attribute`, { at: "sortBy" });
  return orderToSql(path, { type, baseUrl: request.caller.baseUrl }, descending);
}

export function readDescending(parameters: ReadonlyMap<string, string>): boolean {
  const order = (parameters.get("sortOrder") ?? "ascending").toLowerCase();
  if (order !== "ascending" && order !== "descending")
    throw new MusterError("invalid-value", "must be ascending or descending", { at: "sortOrder" });
  return order === "descending";
}
