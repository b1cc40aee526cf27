import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { getAccount } from "../identity/account-overview.ts";
import { mergeAccounts } from "../identity/accounts/merge.ts";
import { unmergeAccount } from "../identity/accounts/unmerge.ts";
import { externalUserManagement } from "../identity/external-user-management.ts";
import { idIn, idOut, instant } from "./fields.ts";
import { route } from "./route.ts";
import { seatUse, seatUseAnswer } from "./seats.ts";
import { mergedFact } from "./user-repairs.ts";
import { role } from "./words.ts";

const standing = z.object({ role: role.nullable(), allowed: z.boolean() });

const mergeAnswer = z
  .object({
    from: idOut,
    to: idOut,
    fields: z.array(
      z.object({
        field: z.string(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        result: z.string().nullable(),
      }),
    ),
    facts: z.array(mergedFact),
    access: z.array(z.object({ site: z.string(), product: z.string(), before: standing, after: standing })),
    seats: z.array(z.object({ before: seatUseAnswer, after: seatUseAnswer })),
    undoUntil: instant,
  })
  .meta({ id: "Merge" });

/** Two accounts of one person. */
export const userMergeRoutes = [
  route({
    id: "users.merge",
    method: "POST",
    path: "/users/merge",
    summary: "Make one account of two; dryRun=true tells what would be moved, kept and lost, with access and seats",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    dangerous: true,
    body: z.strictObject({ from: idIn<AccountId>(), to: idIn<AccountId>() }),
    answer: mergeAnswer,
    lock: "exclusive",
    write: async (tx, { caller, body }) => {
      const { seats, ...merge } = await mergeAccounts(tx, caller.held, body);
      return {
        ...merge,
        seats: seats.map(({ before, after }) => ({ before: seatUse(before), after: seatUse(after) })),
      };
    },
  }),
  route({
    id: "users.unmerge",
    method: "POST",
    path: "/users/{id}/unmerge",
    summary: "Take a merge back within 30 days; sessions, tokens, links and invitations that it ended stay ended",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    params: z.strictObject({ id: idIn<AccountId>() }),
    answer: z.object({ id: idOut, userName: z.string(), from: idOut }),
    lock: "exclusive",
    write: async (tx, { caller, params }) => {
      const from = await unmergeAccount(tx, caller.held, params.id);
      const { id, userName } = await getAccount(tx, params.id);
      return { id, userName, from };
    },
  }),
];
