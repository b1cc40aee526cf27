import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { requireAccount } from "../identity/account-overview.ts";
import {
  ADDRESS_CHANGE_STATES,
  type AddressChange,
  askForAddress,
  cancelAddressChange,
  listAddressChanges,
  resendAddressChange,
} from "../identity/accounts/address-change.ts";
import { externalUserManagement } from "../identity/external-user-management.ts";
import { idIn, idOut, instant, listOf, text, wholeList } from "./fields.ts";
import { route } from "./route.ts";

const changeAnswer = z
  .object({
    id: idOut,
    user: idOut,
    before: z.string().nullable(),
    email: z.string(),
    state: z.enum(ADDRESS_CHANGE_STATES),
    refusal: z.enum(["address-taken", "outside-sign-up", "asker-may-not"]).nullable(),
    askedBy: z.object({ kind: z.string(), id: z.string().nullable() }),
    sentCount: z.int(),
    createdAt: instant,
    expiresAt: instant,
    confirmedAt: instant.nullable(),
    revertUntil: instant.nullable(),
    revertedAt: instant.nullable(),
  })
  .meta({ id: "AddressChange" });
const asked = z.object({ change: changeAnswer, mail: idOut });

const one = z.strictObject({ id: idIn<AccountId>() });

/** `/users/{id}/address-changes`: another e-mail address, once the owner of the mailbox has said that it is theirs. */
export const userAddressRoutes = [
  route({
    id: "users.addressChanges",
    method: "GET",
    path: "/users/{id}/address-changes",
    summary: "List the changes of a person's address, the newest first: the one that waits, and what became of others",
    guard: { permission: "users:read" },
    params: one,
    answer: listOf(changeAnswer),
    read: async (db, { params }) => {
      await requireAccount(db, params.id);
      return wholeList((await listAddressChanges(db, params.id)).map(shown));
    },
  }),
  route({
    id: "users.changeAddress",
    method: "POST",
    path: "/users/{id}/address-changes",
    summary: "Ask the owner of a mailbox whether it is this person's; nothing changes until they say so",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    params: one,
    body: z.strictObject({ email: text(254) }),
    status: 202,
    answer: asked,
    write: async (tx, { ctx, caller, params, body }) =>
      told(await askForAddress(tx, ctx.config.invitations, caller.held, { account: params.id, ...body })),
  }),
  route({
    id: "users.resendAddressChange",
    method: "POST",
    path: "/users/{id}/address-changes/resend",
    summary: "Ask the owner of the mailbox once more, with a new link; earlier links are dead",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    params: one,
    status: 202,
    answer: asked,
    write: async (tx, { ctx, caller, params }) =>
      told(await resendAddressChange(tx, ctx.config.invitations, caller.held, params.id)),
  }),
  route({
    id: "users.cancelAddressChange",
    method: "POST",
    path: "/users/{id}/address-changes/cancel",
    summary: "Take back the change of address that waits; its links open nothing any more",
    guard: { permission: "users:write" },
    params: one,
    answer: changeAnswer,
    write: async (tx, { params }) => shown(await cancelAddressChange(tx, params.id)),
  }),
];

function told({ change, mail }: { change: AddressChange; mail: string }) {
  return { change: shown(change), mail };
}

function shown({ account, asker, ...change }: AddressChange) {
  return { ...change, user: account, askedBy: asker };
}
