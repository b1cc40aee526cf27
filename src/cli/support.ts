import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { MusterError } from "../errors.ts";
import { diagnostics } from "../identity/diagnostics.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { typedPath } from "./input.ts";

/** `muster support …`: what somebody who helps needs. */
export function registerSupport(program: Command, line: CommandLine): void {
  const support = program.command("support").description("help with an installation");
  support
    .command("bundle <file>")
    .description("write versions, settings, states and figures into a new file; no names, addresses or secrets")
    .action(
      line.inOrganization(async ({ ctx, db, environment }, _options: object, file: string) => {
        const bundle = await diagnostics(db, ctx.config, { kind: "command", held: [EVERYTHING] });
        const path = typedPath(environment, file);
        try {
          writeFileSync(path, `${JSON.stringify(bundle, null, 2)}\n`, { flag: "wx", mode: 0o600 });
        } catch (cause) {
          throw new MusterError("invalid", `the file ${file} cannot be written; name one that is not there yet`, {
            at: "file",
            cause,
          });
        }
        const view = { file: path, directories: bundle.directories.length, products: bundle.products.length };
        return { json: view, text: `${facts(view)}\nRead it before you pass it on.` };
      }),
    );
}
