import type { OutgoingMail } from "../identity/mail-sending.ts";
import { MAIL_WORDS, renderMail, type Written } from "../identity/mail-texts/render.ts";
import { shellWord } from "../identity/shell-word.ts";
import { shownInstant } from "../identity/time-zone.ts";
import { oneLine, personalLines, unbroken } from "./address.ts";

type Mail = Pick<
  OutgoingMail,
  "organizationName" | "organizationKey" | "recipient" | "locale" | "timeZone" | "parts" | "words"
>;

/**
 * What a mail says, in its reader's language (src/identity/mail-texts), as text and as HTML of the same words. What comes from people
 * and directories is made harmless here: it stays on its line, leads nowhere and runs nothing.
 * @param link opens what the mail is about, where it is for opening something.
 */
export function writeMail(mail: Mail, link: string): Written {
  const { words, locale, parts } = mail;
  const links =
    words.kind === "invitation"
      ? { main: link, footer: { words: MAIL_WORDS[locale].never, link: `${link}?never` } }
      : words.kind === "password" || words.kind === "email-change-new" || words.kind === "email-change-old"
        ? { main: link }
        : {};
  const values = {
    organization: oneLine(mail.organizationName),
    key: mail.organizationKey,
    recipient: mail.recipient,
    link,
    ...valuesOf(mail),
  };
  return renderMail(words.kind, locale, parts, values, links);
}

function valuesOf({ words, locale, timeZone }: Mail): Record<string, unknown> {
  const shown = (at: Date | string) => shownInstant(new Date(at), timeZone);
  switch (words.kind) {
    case "invitation":
      return {
        message: words.message === null ? [] : personalLines(words.message, { links: words.messageLinks }),
        offers: words.offers.map(({ product, role }) => ({
          product: oneLine(product),
          role: MAIL_WORDS[locale][role],
        })),
        expires: shown(words.expiresAt),
      };
    case "removals":
      return { ...words, directory: oneLine(words.directory) };
    case "break-glass":
      return { name: oneLine(words.name), address: unbroken(words.address ?? ""), at: shown(words.at) };
    case "sign-up":
      return { by: words.by, email: unbroken(words.email), word: shellWord(words.email) };
    case "request":
      return { email: unbroken(words.email) };
    case "guest-ending":
      return {
        guest: oneLine(words.guest),
        product: oneLine(words.product),
        space: oneLine(words.space),
        word: shellWord(words.guest),
        ends: shown(words.endsAt),
      };
    case "email-change-new":
    case "email-change-old":
      return { expires: shown(words.until) };
    case "delivery-problem":
      return {
        address: unbroken(words.address),
        reason: words.reason,
        reply: oneLine(words.reply),
        word: shellWord(words.address),
      };
    case "account":
      return { userName: oneLine(words.userName) };
    case "password":
      return { userName: oneLine(words.userName), expires: shown(words.expiresAt) };
  }
}
