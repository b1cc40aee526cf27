import { accessSync, constants } from "node:fs";
import type { Command } from "commander";
import { newestMigration } from "../../migrations/index.ts";
import type { Config } from "../config.ts";
import { MusterError } from "../errors.ts";
import { loadSecretKey } from "../identity/secrets.ts";
import { facts } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { commandConfig } from "./session.ts";

const PARTS = [
  { name: "start", http: true, jobs: true, about: "run HTTP and jobs, and PostgreSQL where DATABASE_URL names none" },
  { name: "serve", http: true, jobs: false, about: "run HTTP only" },
  { name: "worker", http: false, jobs: true, about: "run jobs only" },
] as const;

/** `muster start`, `serve`, `worker`, `migrate`, `check-config`. */
export function registerRunning(program: Command, line: CommandLine): void {
  for (const { name, http, jobs, about } of PARTS)
    program
      .command(name)
      .description(about)
      .action(async (_options: object, command: Command) => {
        const { json } = command.optsWithGlobals<GlobalOptions>();
        // The server's own code is loaded by the commands that serve, not by every command.
        const { runMuster } = await import("../start/run.ts");
        await runMuster(commandConfig(line.environment), { http, jobs }, (text, of) =>
          process.stdout.write(`${json ? JSON.stringify({ [of]: text }) : text}\n`),
        );
      });
  program
    .command("migrate")
    .description("bring the database to this version; every start does it too")
    .action(
      // Opening the database brings it to this version.
      line.onDatabase(async () => ({
        json: { migration: newestMigration },
        text: `the database stands at ${newestMigration}`,
      })),
    );
  program
    .command("check-config")
    .description("read and check the configuration without opening anything")
    .action(
      line.plain(async () => {
        const config = commandConfig(line.environment);
        checkFiles(config);
        const view = {
          publicUrl: config.publicUrl,
          listen: config.listen,
          dataDirectory: config.dataDirectory,
          database: config.database.url ? "external" : "embedded",
          mail: config.mail.smtpUrl ? "smtp" : "files",
        };
        return { json: { ok: true, ...view }, text: `${facts(view)}\nThe configuration is right.` };
      }),
    );
}

/** The files that settings name must be there and readable now, not at the first request that needs them. */
function checkFiles(config: Config): void {
  const { secretKeyFile, dataDirectory, tls } = config;
  if (secretKeyFile) loadSecretKey({ secretKeyFile, dataDirectory });
  for (const [key, path] of Object.entries(tls)) {
    try {
      if (path) accessSync(path, constants.R_OK);
    } catch (cause) {
      throw new MusterError("configuration", `the file ${path} cannot be read`, { at: `tls.${key}`, cause });
    }
  }
}
