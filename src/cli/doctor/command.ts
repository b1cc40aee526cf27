import type { Command } from "commander";
import { MusterError } from "../../errors.ts";
import { listOrganizations } from "../../identity/organizations.ts";
import { table } from "../answer.ts";
import type { CommandLine } from "../command-line.ts";
import { installationChecks } from "./installation.ts";
import { organizationChecks } from "./organization.ts";

/** `muster doctor`: what an administrator should look at, each with the way out. */
export function registerDoctor(program: Command, line: CommandLine): void {
  program
    .command("doctor")
    .description("look at the installation and say what needs a person")
    .option("--offline", "connect to nothing but the database: neither to the mail server nor to directories")
    .action(
      line.onDatabase(async (ctx, options: { offline?: true }) => {
        const asking = !options.offline;
        const checks = await installationChecks(ctx, asking);
        for (const { id, key } of await listOrganizations(ctx.db))
          checks.push(...(await organizationChecks(ctx, ctx.db.of(id), key, asking)));
        const failed = checks.filter((check) => check.state === "failed");
        return {
          json: { ok: failed.length === 0, checks },
          text: table(
            ["check", "state", "detail"],
            checks.map((check) => [check.name, check.state, check.detail]),
          ),
          ...(failed[0]
            ? { exitCode: 1 as const, error: new MusterError("unavailable", failed[0].detail, { at: failed[0].name }) }
            : {}),
        };
      }),
    );
}
