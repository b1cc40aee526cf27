import type { Command } from "commander";
import { tellUserName } from "../identity/account-mail.ts";
import { getAccount } from "../identity/account-overview.ts";
import { addPerson } from "../identity/accounts/add.ts";
import { confirmAccount } from "../identity/accounts/confirm.ts";
import { editPerson } from "../identity/accounts/edit.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { registerUserAddress } from "./user-address.ts";
import { answerOf } from "./user-answer.ts";
import { registerUserBulk } from "./user-bulk.ts";
import { registerUserList } from "./user-list.ts";
import { registerUserMerge } from "./user-merge.ts";
import { registerUserOffBoard } from "./user-off-board.ts";
import { registerUserRepair } from "./user-repair.ts";
import { registerUserSuspend } from "./user-suspend.ts";
import { registerUserVerbs } from "./user-verbs.ts";

type EditOptions = { name?: string; givenName?: string; familyName?: string; email?: string };

/** `muster user …`: the people of the organization, by e-mail, user name or id. */
export function registerUser(program: Command, line: CommandLine): void {
  const user = program.command("user").description("people of the organization");
  registerUserList(user, line);
  user
    .command("show <person>")
    .description("one person with the records that the directories hold")
    .action(
      line.inOrganization(async ({ db }, _options: object, person: string) =>
        answerOf(await getAccount(db, await resolvePerson(db, person))),
      ),
    );
  user
    .command("add <email>")
    .description("add a person to the first directory that may be written to; a mail goes out with --notify alone")
    .option("--name <name>", "what people read")
    .option("--notify", "tell the person their user name by mail")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { name?: string; notify?: true }, email: string) =>
        answerOrTell(session, options, async (tx) => {
          const account = await addPerson(tx, { email, displayName: options.name });
          if (options.notify) await tellUserName(tx, session.ctx.config.invitations, [EVERYTHING], account);
          return answerOf(await getAccount(tx, account));
        }),
      ),
    );
  user
    .command("tell <person>")
    .description(
      "tell somebody of internal their user name by mail; an administrator gets a link to set the password, too",
    )
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, person: string) =>
        writeOrTell(
          session,
          options,
          async (tx) => tellUserName(tx, session.ctx.config.invitations, [EVERYTHING], await resolvePerson(tx, person)),
          (told) => ({ json: told, text: facts(told) }),
          "none",
        ),
      ),
    );
  user
    .command("edit <person>")
    .description("edit a person in the record that is canonical; an empty name is taken away")
    .option("--name <name>", "what people read")
    .option("--given-name <name>")
    .option("--family-name <name>")
    .option("--email <address>")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & EditOptions, person: string) =>
        answerOrTell(session, options, async (tx) => {
          const account = await resolvePerson(tx, person);
          const changes = {
            displayName: nameOrNull(options.name),
            givenName: nameOrNull(options.givenName),
            familyName: nameOrNull(options.familyName),
            email: options.email,
          };
          await editPerson(tx, account, changes, [EVERYTHING]);
          return answerOf(await getAccount(tx, account));
        }),
      ),
    );
  registerUserSuspend(user, line);
  registerUserAddress(user, line);
  registerUserMerge(user, line);
  registerUserRepair(user, line);
  user
    .command("confirm <person>")
    .description("after another record became the person's: it is the same person, what was parked counts again")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, person: string) =>
        answerOrTell(session, options, async (tx) => {
          const id = await resolvePerson(tx, person);
          const restored = await confirmAccount(tx, id, [EVERYTHING]);
          return { json: { id, restored }, text: `${restored} groups, spaces and rights count again` };
        }),
      ),
    );
  registerUserBulk(user, line);
  registerUserVerbs(user, line);
  registerUserOffBoard(user, line);
}

function nameOrNull(text: string | undefined): string | null | undefined {
  return text === "" ? null : text;
}
