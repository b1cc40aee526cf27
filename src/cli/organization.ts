import type { Command } from "commander";
import { newId, type OrganizationId } from "../db/id.ts";
import { inTransaction } from "../db/transaction.ts";
import { createOrganization, listOrganizations } from "../identity/organizations.ts";
import { createSite, listSites } from "../identity/sites.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { commandActor } from "./session.ts";

/** `muster org …` and `muster site …`. */
export function registerOrganization(program: Command, line: CommandLine): void {
  const org = program.command("org").description("organizations");
  org
    .command("create <key>")
    .description("make an organization with a site of the same key and the directory internal")
    .option("--name <name>", "what people read; the key by default")
    .action(
      line.onDatabase(async (ctx, options: { name?: string }, key: string) => {
        const id = newId<OrganizationId>();
        await inTransaction(
          ctx,
          commandActor(id),
          (tx) => createOrganization(tx, { key, ...(options.name === undefined ? {} : { name: options.name }) }),
          { lock: "exclusive" },
        );
        return { json: { id, key }, text: facts({ organization: key, id }) };
      }),
    );
  org
    .command("list")
    .description("all organizations")
    .action(
      line.onDatabase(async (ctx) => {
        const all = await listOrganizations(ctx.db);
        return {
          json: all,
          text: table(
            ["key", "id"],
            all.map((one) => [one.key, one.id]),
          ),
        };
      }),
    );
  const site = program.command("site").description("sites of an organization");
  site
    .command("add <key>")
    .description("add a site")
    .option("--name <name>", "what people read; the key by default")
    .action(
      line.inOrganization(async (session, options: { name?: string }, key: string) => {
        const made = await session.write((tx) =>
          createSite(tx, { key, ...(options.name === undefined ? {} : { name: options.name }) }),
        );
        return { json: { id: made.id, key }, text: facts({ site: key, id: made.id }) };
      }),
    );
  site
    .command("list")
    .description("the organization's sites")
    .action(
      line.inOrganization(async ({ db }) => {
        const all = await listSites(db);
        return {
          json: all,
          text: table(
            ["key", "name", "id"],
            all.map((one) => [one.key, one.name, one.id]),
          ),
        };
      }),
    );
}
