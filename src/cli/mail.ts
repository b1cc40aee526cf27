import { type Command, Option } from "commander";
import { type MailId, parseId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { cancelMail, retryMail } from "../identity/mail-changes.ts";
import { getMail, MAIL_FIELDS, MAIL_STATES, pageOfMails, type ShownMail } from "../identity/mail-pages.ts";
import { liftSuppression, pageOfSuppressions } from "../identity/mail-suppressions.ts";
import type { IdPage } from "../identity/within.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { type FilterOptions, filtered, filterOf, latest, listed } from "./list.ts";
import { registerMailText } from "./mail-text.ts";
import type { Session } from "./session.ts";

const MOST_LISTED = 1_000;

/** `muster mail …`: what was sent or waits to be, who gets nothing, and what mails say. */
export function registerMail(program: Command, line: CommandLine): void {
  const mail = program.command("mail").description("mails: what became of them, who gets none, and what they say");
  filtered(latest(mail.command("list").description("mails, the newest first")), 'recipient co "@example.com"')
    .addOption(new Option("--state <state>", "only these").choices([...MAIL_STATES]))
    .action(
      line.inOrganization(async ({ db }, options: FilterOptions & { state?: ShownMail["state"] }) => {
        const filter = filterOf(options, MAIL_FIELDS, "mails");
        const read = (page: IdPage<MailId>) => pageOfMails(db, { ...page, state: options.state, filter });
        const found = await listed<ShownMail>(options, read, "latest");
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
    .addOption(dryRunOption())
    .action(line.inOrganization((session, options: DryOption, id: string) => changed(session, options, id, retryMail)));
  mail
    .command("cancel <mail>")
    .description("keep a mail that waits from leaving")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, id: string) => changed(session, options, id, cancelMail)),
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
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, email: string) => {
        const told = () => ({ json: { email, removed: true }, text: `mails go to ${email} again` });
        return writeOrTell(session, options, (tx) => liftSuppression(tx, email), told, "none");
      }),
    );
}

/** The mail as it stands after the change. */
async function changed(
  session: Session,
  options: DryOption,
  text: string,
  change: (tx: Tx, id: MailId) => Promise<unknown>,
): Promise<Answer> {
  const id = mailId(text);
  const work = async (tx: Tx) => {
    await change(tx, id);
    return shown(await getMail(tx, id));
  };
  return answerOrTell(session, options, work, "none");
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
