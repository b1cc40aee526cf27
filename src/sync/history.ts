import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "../identity/list-filter.ts";
import { isApplied } from "./apply/keep.ts";
import { lines, linesOf, MEMBERS_OF_A_ROW } from "./plan/lines.ts";
import { getRun, runColumns, runOf, type SyncRun, type SyncState } from "./runs.ts";

/** One line of a plan as it is shown: what would happen, or happened, to whom. */
export type SyncPlanRow = {
  seq: number;
  kind: string;
  subject: string | null;
  member: string | null;
  name: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  appliedAt: Date | null;
  /** Why it was left out, naming both sides. */
  conflict: string | null;
};

/** Every kind of line; the last three change nothing by themselves. */
export const PLAN_KINDS = [
  "user-add",
  "user-restore",
  "user-update",
  "user-deactivate",
  "user-remove",
  "group-add",
  "group-restore",
  "group-update",
  "group-remove",
  "member-add",
  "member-remove",
  "nesting-add",
  "nesting-remove",
  "conflict",
  "shared-address",
  "shared-group-name",
] as const;

/** What runs can be filtered by. */
export const RUN_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "string", column: { sql: "id", form: "reference", nullable: false }, keyed: true },
  { name: "mode", type: "string", column: { sql: "mode", form: "exact", nullable: false } },
  { name: "trigger", type: "string", column: { sql: "trigger", form: "exact", nullable: false } },
  { name: "lane", type: "string", column: { sql: "lane", form: "exact", nullable: false } },
  { name: "askedBy", type: "string", column: { sql: "asked_by", form: "exact", nullable: true } },
  { name: "state", type: "string", column: { sql: "state", form: "exact", nullable: false }, keyed: true },
  { name: "complete", type: "boolean", column: { sql: "complete", form: "boolean", nullable: false } },
  { name: "rowsWritten", type: "integer", column: { sql: "rows_written", form: "number", nullable: false } },
  { name: "startedAt", type: "dateTime", column: { sql: "started_at", form: "time", nullable: false } },
  { name: "appliedAt", type: "dateTime", column: { sql: "applied_at", form: "time", nullable: true } },
  { name: "finishedAt", type: "dateTime", column: { sql: "finished_at", form: "time", nullable: true } },
);

/**
 * The latest runs first, of one directory or of all, in one state or begun since an instant; `before` continues after the
 * last run of the page before.
 */
export async function listRuns(
  db: Db,
  query: {
    directory?: DirectoryId;
    state?: SyncState;
    since?: Date;
    limit?: number;
    before?: SyncRunId;
    filter?: ListFilter;
  } = {},
): Promise<SyncRun[]> {
  const { filter, directory, state, since, before } = query;
  const values: unknown[] = [db.organization];
  const conditions = [
    ...(directory === undefined ? [] : [`directory = $${values.push(directory)}`]),
    ...(state === undefined ? [] : [`state = $${values.push(state)}`]),
    ...(since === undefined ? [] : [`started_at >= $${values.push(since)}`]),
    ...(before === undefined ? [] : [`id < $${values.push(before)}`]),
    ...(filter === undefined ? [] : [listFilterSql(filter, values)]),
  ];
  const rows = await db.query<SyncRun>({
    text: `select ${runColumns} from sync_runs
      where ${["organization = $1", ...conditions].join(" and ")} order by id desc limit ${Math.trunc(query.limit ?? 50)}`,
    values,
    prepared: filter === undefined || isServed(filter),
  });
  return rows.map(runOf);
}

/**
 * A run with a page of its plan, or of the rows of one kind; `after` is the `next` of the page before, which is null on
 * the last page.
 * @throws MusterError `not-found`.
 */
export async function showRun(
  db: Db,
  run: SyncRunId,
  page: { after?: number; limit?: number; kind?: string } = {},
): Promise<{ run: SyncRun; rows: SyncPlanRow[]; next: number | null }> {
  const found = await getRun(db, run);
  if (!found) throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  return { run: found, ...(await pageOfPlan(db, run, page)) };
}

/**
 * The page alone.
 * @throws MusterError `not-found`.
 */
export async function pageOfPlan(
  db: Db,
  run: SyncRunId,
  page: { after?: number; limit?: number; kind?: string } = {},
): Promise<{ rows: SyncPlanRow[]; next: number | null }> {
  const limit = page.limit ?? 200;
  const values: unknown[] = [db.organization, run, page.after ?? 0];
  // Lines of the first row may be before the page, and lines of the row behind the last one among the others.
  const most = Math.trunc(limit) + 2 * MEMBERS_OF_A_ROW;
  const ofKind = page.kind === undefined ? "" : `and p.kind = $${values.push(page.kind)}`;
  const rows = await db.query<SyncPlanRow>({
    text: `select l.line as seq, p.kind, p.subject, l.member, l.name, p.previous - '{resource,contentHash}'::text[] as before,
        p.next - '{resource,contentHash}'::text[] as after, p.conflict,
        case when ${isApplied("p", "r")} then coalesce(p.applied_at, r.applied_at) end as "appliedAt"
      from (select p.*, sum(${linesOf("p")}) over (order by p.seq) - ${linesOf("p")} as before from sync_plan p
        where p.organization = $1 and p.run = $2 and p.seq > $3 and ${linesOf("p")} > 0 ${ofKind}
        order by p.seq limit ${most}) p
      join sync_runs r on r.organization = $1 and r.id = p.run
      cross join lateral ${lines("p")} l
      where p.before <= ${most} and l.line > $3
      order by l.line limit ${Math.trunc(limit + 1)}`,
    values,
    prepared: true,
  });
  // Rows tell that their run is there.
  if (rows.length === 0 && !(await getRun(db, run)))
    throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  const more = rows.length > limit;
  const shown = rows.slice(0, limit);
  return { rows: shown, next: more ? (shown.at(-1)?.seq ?? null) : null };
}
