import { z } from "zod";
import type { AccountId, MailId } from "../db/id.ts";
import { cancelMail, retryMail } from "../identity/mail-changes.ts";
import { getMail, MAIL_FIELDS, MAIL_STATES, pageOfMails } from "../identity/mail-pages.ts";
import { liftSuppression, pageOfSuppressions } from "../identity/mail-suppressions.ts";
import { MAIL_KINDS } from "../identity/mail-texts/wording.ts";
import { afterOf, idIn, idOut, instant, listOf, listQuery, pageOf, text } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { keyOfCursor, paging } from "./input.ts";
import { route } from "./route.ts";

const state = z.enum(MAIL_STATES);

/** A cursor of a list in the order of addresses. */
const ADDRESS_KEY = /^([!-~]{3,254})$/;

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
    linkExpiresAt: instant.nullable(),
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
  route({
    id: "mails.retry",
    method: "POST",
    path: "/mails/{id}/retry",
    summary: "Try a mail anew that failed, was cancelled or waits for its next try",
    guard: { permission: "mails:write" },
    params: z.strictObject({ id: idIn<MailId>() }),
    answer: mailAnswer,
    status: 202,
    current: "mails.get",
    lock: "none",
    write: async (tx, { params }) => {
      await retryMail(tx, params.id);
      return getMail(tx, params.id);
    },
  }),
  route({
    id: "mails.cancel",
    method: "POST",
    path: "/mails/{id}/cancel",
    summary: "Keep a mail that waits from leaving",
    guard: { permission: "mails:write" },
    params: z.strictObject({ id: idIn<MailId>() }),
    answer: mailAnswer,
    current: "mails.get",
    lock: "none",
    write: async (tx, { params }) => {
      await cancelMail(tx, params.id);
      return getMail(tx, params.id);
    },
  }),
  route({
    id: "mailSuppressions.list",
    method: "GET",
    path: "/mail-suppressions",
    summary: "List the addresses that get no mail, and why",
    guard: { permission: "mails:read" },
    query: listQuery,
    answer: listOf(
      z
        .object({
          email: z.string(),
          reason: z.enum(["bounced", "asked"]),
          reply: z.string().nullable(),
          since: instant,
          until: instant.nullable(),
        })
        .meta({ id: "MailSuppression" }),
    ),
    read: async (db, { query }) => {
      const after = keyOfCursor(query.cursor, ADDRESS_KEY, "cursor")?.[1] ?? null;
      return pageOf(await pageOfSuppressions(db, { after, limit: query.limit + 1 }), query.limit, ({ email }) => email);
    },
  }),
  route({
    id: "mailSuppressions.remove",
    method: "POST",
    path: "/mail-suppressions/remove",
    summary: "Let mails go to an address again; nothing is sent by that",
    guard: { permission: "mails:write" },
    body: z.strictObject({ email: text(254) }),
    lock: "none",
    write: (tx, { body }) => liftSuppression(tx, body.email),
  }),
];
