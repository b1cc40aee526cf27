import { isDeepStrictEqual } from "node:util";
import type { Request, RequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import { type DirectoryUserId, newId, parseId } from "../db/id.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { createDirectoryUser } from "../identity/directory-users/create.ts";
import type { DirectoryUser, DirectoryUserInput } from "../identity/directory-users/directory-user.ts";
import {
  getDirectoryUser,
  groupsOfDirectoryUsers,
  listDirectoryUsers,
  lockDirectoryUser,
} from "../identity/directory-users/read.ts";
import { removeDirectoryUsers } from "../identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../identity/directory-users/update.ts";
import { type Caller, callerOf } from "./authenticate.ts";
import { notFound, sendJson } from "./errors.ts";
import { checkIfMatch, etagOf, isNotModified, sendNotModified } from "./etag.ts";
import { sendList } from "./list.ts";
import { applyOperations } from "./patch/apply.ts";
import { readOperations } from "./patch/operations.ts";
import { type Projection, project, readProjection, wants } from "./projection.ts";
import { readListQuery, readParameters } from "./query.ts";
import { readResource } from "./schema/canonical.ts";
import { userType } from "./schema/resource-types.ts";
import { locationOf, toDocument, toInput, toUserResource } from "./user-resource.ts";

type WithId = { directory: string; id: string };

/** RFC 7644 §3.3. `groups` is read-only and `password` never kept; a user name that is taken is 409. */
export function createUser(ctx: Context): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response);
    const projection = readProjection(userType, readParameters(request));
    const input = toInput(newId<DirectoryUserId>(), readResource(userType, request.body));
    const user = await createDirectoryUser(ctx, caller.actor, caller.directory, input);
    response.setHeader("Location", locationOf(caller, "/Users", user.id));
    send(response, 201, caller, user, [], projection);
  };
}

/** RFC 7644 §3.4.1. */
export function getUser(ctx: Context): RequestHandler<WithId> {
  return async (request, response) => {
    const caller = callerOf(response);
    const projection = readProjection(userType, readParameters(request));
    const db = ctx.db.of(caller.organization);
    const user = await getDirectoryUser(db, caller.directory, idOf(request));
    if (!user) throw notFound();
    if (isNotModified(request, user.version)) sendNotModified(response, user.version);
    else await answer(response, db, caller, user, projection);
  };
}

/** RFC 7644 §3.4.2: a page in an order that holds still while users come and go. */
export function listUsers(ctx: Context): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response);
    const query = readListQuery(userType, readParameters(request), caller.baseUrl);
    const db = ctx.db.of(caller.organization);
    const { total, users } = await listDirectoryUsers(db, caller.directory, {
      ...(query.where === undefined ? {} : { where: query.where }),
      ...(query.orderBy === undefined ? {} : { orderBy: query.orderBy }),
      limit: query.count,
      offset: query.startIndex - 1,
    });
    const groups = wants(query.projection, "groups")
      ? await groupsOfDirectoryUsers(
          db,
          caller.directory,
          users.map((user) => user.id),
        )
      : new Map();
    const resources = users.map((user) =>
      project(userType, toUserResource(caller, user, groups.get(user.id) ?? []), query.projection),
    );
    sendList(response, total, query.startIndex, resources);
  };
}

/** RFC 7644 §3.5.1: what the body does not say is gone, except whether the person is active. */
export function replaceUser(ctx: Context): RequestHandler<WithId> {
  return (request, response) => {
    const document = readResource(userType, request.body);
    return change(ctx, request, response, (user) => {
      const input = toInput(user.id, document, user.active);
      return isDeepStrictEqual(toDocument({ ...user, ...input }), toDocument(user)) ? undefined : input;
    });
  };
}

/** RFC 7644 §3.5.2: 200 with the resource. A request that changes nothing writes nothing. */
export function patchUser(ctx: Context): RequestHandler<WithId> {
  return (request, response) => {
    const operations = readOperations(userType, request.body);
    return change(ctx, request, response, (user) => {
      const { document, changed } = applyOperations(userType, toDocument(user), operations);
      return changed ? toInput(user.id, document, user.active) : undefined;
    });
  };
}

/** Reads a record under its lock, asks for its new content, writes that and answers with what then stands. */
async function change(
  ctx: Context,
  request: Request<WithId>,
  response: Response,
  newContent: (user: DirectoryUser) => DirectoryUserInput | undefined,
): Promise<void> {
  const caller = callerOf(response);
  const projection = readProjection(userType, readParameters(request));
  const id = idOf(request);
  const [user, groups] = await inTransaction(ctx, caller.actor, async (tx) => {
    const held = await lockMatching(tx, caller, request, id);
    const input = newContent(held);
    const [updated] = input === undefined ? [held] : await updateDirectoryUsers(tx, caller.directory, [input]);
    if (!updated) throw notFound();
    return [updated, await groupsOf(tx, caller, id, projection)] as const;
  });
  send(response, 200, caller, user, groups, projection);
}

/** RFC 7644 §3.6: 204, and 404 from then on. */
export function deleteUser(ctx: Context): RequestHandler<WithId> {
  return async (request, response) => {
    const caller = callerOf(response);
    const id = idOf(request);
    await inTransaction(ctx, caller.actor, async (tx) => {
      await lockMatching(tx, caller, request, id);
      await removeDirectoryUsers(tx, caller.directory, [id]);
    });
    response.status(204).end();
  };
}

async function lockMatching(
  tx: Tx,
  caller: Caller,
  request: Request<WithId>,
  id: DirectoryUserId,
): Promise<DirectoryUser> {
  const held = await lockDirectoryUser(tx, caller.directory, id);
  if (!held) throw notFound();
  checkIfMatch(request, held.version);
  return held;
}

function idOf(request: Request<WithId>): DirectoryUserId {
  const id = parseId<DirectoryUserId>(request.params.id);
  if (id === undefined) throw notFound();
  return id;
}

async function groupsOf(db: Db, caller: Caller, id: DirectoryUserId, projection: Projection) {
  if (!wants(projection, "groups")) return [];
  return (await groupsOfDirectoryUsers(db, caller.directory, [id])).get(id) ?? [];
}

async function answer(
  response: Response,
  db: Db,
  caller: Caller,
  user: DirectoryUser,
  projection: Projection,
): Promise<void> {
  send(response, 200, caller, user, await groupsOf(db, caller, user.id, projection), projection);
}

function send(
  response: Response,
  status: 200 | 201,
  caller: Caller,
  user: DirectoryUser,
  groups: Awaited<ReturnType<typeof groupsOf>>,
  projection: Projection,
): void {
  response.setHeader("ETag", etagOf(user.version));
  sendJson(response, status, project(userType, toUserResource(caller, user, groups), projection));
}
