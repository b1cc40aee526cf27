import { statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Context } from "../context.ts";
import type { Db } from "../db/connection.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { listDirectories, readDirectorySecret } from "../identity/directories.ts";
import { listOrganizations } from "../identity/organizations.ts";
import { pausedSince } from "../identity/pause.ts";
import { listRemovalBudgets, type RemovalBudget } from "../identity/removal-budget.ts";
import { listTokens } from "../identity/tokens.ts";
import { listRuns } from "../sync/history.ts";
import { table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { expiresSoon } from "./directory-token.ts";
import { secretKey } from "./session.ts";

type Check = { name: string; state: "ok" | "warning" | "failed"; detail: string };

/** `muster doctor`: what an administrator should look at, each with the way out. */
export function registerDoctor(program: Command, line: CommandLine): void {
  program
    .command("doctor")
    .description("look at the installation and say what needs a person")
    .action(
      line.onDatabase(async (ctx) => {
        // That the database answered, was migrated and binds the application's role was proven when it was opened.
        const checks: Check[] = [
          { name: "database", state: "ok", detail: await databaseVersion(ctx) },
          ...(await pauseCheck(ctx)),
          mailCheck(ctx),
          ...filesCheck(ctx),
        ];
        for (const { id, key } of await listOrganizations(ctx.db))
          checks.push(...(await organizationChecks(ctx, ctx.db.of(id), key)));
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

async function databaseVersion({ config, db }: Context): Promise<string> {
  const [row] = await db.lookUp<{ version: string }>({ text: "select current_setting('server_version') as version" });
  return `PostgreSQL ${row?.version ?? "?"}, ${config.database.url ? "external" : "embedded"}`;
}

async function pauseCheck({ db }: Context): Promise<Check[]> {
  const since = await pausedSince(db);
  return since
    ? [
        {
          name: "restored",
          state: "warning",
          detail: `restored from a backup at ${since.toISOString()}: mails, syncs and events rest; when all is right: muster resume`,
        },
      ]
    : [];
}

function mailCheck({ config }: Context): Check {
  return config.mail.smtpUrl
    ? { name: "mail", state: "ok", detail: "sent by the configured mail server" }
    : {
        name: "mail",
        state: "warning",
        detail: `no SMTP_URL: mails become files in ${join(config.dataDirectory, "mail")}`,
      };
}

function filesCheck({ config }: Context): Check[] {
  const path = config.secretKeyFile ?? join(config.dataDirectory, "secret.key");
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  return mode !== undefined && (mode & 0o077) !== 0
    ? [{ name: "secret key", state: "warning", detail: `${path} can be read by others; chmod 600 it` }]
    : [];
}

async function organizationChecks(ctx: Context, db: Db, key: string): Promise<Check[]> {
  const checks: Check[] = [];
  const budgets = new Map((await listRemovalBudgets(db)).map((budget) => [budget.directory, budget]));
  for (const directory of await listDirectories(db)) {
    const name = `${key}: directory ${directory.name}`;
    const budget = budgets.get(directory.id);
    const warning =
      budget &&
      removalWarning(budget, `muster directory release ${directory.name} --for 1h --reason TEXT --org ${key}`);
    if (warning !== undefined) checks.push({ name, state: "warning", detail: warning });
    if (directory.hasSecret) {
      try {
        await readDirectorySecret(db, secretKey(ctx), directory.id);
        checks.push({ name, state: "ok", detail: "its secret opens" });
      } catch (error) {
        checks.push({
          name,
          state: "failed",
          detail: isMusterError(error) ? error.message : "its secret cannot be read",
        });
      }
    }
    const [latest] = await listRuns(db, { directory: directory.id, limit: 1 });
    if (latest?.state === "held" || latest?.state === "failed")
      checks.push({
        name,
        state: "warning",
        detail: `its latest run is ${latest.state}: muster sync show ${latest.id}`,
      });
  }
  for (const token of await listTokens(db))
    if (token.expiresAt !== null && expiresSoon(token.expiresAt))
      checks.push({
        name: `${key}: token ${token.name ?? token.id}`,
        state: "warning",
        detail: `ends at ${token.expiresAt.toISOString()}; make its successor now`,
      });
  return checks;
}

/** What a person should know of a directory that takes many people's access away, or could at this moment. */
function removalWarning({ lost, gone, budget, releasedUntil, heldAt }: RemovalBudget, way: string): string | undefined {
  const figures = `took the last access from ${lost} people within an hour, ${gone} are still without of ${budget} that may be`;
  if (releasedUntil !== null) return `${figures}; nothing holds it until ${releasedUntil.toISOString()}`;
  if (heldAt !== null)
    return `${figures}; what went beyond was refused, last at ${heldAt.toISOString()}; if it is meant: ${way}`;
  return lost * 2 >= budget ? `${figures}; if more is to come: ${way}` : undefined;
}
