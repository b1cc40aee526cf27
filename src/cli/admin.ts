import type { Command } from "commander";
import { resolvePerson } from "../identity/accounts/person.ts";
import { addAdministrator, removeAdministrator } from "../identity/administrators.ts";
import { listRights } from "../identity/rights/rights.ts";
import { registerAdminPassword } from "./admin-password.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";

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
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, email: string) =>
        writeOrTell(
          session,
          options,
          (tx) => addAdministrator(tx, email),
          (made) => ({
            json: made,
            text: facts({ administrator: made.userName, id: made.id, rights: made.rights.join(", ") }),
          }),
        ),
      ),
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
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, person: string) =>
        answerOrTell(
          session,
          options,
          async (tx) => {
            const id = await resolvePerson(tx, person);
            await removeAdministrator(tx, id);
            return { json: { id, removed: true }, text: `${person} is no administrator any more` };
          },
          "exclusive",
        ),
      ),
    );
}
