import type { Command } from "commander";
import type { AccountId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { listSiteMembers, type SiteMember } from "../identity/site-memberships.ts";
import { createSite, getSite, listSites, renameSite } from "../identity/sites.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { type ListOptions, listed, whole } from "./list.ts";

/** `muster site …`. */
export function registerSite(program: Command, line: CommandLine): void {
  const site = program.command("site").description("sites of an organization");
  site
    .command("add <key>")
    .description("add a site")
    .option("--name <name>", "what people read; the key by default")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption & { name?: string }, key: string) =>
        writeOrTell(
          session,
          options,
          (tx) => createSite(tx, { key, ...(options.name === undefined ? {} : { name: options.name }) }),
          ({ id }) => ({ json: { id, key }, text: facts({ site: key, id }) }),
        ),
      ),
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
  site
    .command("rename <key> <name>")
    .description("give a site another name; its key stays")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, key: string, name: string) => {
        const work = async (tx: Tx) => {
          const { id } = await getSite(tx, key);
          return { id, key, name, changed: await renameSite(tx, id, name) };
        };
        return writeOrTell(session, options, work, (view) => ({ json: view, text: facts(view) }));
      }),
    );
  whole(
    site.command("members <key>").description("the people of a site: who has a right for it, or uses a product of it"),
  ).action(
    line.inOrganization(async ({ db }, options: ListOptions, key: string) => {
      const { id } = await getSite(db, key);
      const read = async (page: { after: AccountId | null; limit: number }) =>
        (await listSiteMembers(db, id, page)).map((member) => ({ id: member.user.id, ...member }));
      const all = await listed<SiteMember & { id: AccountId }>(options, read, "whole");
      return {
        json: all,
        text: table(
          ["person", "status", "level", "given"],
          all.map((one) => [one.user.userName, one.user.status, one.level, one.given ? "yes" : "by access"]),
        ),
      };
    }),
  );
}
