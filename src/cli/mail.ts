import { type Command, Option } from "commander";
import { type MailId, parseId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { cancelMail, retryMail } from "../identity/mail-changes.ts";
import { getMail, MAIL_STATES, pageOfMails, type ShownMail } from "../identity/mail-pages.ts";
import { liftSuppression, pageOfSuppressions } from "../identity/mail-suppressions.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { count } from "./input.ts";
import { registerMailText } from "./mail-text.ts";

const MOST_LISTED = 1_000;

/** `muster mail …`: what was sent or waits to be, who gets nothing, and what mails say. */
export function registerMail(program: Command, line: CommandLine): void {
  const mail = program.command("mail").description("mails: what became of them, who gets none, and what they say");
  mail
    .command("list")
    .description("mails, the newest first")
    .addOption(new Option("--state <state>", "only these").choices([...MAIL_STATES]))
    .option("--limit <n>", `at most this many (default: 100, at most ${MOST_LISTED})`, count, 100)
    .action(
      line.inOrganization(async ({ db }, options: { state?: ShownMail["state"]; limit: number }) => {
        const found = await pageOfMails(db, {
          after: null,
          limit: Math.min(options.limit, MOST_LISTED),
          state: options.state,
        });
        return {
          json: found,
          text: table(
            ["to", "kind", "state", "attempts", "last reply", "id"],
            found.map((one) => [one.recipient, one.kind, one.state, String(one.attempts), one.lastReply ?? "", one.id]),
          ),
        };
      }),
    );
  mail
    .command("show <mail>")
    .description("one mail, by its id")
    .action(line.inOrganization(async ({ db }, _options: object, id: string) => shown(await getMail(db, mailId(id)))));
  mail
    .command("retry <mail>")
    .description("try a mail anew that failed, was cancelled or waits for its next try")
    .action(
      line.inOrganization(async ({ db, write }, _options: object, id: string) => {
        await write((tx) => retryMail(tx, mailId(id)), "none");
        return shown(await getMail(db, mailId(id)));
      }),
    );
  mail
    .command("cancel <mail>")
    .description("keep a mail that waits from leaving")
    .action(
      line.inOrganization(async ({ db, write }, _options: object, id: string) => {
        await write((tx) => cancelMail(tx, mailId(id)), "none");
        return shown(await getMail(db, mailId(id)));
      }),
    );
  registerSuppressions(mail, line);
  registerMailText(mail, line);
}

function registerSuppressions(mail: Command, line: CommandLine): void {
  const suppressions = mail.command("suppressions").description("addresses that get no mail, and why");
  suppressions
    .command("list", { isDefault: true })
    .description("all of them")
    .action(
      line.inOrganization(async ({ db }) => {
        const found = await pageOfSuppressions(db, { after: null, limit: MOST_LISTED });
        return {
          json: found,
          text: table(
            ["address", "reason", "since", "until", "last reply"],
            found.map((one) => [
              one.email,
              one.reason,
              one.since.toISOString(),
              one.until?.toISOString() ?? "",
              one.reply ?? "",
            ]),
          ),
        };
      }),
    );
  suppressions
    .command("remove <email>")
    .description("let mails go to an address again; nothing is sent by that")
    .action(
      line.inOrganization(async ({ write }, _options: object, email: string) => {
        await write((tx) => liftSuppression(tx, email), "none");
        return { json: { email, removed: true }, text: `mails go to ${email} again` };
      }),
    );
}

/** @throws MusterError `not-found` for what is no id. */
function mailId(text: string): MailId {
  const id = parseId<MailId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such mail", { at: text });
  return id;
}

function shown(mail: ShownMail): Answer {
  return { json: mail, text: facts(mail) };
}
