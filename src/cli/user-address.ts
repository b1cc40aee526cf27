import { type Command, Option } from "commander";
import type { MailId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import {
  type AddressChange,
  askForAddress,
  cancelAddressChange,
  listAddressChanges,
  resendAddressChange,
} from "../identity/accounts/address-change.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";

type Options = DryOption & { resend?: true; cancel?: true; list?: true };

/** `muster user change-address`. */
export function registerUserAddress(user: Command, line: CommandLine): void {
  dryable(user.command("change-address <person> [email]"))
    .description("ask the owner of a mailbox whether it is this person's; nothing changes until they say so")
    .addOption(new Option("--resend", "ask once more, with a new link").conflicts(["cancel", "list"]))
    .addOption(new Option("--cancel", "take the question back").conflicts(["resend", "list"]))
    .addOption(new Option("--list", "the changes so far, the newest first").conflicts(["resend", "cancel"]))
    .action(
      line.inOrganization(async (session, options: Options, person: string, email: string | undefined) => {
        const account = await resolvePerson(session.db, person);
        const other = options.resend || options.cancel || options.list;
        if ((email === undefined) !== (other === true))
          throw new MusterError("usage", "give the new address, or one of --resend, --cancel and --list", {
            at: "email",
          });
        if (options.list) return listed(await listAddressChanges(session.db, account));
        const { invitations } = session.ctx.config;
        return writeOrTell(
          session,
          options,
          async (tx): Promise<{ change: AddressChange; mail: MailId | null }> => {
            if (options.cancel) return { change: await cancelAddressChange(tx, account), mail: null };
            return email === undefined
              ? resendAddressChange(tx, invitations, [EVERYTHING], account)
              : askForAddress(tx, invitations, [EVERYTHING], { account, email });
          },
          ({ change, mail }) => {
            const { asker: _, ...told } = change;
            return { json: { change, mail }, text: facts(told) };
          },
        );
      }),
    );
}

function listed(changes: readonly AddressChange[]): Answer {
  const rows = changes.map(({ before, email, state, refusal, createdAt, revertUntil }) => [
    before,
    email,
    state,
    refusal ?? "",
    createdAt.toISOString(),
    revertUntil?.toISOString() ?? "",
  ]);
  return {
    json: changes,
    text: table(["from", "to", "state", "refused", "asked", "can be taken back until"], rows, "no change of address"),
  };
}
