import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { DUPLICATE_REASONS, findDuplicates } from "../identity/accounts/duplicates.ts";
import { MERGED_KINDS, MERGED_OUTCOMES } from "../identity/accounts/merge-facts.ts";
import { REPAIRS, repairAddress } from "../identity/accounts/wrong-address.ts";
import { externalUserManagement } from "../identity/external-user-management.ts";
import { idIn, idOut, listOf, text } from "./fields.ts";
import { cursorAfter, keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

const side = z.object({
  id: idOut,
  userName: z.string(),
  email: z.string().nullable(),
  displayName: z.string().nullable(),
});

/** What becomes of one thing that an account has which goes into another. */
export const mergedFact = z
  .object({
    kind: z.enum(MERGED_KINDS),
    name: z.string(),
    outcome: z.enum(MERGED_OUTCOMES),
    why: z.string().nullable(),
  })
  .meta({ id: "MergedFact" });

/** Wrong addresses: found, and mended. */
export const userRepairRoutes = [
  route({
    id: "users.duplicates",
    method: "GET",
    path: "/users/duplicates",
    summary: "List pairs of people who are probably one, with the reasons; the strongest first",
    guard: { permission: "users:read" },
    query: z.strictObject(paging),
    answer: listOf(
      z
        .object({ reasons: z.array(z.enum(DUPLICATE_REASONS)), users: z.array(side).length(2) })
        .meta({ id: "Duplicate" }),
    ),
    read: async (db, { query: { limit, cursor } }) => {
      const [, from = "0"] = keyOfCursor(cursor, /^(\d{1,9})$/, "cursor") ?? [];
      const skip = Number(from);
      const found = await findDuplicates(db, { skip, limit: limit + 1 });
      const data = found.slice(0, limit).map(({ reasons, accounts }) => ({ reasons, users: accounts }));
      return { data, page: { next: found.length > limit ? cursorAfter(String(skip + limit)) : null } };
    },
  }),
  route({
    id: "users.wrongAddress",
    method: "POST",
    path: "/users/{id}/wrong-address",
    summary: "Mend a wrong address in the way that fits; dryRun=true tells which and what it comes to",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    dangerous: true,
    params: z.strictObject({ id: idIn<AccountId>() }),
    body: z.strictObject({
      email: text(254),
      repair: z.enum(REPAIRS).optional(),
      notify: z.boolean().default(true),
    }),
    answer: z
      .object({
        repair: z.enum(REPAIRS),
        why: z.string(),
        wrong: idOut,
        right: idOut.nullable(),
        invitation: idOut.nullable(),
        change: idOut.nullable(),
        mail: idOut.nullable(),
        facts: z.array(mergedFact),
      })
      .meta({ id: "AddressRepair" }),
    lock: "exclusive",
    write: (tx, { ctx, caller, params, body: { email, repair, notify } }) =>
      repairAddress(tx, ctx.config.invitations, caller.held, { account: params.id, right: email, repair, notify }),
  }),
];
