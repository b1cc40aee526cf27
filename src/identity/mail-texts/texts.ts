import type { Db } from "../../db/connection.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { LOCALES, type Locale } from "../locales.ts";
import { recordChanges } from "../record.ts";
import { checkPart, type OwnParts, WORDINGS } from "./render.ts";
import { MAIL_KINDS, type MailKind, PARTS } from "./wording.ts";

/** What an organization says in its own words in mails of one kind and language. R60, R61. */
export type OwnText = OwnParts & {
  /** Of invitations: the personal message that stands there already when somebody invites (R60). */
  message: string | null;
};

export type MailText = { kind: MailKind; locale: Locale; own: OwnText; changedAt: Date | null };

/** The longest personal message (F28). */
export const LONGEST_MESSAGE = 500;
const LONGEST = { subject: 200, intro: 4_000, action: 4_000, outro: 4_000 };

const NOTHING: OwnText = { subject: null, intro: null, action: null, outro: null, message: null };

type Row = OwnText & { kind: MailKind; locale: Locale; changedAt: Date };

const SELECT = `select kind, locale, subject, intro, action, outro, message, changed_at as "changedAt"
  from mail_texts where organization = $1`;

/** Every kind of mail in every language, with what the organization changed of it. */
export async function listMailTexts(db: Db): Promise<MailText[]> {
  const rows = await db.query<Row>({ text: SELECT, values: [db.organization] });
  return MAIL_KINDS.flatMap((kind) =>
    LOCALES.map((locale) =>
      textOf(
        kind,
        locale,
        rows.find((row) => row.kind === kind && row.locale === locale),
      ),
    ),
  );
}

/** One of them. */
export async function getMailText(db: Db, kind: MailKind, locale: Locale): Promise<MailText> {
  const [row] = await db.query<Row>({
    text: `${SELECT} and kind = $2 and locale = $3`,
    values: [db.organization, kind, locale],
  });
  return textOf(kind, locale, row);
}

function textOf(kind: MailKind, locale: Locale, row: Row | undefined): MailText {
  if (!row) return { kind, locale, own: NOTHING, changedAt: null };
  const { subject, intro, action, outro, message, changedAt } = row;
  return { kind, locale, own: { subject, intro, action, outro, message }, changedAt };
}

/**
 * The same words with others put into them, as they would be kept.
 * @throws MusterError `invalid`, with the part: see `checkPart`; a message is for invitations alone and 500 characters long at most.
 */
export function withParts(kind: MailKind, before: OwnText, parts: Partial<OwnText>): OwnText {
  const after = { ...before, ...parts };
  for (const part of PARTS) {
    const words = parts[part];
    if (words === undefined || words === null) continue;
    if (words.trim() === "" || words.length > LONGEST[part])
      throw new MusterError("invalid", `it is 1 to ${LONGEST[part]} characters long, or null for Muster's own`, {
        at: `/${part}`,
      });
    checkPart(kind, part, words);
  }
  if (after.message !== null && kind !== "invitation")
    throw new MusterError("invalid", "only invitations have a personal message", { at: "/message" });
  if (after.message !== null && after.message.length > LONGEST_MESSAGE)
    throw new MusterError("invalid", `a personal message is ${LONGEST_MESSAGE} characters long at most`, {
      at: "/message",
    });
  return after;
}

/**
 * Puts an organization's own words into a kind of mail. Before: any. After: mails that leave from now on say so, those that wait
 * too; the audit has what stood before. null: Muster's own again. Returns whether anything changed.
 * @throws MusterError as `withParts`.
 */
export async function setMailText(tx: Tx, kind: MailKind, locale: Locale, parts: Partial<OwnText>): Promise<boolean> {
  await tx.query({ text: "select id from organizations where id = $1 for no key update", values: [tx.organization] });
  const { own: before } = await getMailText(tx, kind, locale);
  const after = withParts(kind, before, parts);
  const names = Object.keys(NOTHING) as (keyof OwnText)[];
  if (names.every((name) => before[name] === after[name])) return false;
  if (names.every((name) => after[name] === null))
    await tx.query({
      text: "delete from mail_texts where organization = $1 and kind = $2 and locale = $3",
      values: [tx.organization, kind, locale],
    });
  else
    await tx.query({
      text: `insert into mail_texts (organization, kind, locale, subject, intro, action, outro, message)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict on constraint mail_texts_pk do update set subject = excluded.subject, intro = excluded.intro,
          action = excluded.action, outro = excluded.outro, message = excluded.message, changed_at = statement_timestamp()`,
      values: [tx.organization, kind, locale, after.subject, after.intro, after.action, after.outro, after.message],
    });
  await recordChanges(tx, [
    {
      action: "mail-text.changed",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { kind, locale, before, after },
    },
  ]);
  return true;
}

/** Takes all of an organization's own words away again. Returns whether there were any. */
export async function resetMailText(tx: Tx, kind: MailKind, locale: Locale): Promise<boolean> {
  return setMailText(tx, kind, locale, NOTHING);
}

/** What a mail says without the organization's own words: what an administrator begins with. */
export function defaultsOf(kind: MailKind, locale: Locale): Record<(typeof PARTS)[number], string> {
  const { subject, intro, action, outro } = WORDINGS[locale][kind];
  return { subject, intro, action, outro };
}

/** What stands there as personal message when somebody invites in this language; null: nothing. R60. */
export async function defaultMessage(db: Db, locale: Locale): Promise<string | null> {
  return (await getMailText(db, "invitation", locale)).own.message;
}
