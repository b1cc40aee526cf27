import type { Db } from "../db/connection.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import { type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import { binding } from "./within.ts";

/** One thing that somebody did, as it is kept. Nobody can change it, the application included. */
export type AuditRow = {
  id: number;
  at: Date;
  actor: { kind: string; id: string | null };
  requestId: string | null;
  action: string;
  subject: { kind: string; id: string | null };
  detail: Record<string, unknown>;
};

export type AuditQuery = {
  /** Go on behind the row with this number. */
  after: number | null;
  limit: number;
  order: "newest-first" | "oldest-first";
  actor?: string | undefined;
  actorKind?: string | undefined;
  /** One action, or all of a noun: `group.*`. */
  action?: string | undefined;
  subject?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  filter?: ListFilter | undefined;
};

/** What the audit can be filtered by. */
export const AUDIT_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "integer", column: { sql: "a.id", form: "number", nullable: false } },
  { name: "at", type: "dateTime", column: { sql: "a.at", form: "time", nullable: false } },
  { name: "actorKind", type: "string", column: { sql: "a.actor_kind", form: "exact", nullable: false } },
  { name: "actor", type: "string", column: { sql: "a.actor", form: "exact", nullable: true } },
  { name: "requestId", type: "string", column: { sql: "a.request_id", form: "exact", nullable: true } },
  { name: "action", type: "string", column: { sql: "a.action", form: "exact", nullable: false } },
  { name: "subjectKind", type: "string", column: { sql: "a.subject_kind", form: "exact", nullable: false } },
  { name: "subject", type: "string", column: { sql: "a.subject", form: "reference", nullable: true } },
);

const COLUMNS = `a.id, a.at, json_build_object('kind', a.actor_kind, 'id', a.actor) as actor,
  a.request_id as "requestId", a.action, json_build_object('kind', a.subject_kind, 'id', a.subject) as subject, a.detail`;

/**
 * A page of the audit by number, which grows with time. Whoever follows what happens, and must not miss what was
 * committed late, reads `/events` instead.
 * @throws MusterError `too-many` when a filter that no index serves looks at too much.
 */
export async function pageOfAudit(db: Db, query: AuditQuery): Promise<AuditRow[]> {
  const values: unknown[] = [db.organization];
  const bind = binding(values);
  const newest = query.order === "newest-first";
  const conditions = ["a.organization = $1"];
  if (query.after !== null) conditions.push(`a.id ${newest ? "<" : ">"} ${bind(query.after)}::bigint`);
  if (query.subject !== undefined) conditions.push(`a.subject = ${bind(query.subject)}`);
  const served = conditions.length;
  if (query.actor !== undefined) conditions.push(`a.actor = ${bind(query.actor)}`);
  if (query.actorKind !== undefined) conditions.push(`a.actor_kind = ${bind(query.actorKind)}`);
  if (query.action?.endsWith(".*")) conditions.push(`starts_with(a.action, ${bind(query.action.slice(0, -1))})`);
  else if (query.action !== undefined) conditions.push(`a.action = ${bind(query.action)}`);
  if (query.since !== undefined) conditions.push(`a.at >= ${bind(query.since)}`);
  if (query.until !== undefined) conditions.push(`a.at < ${bind(query.until)}`);
  if (query.filter !== undefined) conditions.push(listFilterSql(query.filter, values));
  return db.query<AuditRow>({
    text: `select ${COLUMNS} from audit a where ${conditions.join(" and ")}
      order by a.id ${newest ? "desc" : "asc"} limit ${Math.trunc(query.limit)}`,
    values,
    prepared: conditions.length === served,
  });
}

/** One row of the audit. @throws MusterError `not-found`. */
export async function getAuditRow(db: Db, id: number): Promise<AuditRow> {
  const [row] = await db.query<AuditRow>({
    text: `select ${COLUMNS} from audit a where a.organization = $1 and a.id = $2`,
    values: [db.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such audit row", { at: "id" });
  return row;
}
