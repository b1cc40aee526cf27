import type { Command } from "commander";
import { formatSignUpDomains, listSignUpDomains, setSignUpDomains } from "../identity/domains.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";

/** `muster domain …`: the sign-up domains. */
export function registerDomain(program: Command, line: CommandLine): void {
  const domain = program.command("domain").description("the sign-up domains");
  domain
    .command("list")
    .description("the list as it stands")
    .action(
      line.inOrganization(async ({ db }) => {
        const domains = formatSignUpDomains(await listSignUpDomains(db));
        return { json: domains, text: domains.join("\n") || "none" };
      }),
    );
  domain
    .command("set [domains...]")
    .description("make this the whole list; *.example.com covers the sub-domains, example.com that domain alone")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, texts: string[]) =>
        writeOrTell(
          session,
          options,
          (tx) => setSignUpDomains(tx, texts),
          ({ domains, changed }) => {
            const list = formatSignUpDomains(domains);
            return {
              json: { domains: list, accountsChanged: changed },
              text: `${list.join("\n") || "none"}\n${changed} people noticed`,
            };
          },
          "exclusive",
        ),
      ),
    );
}
