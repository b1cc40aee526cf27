import { isConnectorKind } from "../../../connectors/index.ts";
import type { Context } from "../../context.ts";
import type { Db } from "../../db/connection.ts";
import { isMusterError } from "../../errors.ts";
import { type Directory, listDirectories, readDirectorySecret } from "../../identity/directories.ts";
import { overdue } from "../../identity/overdue.ts";
import { listRemovalBudgets, type RemovalBudget } from "../../identity/removal-budget.ts";
import { listTokens } from "../../identity/tokens.ts";
import { listRuns } from "../../sync/history.ts";
import { testSettings, triedOf } from "../../sync/test.ts";
import { expiresSoon } from "../directory-token.ts";
import { secretKey } from "../session.ts";
import type { Check } from "./check.ts";

/** Seconds that one directory has to answer. */
const PATIENCE = 15;

/** What concerns one organization. @param asking false: no directory is connected to. */
export async function organizationChecks(ctx: Context, db: Db, key: string, asking: boolean): Promise<Check[]> {
  const checks: Check[] = await lateness(db, key);
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
    if (asking && isConnectorKind(directory.kind)) checks.push(await answering(ctx, db, directory, name));
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

/** What is due and lies there: mails, syncs and the seals of the audit are a worker's. */
async function lateness(db: Db, key: string): Promise<Check[]> {
  const { mails, syncs, unsealed } = await overdue(db);
  const running = "is a worker running? (muster start, or muster worker)";
  const checks: Check[] = [];
  if (mails + syncs > 0) {
    const detail = `${mails} mails and ${syncs} syncs should have been begun minutes ago: ${running}`;
    checks.push({ name: `${key}: work`, state: "warning", detail });
  }
  if (unsealed) {
    const detail = `what was done minutes ago is not sealed yet: ${running} or does a transaction not end? (muster audit verify)`;
    checks.push({ name: `${key}: audit`, state: "warning", detail });
  }
  return checks;
}

/** Whether a pulled directory can be read, as far as its test goes. */
async function answering(ctx: Context, db: Db, directory: Directory, name: string): Promise<Check> {
  try {
    for await (const step of testSettings(ctx, await triedOf(ctx, db, directory), { seconds: PATIENCE }))
      if (step.verdict === "failed") {
        const hint = step.hint === null ? "" : `; ${step.hint}`;
        return { name, state: "failed", detail: `${step.name}: ${step.detail}${hint}` };
      }
  } catch (error) {
    return { name, state: "failed", detail: isMusterError(error) ? error.message : "it cannot be tried" };
  }
  return { name, state: "ok", detail: "it answers and can be read" };
}
