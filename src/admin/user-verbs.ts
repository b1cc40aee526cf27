import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { deactivateAccounts, reactivateAccounts } from "../identity/accounts/deactivate.ts";
import { eraseAccounts } from "../identity/accounts/erase.ts";
import { removeAccounts, undoRemoval } from "../identity/accounts/remove.ts";
import { type RevokedFrom, revokeAccess } from "../identity/accounts/revoke-access.ts";
import { getSite } from "../identity/sites.ts";
import type { Caller } from "./caller.ts";
import { idIn, keyIn, text } from "./fields.ts";
import { productFor } from "./product-of.ts";
import { route } from "./route.ts";
import { userAnswer } from "./user-answer.ts";

const one = z.strictObject({ id: idIn<AccountId>() });
const why = z.strictObject({ reason: text(500).optional() });

/** What ends a person's access, each in a way of its own (C10), and the ways back. */
export const userVerbRoutes = [
  route({
    id: "users.deactivate",
    method: "POST",
    path: "/users/{id}/deactivate",
    summary: "Deactivate a person whom the organization manages and whose record is Muster's own",
    guard: { permission: "users:write" },
    params: one,
    body: why,
    answer: userAnswer,
    current: "users.get",
    lock: "exclusive",
    write: async (tx, { params: { id }, body }) => {
      changedSomething(await deactivateAccounts(tx, [id], body.reason ?? null), "the person is deactivated already");
      return getAccount(tx, id);
    },
  }),
  route({
    id: "users.reactivate",
    method: "POST",
    path: "/users/{id}/reactivate",
    summary: "Activate a person again who was deactivated here",
    guard: { permission: "users:write" },
    params: one,
    answer: userAnswer,
    current: "users.get",
    write: async (tx, { params: { id } }) => {
      changedSomething(await reactivateAccounts(tx, [id]), "the person is not deactivated");
      return getAccount(tx, id);
    },
  }),
  route({
    id: "users.revokeAccess",
    method: "POST",
    path: "/users/{id}/revoke-access",
    summary: "Take away what a person was given here: on a product, on a site, or everything",
    guard: { permission: "users:write" },
    params: one,
    body: z.strictObject({ product: keyIn.optional(), site: keyIn.optional(), reason: text(500).optional() }),
    answer: userAnswer,
    current: "users.get",
    lock: "exclusive",
    write: async (tx, { caller, params: { id }, body }) => {
      const from = await placeOf(tx, caller, body);
      changedSomething(
        await revokeAccess(tx, caller.held, [id], from, body.reason ?? null),
        "the person was given nothing there",
      );
      return getAccount(tx, id);
    },
  }),
  route({
    id: "users.remove",
    method: "POST",
    path: "/users/{id}/remove",
    summary: "Take a person out of the organization; can be undone for 30 days",
    guard: { permission: "users:write" },
    params: one,
    body: why,
    answer: userAnswer,
    current: "users.get",
    lock: "exclusive",
    write: async (tx, { params: { id }, body }) => {
      await removeAccounts(tx, [id], body.reason ?? null);
      return getAccount(tx, id);
    },
  }),
  route({
    id: "users.undoRemove",
    method: "POST",
    path: "/users/{id}/undo-remove",
    summary: "Bring a removed person back as they were",
    guard: { permission: "users:write" },
    params: one,
    answer: userAnswer,
    current: "users.get",
    write: async (tx, { params: { id } }) => {
      await undoRemoval(tx, id);
      return getAccount(tx, id);
    },
  }),
  route({
    id: "users.erase",
    method: "POST",
    path: "/users/{id}/erase",
    summary: "Take everything personal of a person out of Muster, for good",
    guard: { permission: "users:write" },
    dangerous: true,
    params: one,
    current: "users.get",
    lock: "exclusive",
    write: async (tx, { params: { id } }) => {
      await getAccount(tx, id);
      await eraseAccounts(tx, [id]);
    },
  }),
];

/** A verb that found nothing to do says so, as suspending does. */
function changedSomething(changed: readonly AccountId[], otherwise: string): void {
  if (changed.length === 0) throw new MusterError("conflict", otherwise, { at: "id" });
}

async function placeOf(
  db: Db,
  caller: Caller,
  { product, site }: { product?: string | undefined; site?: string | undefined },
): Promise<RevokedFrom> {
  if (product !== undefined)
    return { kind: "product", id: (await productFor(db, caller, "users:write", { key: product, site })).id };
  return site === undefined ? { kind: "organization" } : { kind: "site", id: (await getSite(db, site)).id };
}
