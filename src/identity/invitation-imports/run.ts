import type { Config } from "../../config.ts";
import type { Database } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import { inTransaction, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { recordRefusal, type Stepped } from "../bulk-jobs.ts";
import { OVER_BUDGET } from "../invitations/budget.ts";
import { holdJob, putOffJob, type Turn } from "../jobs.ts";
import { heldByActor } from "../rights/held-by-actor.ts";
import { holds } from "../rights/permissions.ts";
import type { ImportRow } from "./form.ts";
import { inviteRow, outcomeOf } from "./import.ts";

type Ctx = { db: Database; config: Pick<Config, "invitations"> };
type Next = { subject: AccountId; row: ImportRow };

/**
 * Works through an import, a row in a transaction with its outcome: whoever dies when, no row comes twice. Before: the turn is
 * taken. After: as the return value says; `lost` also when a budget is spent, and the job goes on when there is room again.
 * @throws MusterError `not-allowed` when whoever asked for it may not invite any more.
 */
export async function runImport(ctx: Ctx, turn: Turn, stop: AbortSignal | undefined): Promise<Stepped> {
  for (;;) {
    if (stop?.aborted) return "lost";
    const next = await nextRow(ctx, turn);
    if (!next) return "over";
    try {
      const stepped = await inTransaction(ctx, turn.maker, (tx) => stepImport(tx, ctx.config, turn, next));
      if (stepped === "lost") return "lost";
    } catch (error) {
      if (!isMusterError(error) || ["unavailable", "internal"].includes(error.code) || error === mayNot) throw error;
      const { retryAfter } = error;
      const told = await inTransaction(
        ctx,
        turn.maker,
        (tx) =>
          error.at === OVER_BUDGET && retryAfter !== undefined
            ? putOffJob(tx, turn, retryAfter, error.message)
            : recordRefusal(tx, turn, next.subject, error),
        { lock: "none" },
      );
      if (!told || error.at === OVER_BUDGET) return "lost";
    }
  }
}

const mayNot = new MusterError("not-allowed", "whoever asked for this import may not invite any more");

async function nextRow(ctx: Ctx, turn: Turn): Promise<Next | undefined> {
  const [next] = await ctx.db.of(turn.maker.organization).query<Next>({
    text: `select subject, input as row from job_rows where organization = $1 and job = $2 and state = 'open'
      order by subject limit 1`,
    values: [turn.maker.organization, turn.id],
  });
  return next;
}

async function stepImport(tx: Tx, { invitations }: Ctx["config"], turn: Turn, next: Next): Promise<Stepped> {
  if (!(await holdJob(tx, turn))) return "lost";
  const held = await heldByActor(tx, turn.maker);
  if (!holds(held, "invitations:write", { kind: "organization" })) throw mayNot;
  const notify = typeof turn.input.notify === "boolean" ? turn.input.notify : undefined;
  const outcome = outcomeOf(await inviteRow(tx, invitations, held, next.row, notify));
  await tx.query({
    text: `with told as (
        update job_rows set state = $4, code = $5, message = $6, account = $7
        where organization = $1 and job = $2 and subject = $3 and state = 'open' returning state
      )
      update jobs set detail = null, done = done + (select count(*) from told where state = 'done'),
        unchanged = unchanged + (select count(*) from told where state = 'unchanged'),
        refused = refused + (select count(*) from told where state = 'refused')
      where organization = $1 and id = $2`,
    values: [tx.organization, turn.id, next.subject, outcome.state, outcome.code, outcome.message, outcome.user],
  });
  return "more";
}
