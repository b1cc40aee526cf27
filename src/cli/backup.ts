import { basename } from "node:path";
import type { Command } from "commander";
import { restoreBackup, resumeAfterRestore } from "../db/backup/restore.ts";
import { takeBackup } from "../db/backup/take.ts";
import { existingSecretKey, loadSecretKey, markOfKey } from "../identity/secrets.ts";
import { openDatabase } from "../start/open-context.ts";
import { facts } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { typedPath } from "./input.ts";
import { progressLine } from "./progress-line.ts";
import { commandConfig, commandLogger, withOpened } from "./session.ts";

/** `muster backup`, `restore` and `resume`. */
export function registerBackup(program: Command, line: CommandLine): void {
  program
    .command("backup <file>")
    .description("write everything that Muster holds into one file, while it goes on working")
    .action(
      line.plain((options: GlobalOptions, file: string) =>
        withOpened(line.environment, async ({ ctx: { config }, ownerUrl }) => {
          const progress = progressLine(options);
          try {
            const path = typedPath(line.environment, file);
            const key = markOfKey(loadSecretKey(config));
            const taken = await takeBackup({ url: ownerUrl }, path, key, (table) => progress.show(table));
            const view = { file: path, ...taken, secretKey: key };
            return {
              json: view,
              text: `${facts(view)}\nThe key that opens its secrets is not in it: keep ${basename(config.secretKeyFile ?? "secret.key")} of the data directory too.`,
            };
          } finally {
            progress.clear();
          }
        }),
      ),
    );
  program
    .command("restore <file>")
    .description("put a backup into an empty data directory or database; mails and syncs rest until `muster resume`")
    .option("--without-secrets", "also where the key is not here that opens its secrets; they are to be entered again")
    .action(
      line.plain(async (options: GlobalOptions & { withoutSecrets?: true }, file: string) => {
        const config = commandConfig(line.environment);
        const key = options.withoutSecrets ? null : markOfKey(existingSecretKey(config));
        const progress = progressLine(options);
        const database = await openDatabase(config, commandLogger(line.environment, config));
        try {
          const path = typedPath(line.environment, file);
          const restored = await restoreBackup({ url: database.ownerUrl }, path, key, (table) => progress.show(table));
          const view = { file: path, ...restored, paused: true };
          return { json: view, text: `${facts(view)}\nMails, syncs and events rest. Look at it, then: muster resume` };
        } finally {
          progress.clear();
          await database.leave();
        }
      }),
    );
  program
    .command("resume")
    .description("let a restored Muster mail, sync and tell events again")
    .action(
      line.plain(() =>
        withOpened(line.environment, async ({ ownerUrl }) => {
          const since = await resumeAfterRestore({ url: ownerUrl });
          return {
            json: { pausedSince: since?.toISOString() ?? null },
            text: since
              ? `It rested since ${since.toISOString()} and goes on now.`
              : "It does not rest; nothing changed.",
          };
        }),
      ),
    );
}
