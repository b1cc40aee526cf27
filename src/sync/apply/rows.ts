import type { Db } from "../../db/connection.ts";
import type { DirectoryUserId, GroupId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { DirectoryGroupInput } from "../../identity/directory-groups/directory-group.ts";
import type { DirectoryUserInput } from "../../identity/directory-users/directory-user.ts";
import type { PlannedUser } from "../map.ts";
import type { PlannedGroup } from "../plan/groups.ts";
import { lines, linesOf, MEMBERS_OF_A_ROW } from "../plan/lines.ts";

export type UserKind = "user-add" | "user-restore" | "user-update" | "user-deactivate" | "user-remove";
export type GroupKind = "group-add" | "group-restore" | "group-update" | "group-remove";
export type LinkKind = "member-add" | "member-remove" | "nesting-add" | "nesting-remove";
export type PlanKind = UserKind | GroupKind | LinkKind;

type Common = { seq: number; name: string; version: number | null };
export type UserRow = Common & {
  kind: UserKind;
  subject: DirectoryUserId;
  next: PlannedUser | null;
  previous: PlannedUser | null;
};
export type GroupRow = Common & {
  kind: GroupKind;
  subject: GroupId;
  contentHash: Buffer | null;
  next: PlannedGroup | null;
  previous: PlannedGroup | null;
};
/** `ofMany`: one of several memberships that one row of the plan stands for. */
export type LinkRow = Common & { kind: LinkKind; subject: GroupId; member: string; ofMany: boolean };

/**
 * Why a row of the plan was left out, in words that name both sides; the other side also apart, where there is one.
 * `member`: of the memberships that the row stands for, this one alone.
 */
export type LeftOut = {
  seq: number;
  member?: string;
  conflict: string;
  kind: "changed-since" | "user-name-held" | "refused";
  other?: { id: string | null; name: string };
};

/** What of the plan is left out with one of `nextRows`. */
export function placeOf({ seq, member, ofMany }: Pick<LinkRow, "seq" | "ofMany"> & { member: string | null }) {
  return { seq, ...(ofMany && member !== null && { member }) };
}

/** What a batch did. `applied` are rows of the plan, `written` rows of what is held. */
export type Outcome = { applied: number[]; leftOut: LeftOut[]; written: number; lost: number; gained: number };

/** Which rows of a plan: of these kinds, `together` or all others, after this place, at most so many (null: all). */
export type Slice = { kinds: readonly PlanKind[]; together: boolean; after: number; limit: number | null };

/** @param line what tells the member and the name. */
const columns = (line: string) =>
  `p.seq, p.kind, p.subject, ${line}.member, coalesce(${line}.name, '') as name, p.version, p.content_hash as "contentHash",
    p.next, p.previous`;

/**
 * The next rows that are neither applied nor left out, in the order of the plan; of a row that stands for many memberships
 * each of them, all of which have its `seq`.
 */
export async function nextRows<Row>(tx: Tx, run: SyncRunId, slice: Slice): Promise<Row[]> {
  // As words of the statement: only so it is plain that the index has them.
  const kinds = slice.kinds.map((kind) => `'${kind}'`).join(", ");
  return tx.query<Row>({
    name: `next-plan-rows-${slice.kinds.join("-")}`,
    text: `select ${columns("l")}, p.members is not null as "ofMany"
      from (select * from sync_plan where organization = $1 and run = $2 and kind in (${kinds}) and together = $3
        and seq > $4 and applied_at is null and conflict is null order by seq limit $5) p
      cross join lateral ${lines("p")} l order by p.seq, l.line`,
    values: [tx.organization, run, slice.together, slice.after, slice.limit],
  });
}

/**
 * A part of a plan: the rows of one kind behind `after`, as far as `last`; so many `rows` with `count` lines are to be applied.
 * It ends with a group's last row, but where the group alone is larger (`splits`).
 */
export type Part = { after: number; last: number; rows: number; count: number; splits: boolean };

/** Rows are read ahead that a part has no room for: where one stands for many lines, fewer are. */
const FEWER = MEMBERS_OF_A_ROW / 2;

/** The next part, of so many lines; undefined when there is none that the database could write by itself. */
export async function nextPart(tx: Tx, run: SyncRunId, { kinds, after, limit }: Slice): Promise<Part | undefined> {
  const open = `from sync_plan p where p.organization = $1 and p.run = $2 and p.kind = $3 and p.seq > $4
    and p.applied_at is null and p.conflict is null order by p.seq`;
  const [row] = await tx.query<Omit<Part, "after"> & { keyed: boolean }>({
    name: "next-part-of-plan",
    text: `
      with most as materialized (
        select case when (select p.members is not null ${open} limit 1) then $5::bigint / ${FEWER} + 1 else $5::bigint end as rows
      ), next as materialized (
        select o.*, row_number() over behind as number, sum(o.size) over behind as place
        from (select p.seq, p.subject, p.kind <> 'user-add' or p.user_name_key is not null as keyed, ${linesOf("p")} as size
          ${open} limit (select rows + 1 from most)) o
        window behind as (order by o.seq)
      ), beyond as (
        select seq, subject from next where number > 1 and (place > $5 or number > (select rows from most)) order by seq limit 1
      ), room as (
        select n.seq, b.subject is null or n.subject is distinct from b.subject as whole
        from next n left join beyond b on true where b.seq is null or n.seq < b.seq
      ), part as (
        select coalesce(max(seq) filter (where whole), max(seq)) as last, not bool_or(whole) as splits from room
      )
      select count(*) as rows, sum(n.size)::int as count, p.last, p.splits, bool_and(n.keyed) as keyed
      from part p join next n on n.seq <= p.last group by p.last, p.splits`,
    values: [tx.organization, run, kinds[0], after, limit],
  });
  if (!row?.keyed) return undefined;
  const { rows, count, last, splits } = row;
  return { after, last, rows, count, splits };
}

/** The rows of a part that are about these people. */
export async function rowsOf<Row>(tx: Tx, run: SyncRunId, part: Part, subjects: readonly string[]): Promise<Row[]> {
  return tx.query<Row>({
    text: `select ${columns("p")} from sync_plan p where p.organization = $1 and p.run = $2 and p.seq > $3 and p.seq <= $4
        and p.applied_at is null and p.conflict is null and p.subject = any($5)
      order by p.seq`,
    values: [tx.organization, run, part.after, part.last, subjects],
  });
}

/**
 * Behind which row each step begins and with which it ends: of these kinds, alone or together; undefined when a plan has no
 * row of them that is neither applied nor left out.
 */
export async function kindsToDo(
  db: Db,
  run: SyncRunId,
): Promise<(kinds: readonly PlanKind[], together: boolean) => { after: number; last: number } | undefined> {
  const rows = await db.query<{ kind: PlanKind; together: boolean; first: number; last: number; through: number }>({
    text: `select p.*, coalesce((r.applied_through ->> p.kind)::bigint, 0) as through
      from sync_runs r cross join (
        select kind, together, min(seq) as first, max(seq) as last from sync_plan
        where organization = $1 and run = $2 and applied_at is null and conflict is null group by kind, together) p
      where r.organization = $1 and r.id = $2`,
    values: [db.organization, run],
  });
  return (kinds, together) => {
    const open = rows.filter((row) => row.together === together && kinds.includes(row.kind) && row.through < row.last);
    if (open.length === 0) return undefined;
    return {
      after: Math.min(...open.map((row) => Math.max(row.first - 1, row.through))),
      last: Math.max(...open.map((row) => row.last)),
    };
  };
}

export function userInput(id: DirectoryUserId, planned: PlannedUser): DirectoryUserInput {
  return { ...planned, id, contentHash: hashOf(planned.contentHash) };
}

/** A pulled directory may hold twins: two groups of one name. */
export function groupInput(id: GroupId, planned: PlannedGroup): DirectoryGroupInput {
  return { ...planned, id, contentHash: hashOf(planned.contentHash), uniqueName: false };
}

function hashOf(hexadecimal: string | null): Buffer | null {
  return hexadecimal === null ? null : Buffer.from(hexadecimal, "hex");
}
