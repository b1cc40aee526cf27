import { z } from "zod";
import type { AccountId, MailId } from "../db/id.ts";
import { getMail, MAIL_FIELDS, MAIL_KINDS, MAIL_STATES, pageOfMails } from "../identity/mail-pages.ts";
import { afterOf, idIn, idOut, instant, listOf, pageOf } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";

const state = z.enum(MAIL_STATES);

const mailAnswer = z
  .object({
    id: idOut,
    kind: z.enum(MAIL_KINDS),
    account: idOut.nullable(),
    invitation: idOut.nullable(),
    recipient: z.string(),
    state,
    attempts: z.int(),
    lastReply: z.string().nullable(),
    createdAt: instant,
    nextAttemptAt: instant.nullable(),
    sentAt: instant.nullable(),
  })
  .meta({ id: "Mail" });

/** `/mails`: what was sent, or waits to be. */
export const mailRoutes = [
  route({
    id: "mails.list",
    method: "GET",
    path: "/mails",
    summary: "List mails, the newest first",
    guard: { permission: "mails:read" },
    query: z.strictObject({
      ...paging,
      state: state.optional(),
      user: idIn<AccountId>().optional(),
      filter: filterOver(MAIL_FIELDS, "mails"),
    }),
    answer: listOf(mailAnswer),
    read: async (db, { query }) => {
      const { state, user: account, filter } = query;
      const page = { after: afterOf<MailId>(query), limit: query.limit + 1, state, account, filter };
      return pageOf(await pageOfMails(db, page), query.limit, (mail) => mail.id);
    },
  }),
  route({
    id: "mails.get",
    method: "GET",
    path: "/mails/{id}",
    summary: "Show a mail and what became of it",
    guard: { permission: "mails:read" },
    params: z.strictObject({ id: idIn<MailId>() }),
    answer: mailAnswer,
    read: (db, { params }) => getMail(db, params.id),
  }),
];
