import type { Db } from "../db/connection.ts";
import type { AccountId, InvitationId, MailId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { type Bind, binding, type IdPage } from "./within.ts";

export const MAIL_STATES = ["queued", "sent", "failed", "cancelled"] as const;

/** A mail and what became of it; its link is in nobody's hands but the addressee's. */
export type ShownMail = {
  id: MailId;
  kind: "invitation" | "removals";
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
};

const COLUMNS = `id, kind, account, invitation, recipient, state, attempts, last_reply as "lastReply",
  created_at as "createdAt", case when state = 'queued' then next_attempt_at end as "nextAttemptAt", sent_at as "sentAt"`;

/** A page of the mails, the newest first; `after` is the last of the page before. */
export async function pageOfMails(
  db: Db,
  page: IdPage<MailId> & { state?: ShownMail["state"] | undefined; account?: AccountId | undefined },
): Promise<ShownMail[]> {
  const slow = page.state !== undefined && page.account === undefined;
  return select(db, page.limit, slow, (bind) => [
    ...(page.after === null ? [] : [`id < ${bind(page.after)}`]),
    ...(page.state === undefined ? [] : [`state = ${bind(page.state)}`]),
    ...(page.account === undefined ? [] : [`account = ${bind(page.account)}`]),
  ]);
}

/** One mail. @throws MusterError `not-found`. */
export async function getMail(db: Db, id: MailId): Promise<ShownMail> {
  const [mail] = await select(db, 1, false, (bind) => [`id = ${bind(id)}`]);
  if (!mail) throw new MusterError("not-found", "there is no such mail", { at: "id" });
  return mail;
}

function select(db: Db, limit: number, slow: boolean, conditions: (bind: Bind) => string[]): Promise<ShownMail[]> {
  const values: unknown[] = [db.organization, limit];
  const where = ["organization = $1", ...conditions(binding(values))].join(" and ");
  return db.query<ShownMail>({
    text: `select ${COLUMNS} from mails where ${where} order by id desc limit $2`,
    values,
    // No index knows the states.
    ...(slow && { prepared: false }),
  });
}
