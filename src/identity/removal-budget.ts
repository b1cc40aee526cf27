import type { Database, Db } from "../db/connection.ts";
import type { DirectoryId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";

/**
 * How a SCIM directory stands with its removal budget (design §7): at most max(50, 10 % of `base`) people may be without
 * their last access, or an administrator's rights, through it in a rolling hour. The rule itself is the SQL function
 * `spend_removals`, which `reconcile` calls.
 */
export type RemovalBudget = {
  directory: DirectoryId;
  /** People who lost something through it in the last hour. */
  lost: number;
  /** Those of them who are still without. */
  gone: number;
  /** People with an active record in it whose access stood when the hour began, and those of `gone` whose access went. */
  base: number;
  budget: number;
  /** Removals pass until then; null when they do not. */
  releasedUntil: Date | null;
  /** When a request was refused last, within the last hour. */
  heldAt: Date | null;
};

/** The removal budgets of the organization's SCIM directories, or of one, in their order, counted now. */
export async function listRemovalBudgets(db: Db, directory?: DirectoryId): Promise<RemovalBudget[]> {
  return db.query<RemovalBudget>({
    text: `select d.id as directory, r.lost, r.gone, c.base, removal_budget(c.base) as budget,
        case when d.released_until > statement_timestamp() then d.released_until end as "releasedUntil",
        case when b.held_at > statement_timestamp() - interval '1 hour' then b.held_at end as "heldAt"
      from directories d
      left join removal_budgets b on b.organization = d.organization and b.directory = d.id
      cross join lateral (select removal_base(d.organization, d.id) as base) c
      cross join lateral (select count(*) as lost, count(*) filter (where r.gone) as gone
        from removals_of(d.organization, d.id) r) r
      where d.organization = $1 and d.kind = 'scim' and d.removed_at is null and ($2::uuid is null or d.id = $2)
      order by d.position`,
    values: [db.organization, directory ?? null],
  });
}

/** Seconds: whoever needs longer is to think about it again. */
const LONGEST_RELEASE = 86_400;

/**
 * Lets a directory's changes pass the removal budget for so many seconds from now (design §7); they are counted all the
 * same. Before: any. After: it is open until the instant returned, by the database's clock, with the reason in an audit row.
 * @throws MusterError `not-found`; `invalid` when the directory is no SCIM directory, the time longer than a day or no
 *   reason is given.
 */
export async function releaseDirectory(tx: Tx, id: DirectoryId, forSeconds: number, reason: string): Promise<Date> {
  if (!(forSeconds > 0 && forSeconds <= LONGEST_RELEASE))
    throw new MusterError("invalid", "a directory is released for a day at most", { at: "for" });
  if (reason.trim() === "") throw new MusterError("invalid", "a release needs a reason", { at: "reason" });
  const [row] = await tx.query<{ kind: string; until: Date }>({
    text: `update directories set released_until = case when kind = 'scim'
        then statement_timestamp() + make_interval(secs => $3) else released_until end
      where organization = $1 and id = $2 returning kind, released_until as until`,
    values: [tx.organization, id, forSeconds],
  });
  if (!row) throw new MusterError("not-found", "there is no such directory");
  if (row.kind !== "scim")
    throw new MusterError("invalid", "only a directory of kind scim has a removal budget; syncs have their guard", {
      at: "name",
    });
  await recordChanges(tx, [
    { action: "directory.released", subjectKind: "directory", subject: id, detail: { until: row.until, reason } },
  ]);
  return row.until;
}

/**
 * Remembers that a request of the directory was refused because of its removal budget; what the request would have done is
 * rolled back and leaves nothing.
 *
 * Before: `held` is what the request failed with, and its transaction is over. After: the directory's figures are no
 * older than five seconds, so that a flood of such requests is not counted each; administrators are told within a minute;
 * the first in an hour has an audit row and an event. Returns whether it is that.
 */
export async function noteHeldRemovals(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  held: MusterError,
): Promise<boolean> {
  const fresh = await ctx.db.of(actor.organization).query({
    text: `select from removal_budgets where organization = $1 and directory = $2
      and held_at > statement_timestamp() - interval '5 seconds'`,
    values: [actor.organization, directory],
  });
  if (fresh.length > 0) return false;
  return inTransaction(ctx, actor, (tx) => noteHeld(tx, directory, held.message), { lock: "none" });
}

async function noteHeld(tx: Tx, directory: DirectoryId, detail: string): Promise<boolean> {
  await tx.query({ text: "select from count_removals($1, $2, true)", values: [tx.organization, directory] });
  const [row] = await tx.query<{ news: boolean }>({
    text: `with before as (select held_at from removal_budgets where organization = $1 and directory = $2)
      update removal_budgets set held_at = statement_timestamp() from before
      where organization = $1 and directory = $2
      returning before.held_at is null or before.held_at < statement_timestamp() - interval '1 hour' as news`,
    values: [tx.organization, directory],
  });
  if (!row?.news) return false;
  await recordChanges(tx, [
    {
      action: "directory.removals-held",
      subjectKind: "directory",
      subject: directory,
      detail: { detail },
      event: true,
    },
  ]);
  return true;
}

/** Forgets removals that are older than a day; the window is an hour. For a job. Returns how many there were. */
export async function pruneRemovals(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `delete from removals where organization = $1 and at < statement_timestamp() - interval '1 day' returning 1`,
    values: [tx.organization],
  });
  return rows.length;
}
