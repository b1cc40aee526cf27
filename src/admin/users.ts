import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type AccountId, newId, parseId } from "../db/id.ts";
import { accessOf } from "../identity/access/access-of.ts";
import { getAccount, listAccounts } from "../identity/account-overview.ts";
import { resendInvitation } from "../identity/invitations.ts";
import { actorOf, administrationOnly, readsOf } from "./authenticate.ts";
import { parseFilter } from "./filter.ts";
import { cursorAfter, keyOfCursor, paging, parseInput, queryOf, UUID_KEY } from "./input.ts";
import { onlyMethods } from "./methods.ts";

const listQuery = z.strictObject({ ...paging, filter: z.string().optional() });

/** `/users`: the people of the organization. */
export function usersRouter(ctx: Context): Router {
  const router = Router();
  router.use(administrationOnly);
  router
    .route("/")
    .get(async (request, response) => {
      const { limit, cursor, filter } = parseInput(listQuery, queryOf(request), "query");
      const after = keyOfCursor(cursor, UUID_KEY, "cursor")?.[1] as AccountId | undefined;
      const users = await listAccounts(readsOf(ctx, response), {
        filter: filter === undefined ? [] : parseFilter(filter),
        after: after ?? null,
        limit: limit + 1,
      });
      const data = users.slice(0, limit);
      const last = data.at(-1);
      response.json({ data, page: { next: users.length > limit && last ? cursorAfter(last.id) : null } });
    })
    .all(onlyMethods("GET"));
  router
    .route("/:id")
    .get(async (request, response) => {
      response.json(await getAccount(readsOf(ctx, response), accountId(request.params.id)));
    })
    .all(onlyMethods("GET"));
  router
    .route("/:id/access")
    .get(async (request, response) => {
      response.json(await accessOf(readsOf(ctx, response), accountId(request.params.id)));
    })
    .all(onlyMethods("GET"));
  router
    .route("/:id/resend-invite")
    .post(async (request, response) => {
      response.status(202).json(await resendInvitation(ctx, actorOf(response), accountId(request.params.id)));
    })
    .all(onlyMethods("POST"));
  return router;
}

/** An id that is no UUID is sought as one that nobody has: the answer is that of an unknown id, byte for byte. */
function accountId(text: string): AccountId {
  return parseId<AccountId>(text) ?? newId<AccountId>();
}
