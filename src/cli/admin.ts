import type { Command } from "commander";
import { resolvePerson } from "../identity/accounts/person.ts";
import { addAdministrator, removeAdministrator } from "../identity/administrators.ts";
import { listRights } from "../identity/rights/rights.ts";
import { registerAdminPassword } from "./admin-password.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** More rights than anybody reads; the API has them by pages. */
const MOST_LISTED = 10_000;

/** `muster admin …`. */
export function registerAdmin(program: Command, line: CommandLine): void {
  const admin = program.command("admin").description("administrators of the organization");
  registerAdminPassword(admin, line);
  admin
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
  admin
    .command("list")
    .description("who has which rights, for what")
    .action(
      line.inOrganization(async ({ db }) => {
        const rights = (await listRights(db, { within: null, after: null, limit: MOST_LISTED })).map(
          ({ id, account, bundle, scope, scopeName, inForce, parkedAt }) => ({
            id,
            user: { id: account.id, userName: account.userName },
            bundle,
            scope: scope.kind === "organization" ? "organization" : `${scope.kind}:${scopeName}`,
            inForce,
            parkedAt,
          }),
        );
        return {
          json: rights,
          text: table(
            ["person", "right", "for", "in force"],
            rights.map((right) => [right.user.userName, right.bundle, right.scope, right.inForce ? "yes" : "no"]),
          ),
        };
      }),
    );
  admin
    .command("remove <person>")
    .description("take the right of organization administrator away; the last one stays")
    .action(
      line.inOrganization((session, _options: object, person: string) =>
        session.write(async (tx) => {
          const id = await resolvePerson(tx, person);
          await removeAdministrator(tx, id);
          return { json: { id, removed: true }, text: `${person} is no administrator any more` };
        }, "exclusive"),
      ),
    );
}
