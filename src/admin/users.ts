import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId, GroupId } from "../db/id.ts";
import { accessOf } from "../identity/access/access-of.ts";
import { explain, type Path } from "../identity/access/explain.ts";
import { tellUserName } from "../identity/account-mail.ts";
import {
  ACCOUNT_FIELDS,
  ACCOUNT_ORDERS,
  countAccounts,
  getAccount,
  listAccounts,
  requireAccount,
} from "../identity/account-overview.ts";
import { addPerson } from "../identity/accounts/add.ts";
import { confirmAccount } from "../identity/accounts/confirm.ts";
import { editPerson } from "../identity/accounts/edit.ts";
import { restoreAccount, suspendAccount } from "../identity/accounts/suspend.ts";
import { externalUserManagement } from "../identity/external-user-management.ts";
import { pageOfGroupsOf } from "../identity/group-pages.ts";
import { resendInvitation } from "../identity/invitations/resend.ts";
import { userNameKey } from "../identity/keys.ts";
import { keysOfProducts } from "../identity/products.ts";
import { writeTarget } from "../identity/write-target.ts";
import { afterOf, countedListOf, idIn, idOut, keyIn, listOf, listQuery, pageOf, text } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { productIfNamed } from "./grants.ts";
import { groupAnswer } from "./groups.ts";
import { cursorAfter, keyOfCursor, paging, UUID_KEY } from "./input.ts";
import { route } from "./route.ts";
import { userAnswer } from "./user-answer.ts";
import { role, status } from "./words.ts";

const accessAnswer = z
  .object({
    account: z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), status }),
    access: z.array(
      z.object({
        site: z.string(),
        product: z.string(),
        role: role.nullable(),
        allowed: z.boolean(),
        reason: z.string().nullable(),
        spaces: z.array(
          z.object({
            space: z.string(),
            permission: z.string(),
            expiresAt: z.string().meta({ format: "date-time" }).nullable(),
          }),
        ),
        trace: z.array(z.object({ directory: z.string(), group: z.string(), grant: idOut, role, counts: z.boolean() })),
      }),
    ),
  })
  .meta({ id: "Access" });

/** One way from a person to a role; `failing` is the first condition that fails, null where the path counts. */
const pathAnswer = z
  .object({
    site: z.string(),
    product: z.string(),
    role,
    through: z.string().nullable(),
    memberOf: z.string(),
    group: groupAnswer,
    grant: idOut,
    failing: z.string().nullable(),
  })
  .meta({ id: "AccessPath" });

const one = z.strictObject({ id: idIn<AccountId>() });

/** The form of a cursor that goes on after a folded user name. */
const NAME_KEY = /^userName:([^\0]+)$/;

/** `/users`: the people of the organization. */
export const userRoutes = [
  route({
    id: "users.list",
    method: "GET",
    path: "/users",
    summary: "List people",
    guard: { permission: "users:read" },
    query: z.strictObject({
      limit: paging.limit,
      // It holds a user name where that is the order.
      cursor: z.string().max(4_096).optional().meta({ description: "`page.next` of the page before." }),
      filter: filterOver(ACCOUNT_FIELDS, "users"),
      sort: z.enum(ACCOUNT_ORDERS).default("id"),
      count: z
        .enum(["true", "false"])
        .default("false")
        .transform((text) => text === "true")
        .meta({ description: "Tells in `page.total` how many match in all, up to 10,000; `exact` is false for more." }),
    }),
    answer: countedListOf(userAnswer),
    read: async (db, { query: { limit, cursor, filter = null, sort, count } }) => {
      const byName = sort.endsWith("userName");
      const [, after = null] = keyOfCursor(cursor, byName ? NAME_KEY : UUID_KEY, "cursor") ?? [];
      const [users, total] = await Promise.all([
        listAccounts(db, { filter, after, limit: limit + 1, order: sort }),
        count ? countAccounts(db, filter) : undefined,
      ]);
      const { data, page } = pageOf(users, limit, (user) =>
        byName ? `userName:${userNameKey(user.userName)}` : user.id,
      );
      return { data, page: { ...page, ...(total && { total }) } };
    },
  }),
  route({
    id: "users.get",
    method: "GET",
    path: "/users/{id}",
    summary: "Show a person",
    guard: { permission: "users:read" },
    params: one,
    answer: userAnswer,
    read: (db, { params }) => getAccount(db, params.id),
  }),
  route({
    id: "users.access",
    method: "GET",
    path: "/users/{id}/access",
    summary: "Show what a person has access to, and why",
    guard: { permission: "access:read" },
    params: one,
    answer: accessAnswer,
    read: (db, { params }) => accessOf(db, params.id),
  }),
  route({
    id: "users.create",
    method: "POST",
    path: "/users",
    summary: "Add a person to the first directory that may be written to; a mail goes out with notify alone",
    guard: { permission: "users:write" },
    refusal: async (db) => (await writeTarget(db)).refusal,
    body: z.strictObject({
      email: text(254),
      displayName: text(256).optional(),
      /** Tells the person their user name (R70). */
      notify: z.boolean().default(false),
    }),
    answer: userAnswer,
    status: 201,
    location: (user) => `/users/${user.id}`,
    write: async (tx, { ctx, caller, body }) => {
      const id = await addPerson(tx, body);
      if (body.notify) await tellUserName(tx, ctx.config.invitations, caller.held, id);
      return getAccount(tx, id);
    },
  }),
  route({
    id: "users.update",
    method: "PATCH",
    path: "/users/{id}",
    summary: "Edit a person in the record that is canonical; null takes a name away",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    params: one,
    body: z
      .strictObject({
        displayName: text(256).nullable(),
        givenName: text(256).nullable(),
        familyName: text(256).nullable(),
        email: text(254),
      })
      .partial(),
    answer: userAnswer,
    current: "users.get",
    write: async (tx, { caller, params, body }) => {
      await editPerson(tx, params.id, body, caller.held);
      return getAccount(tx, params.id);
    },
  }),
  route({
    id: "users.groups",
    method: "GET",
    path: "/users/{id}/groups",
    summary: "List the groups that a person is in, and by whom",
    guard: { permission: "users:read" },
    params: one,
    query: listQuery,
    answer: listOf(
      groupAnswer.extend({ remote: z.boolean(), local: z.boolean(), counts: z.boolean() }).meta({ id: "GroupOfUser" }),
    ),
    read: async (db, { params, query }) => {
      const found = await pageOfGroupsOf(db, params.id, { after: afterOf<GroupId>(query), limit: query.limit + 1 });
      return pageOf(found, query.limit, (group) => group.id);
    },
  }),
  route({
    id: "users.explain",
    method: "GET",
    path: "/users/{id}/explain",
    summary: "List every path from a person to a role, those that do not count with the reason; of one product",
    guard: { permission: "access:read" },
    params: one,
    query: z.strictObject({ ...paging, product: keyIn.optional(), site: keyIn.optional() }),
    answer: listOf(pathAnswer),
    read: async (db, { caller, params, query }) => {
      await requireAccount(db, params.id);
      const product = await productIfNamed(db, caller, "access:read", query);
      const [, skip = "0"] = keyOfCursor(query.cursor, /^(\d{1,9})$/, "cursor") ?? [];
      const found = await explain(db, [params.id], { product, skip: Number(skip), limit: query.limit + 1 });
      const next = found.length > query.limit ? cursorAfter(String(Number(skip) + query.limit)) : null;
      return { data: await namedProducts(db, found.slice(0, query.limit)), page: { next } };
    },
  }),
  route({
    id: "users.confirm",
    method: "POST",
    path: "/users/{id}/confirm",
    summary: "Confirm that a person is still the same: what was parked counts again",
    guard: { permission: "users:write" },
    params: one,
    answer: z.object({ confirmed: z.int() }),
    current: "users.get",
    write: async (tx, { caller, params }) => {
      await getAccount(tx, params.id);
      return { confirmed: await confirmAccount(tx, params.id, caller.held) };
    },
  }),
  route({
    id: "users.resendInvite",
    method: "POST",
    path: "/users/{id}/resend-invite",
    summary: "Send a person their invitation, the first one or once more",
    guard: { permission: "invitations:write" },
    refusal: externalUserManagement,
    params: one,
    status: 202,
    answer: z.object({ accountId: idOut, invitationId: idOut, mailId: idOut, status }),
    lock: "none",
    write: (tx, { ctx, params }) => resendInvitation(tx, ctx.config.invitations, params.id),
  }),
  route({
    id: "users.suspend",
    method: "POST",
    path: "/users/{id}/suspend",
    summary: "Take a person's access away until restored; groups, spaces and rights stay",
    guard: { permission: "users:write" },
    params: one,
    body: z.strictObject({ reason: text(500).optional() }),
    answer: userAnswer,
    current: "users.get",
    lock: "exclusive",
    write: async (tx, { params, body }) => {
      await suspendAccount(tx, params.id, body.reason ?? null);
      return getAccount(tx, params.id);
    },
  }),
  route({
    id: "users.restore",
    method: "POST",
    path: "/users/{id}/restore",
    summary: "Give a suspended person their access back",
    guard: { permission: "users:write" },
    params: one,
    answer: userAnswer,
    current: "users.get",
    write: async (tx, { params }) => {
      await restoreAccount(tx, params.id);
      return getAccount(tx, params.id);
    },
  }),
];

async function namedProducts(db: Db, paths: readonly Path[]) {
  const keys = new Map(
    (
      await keysOfProducts(
        db,
        paths.map((path) => path.product),
      )
    ).map(({ id, ...key }) => [id, key]),
  );
  return paths.map(({ account: _, product, ...path }) => {
    const { site = "", key = "" } = keys.get(product) ?? {};
    return { ...path, site, product: key };
  });
}
