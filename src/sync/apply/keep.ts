import type { SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { lines } from "../plan/lines.ts";
import type { LeftOut, Outcome, PlanKind } from "./rows.ts";

/**
 * Whether a row of a plan is applied: it says so, or its kind is applied in order and got that far.
 * @param row how the statement names the row, @param run and its run.
 */
export const isApplied = (row: string, run: string): string =>
  `(${row}.applied_at is not null or (${row}.conflict is null
    and ${row}.seq <= coalesce((${run}.applied_through ->> ${row}.kind)::bigint, 0)))`;

/**
 * Marks what was applied, with the version it led to (undo is planned against that), and what was left out and why.
 * @param through of a kind that is applied in order: instead of marks on its rows, how far it is applied now.
 */
export async function keep(
  tx: Tx,
  run: SyncRunId,
  outcome: Outcome,
  through?: { kind: PlanKind; seq: number },
): Promise<void> {
  if (!through)
    await tx.query({
      name: "mark-applied",
      text: `update sync_plan p set applied_at = statement_timestamp(),
        applied_version = case when p.member is null then coalesce(
          (select version from directory_users u where u.organization = $1 and u.id = p.subject),
          (select version from directory_groups g where g.organization = $1 and g.id = p.subject)) end
      where p.organization = $1 and p.run = $2 and p.seq = any($3)`,
      values: [tx.organization, run, outcome.applied],
    });
  const apart = outcome.leftOut.filter((one) => one.member !== undefined);
  if (apart.length > 0) await setApart(tx, run, apart);
  const leftOut = outcome.leftOut.filter((one) => one.member === undefined);
  if (leftOut.length > 0)
    await tx.query({
      text: `update sync_plan p set conflict = l.conflict, conflict_kind = l.kind,
          sides = case when l.other is not null then jsonb_build_array(
            jsonb_build_object('directory', r.directory, 'id', p.immutable_id, 'location', null, 'name', p.name),
            jsonb_build_object('directory', r.directory, 'location', null) || l.other) end
        from unnest($3::bigint[], $4::text[], $5::text[], $6::jsonb[]) as l (seq, conflict, kind, other), sync_runs r
        where p.organization = $1 and p.run = $2 and p.seq = l.seq and r.organization = $1 and r.id = $2`,
      values: [
        tx.organization,
        run,
        leftOut.map((row) => row.seq),
        leftOut.map((row) => row.conflict),
        leftOut.map((row) => row.kind),
        leftOut.map((row) => (row.other === undefined ? null : JSON.stringify(row.other))),
      ],
    });
  await tx.query({
    name: "count-applied",
    text: `update sync_runs set rows_written = rows_written + $3, lost = lost + $4, gained = gained + $5,
        applied_through = applied_through || $6 where organization = $1 and id = $2`,
    values: [
      tx.organization,
      run,
      outcome.written,
      outcome.lost,
      outcome.gained,
      JSON.stringify(through ? { [through.kind]: through.seq } : {}),
    ],
  });
}

/**
 * Of rows that stand for many memberships: each that is left out gets a row of its own, with the number that its line had,
 * and the others stay. Before: all say which `member`.
 */
async function setApart(tx: Tx, run: SyncRunId, leftOut: readonly LeftOut[]): Promise<void> {
  await tx.query({
    text: `
      with gone as (
        select * from unnest($3::bigint[], $4::uuid[], $5::text[], $6::text[]) g (seq, member, conflict, kind)
      ), told as (
        insert into sync_plan (organization, run, seq, kind, subject, member, name, conflict, conflict_kind)
          overriding system value
        select p.organization, p.run, l.line, p.kind, p.subject, l.member, l.name, g.conflict, g.kind
        from gone g
        join sync_plan p on p.organization = $1 and p.run = $2 and p.seq = g.seq
        join lateral ${lines("p")} l on l.member = g.member order by l.line
      )
      update sync_plan p set (members, member_names) = (
        select array_agg(s.member order by m.place), array_agg(case when s.member is not null then m.name end order by m.place)
        from unnest(p.members, p.member_names) with ordinality m (member, name, place)
        cross join lateral (
          select case when m.member not in (select g.member from gone g where g.seq = p.seq) then m.member end as member) s)
      where p.organization = $1 and p.run = $2 and p.seq in (select seq from gone)`,
    values: [
      tx.organization,
      run,
      leftOut.map((one) => one.seq),
      leftOut.map((one) => one.member),
      leftOut.map((one) => one.conflict),
      leftOut.map((one) => one.kind),
    ],
  });
}
