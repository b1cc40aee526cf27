import type { Command } from "commander";
import { resolvePerson } from "../identity/accounts/person.ts";
import { resendInvitation } from "../identity/invitations/resend.ts";
import { facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** `muster invite …`: the only words that send mail to somebody who came by SCIM, sync or import. */
export function registerInvite(program: Command, line: CommandLine): void {
  program
    .command("invite")
    .description("invitations by e-mail")
    .command("resend <person>")
    .description("send a person their invitation, the first one or once more; exactly one mail")
    .action(
      line.inOrganization(async ({ ctx, db, write }, _options: object, person: string) => {
        const account = await resolvePerson(db, person);
        const sent = await write((tx) => resendInvitation(tx, ctx.config.invitations, account), "none");
        return { json: sent, text: `${facts(sent)}\nThe mail leaves while a worker runs.` };
      }),
    );
}
