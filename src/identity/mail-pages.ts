import type { Db } from "../db/connection.ts";
import type { AccountId, InvitationId, MailId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import type { MailKind } from "./mail-texts/wording.ts";
import { type Bind, binding, type IdPage } from "./within.ts";

/**
 * `sending`: a sender has it. `sent`: the mail server took it. `deferred`: it failed and is tried again. `bounced`: the recipient's server
 * refused the address for good. `failed`: given up. `suppressed`: the address gets no mail. `cancelled`: its reason was gone.
 */
export const MAIL_STATES = [
  "queued",
  "sending",
  "sent",
  "deferred",
  "bounced",
  "failed",
  "suppressed",
  "cancelled",
] as const;
const STATE = `case when state = 'queued' and held_until > statement_timestamp() then 'sending'
  when state = 'queued' and last_reply is not null then 'deferred' else state end`;

/** A mail and what became of it; its link is in nobody's hands but the addressee's. */
export type ShownMail = {
  id: MailId;
  kind: MailKind;
  account: AccountId | null;
  invitation: InvitationId | null;
  recipient: string;
  state: (typeof MAIL_STATES)[number];
  attempts: number;
  /** The mail server's last words, or ours where it had none. */
  lastReply: string | null;
  createdAt: Date;
  nextAttemptAt: Date | null;
  sentAt: Date | null;
  /** Until when a link in it sets a password (R72). */
  linkExpiresAt: Date | null;
};

/** What mails can be filtered by. */
export const MAIL_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "string", column: { sql: "id", form: "reference", nullable: false }, keyed: true },
  { name: "kind", type: "string", column: { sql: "kind", form: "exact", nullable: false } },
  { name: "user", type: "string", column: { sql: "account", form: "reference", nullable: true }, keyed: true },
  {
    name: "invitation",
    type: "string",
    column: { sql: "invitation", form: "reference", nullable: true },
    keyed: true,
  },
  { name: "recipient", type: "string", column: { sql: "recipient", form: "folded", nullable: false } },
  { name: "state", type: "string", words: MAIL_STATES, column: { sql: `(${STATE})`, form: "exact", nullable: false } },
  { name: "attempts", type: "integer", column: { sql: "attempts", form: "number", nullable: false } },
  { name: "createdAt", type: "dateTime", column: { sql: "created_at", form: "time", nullable: false } },
  { name: "sentAt", type: "dateTime", column: { sql: "sent_at", form: "time", nullable: true } },
);

const COLUMNS = `id, kind, account, invitation, recipient, ${STATE} as state, attempts, last_reply as "lastReply",
  created_at as "createdAt", case when state = 'queued' then next_attempt_at end as "nextAttemptAt", sent_at as "sentAt",
  link_expires_at as "linkExpiresAt"`;

/** A page of the mails, the newest first; `after` is the last of the page before. */
export async function pageOfMails(
  db: Db,
  page: IdPage<MailId> & {
    state?: ShownMail["state"] | undefined;
    account?: AccountId | undefined;
    filter?: ListFilter | undefined;
  },
): Promise<ShownMail[]> {
  const { filter } = page;
  // No index knows the states.
  const slow = page.account === undefined && (page.state !== undefined || (filter !== undefined && !isServed(filter)));
  return select(db, page.limit, slow, (bind, values) => [
    ...(page.after === null ? [] : [`id < ${bind(page.after)}`]),
    ...(page.state === undefined ? [] : [`(${STATE}) = ${bind(page.state)}`]),
    ...(page.account === undefined ? [] : [`account = ${bind(page.account)}`]),
    ...(filter === undefined ? [] : [listFilterSql(filter, values)]),
  ]);
}

/** One mail. @throws MusterError `not-found`. */
export async function getMail(db: Db, id: MailId): Promise<ShownMail> {
  const [mail] = await select(db, 1, false, (bind) => [`id = ${bind(id)}`]);
  if (!mail) throw new MusterError("not-found", "there is no such mail", { at: "id" });
  return mail;
}

function select(
  db: Db,
  limit: number,
  slow: boolean,
  conditions: (bind: Bind, values: unknown[]) => string[],
): Promise<ShownMail[]> {
  const values: unknown[] = [db.organization];
  const where = ["organization = $1", ...conditions(binding(values), values)].join(" and ");
  return db.query<ShownMail>({
    text: `select ${COLUMNS} from mails where ${where} order by id desc limit ${Math.trunc(limit)}`,
    values,
    prepared: !slow,
  });
}
