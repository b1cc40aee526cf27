import { type Command, Option } from "commander";
import type { Tx } from "../db/transaction.ts";
import { type InviteAnswer, invite } from "../identity/invitations/invite.ts";
import { type SignUpOffer, signUpOffers } from "../identity/invitations/sign-up-offer.ts";
import type { Warning } from "../identity/invitations/warnings.ts";
import { LOCALES, type Locale } from "../identity/locales.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import { readStandardInput } from "./input.ts";
import { type OfferOptions, offering, wishOf } from "./wish.ts";

type Options = OfferOptions & DryOption & { mail?: boolean; message?: string | false; locale?: Locale };

/** `muster invite create`. */
export function registerInviteCreate(parent: Command, line: CommandLine): void {
  offering(
    dryable(parent.command("create <emails...>")).description(
      "invite people by address; - reads addresses from standard input",
    ),
  )
    .option("--mail", "send mails, also where the organization sends none by itself")
    .option("--no-mail", "send nothing; see invite link")
    .option("--message <text>", "a personal message for the mail (default: what the organization prefills)")
    .option("--no-message", "no personal message")
    .addOption(new Option("--locale <locale>", "the language of the mail").choices([...LOCALES]))
    .action(
      line.inOrganization((session, options: Options, emails: string[]) => {
        const typed = emails.includes("-") ? [...emails.filter((one) => one !== "-"), readStandardInput()] : emails;
        const { mail: notify, locale = null } = options;
        const message = options.message === false ? null : options.message;
        const work = async (tx: Tx) => {
          const wanted = { ...(await wishOf(tx, options)), emails: typed, notify, message, locale };
          const invited = await invite(tx, session.ctx.config.invitations, [EVERYTHING], wanted);
          const keys = invited.results.map(({ email }) => email);
          return { ...invited, signUpOffer: await signUpOffers(tx, [EVERYTHING], keys) };
        };
        return writeOrTell(session, options, work, (answer) => told(answer, options.dryRun === true));
      }),
    );
}

function warningText({ message, suggestion }: Warning): string {
  return `${message}: was ${suggestion} meant?`;
}

function told({ results, effects, signUpOffer }: InviteAnswer & { signUpOffer: SignUpOffer[] }, dry: boolean): Answer {
  const lines = [
    table(
      ["address", "verdict", "mail", ""],
      results.map((one) => [
        one.email ?? one.typed,
        one.verdict,
        one.mail === null ? "none" : dry ? "would go out" : "queued",
        ["message" in one ? one.message : "", ...one.warnings.map(warningText)].filter(Boolean).join("; "),
      ]),
    ),
    ...effects.map(
      ({ role: given, use: { key, seats, guests } }) =>
        `${key}: ${given}; seats ${seats.used} used, ${seats.pending} reserved, of ${seats.limit ?? "any number"}; ` +
        `guests ${guests.used} there, ${guests.pending} reserved, of ${guests.limit ?? "any number"}`,
    ),
    ...signUpOffer.map(
      ({ domain }) => `others of ${domain} could sign up themselves: muster sign-up allow ${domain} --product KEY`,
    ),
  ];
  const refused = results.filter(({ verdict }) => verdict === "refused").length;
  return {
    json: { dryRun: dry, results, effects, signUpOffer },
    text: lines.join("\n"),
    ...(refused > 0 && { exitCode: refused === results.length ? 6 : 8 }),
  };
}
