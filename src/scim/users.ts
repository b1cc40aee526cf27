import type { Context } from "../context.ts";
import { type DirectoryUserId, newId, parseId } from "../db/id.ts";
import { inTransaction, type Tx } from "../db/transaction.ts";
import { createDirectoryUser } from "../identity/directory-users/create.ts";
import type { DirectoryUser, DirectoryUserInput } from "../identity/directory-users/directory-user.ts";
import {
  type GroupOfUser,
  getDirectoryUserWithGroups,
  getStoredUser,
  groupsOfDirectoryUsers,
  listStoredUsers,
  lockDirectoryUser,
} from "../identity/directory-users/read.ts";
import { removeDirectoryUsers } from "../identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../identity/directory-users/update.ts";
import { setDirectoryUserActive, writeDirectoryUser } from "../identity/directory-users/write.ts";
import type { Caller } from "./caller.ts";
import { tolerate } from "./dialect.ts";
import { notFound } from "./errors.ts";
import { checkIfMatch, etagOf, isNotModified } from "./etag.ts";
import type { ScimAnswer, ScimRequest } from "./exchange.ts";
import { listAnswer } from "./list.ts";
import { applyOperations } from "./patch/apply.ts";
import { type Operation, pathsOf, readOperations } from "./patch/operations.ts";
import { alsoWritten, alsoWrittenAt, type Projection, project, readProjection, wants } from "./projection.ts";
import { pageOf, readListQuery } from "./query.ts";
import type { Attribute } from "./schema/attribute.ts";
import { canonicalValue } from "./schema/canonical.ts";
import { differences } from "./schema/document.ts";
import { keepFixed } from "./schema/mutability.ts";
import { readResource } from "./schema/resource.ts";
import { locationOf, toDocument, toInput, toUserResource, userText } from "./user-resource.ts";

/**
 * RFC 7644 §3.3. `groups` is read-only and `password` never kept; a user name that is taken is 409. Who was here before
 * under the same `externalId` comes back under the old id.
 */
export async function createUser(ctx: Context, request: ScimRequest): Promise<ScimAnswer> {
  const { caller, log } = request;
  const type = caller.types.User;
  const document = readResource(request, type, request.body);
  const projection = alsoWritten(readProjection(type, request.parameters), type, document);
  const input = toInput(newId<DirectoryUserId>(), document);
  const user = await createDirectoryUser(ctx, caller.actor, caller.directory, input);
  const isRestored = user.id !== input.id;
  if (isRestored) tolerate(request, "restored", "externalId");
  log.change({ kind: "User", id: user.id, did: isRestored ? "restored" : "created" });
  return { ...answer(201, caller, user, [], projection), location: locationOf(caller, "/Users", user.id) };
}

/** RFC 7644 §3.4.1. */
export async function getUser(ctx: Context, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const { caller } = request;
  const projection = readProjection(caller.types.User, request.parameters);
  const groups = wants(projection, "groups");
  const user = await getStoredUser(ctx.db.of(caller.organization), caller.directory, idOf(id), { groups });
  if (!user) throw notFound();
  const etag = etagOf(user.version);
  if (isNotModified(request, user.version)) return { status: 304, etag };
  const contentLocation = locationOf(caller, "/Users", user.id);
  return { status: 200, etag, contentLocation, text: userText(caller, user, projection) };
}

/** RFC 7644 §3.4.2: a page in an order that holds still while users come and go. */
export async function listUsers(ctx: Context, request: ScimRequest): Promise<ScimAnswer> {
  const { caller } = request;
  const { paging, projection, ...query } = readListQuery(ctx, request, caller.types.User);
  const page = await listStoredUsers(ctx.db.of(caller.organization), caller.directory, {
    ...query,
    ...pageOf(paging),
    groups: wants(projection, "groups"),
  });
  const resources = page.users.map((user) => userText(caller, user, projection));
  return listAnswer(ctx, request, paging, { ...page, resources });
}

/** RFC 7644 §3.5.1: what the body does not say is gone, except whether the person is active. */
export async function replaceUser(ctx: Context, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const type = request.caller.types.User;
  const document = readResource(request, type, request.body);
  const projection = alsoWritten(readProjection(type, request.parameters), type, document);
  return change(ctx, request, id, projection, (user) => {
    const input = toInput(user.id, keepFixed(type, toDocument(user), document, "kept"), user.active);
    return differences(toDocument(user), toDocument({ ...user, ...input })).length === 0 ? undefined : input;
  });
}

/** RFC 7644 §3.5.2: 200 with the resource. A request that changes nothing writes nothing. */
export async function patchUser(ctx: Context, request: ScimRequest, id: string): Promise<ScimAnswer> {
  const type = request.caller.types.User;
  const operations = readOperations(request, type, request.body);
  const projection = alsoWrittenAt(readProjection(type, request.parameters), pathsOf(operations));
  const operation = asksForActiveAlone(request, operations);
  if (operation !== undefined) return setActive(ctx, request, idOf(id), operation, projection);
  return change(ctx, request, id, projection, (user) => {
    const { document, changed } = applyOperations(request, type, toDocument(user), operations);
    return changed ? toInput(user.id, document, user.active) : undefined;
  });
}

/**
 * The operation of a request that says whether somebody is active, and says nothing else: nothing of the record decides
 * about it, unless its version does.
 */
function asksForActiveAlone(request: ScimRequest, operations: readonly Operation[]): ActiveOperation | undefined {
  const { requireIfMatch, dialect } = request.caller;
  const [operation] = operations;
  if (operation?.target.kind !== "attribute" || operations.length > 1 || operation.op === "remove") return undefined;
  if (request.ifMatch !== undefined || requireIfMatch) return undefined;
  const { attribute, extension } = operation.target.path;
  if (extension !== null || attribute.name !== "active") return undefined;
  const isText = typeof operation.value === "string" && ["true", "false"].includes(operation.value.toLowerCase());
  const isReadable = typeof operation.value === "boolean" || (isText && dialect.tolerates.has("boolean-as-text"));
  return isReadable ? { attribute, value: operation.value, at: operation.at } : undefined;
}

type ActiveOperation = { attribute: Attribute; value: unknown; at: string };

/** What providers change most, without reading the record first. */
async function setActive(
  ctx: Context,
  request: ScimRequest,
  id: DirectoryUserId,
  { attribute, value, at }: ActiveOperation,
  projection: Projection,
): Promise<ScimAnswer> {
  const { caller, log } = request;
  const active = canonicalValue(request, attribute, value, at) === true;
  const groups = wants(projection, "groups");
  const done = await setDirectoryUserActive(ctx, caller.actor, caller.directory, id, active, { groups });
  if (done.outcome === "gone") throw notFound();
  const { outcome, user } = done;
  if (outcome === "written") log.change({ kind: "User", id, did: "updated", attributes: ["active"] });
  const contentLocation = locationOf(caller, "/Users", id);
  return { status: 200, etag: etagOf(user.version), contentLocation, text: userText(caller, user, projection) };
}

/** How often a record is read again because somebody changed it meanwhile, before it is locked first. */
const ATTEMPTS = 4;

/**
 * Reads a record, asks for its new content and writes that if nobody has changed the record since; whoever is overtaken
 * again and again reads it under its lock. Answers with what then stands.
 */
async function change(
  ctx: Context,
  request: ScimRequest,
  idText: string,
  projection: Projection,
  newContent: (user: DirectoryUser) => DirectoryUserInput | undefined,
): Promise<ScimAnswer> {
  const { caller, log } = request;
  const { directory } = caller;
  const id = idOf(idText);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const held = await getDirectoryUserWithGroups(ctx.db.of(caller.organization), directory, id);
    if (!held) throw notFound();
    checkIfMatch(request, held.version);
    const input = newContent(held);
    if (input === undefined) return answer(200, caller, held, held.groups, projection);
    const written = await writeDirectoryUser(ctx, caller.actor, directory, input, held.version);
    if (written.outcome === "gone") throw notFound();
    if (written.outcome === "changed-meanwhile") continue;
    log.change({ kind: "User", id, did: "updated", attributes: differencesOf(held, written.user) });
    return answer(200, caller, written.user, held.groups, projection);
  }
  return changeLocked(ctx, request, id, newContent, projection);
}

async function changeLocked(
  ctx: Context,
  request: ScimRequest,
  id: DirectoryUserId,
  newContent: (user: DirectoryUser) => DirectoryUserInput | undefined,
  projection: Projection,
): Promise<ScimAnswer> {
  const { caller, log } = request;
  const [before, after, groups] = await inTransaction(ctx, caller.actor, async (tx) => {
    const held = await lockMatching(tx, request, id);
    const input = newContent(held);
    const [updated] = input === undefined ? [held] : await updateDirectoryUsers(tx, caller.directory, [input]);
    if (!updated) throw notFound();
    return [held, updated, await groupsOfDirectoryUsers(tx, caller.directory, [id])] as const;
  });
  if (after !== before) log.change({ kind: "User", id, did: "updated", attributes: differencesOf(before, after) });
  return answer(200, caller, after, groups.get(id) ?? [], projection);
}

function differencesOf(before: DirectoryUser, after: DirectoryUser): string[] {
  return differences(toDocument(before), toDocument(after));
}

/** RFC 7644 §3.6: 204, and 404 from then on. */
export async function deleteUser(ctx: Context, request: ScimRequest, idText: string): Promise<ScimAnswer> {
  const { caller, log } = request;
  const id = idOf(idText);
  await inTransaction(ctx, caller.actor, async (tx) => {
    await lockMatching(tx, request, id);
    await removeDirectoryUsers(tx, caller.directory, [id]);
  });
  log.change({ kind: "User", id, did: "removed" });
  return { status: 204 };
}

async function lockMatching(tx: Tx, request: ScimRequest, id: DirectoryUserId): Promise<DirectoryUser> {
  const held = await lockDirectoryUser(tx, request.caller.directory, id);
  if (!held) throw notFound();
  checkIfMatch(request, held.version);
  return held;
}

function idOf(text: string): DirectoryUserId {
  const id = parseId<DirectoryUserId>(text);
  if (id === undefined) throw notFound();
  return id;
}

function answer(
  status: 200 | 201,
  caller: Caller,
  user: DirectoryUser,
  groups: readonly GroupOfUser[],
  projection: Projection,
): ScimAnswer {
  return {
    status,
    etag: etagOf(user.version),
    contentLocation: locationOf(caller, "/Users", user.id),
    body: project(caller.types.User, toUserResource(caller, user, groups), projection),
  };
}
