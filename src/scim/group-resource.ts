import type { GroupId } from "../db/id.ts";
import type { DirectoryGroup, DirectoryGroupInput } from "../identity/directory-groups/directory-group.ts";
import type { GroupMember } from "../identity/directory-groups/read.ts";
import { nameKey } from "../identity/keys.ts";
import type { Caller } from "./caller.ts";
import { etagOf } from "./etag.ts";
import { type Projection, project } from "./projection.ts";
import { type Document, requireModest } from "./schema/document.ts";
import { requireIndexable } from "./stored-key.ts";
import { locationOf, schemasOf } from "./user-resource.ts";

/** What a group says of itself, without its members: the document that PATCH works on. */
export function toDocument(group: DirectoryGroup): Document {
  return {
    displayName: group.displayName,
    ...(group.externalId === null ? {} : { externalId: group.externalId }),
    ...group.resource,
  };
}

/** A canonical document as the group that it makes; names are unique in a SCIM directory, because providers match by them. */
export function toInput(id: GroupId, document: Document): DirectoryGroupInput {
  const { displayName, externalId, members: _members, ...resource } = document;
  const name = String(displayName);
  requireIndexable("displayName", nameKey(name));
  requireIndexable("externalId", externalId);
  requireModest(resource);
  return {
    id,
    immutableId: null,
    externalId: typeof externalId === "string" ? externalId : null,
    displayName: name,
    resource,
    contentHash: null,
    uniqueName: true,
  };
}

/** A group as an answer shows it (RFC 7643 §4.2). */
export function toGroupResource(caller: Caller, group: DirectoryGroup, members: readonly GroupMember[]): Document {
  return {
    schemas: schemasOf(caller.types.Group, group.resource),
    id: group.id,
    ...toDocument(group),
    members: members.map((member) => ({
      value: member.id,
      $ref: locationOf(caller, member.kind === "User" ? "/Users" : "/Groups", member.id),
      ...(member.display === null ? {} : { display: member.display }),
      type: member.kind,
    })),
    meta: {
      resourceType: "Group",
      created: group.createdAt.toISOString(),
      lastModified: group.updatedAt.toISOString(),
      location: locationOf(caller, "/Groups", group.id),
      version: etagOf(group.version),
    },
  };
}

export function groupText(
  caller: Caller,
  group: DirectoryGroup,
  members: readonly GroupMember[],
  projection: Projection,
): string {
  return JSON.stringify(project(caller.types.Group, toGroupResource(caller, group, members), projection));
}
