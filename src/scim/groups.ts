import { isDeepStrictEqual } from "node:util";
import type { Request, RequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import { type GroupId, newId, parseId } from "../db/id.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import type { DirectoryGroup } from "../identity/directory-groups/directory-group.ts";
import {
  type GroupMember,
  getDirectoryGroup,
  listDirectoryGroups,
  lockDirectoryGroup,
  membersOfDirectoryGroups,
} from "../identity/directory-groups/read.ts";
import { removeDirectoryGroups } from "../identity/directory-groups/remove.ts";
import { insertDirectoryGroups, updateDirectoryGroups } from "../identity/directory-groups/write.ts";
import { type Caller, callerOf } from "./authenticate.ts";
import { notFound, sendJson } from "./errors.ts";
import { checkIfMatch, etagOf, isNotModified, sendNotModified } from "./etag.ts";
import { inGroupTransaction, lockMembers, writeMembers } from "./group-members.ts";
import { toDocument, toGroupResource, toInput } from "./group-resource.ts";
import { sendList } from "./list.ts";
import { applyOperations } from "./patch/apply.ts";
import { isOnMembers, type MemberChange, memberIds, readMemberChange } from "./patch/members.ts";
import { readOperations } from "./patch/operations.ts";
import { type Projection, project, readProjection, wants } from "./projection.ts";
import { readListQuery, readParameters } from "./query.ts";
import { type Document, readResource } from "./schema/canonical.ts";
import { groupType } from "./schema/resource-types.ts";
import { locationOf } from "./user-resource.ts";

type WithId = { directory: string; id: string };

/** RFC 7644 §3.3, with its members in the same transaction. */
export function createGroup(ctx: Context): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response);
    const projection = readProjection(groupType, readParameters(request));
    const document = readResource(groupType, request.body);
    const id = newId<GroupId>();
    const [group, members] = await inGroupTransaction(ctx, caller.actor, async (tx, lock) => {
      await insertDirectoryGroups(tx, caller.directory, [toInput(id, document)]);
      const add = membersIn(document);
      if (add.length > 0) await writeMembers(tx, lock, caller, id, { replaced: false, add, remove: [] });
      return readWhole(tx, caller, id, projection);
    });
    response.setHeader("Location", locationOf(caller, "/Groups", id));
    send(response, 201, caller, group, members, projection);
  };
}

function membersIn(document: Document): string[] {
  return document.members === undefined ? [] : memberIds(document.members, "members");
}

/** RFC 7644 §3.4.1. The only read whose cost is the group's size, unless members are excluded. */
export function getGroup(ctx: Context): RequestHandler<WithId> {
  return async (request, response) => {
    const caller = callerOf(response);
    const projection = readProjection(groupType, readParameters(request));
    const db = ctx.db.of(caller.organization);
    const group = await getDirectoryGroup(db, caller.directory, idOf(request));
    if (!group) throw notFound();
    if (isNotModified(request, group.version)) sendNotModified(response, group.version);
    else send(response, 200, caller, group, await membersOf(db, caller, group.id, projection), projection);
  };
}

/** RFC 7644 §3.4.2. */
export function listGroups(ctx: Context): RequestHandler {
  return async (request, response) => {
    const caller = callerOf(response);
    const query = readListQuery(groupType, readParameters(request), caller.baseUrl);
    const db = ctx.db.of(caller.organization);
    const { total, groups } = await listDirectoryGroups(db, caller.directory, {
      ...(query.where === undefined ? {} : { where: query.where }),
      ...(query.orderBy === undefined ? {} : { orderBy: query.orderBy }),
      limit: query.count,
      offset: query.startIndex - 1,
    });
    const members = wants(query.projection, "members")
      ? await membersOfDirectoryGroups(
          db,
          caller.directory,
          groups.map((group) => group.id),
        )
      : new Map<GroupId, GroupMember[]>();
    const resources = groups.map((group) =>
      project(groupType, toGroupResource(caller, group, members.get(group.id) ?? []), query.projection),
    );
    sendList(response, total, query.startIndex, resources);
  };
}

/** RFC 7644 §3.5.1: name and members become what the body says; of the members only the difference is written. */
export function replaceGroup(ctx: Context): RequestHandler<WithId> {
  return async (request, response) => {
    const caller = callerOf(response);
    const projection = readProjection(groupType, readParameters(request));
    const id = idOf(request);
    const document = readResource(groupType, request.body);
    const change: MemberChange = { replaced: true, add: membersIn(document), remove: [] };
    const [group, members] = await inGroupTransaction(ctx, caller.actor, async (tx, lock) => {
      await lockMembers(tx, caller, id, change);
      await writeGroup(tx, caller, request, id, () => document);
      await writeMembers(tx, lock, caller, id, change);
      return readWhole(tx, caller, id, projection);
    });
    send(response, 200, caller, group, members, projection);
  };
}

/**
 * RFC 7644 §3.5.2: 204, because the resource may have 50,000 members and the provider knows what it asked for. What is
 * said of members becomes rows; a change of members alone neither reads the group's members nor holds its row before them.
 */
export function patchGroup(ctx: Context): RequestHandler<WithId> {
  return async (request, response) => {
    const caller = callerOf(response);
    const id = idOf(request);
    const wantsBody = readParameters(request).has("attributes");
    const projection = readProjection(groupType, readParameters(request));
    const operations = readOperations(groupType, request.body);
    const change = readMemberChange(operations.filter(isOnMembers));
    const others = operations.filter((operation) => !isOnMembers(operation));
    const [group, members] = await inGroupTransaction(ctx, caller.actor, async (tx, lock) => {
      if (others.length > 0 || change.replaced || request.headers["if-match"] !== undefined) {
        await lockMembers(tx, caller, id, change);
        await writeGroup(tx, caller, request, id, (held) => applyOperations(groupType, held, others).document);
      } else if (!(await getDirectoryGroup(tx, caller.directory, id))) throw notFound();
      if (changesMembers(change)) await writeMembers(tx, lock, caller, id, change);
      return readWhole(tx, caller, id, wantsBody ? projection : { kind: "only", names: [] });
    });
    // The RFC wants the resource when attributes are asked for.
    if (wantsBody) send(response, 200, caller, group, members, projection);
    else response.status(204).setHeader("ETag", etagOf(group.version)).end();
  };
}

function changesMembers(change: MemberChange): boolean {
  return change.replaced || change.add.length > 0 || change.remove.length > 0;
}

/** Reads a group under its lock and writes its new content when it differs. */
async function writeGroup(
  tx: Tx,
  caller: Caller,
  request: Request<WithId>,
  id: GroupId,
  newContent: (held: Document) => Document,
): Promise<void> {
  const held = await lockDirectoryGroup(tx, caller.directory, id);
  if (!held) throw notFound();
  checkIfMatch(request, held.version);
  const input = toInput(id, newContent(toDocument(held)));
  const after = toDocument({ ...held, ...input });
  if (!isDeepStrictEqual(after, toDocument(held))) await updateDirectoryGroups(tx, caller.directory, [input]);
}

/** RFC 7644 §3.6. Under the exclusive lock: whoever is in the group may lose access. */
export function deleteGroup(ctx: Context): RequestHandler<WithId> {
  return async (request, response) => {
    const caller = callerOf(response);
    const id = idOf(request);
    const work = async (tx: Tx): Promise<void> => {
      const held = await lockDirectoryGroup(tx, caller.directory, id);
      if (!held) throw notFound();
      checkIfMatch(request, held.version);
      await removeDirectoryGroups(tx, caller.directory, [id]);
    };
    await inTransaction(ctx, caller.actor, work, { lock: "exclusive" });
    response.status(204).end();
  };
}

function idOf(request: Request<WithId>): GroupId {
  const id = parseId<GroupId>(request.params.id);
  if (id === undefined) throw notFound();
  return id;
}

async function membersOf(db: Db, caller: Caller, id: GroupId, projection: Projection): Promise<GroupMember[]> {
  if (!wants(projection, "members")) return [];
  return (await membersOfDirectoryGroups(db, caller.directory, [id])).get(id) ?? [];
}

async function readWhole(
  tx: Tx,
  caller: Caller,
  id: GroupId,
  projection: Projection,
): Promise<readonly [DirectoryGroup, GroupMember[]]> {
  const group = await getDirectoryGroup(tx, caller.directory, id);
  if (!group) throw notFound();
  return [group, await membersOf(tx, caller, id, projection)];
}

function send(
  response: Response,
  status: 200 | 201,
  caller: Caller,
  group: DirectoryGroup,
  members: readonly GroupMember[],
  projection: Projection,
): void {
  response.setHeader("ETag", etagOf(group.version));
  sendJson(response, status, project(groupType, toGroupResource(caller, group, members), projection));
}
