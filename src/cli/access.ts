import type { Command } from "commander";
import { accessOf } from "../identity/access/access-of.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** `muster access PERSON`: what a person may use, and why or why not. */
export function registerAccess(program: Command, line: CommandLine): void {
  program
    .command("access <person>")
    .description("what a person may use, by which groups, and why not more")
    .action(
      line.inOrganization(async ({ db }, _options: object, person: string) => {
        const found = await accessOf(db, await resolvePerson(db, person));
        const rows = found.access.map(({ site, product, role, allowed, reason, spaces, trace }) => [
          `${site}/${product}`,
          role,
          allowed ? "yes" : "no",
          reason,
          spaces
            .map((one) => `${one.space} (${one.permission}${one.expiresAt ? ` until ${one.expiresAt}` : ""})`)
            .join(", ") || null,
          trace
            .map((one) => `${one.directory}/${one.group} → ${one.role}${one.counts ? "" : " (does not count)"}`)
            .join(", ") || null,
        ]);
        const { userName, status } = found.account;
        return {
          json: found,
          text: `${table(["who", "status"], [[userName, status]])}\n\n${table(["product", "role", "allowed", "reason", "spaces", "by"], rows, "there are no products")}`,
        };
      }),
    );
}
