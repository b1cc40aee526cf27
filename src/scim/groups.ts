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
import type { Caller } from "./caller.ts";
import type { Reading } from "./dialect.ts";
import { notFound } from "./errors.ts";
import { checkIfMatch, etagOf, isNotModified } from "./etag.ts";
import type { ScimAnswer, ScimRequest } from "./exchange.ts";
import type { ExchangeLog } from "./exchange-log.ts";
import { changeUsers, inGroupTransaction, lockMembers, writeMembers } from "./group-members.ts";
import { groupText, toDocument, toInput } from "./group-resource.ts";
import { listAnswer } from "./list.ts";
import { applyOperations } from "./patch/apply.ts";
import { isOnMembers, type MemberChange, memberIds, readMemberChange } from "./patch/members.ts";
import { readOperations } from "./patch/operations.ts";
import { alsoWritten, type Projection, readProjection, wants } from "./projection.ts";
import { pageOf, readListQuery } from "./query.ts";
import { type Document, differences } from "./schema/document.ts";
import { keepFixed } from "./schema/mutability.ts";
import { readResource } from "./schema/resource.ts";
import { locationOf } from "./user-resource.ts";

/** RFC 7644 §3.3, with its members in the same transaction. */
export async function createGroup(ctx: Context, request: ScimRequest): Promise<ScimAnswer> {
  const { caller, log } = request;
  const type = caller.types.Group;
  const document = readResource(request, type, request.body);
  const projection = alsoWritten(readProjection(type, request.parameters), type, document);
  const id = newId<GroupId>();
  const add = membersIn(request, document);
  const [group, members] = await inGroupTransaction(ctx, caller.actor, async (tx, lock) => {
    await insertDirectoryGroups(tx, caller.directory, [toInput(id, document)]);
    if (add.length > 0) await writeMembers(tx, lock, caller, id, { replaced: false, add, remove: [] });
    return readWhole(tx, caller, id, projection);
  });
  log.change({ kind: "Group", id, did: "created", ...(add.length > 0 && { added: add.length }) });
  return { ...answer(201, caller, group, members, projection), location: locationOf(caller, "/Groups", id) };
}

function membersIn(reading: Reading, document: Document): string[] {
  return document.members === undefined ? [] : memberIds(reading, document.members, "members");
}

/** RFC 7644 §3.4.1. The only read whose cost is the group's size, unless members are excluded. */
export async function getGroup(ctx: Context, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const { caller } = request;
  const projection = readProjection(caller.types.Group, request.parameters);
  const db = ctx.db.of(caller.organization);
  const group = await getDirectoryGroup(db, caller.directory, idOf(id));
  if (!group) throw notFound();
  if (isNotModified(request, group.version)) return { status: 304, etag: etagOf(group.version) };
  return answer(200, caller, group, await membersOf(db, caller, group.id, projection), projection);
}

/** RFC 7644 §3.4.2. */
export async function listGroups(ctx: Context, request: ScimRequest): Promise<ScimAnswer> {
  const { caller } = request;
  const type = caller.types.Group;
  const { paging, projection, ...query } = readListQuery(ctx, request, type);
  const db = ctx.db.of(caller.organization);
  const page = await listDirectoryGroups(db, caller.directory, { ...query, ...pageOf(paging) });
  const ids = wants(projection, "members") ? page.groups.map((group) => group.id) : [];
  const members = await membersOfDirectoryGroups(db, caller.directory, ids);
  const resources = page.groups.map((group) => groupText(caller, group, members.get(group.id) ?? [], projection));
  return listAnswer(ctx, request, paging, { ...page, resources });
}

/** RFC 7644 §3.5.1: name and members become what the body says; of the members only the difference is written. */
export async function replaceGroup(ctx: Context, request: ScimRequest, idText: string): Promise<ScimAnswer> {
  const { caller, log } = request;
  const type = caller.types.Group;
  const id = idOf(idText);
  const document = readResource(request, type, request.body);
  const projection = alsoWritten(readProjection(type, request.parameters), type, document);
  const change: MemberChange = { replaced: true, add: membersIn(request, document), remove: [] };
  const [changed, group, members] = await inGroupTransaction(ctx, caller.actor, async (tx, lock) => {
    await lockMembers(tx, caller, id, change);
    const attributes = await writeGroup(tx, request, id, (held) => keepFixed(type, held, document, "kept"));
    const moved = await writeMembers(tx, lock, caller, id, change);
    return [{ attributes, ...moved }, ...(await readWhole(tx, caller, id, projection))] as const;
  });
  note(log, id, changed);
  return answer(200, caller, group, members, projection);
}

/**
 * RFC 7644 §3.5.2: 204, because the resource may have 50,000 members and the provider knows what it asked for. What is
 * said of members becomes rows; a change of members alone neither reads the group's members nor holds its row before them.
 */
export async function patchGroup(ctx: Context, request: ScimRequest, idText: string): Promise<ScimAnswer> {
  const { caller, log } = request;
  const id = idOf(idText);
  // The RFC wants the resource when attributes are asked for.
  const wantsBody = request.parameters.has("attributes");
  const projection = readProjection(caller.types.Group, request.parameters);
  const operations = readOperations(request, caller.types.Group, request.body);
  const change = readMemberChange(request, operations.filter(isOnMembers));
  const isConditional = request.ifMatch !== undefined || caller.requireIfMatch;
  const others = operations.filter((operation) => !isOnMembers(operation));
  if (others.length === 0 && !change.replaced && !isConditional && !wantsBody) {
    const written = await changeUsers(ctx, caller, id, change);
    if (written !== undefined) {
      note(log, id, { attributes: [], ...written });
      return { status: 204, etag: etagOf(written.version) };
    }
  }
  const [changed, group, members] = await inGroupTransaction(ctx, caller.actor, async (tx, lock) => {
    let attributes: string[] = [];
    if (others.length > 0 || change.replaced || isConditional) {
      await lockMembers(tx, caller, id, change);
      const newContent = (held: Document) => applyOperations(request, caller.types.Group, held, others).document;
      attributes = await writeGroup(tx, request, id, newContent);
    } else if (!(await getDirectoryGroup(tx, caller.directory, id))) throw notFound();
    const moved = changesMembers(change) ? await writeMembers(tx, lock, caller, id, change) : NOBODY;
    const whole = await readWhole(tx, caller, id, wantsBody ? projection : { kind: "only", names: [] });
    return [{ attributes, ...moved }, ...whole] as const;
  });
  note(log, id, changed);
  return wantsBody ? answer(200, caller, group, members, projection) : { status: 204, etag: etagOf(group.version) };
}

const NOBODY = { added: 0, removed: 0 };

function note(log: ExchangeLog, id: GroupId, changed: { attributes: string[]; added: number; removed: number }): void {
  const { attributes, added, removed } = changed;
  if (attributes.length === 0 && added === 0 && removed === 0) return;
  log.change({ kind: "Group", id, did: "updated", attributes, added, removed });
}

function changesMembers(change: MemberChange): boolean {
  return change.replaced || change.add.length > 0 || change.remove.length > 0;
}

/** Reads a group under its lock and writes its new content when it differs. Returns the attributes that do. */
async function writeGroup(
  tx: Tx,
  request: ScimRequest,
  id: GroupId,
  newContent: (held: Document) => Document,
): Promise<string[]> {
  const { directory } = request.caller;
  const held = await lockDirectoryGroup(tx, directory, id);
  if (!held) throw notFound();
  checkIfMatch(request, held.version);
  const input = toInput(id, newContent(toDocument(held)));
  const attributes = differences(toDocument(held), toDocument({ ...held, ...input }));
  if (attributes.length > 0) await updateDirectoryGroups(tx, directory, [input]);
  return attributes;
}

/** RFC 7644 §3.6. Under the exclusive lock: whoever is in the group may lose access. */
export async function deleteGroup(ctx: Context, request: ScimRequest, idText: string): Promise<ScimAnswer> {
  const { caller, log } = request;
  const id = idOf(idText);
  const work = async (tx: Tx): Promise<void> => {
    const held = await lockDirectoryGroup(tx, caller.directory, id);
    if (!held) throw notFound();
    checkIfMatch(request, held.version);
    await removeDirectoryGroups(tx, caller.directory, [id]);
  };
  await inTransaction(ctx, caller.actor, work, { lock: "exclusive" });
  log.change({ kind: "Group", id, did: "removed" });
  return { status: 204 };
}

function idOf(text: string): GroupId {
  const id = parseId<GroupId>(text);
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

function answer(
  status: 200 | 201,
  caller: Caller,
  group: DirectoryGroup,
  members: readonly GroupMember[],
  projection: Projection,
): ScimAnswer {
  return {
    status,
    etag: etagOf(group.version),
    contentLocation: locationOf(caller, "/Groups", group.id),
    text: groupText(caller, group, members, projection),
  };
}
