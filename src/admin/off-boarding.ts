import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { getAccount } from "../identity/account-overview.ts";
import { leftBehindBy } from "../identity/off-boarding/left-behind.ts";
import { LEAVING, offBoard } from "../identity/off-boarding/off-board.ts";
import { BUNDLES } from "../identity/rights/bundles.ts";
import { idIn, idOut, text } from "./fields.ts";
import { route } from "./route.ts";
import { userAnswer } from "./user-answer.ts";

function counted<Row extends z.ZodRawShape>(row: Row) {
  return z.object({ total: z.int(), named: z.array(z.object({ id: idOut, ...row })) });
}

const end = z.string().meta({ format: "date-time" }).nullable();
const name = z.string();
const idsOut = z.array(idOut);

/** What hangs on a person, counted, and the first 100 of each by name. */
const leftBehindAnswer = z
  .object({
    guests: counted({ userName: name, product: name, space: name, expiresAt: end }),
    rights: counted({ bundle: z.enum(BUNDLES), scope: name.nullable() }),
    invitations: counted({ email: name, expiresAt: end }),
    links: counted({ label: name }),
    tokens: counted({ name: name.nullable() }),
    webhooks: counted({ name }),
    jobs: counted({ action: name }),
  })
  .meta({ id: "LeftBehind" });

const offBoardedAnswer = z
  .object({
    user: userAnswer,
    handedOver: z.object({ guests: idsOut, rights: idsOut, invitations: idsOut, links: idsOut }),
    ended: z.object({ guests: idsOut, rights: idsOut, invitations: idsOut, links: idsOut, tokens: idsOut }),
  })
  .meta({ id: "OffBoarded" });

const one = z.strictObject({ id: idIn<AccountId>() });

/** Somebody leaves: what hangs on them, and what becomes of it. */
export const offBoardingRoutes = [
  route({
    id: "users.offBoarding",
    method: "GET",
    path: "/users/{id}/off-boarding",
    summary: "Show what a person would leave behind",
    guard: { permission: "users:write" },
    params: one,
    answer: leftBehindAnswer,
    read: async (db, { params: { id } }) => {
      await getAccount(db, id);
      return leftBehindBy(db, id);
    },
  }),
  route({
    id: "users.offBoard",
    method: "POST",
    path: "/users/{id}/off-board",
    summary: "Hand over or end what hangs on a person, and suspend, deactivate or remove them, all in one",
    guard: { permission: "users:write" },
    params: one,
    body: z.strictObject({
      to: idIn<AccountId>().optional(),
      leaving: z.enum(LEAVING).optional(),
      rights: z.boolean().default(false),
      reason: text(500).optional(),
    }),
    answer: offBoardedAnswer,
    current: "users.get",
    lock: "exclusive",
    write: async (tx, { caller, params: { id }, body }) => {
      await getAccount(tx, id);
      const { to = null, leaving = null, rights, reason = null } = body;
      const told = await offBoard(tx, caller.held, id, { to, leaving, rights, reason });
      return { user: await getAccount(tx, id), ...told };
    },
  }),
];
