import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { accessOf } from "../identity/access/access-of.ts";
import { getAccount, listAccounts } from "../identity/account-overview.ts";
import { restoreAccount, suspendAccount } from "../identity/accounts/suspend.ts";
import { resendInvitation } from "../identity/invitations.ts";
import { afterOf, idIn, idOut, instant, listOf, pageOf, text } from "./fields.ts";
import { parseFilter } from "./filter.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";
import { role, status } from "./words.ts";

export const userAnswer = z
  .object({
    id: idOut,
    userName: z.string(),
    email: z.string().nullable(),
    status,
    firstAccessAt: instant.nullable(),
    records: z.array(
      z.object({
        directory: z.string(),
        id: idOut,
        externalId: z.string().nullable(),
        canonical: z.boolean(),
        active: z.boolean(),
      }),
    ),
  })
  .meta({ id: "User" });

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

const one = z.strictObject({ id: idIn<AccountId>() });

/** `/users`: the people of the organization. */
export const userRoutes = [
  route({
    id: "users.list",
    method: "GET",
    path: "/users",
    summary: "List people",
    guard: { permission: "users:read" },
    query: z.strictObject({ ...paging, filter: z.string().optional() }),
    answer: listOf(userAnswer),
    read: async (db, { query }) => {
      const filter = query.filter === undefined ? [] : parseFilter(query.filter);
      const users = await listAccounts(db, { filter, after: afterOf<AccountId>(query), limit: query.limit + 1 });
      return pageOf(users, query.limit, (user) => user.id);
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
    id: "users.resendInvite",
    method: "POST",
    path: "/users/{id}/resend-invite",
    summary: "Send a person their invitation, the first one or once more",
    guard: { permission: "invitations:write" },
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
