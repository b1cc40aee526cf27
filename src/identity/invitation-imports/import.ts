import type { Config } from "../../config.ts";
import type { Db } from "../../db/connection.ts";
import { type AccountId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { resolvePerson } from "../accounts/person.ts";
import { resolveGroup } from "../groups.ts";
import { type Invited, invite } from "../invitations/invite.ts";
import type { Wish } from "../invitations/offer.ts";
import { roleOrDefault } from "../invitations/rules.ts";
import { createJob, getJob, type Job } from "../jobs.ts";
import { resolveProduct } from "../products.ts";
import { recordChanges } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { resolveSpace } from "../spaces.ts";
import { endOf } from "../time-zone.ts";
import { type ImportRow, type ReadRow, whenOf } from "./form.ts";

type Invitations = Config["invitations"];

/**
 * A job that invites the people of a file, row by row (C12, F12). Before: the rows are read. After: they stand with the job; those
 * whose form is wrong are refused, the others wait for their turn; an audit row stands. Nobody is invited yet.
 * @param notify whether mails go out; undefined: as the organization has it.
 * @throws MusterError `conflict` when too many jobs are open.
 */
export async function createInvitationImport(
  tx: Tx,
  rows: readonly ReadRow[],
  notify: boolean | undefined,
): Promise<Job> {
  const id = await createJob(tx, "import-invitations", notify === undefined ? {} : { notify });
  const problems = rows.map((row) => ("problem" in row ? row.problem : null));
  const refused = problems.filter((problem) => problem !== null).length;
  await tx.query({
    text: `with kept as (
        insert into job_rows (organization, job, subject, number, email, input, state, code, message)
        select $1, $2, w.id, w.number, w.email, w.input, case when w.problem is null then 'open' else 'refused' end,
          case when w.problem is not null then 'invalid' end, w.problem
        from unnest($3::uuid[], $4::integer[], $5::text[], $6::jsonb[], $7::text[]) w (id, number, email, input, problem)
        order by w.number
      )
      update jobs set total = $8, refused = $9 where organization = $1 and id = $2`,
    values: [
      tx.organization,
      id,
      // In the order of the file: of one millisecond they are in none.
      rows.map(() => newId()).sort(),
      rows.map(({ number }) => number),
      rows.map(({ email }) => email),
      rows.map((row) => ("row" in row ? JSON.stringify(row.row) : null)),
      problems,
      rows.length,
      refused,
    ],
  });
  await recordChanges(tx, [
    {
      action: "job.created",
      subjectKind: "job",
      subject: id,
      detail: { action: "import-invitations", total: rows.length, refused },
    },
  ]);
  return getJob(tx, id);
}

/**
 * Invites the one person of a row. Before: any. After: as `invite`.
 * @throws MusterError as `invite`, and for names that there are not.
 */
export async function inviteRow(
  tx: Tx,
  settings: Invitations,
  held: readonly Held[],
  row: ImportRow,
  notify: boolean | undefined,
): Promise<Invited> {
  const { results } = await invite(tx, settings, held, {
    ...(await wishOf(tx, row)),
    emails: [row.email],
    notify,
    message: row.message ?? null,
  });
  const [result, another] = results;
  if (!result || another) throw new MusterError("invalid", "a row is for one address", { at: "email" });
  return result;
}

async function wishOf(db: Db, row: ImportRow): Promise<Wish> {
  if (row.product === undefined && (row.role !== undefined || row.space !== undefined))
    throw new MusterError("invalid", "a role and a space are of a product; name it", { at: "product" });
  const groups = [];
  for (const name of (row.groups ?? "").split(";").map((one) => one.trim()))
    if (name !== "") {
      const group = await resolveGroup(db, name);
      if (!("id" in group)) throw new MusterError("not-found", `there is no group ${name} yet`, { at: "groups" });
      groups.push(group.id);
    }
  if (row.product === undefined) return { roles: [], groups, spaces: [] };
  const [site, key] = row.product.includes("/") ? row.product.split("/", 2) : [undefined, row.product];
  const { id: product } = await resolveProduct(db, key ?? "", site);
  // A row that only adds a space to groups says no role.
  const role = row.role === undefined && row.space !== undefined && groups.length > 0 ? null : row.role;
  const roles = role === null ? [] : [{ product, role: await roleOrDefault(db, role, "role") }];
  if (row.space === undefined) return { roles, groups, spaces: [] };
  const space = {
    product,
    space: (await resolveSpace(db, product, row.space)).id,
    permission: row.permission ?? ("read-only" as const),
    sponsor: row.sponsor === undefined ? null : await resolvePerson(db, row.sponsor),
    expiresAt: await endOf(db, row.until === undefined ? null : (whenOf(row.until) ?? null)),
  };
  return { roles, groups, spaces: [space] };
}

/** What became of a row, or would. */
export type RowOutcome = {
  row: number;
  email: string;
  user: AccountId | null;
  state: "done" | "unchanged" | "refused";
  code: string | null;
  message: string | null;
};

/** The outcome that a verdict is. */
export function outcomeOf(result: Invited): Omit<RowOutcome, "row" | "email"> {
  const said = "message" in result ? { code: result.code, message: result.message } : { code: null, message: null };
  const state = result.verdict === "refused" ? "refused" : result.verdict === "member" ? "unchanged" : "done";
  return { user: result.account, state, ...said };
}

/** Rows that a preview tries, the first ones; the form of all is looked at. */
const MOST_PREVIEWED = 200;

/**
 * What the rows would come to, one after the other, as the job does it; no budget is spent, because the job would wait for one.
 * Before: `tx` is rolled back afterwards. After: no mail is queued. Rows behind the first 200 are told only where their form is wrong.
 */
export async function previewImport(
  tx: Tx,
  settings: Invitations,
  held: readonly Held[],
  rows: readonly ReadRow[],
): Promise<RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  for (const [index, one] of rows.entries()) {
    const { number, email } = one;
    if ("problem" in one)
      outcomes.push({ row: number, email, user: null, state: "refused", code: "invalid", message: one.problem });
    else if (index < MOST_PREVIEWED) {
      await tx.query({ text: "savepoint row" });
      try {
        outcomes.push({ row: number, email, ...outcomeOf(await inviteRow(tx, settings, held, one.row, false)) });
      } catch (error) {
        if (!isMusterError(error) || error.code === "internal" || error.code === "unavailable") throw error;
        await tx.query({ text: "rollback to savepoint row" });
        const { code, message } = error;
        outcomes.push({ row: number, email, user: null, state: "refused", code, message });
      }
      await tx.query({ text: "release savepoint row" });
    }
  }
  return outcomes;
}
