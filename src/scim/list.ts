import type { Context } from "../context.ts";
import type { Position } from "./cursor.ts";
import type { ScimAnswer, ScimRequest } from "./exchange.ts";
import { nextCursor, type Paging } from "./query.ts";

/** A page as a list request gets it: its resources as JSON texts, what it was cut from, and where that goes on. */
export type ListPage = { resources: readonly string[]; total: number | null; next: Position | null };

const LIST_RESPONSE = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"]';

/**
 * How many match in all, where the page starts, how many it really holds (RFC 7644 §3.4.2.4). A cursor walk repeats on
 * every page how many matched when it began (RFC 9865 §2).
 */
export function listAnswer(ctx: Context, request: ScimRequest, paging: Paging, page: ListPage): ScimAnswer {
  const { resources, next } = page;
  const members = [LIST_RESPONSE];
  if (paging.method === "index") members.push(`"totalResults":${page.total}`, `"startIndex":${paging.startIndex}`);
  else {
    const total = page.total ?? paging.total;
    const cursor = nextCursor(ctx, request, paging, next, total);
    if (total !== null) members.push(`"totalResults":${total}`);
    if (cursor !== undefined) members.push(`"nextCursor":"${cursor}"`);
  }
  members.push(`"itemsPerPage":${resources.length}`, `"Resources":[${resources.join(",")}]}`);
  return { status: 200, text: members.join(",") };
}

/** A list that always fits on one page, as those of discovery do. */
export function wholeList(resources: readonly object[]): ScimAnswer {
  return {
    status: 200,
    body: {
      schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
      totalResults: resources.length,
      startIndex: 1,
      itemsPerPage: resources.length,
      Resources: resources,
    },
  };
}
