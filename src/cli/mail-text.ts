import { type Command, Option } from "commander";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { LOCALES, type Locale } from "../identity/locales.ts";
import { previewMail } from "../identity/mail-texts/preview.ts";
import {
  defaultsOf,
  getMailText,
  listMailTexts,
  type MailText,
  type OwnText,
  resetMailText,
  setMailText,
} from "../identity/mail-texts/texts.ts";
import { MAIL_KINDS, type MailKind } from "../identity/mail-texts/wording.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryable } from "./dry-run.ts";

type Named = { locale: Locale };
type Parts = { subject?: string; intro?: string; action?: string; outro?: string; message?: string };

/** `muster mail text …`: what mails say in the organization's own words (R61). */
export function registerMailText(mail: Command, line: CommandLine): void {
  const text = mail.command("text").description("what mails say in the organization's own words");
  text
    .command("list")
    .description("every kind of mail in every language, and what was changed of it")
    .action(
      line.inOrganization(async ({ db }) => {
        const all = await listMailTexts(db);
        return {
          json: all,
          text: table(
            ["kind", "locale", "changed"],
            all.map(({ kind, locale, own }) => [kind, locale, changedOf(own).join(", ")]),
          ),
        };
      }),
    );
  named(text.command("show <kind>").description("what a kind of mail says")).action(
    line.inOrganization(async ({ db }, { locale }: Named, kind: string) =>
      shown(await getMailText(db, mailKind(kind), locale)),
    ),
  );
  parts(
    dryable(text.command("set <kind>")).description("put own words into a kind of mail; an empty text: Muster's again"),
  ).action(
    line.inOrganization((session, options: DryOption & Named & Parts, kind: string) => {
      const work = async (tx: Tx) => {
        await setMailText(tx, mailKind(kind), options.locale, partsOf(options));
        return shown(await getMailText(tx, mailKind(kind), options.locale));
      };
      return answerOrTell(session, options, work, "none");
    }),
  );
  named(dryable(text.command("reset <kind>")).description("take all own words out of a kind of mail")).action(
    line.inOrganization((session, options: DryOption & Named, kind: string) => {
      const work = async (tx: Tx) => {
        await resetMailText(tx, mailKind(kind), options.locale);
        return shown(await getMailText(tx, mailKind(kind), options.locale));
      };
      return answerOrTell(session, options, work, "none");
    }),
  );
  parts(
    text.command("preview <kind>").description("the mail as it would look with these words; nothing is kept or sent"),
  ).action(
    line.inOrganization(async ({ db }, options: Named & Parts, kind: string) => {
      const written = await previewMail(db, mailKind(kind), options.locale, partsOf(options));
      return { json: written, text: `${written.subject}\n\n${written.text}` };
    }),
  );
}

function named(command: Command): Command {
  return command.addOption(
    new Option("--locale <locale>", "in which language").choices([...LOCALES]).default(LOCALES[0]),
  );
}

function parts(command: Command): Command {
  return named(command)
    .option("--subject <text>", "one line; {{ organization }} alone can stand in it")
    .option("--intro <text>", "how it begins")
    .option("--action <text>", "what the reader is to do; {{ link }} and {{ expires }} stay where there are such")
    .option("--outro <text>", "how it ends")
    .option("--message <text>", "of invitations: the personal message that stands there already");
}

function partsOf(options: Parts): Partial<OwnText> {
  const names = ["subject", "intro", "action", "outro", "message"] as const;
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name] === "" ? null : options[name]]])),
  );
}

function mailKind(text: string): MailKind {
  const kind = MAIL_KINDS.find((one) => one === text);
  if (kind === undefined)
    throw new MusterError("not-found", `there is no such kind of mail; there are ${MAIL_KINDS.join(", ")}`, {
      at: text,
    });
  return kind;
}

function changedOf(own: OwnText): string[] {
  return Object.entries(own).flatMap(([part, words]) => (words === null ? [] : [part]));
}

function shown(found: MailText): Answer {
  const { kind, locale, own, changedAt } = found;
  const says = defaultsOf(kind, locale);
  return {
    json: { ...found, defaults: says },
    text: facts({
      kind,
      locale,
      subject: own.subject ?? says.subject,
      intro: own.intro ?? says.intro,
      action: own.action ?? says.action,
      outro: own.outro ?? says.outro,
      message: own.message,
      changedAt,
    }),
  };
}
