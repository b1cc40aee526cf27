import type { Db } from "../db/connection.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { emailKey } from "./keys.ts";
import type { MailKind } from "./mail-texts/wording.ts";
import { recordChanges } from "./record.ts";

/** An address that gets no mail. `bounced`: its server refused it for good. `asked`: its owner wants no invitation ever again. */
export type MailSuppression = {
  email: string;
  reason: "bounced" | "asked";
  /** The mail server's words. */
  reply: string | null;
  since: Date;
  /** null: until an administrator takes it away. */
  until: Date | null;
};

/** Days for which an address that bounced gets nothing. */
const BOUNCED_DAYS = 90;

/** Mails by which somebody keeps or regains their way in: a list that could be wrong must not keep them back. */
const OF_SECURITY: readonly MailKind[] = [
  "removals",
  "break-glass",
  "password",
  "email-change-new",
  "email-change-old",
];

/**
 * In SQL, why the address of mail `m` gets none of this kind, or null. Who wants no invitation still gets what else concerns them.
 */
export const SUPPRESSION = `(select case s.reason
    when 'asked' then 'the addressee wants no invitation ever again'
    else 'mail to this address was refused for good on ' || to_char(s.since at time zone 'UTC', 'YYYY-MM-DD') end
  from mail_suppressions s where s.organization = m.organization and s.email_key = m.recipient
    and (s.until is null or s.until > statement_timestamp())
    and case s.reason when 'asked' then m.kind = 'invitation'
      else m.kind not in (${OF_SECURITY.map((kind) => `'${kind}'`).join(", ")}) end)`;

const COLUMNS = "email_key as email, reason, reply, since, until";
const STANDS = "(until is null or until > statement_timestamp())";

/** Those of the addresses that get no invitation. */
export async function suppressedAmong(db: Db, emails: readonly string[]): Promise<MailSuppression[]> {
  return db.query<MailSuppression>({
    text: `select ${COLUMNS} from mail_suppressions where organization = $1 and email_key = any ($2) and ${STANDS}`,
    values: [db.organization, emails],
  });
}

/** A page of the addresses that get no mail, in their own order; `after` is the last of the page before. */
export async function pageOfSuppressions(
  db: Db,
  page: { after: string | null; limit: number },
): Promise<MailSuppression[]> {
  const values: unknown[] = [db.organization];
  const behind = page.after === null ? "" : `and email_key > $${values.push(page.after)}`;
  return db.query<MailSuppression>({
    text: `select ${COLUMNS} from mail_suppressions where organization = $1 and ${STANDS} ${behind}
      order by email_key limit ${Math.trunc(page.limit)}`,
    values,
    prepared: true,
  });
}

/** Why an address gets nothing is told where somebody asks for a mail to it. */
export function toldSuppression({ email, reason, reply, since }: MailSuppression): string {
  return reason === "asked"
    ? `the owner of ${email} wants no invitation ever again; pass the link on by hand, or take the suppression away`
    : `mail to ${email} was refused for good on ${since.toISOString().slice(0, 10)} (${reply ?? "no reason was given"}); ` +
        "correct the address, or take the suppression away";
}

/**
 * Keeps further mails from an address that bounced. Before: a mail to it was refused for good. After: it gets none but mails of
 * security for 90 days, with an audit row and an event; who asked for no invitation keeps that.
 */
export async function suppressBounced(tx: Tx, email: string, reply: string): Promise<void> {
  await suppress(tx, { email, reason: "bounced", reply });
}

/**
 * Keeps invitations from an address whose owner wants none. Before: the owner said so by a link that came to the mailbox. After: it gets
 * none until an administrator takes this away, with an audit row and an event.
 */
export async function suppressAsked(tx: Tx, email: string): Promise<void> {
  await suppress(tx, { email, reason: "asked", reply: null });
}

async function suppress(tx: Tx, wanted: Pick<MailSuppression, "email" | "reason" | "reply">): Promise<void> {
  const rows = await tx.query({
    text: `insert into mail_suppressions as s (organization, email_key, reason, reply, until)
      values ($1, $2, $3, $4, case when $3 = 'bounced' then statement_timestamp() + make_interval(days => ${BOUNCED_DAYS}) end)
      on conflict on constraint mail_suppressions_pk do update
        set reason = excluded.reason, reply = excluded.reply, since = excluded.since, until = excluded.until
        where s.reason <> 'asked'
      returning email_key`,
    values: [tx.organization, wanted.email, wanted.reason, wanted.reply],
  });
  if (rows.length > 0) await note(tx, "mail.suppressed-address", wanted);
}

/**
 * Lets mails go to an address again. Before: any. After: no suppression of it stands, with an audit row and an event; nothing is sent by that.
 * @throws MusterError `invalid` (no address); `not-found`.
 */
export async function liftSuppression(tx: Tx, address: string): Promise<void> {
  const email = emailKey(address);
  if (email === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  const rows = await tx.query({
    text: "delete from mail_suppressions where organization = $1 and email_key = $2 returning email_key",
    values: [tx.organization, email],
  });
  if (rows.length === 0) throw new MusterError("not-found", "no suppression stands for this address", { at: "email" });
  await note(tx, "mail.lifted-suppression", { email });
}

async function note(tx: Tx, action: string, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "organization", subject: tx.organization, detail, event: true }]);
}
