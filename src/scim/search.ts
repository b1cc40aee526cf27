import type { Context } from "../context.ts";
import type { DirectoryUserId, GroupId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listDirectoryGroups, membersOfDirectoryGroups } from "../identity/directory-groups/read.ts";
import {
  type KindQuery,
  listResourceIds,
  type ResourceId,
  type ResourcePosition,
} from "../identity/directory-resources.ts";
import { listStoredUsers } from "../identity/directory-users/read.ts";
import { tolerate } from "./dialect.ts";
import type { Perform, ScimAnswer, ScimRequest } from "./exchange.ts";
import { resolveName } from "./filter/names.ts";
import { parseFilterOfBoth } from "./filter/parse.ts";
import { filterToSql, orderToSql } from "./filter/to-sql.ts";
import { groupText } from "./group-resource.ts";
import { listAnswer } from "./list.ts";
import { readProjection, wants } from "./projection.ts";
import { pageOf, readDescending, readPaging } from "./query.ts";
import type { ResourceType } from "./schema/attribute.ts";
import { caseless, isObject, namesSchema } from "./schema/document.ts";
import { userText } from "./user-resource.ts";

const SEARCH_REQUEST = "urn:ietf:params:scim:api:messages:2.0:searchrequest";
const TEXTS = ["filter", "sortBy", "sortOrder", "cursor"];
const LISTS = ["attributes", "excludedAttributes"];
const NUMBERS = ["startIndex", "count"];

/** RFC 7644 §3.4.3: a query whose parameters stand in the body, because a URL is too short for them or is logged. */
export function search(list: Perform): Perform {
  return (ctx, request) => list(ctx, { ...request, parameters: readSearchRequest(request) }, "");
}

/** @throws MusterError `invalid` for a body that is no object, `invalid-value` for a member of the wrong type. */
function readSearchRequest(request: ScimRequest): ReadonlyMap<string, string> {
  const { body } = request;
  if (!isObject(body)) throw new MusterError("invalid", "the body must be a JSON object");
  if (!namesSchema(body, SEARCH_REQUEST)) tolerate(request, "schemas-missing", "schemas");
  const parameters = new Map<string, string>();
  for (const name of [...TEXTS, ...LISTS, ...NUMBERS]) {
    const value = caseless(body, name.toLowerCase());
    if (value === undefined || value === null) continue;
    parameters.set(name, asParameter(request, name, value));
  }
  return parameters;
}

function asParameter(request: ScimRequest, name: string, value: unknown): string {
  if (LISTS.includes(name)) {
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(",");
    if (typeof value !== "string") throw new MusterError("invalid-value", "must be a list of texts", { at: name });
    tolerate(request, "single-value-for-list", name);
    return value;
  }
  if (NUMBERS.includes(name) && typeof value === "string") tolerate(request, "number-as-text", name);
  if (typeof value !== "string" && typeof value !== "number")
    throw new MusterError("invalid-value", "must be a text or a number", { at: name });
  return String(value);
}

/**
 * RFC 7644 §3.4.2.1: a query against the root, over users and groups together. An attribute that one of them has not is
 * for it one without a value.
 */
export async function listBoth(ctx: Context, request: ScimRequest): Promise<ScimAnswer> {
  const { caller, parameters } = request;
  const paging = readPaging(ctx, request, "/");
  const after = paging.method === "cursor" ? paging.after : null;
  const db = ctx.db.of(caller.organization);
  const { total, ids, next } = await listResourceIds(db, caller.directory, {
    ...readQueries(request),
    ...pageOf(paging),
    descending: readDescending(parameters) && parameters.has("sortBy"),
    after: after === null ? undefined : (after as ResourcePosition),
  });
  const texts = await textsOf(ctx, request, ids);
  const resources = ids.flatMap(({ id }) => texts.get(id) ?? []);
  return listAnswer(ctx, request, paging, { total, next, resources });
}

/** @throws MusterError `invalid-filter`, `invalid-value` for names that neither kind has. */
function readQueries(request: ScimRequest): { User: KindQuery; Group: KindQuery } {
  const { parameters, caller } = request;
  const { types, baseUrl } = caller;
  const text = parameters.get("filter");
  const sortBy = parameters.get("sortBy");
  const descending = readDescending(parameters);
  const filters = text === undefined ? undefined : parseFilterOfBoth(request, text, types);
  const of = (type: ResourceType): KindQuery => {
    const path = sortBy === undefined ? undefined : resolveName(type, sortBy);
    return {
      ...(filters && { where: filterToSql(filters[type.name], { type, baseUrl }) }),
      ...(path && { orderBy: orderToSql(path, { type, baseUrl }, descending) }),
    };
  };
  const both = { User: of(types.User), Group: of(types.Group) };
  if (sortBy !== undefined && !both.User.orderBy && !both.Group.orderBy)
    throw new MusterError("invalid-value", "no resource has such an attribute", { at: "sortBy" });
  return both;
}

async function textsOf(
  ctx: Context,
  request: ScimRequest,
  ids: readonly ResourceId[],
): Promise<ReadonlyMap<string, string>> {
  const { caller, parameters } = request;
  const db = ctx.db.of(caller.organization);
  const texts = new Map<string, string>();
  const users = ids.flatMap((each) => (each.kind === "User" ? [each.id] : []));
  const groups = ids.flatMap((each) => (each.kind === "Group" ? [each.id] : []));
  if (users.length > 0) {
    const projection = readProjection(caller.types.User, parameters);
    const page = await listStoredUsers(db, caller.directory, {
      ...wantedIds("u", users),
      groups: wants(projection, "groups"),
    });
    for (const user of page.users) texts.set(user.id, userText(caller, user, projection));
  }
  if (groups.length > 0) {
    const projection = readProjection(caller.types.Group, parameters);
    const page = await listDirectoryGroups(db, caller.directory, wantedIds("g", groups));
    const members = await membersOfDirectoryGroups(db, caller.directory, wants(projection, "members") ? groups : []);
    for (const group of page.groups)
      texts.set(group.id, groupText(caller, group, members.get(group.id) ?? [], projection));
  }
  return texts;
}

function wantedIds(alias: "u" | "g", ids: readonly (DirectoryUserId | GroupId)[]) {
  const where = { text: `${alias}.id = any($1::uuid[])`, values: [ids] };
  return { where, limit: ids.length, offset: 0, total: false } as const;
}
