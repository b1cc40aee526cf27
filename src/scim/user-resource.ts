import type { DirectoryUserId } from "../db/id.ts";
import type { DirectoryUser, DirectoryUserInput } from "../identity/directory-users/directory-user.ts";
import type { GroupOfUser, StoredDirectoryUser } from "../identity/directory-users/read.ts";
import { emailKey, userNameKey } from "../identity/keys.ts";
import type { Caller } from "./caller.ts";
import { etagOf } from "./etag.ts";
import { type Projection, project } from "./projection.ts";
import type { ResourceType } from "./schema/attribute.ts";
import { type Document, isObject, requireModest } from "./schema/document.ts";
import { requireIndexable } from "./stored-key.ts";

/** What a record says, as the document that PATCH works on: its columns beside its stored attributes. */
export function toDocument(user: Pick<DirectoryUser, "userName" | "externalId" | "active" | "resource">): Document {
  return {
    userName: user.userName,
    ...(user.externalId === null ? {} : { externalId: user.externalId }),
    active: user.active,
    ...user.resource,
  };
}

/**
 * A canonical document as the record that it makes. `active` is what it says, else `activeBefore`: a PUT that leaves it
 * out must not bring a deactivated person back.
 * @throws MusterError `invalid-value` for a user name too long for an index.
 */
export function toInput(id: DirectoryUserId, document: Document, activeBefore = true): DirectoryUserInput {
  const { userName, externalId, active, ...resource } = document;
  const name = String(userName);
  requireIndexable("userName", userNameKey(name));
  requireIndexable("externalId", externalId);
  requireModest(resource);
  return {
    id,
    immutableId: null,
    externalId: typeof externalId === "string" ? externalId : null,
    userName: name,
    active: typeof active === "boolean" ? active : activeBefore,
    email: emailOf(resource),
    displayName: displayNameOf(resource),
    resource,
    contentHash: null,
  };
}

/** The address that Muster knows the person by: the primary one, else the one for work, else the first that is one. */
function emailOf(resource: Document): string | null {
  const emails = (Array.isArray(resource.emails) ? resource.emails : []).filter(isObject);
  const usable = emails.filter((email) => typeof email.value === "string" && emailKey(email.value) !== null);
  const isWork = (email: Document): boolean => String(email.type).toLowerCase() === "work";
  const chosen = usable.find((email) => email.primary === true) ?? usable.find(isWork) ?? usable[0];
  return chosen === undefined ? null : String(chosen.value);
}

function displayNameOf(resource: Document): string | null {
  if (typeof resource.displayName === "string") return resource.displayName;
  const name = isObject(resource.name) ? resource.name : {};
  if (typeof name.formatted === "string") return name.formatted;
  const parts = [name.givenName, name.familyName].filter((part) => typeof part === "string");
  return parts.length === 0 ? null : parts.join(" ");
}

export function locationOf(caller: Caller, endpoint: "/Users" | "/Groups", id: string): string {
  return `${caller.baseUrl}${endpoint}/${id}`;
}

/** The core schema and the extensions that the resource really has (RFC 7643 §3). */
export function schemasOf(type: ResourceType, resource: Document): string[] {
  const extensions = type.extensions.map(({ urn }) => urn).filter((urn) => resource[urn] !== undefined);
  return [type.core.urn, ...extensions];
}

/** A record with the groups it is in, as an answer shows it (RFC 7643 §4.1, §8.2). */
export function toUserResource(caller: Caller, user: Shown, groups: readonly GroupOfUser[]): Document {
  return {
    schemas: schemasOf(caller.types.User, user.resource),
    id: user.id,
    ...toDocument(user),
    ...groupsMember(caller, groups),
    meta: metaOf(caller, user),
  };
}

/** What an answer shows of a record. */
type Shown = Pick<
  DirectoryUser,
  "id" | "userName" | "externalId" | "active" | "resource" | "version" | "createdAt" | "updatedAt"
>;

/**
 * The same as JSON text. The stored attributes are canonical already, so a whole record is put together from its text as
 * it stands.
 */
export function userText(caller: Caller, user: StoredDirectoryUser, projection: Projection): string {
  const type = caller.types.User;
  // Whether it has extensions is seen by parsing alone, and a name in quotes is the only way to have one.
  if (projection.kind !== "all" || user.resource.includes('"urn:')) {
    const resource = toUserResource(caller, { ...user, resource: JSON.parse(user.resource) as Document }, user.groups);
    return JSON.stringify(project(type, resource, projection));
  }
  const attributes = user.resource.length > 2 ? `,${user.resource.slice(1, -1)}` : "";
  const externalId = user.externalId === null ? "" : `,"externalId":${JSON.stringify(user.externalId)}`;
  const groups = user.groups.length === 0 ? "" : `,${JSON.stringify(groupsMember(caller, user.groups)).slice(1, -1)}`;
  return (
    `{"schemas":["${type.core.urn}"],"id":"${user.id}","userName":${JSON.stringify(user.userName)}${externalId},` +
    `"active":${user.active}${attributes}${groups},"meta":${JSON.stringify(metaOf(caller, user))}}`
  );
}

function groupsMember(caller: Caller, groups: readonly GroupOfUser[]): Document {
  if (groups.length === 0) return {};
  return {
    groups: groups.map((group) => ({
      value: group.id,
      $ref: locationOf(caller, "/Groups", group.id),
      display: group.displayName,
      type: group.direct ? "direct" : "indirect",
    })),
  };
}

function metaOf(caller: Caller, user: Pick<Shown, "id" | "version" | "createdAt" | "updatedAt">): Document {
  return {
    resourceType: "User",
    created: user.createdAt.toISOString(),
    lastModified: user.updatedAt.toISOString(),
    location: locationOf(caller, "/Users", user.id),
    version: etagOf(user.version),
  };
}
