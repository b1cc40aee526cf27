import type { Command } from "commander";
import { addAdministrator } from "../identity/administrators.ts";
import { facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** `muster admin …`. */
export function registerAdmin(program: Command, line: CommandLine): void {
  program
    .command("admin")
    .description("administrators of the organization")
    .command("add <email>")
    .description(
      "make the person with this address an organization administrator; a stranger becomes a record in internal",
    )
    .action(
      line.inOrganization(async (session, _options: object, email: string) => {
        const administrator = await session.write((tx) => addAdministrator(tx, email));
        return {
          json: administrator,
          text: facts({
            administrator: administrator.userName,
            id: administrator.id,
            rights: administrator.rights.join(", "),
          }),
        };
      }),
    );
}
