import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { tellUserName } from "../identity/account-mail.ts";
import { externalUserManagement } from "../identity/external-user-management.ts";
import { idIn, idOut, instant } from "./fields.ts";
import { route } from "./route.ts";

/** `/users/{id}/tell-user-name`: a mail to somebody who was added by hand. R70 to R72. */
export const userToldRoutes = [
  route({
    id: "users.tellUserName",
    method: "POST",
    path: "/users/{id}/tell-user-name",
    summary: "Tell somebody of internal their user name by mail; an administrator gets a link to set the password, too",
    guard: { permission: "users:write" },
    refusal: externalUserManagement,
    params: z.strictObject({ id: idIn<AccountId>() }),
    status: 202,
    answer: z.object({ mailId: idOut, linkExpiresAt: instant.nullable() }),
    lock: "none",
    write: (tx, { ctx, caller, params }) => tellUserName(tx, ctx.config.invitations, caller.held, params.id),
  }),
];
