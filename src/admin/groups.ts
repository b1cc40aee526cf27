import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId, GroupId } from "../db/id.ts";
import { removeGroup, renameGroup } from "../identity/group-edits.ts";
import { removeMembers } from "../identity/group-members.ts";
import { GROUP_FIELDS, getGroup, pageOfGroups, pageOfMembers, pageOfNested } from "../identity/group-pages.ts";
import { addLocalMembers, createLocalGroup, nestGroups, unnestGroups } from "../identity/groups.ts";
import { reach, type Target } from "../identity/rights/permissions.ts";
import { afterOf, idIn, idOut, keyIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";
import { role } from "./words.ts";

/** `directory` is null for a group that is the organization's own. */
export const groupAnswer = z
  .object({ id: idOut, name: z.string(), directory: z.string().nullable() })
  .meta({ id: "Group" });

const memberAnswer = z
  .object({
    user: z.object({ id: idOut, userName: z.string() }),
    remote: z.boolean(),
    local: z.boolean(),
    counts: z.boolean(),
  })
  .meta({ id: "Member" });

const person = z.object({ id: idOut, userName: z.string() });

/** `kept`: by the group's own directory. `remaining`: what the groups that are left give on the group's products. */
const membersRemoved = z
  .object({
    removed: z.int(),
    kept: z.array(z.object({ user: person, directory: z.string() })),
    remaining: z.array(
      z.object({
        user: person,
        site: z.string(),
        product: z.string(),
        role,
        directory: z.string(),
        group: z.string(),
      }),
    ),
  })
  .meta({ id: "MembersRemoved" });

/** So many at once. */
const MOST = 200;
const users = z.strictObject({ users: z.array(idIn<AccountId>()).min(1).max(MOST) });
const groups = z.strictObject({ groups: z.array(idIn<GroupId>()).min(1).max(MOST) });

const one = z.strictObject({ id: idIn<GroupId>() });

const itself = (_: Db, { params }: { params: { id: GroupId } }): Promise<Target> =>
  Promise.resolve({ kind: "group", id: params.id });

/** `/groups`: what roles are granted to. */
export const groupRoutes = [
  route({
    id: "groups.list",
    method: "GET",
    path: "/groups",
    summary: "List groups; of one directory (local: the organization's own), or of one name",
    guard: { permission: "groups:read", anywhere: true },
    query: z.strictObject({
      ...paging,
      directory: keyIn.optional(),
      name: text(1_024).optional(),
      filter: filterOver(GROUP_FIELDS, "groups"),
    }),
    answer: listOf(groupAnswer),
    read: async (db, { caller, query: { limit, cursor, ...filter } }) => {
      const within = reach(caller.held, "groups:read");
      const found = await pageOfGroups(db, {
        after: afterOf<GroupId>({ cursor }),
        limit: limit + 1,
        within,
        ...filter,
      });
      return pageOf(found, limit, (group) => group.id);
    },
  }),
  route({
    id: "groups.get",
    method: "GET",
    path: "/groups/{id}",
    summary: "Show a group",
    guard: { permission: "groups:read", anywhere: true },
    params: one,
    answer: groupAnswer,
    read: (db, { caller, params }) => getGroup(db, params.id, reach(caller.held, "groups:read")),
  }),
  route({
    id: "groups.create",
    method: "POST",
    path: "/groups",
    summary: "Make a group of the organization's own",
    guard: { permission: "groups:write" },
    body: z.strictObject({ name: text(1_024) }),
    answer: groupAnswer,
    status: 201,
    location: (group) => `/groups/${group.id}`,
    write: (tx, { body }) => createLocalGroup(tx, body.name),
  }),
  route({
    id: "groups.update",
    method: "PATCH",
    path: "/groups/{id}",
    summary: "Give a group another name: one of the organization's own, or of a directory that may be written to",
    guard: { permission: "groups:write" },
    params: one,
    body: z.strictObject({ name: text(1_024) }),
    answer: groupAnswer,
    current: "groups.get",
    write: async (tx, { params, body }) => {
      await renameGroup(tx, params.id, body.name);
      return getGroup(tx, params.id);
    },
  }),
  route({
    id: "groups.delete",
    method: "DELETE",
    path: "/groups/{id}",
    summary:
      "Take a group away, with its members and grants: one of the organization's own, or of a directory that may be written to",
    guard: { permission: "groups:write" },
    params: one,
    current: "groups.get",
    lock: "exclusive",
    write: (tx, { params }) => removeGroup(tx, params.id),
  }),
  route({
    id: "groups.members",
    method: "GET",
    path: "/groups/{id}/members",
    summary: "List the people in a group, whoever put them there",
    guard: { permission: "groups:read", anywhere: true },
    params: one,
    query: listQuery,
    answer: listOf(memberAnswer),
    read: async (db, { caller, params, query }) => {
      const { id } = await getGroup(db, params.id, reach(caller.held, "groups:read"));
      const found = await pageOfMembers(db, id, { after: afterOf<AccountId>(query), limit: query.limit + 1 });
      return pageOf(found, query.limit, ({ user }) => user.id);
    },
  }),
  route({
    id: "groups.addMembers",
    method: "POST",
    path: "/groups/{id}/members",
    summary: "Put people into a group; no sync takes them out",
    guard: { permission: "members:write", on: itself },
    params: one,
    body: users,
    answer: z.object({ added: z.int() }),
    write: async (tx, { params, body }) => ({ added: await addLocalMembers(tx, params.id, body.users) }),
  }),
  route({
    id: "groups.removeMember",
    method: "DELETE",
    path: "/groups/{id}/members/{user}",
    summary: "Take a person out of a group; tells what the person still has through others",
    guard: { permission: "members:write", on: itself },
    params: z.strictObject({ id: idIn<GroupId>(), user: idIn<AccountId>() }),
    answer: membersRemoved,
    write: (tx, { params }) => removeMembers(tx, params.id, [params.user]),
  }),
  route({
    id: "groups.nested",
    method: "GET",
    path: "/groups/{id}/groups",
    summary: "List the groups inside a group",
    guard: { permission: "groups:read", anywhere: true },
    params: one,
    query: listQuery,
    answer: listOf(groupAnswer),
    read: async (db, { caller, params, query }) => {
      const { id } = await getGroup(db, params.id, reach(caller.held, "groups:read"));
      const found = await pageOfNested(db, id, { after: afterOf<GroupId>(query), limit: query.limit + 1 });
      return pageOf(found, query.limit, (group) => group.id);
    },
  }),
  route({
    id: "groups.nest",
    method: "POST",
    path: "/groups/{id}/groups",
    summary: "Put groups into a local group: their members get what it gives",
    guard: { permission: "groups:write" },
    params: one,
    body: groups,
    answer: z.object({ added: z.int() }),
    lock: "exclusive",
    write: async (tx, { params, body }) => ({ added: await nestGroups(tx, params.id, body.groups) }),
  }),
  route({
    id: "groups.unnest",
    method: "DELETE",
    path: "/groups/{id}/groups/{child}",
    summary: "Take a group out of a local group",
    guard: { permission: "groups:write" },
    params: z.strictObject({ id: idIn<GroupId>(), child: idIn<GroupId>() }),
    answer: z.object({ removed: z.int() }),
    lock: "exclusive",
    write: async (tx, { params }) => ({ removed: await unnestGroups(tx, params.id, [params.child]) }),
  }),
];
