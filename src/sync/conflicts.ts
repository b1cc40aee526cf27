import type { Db } from "../db/connection.ts";
import type { DirectoryId, SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { getRun } from "./runs.ts";

export const CONFLICT_KINDS = [
  "unusable",
  "same-user-name",
  "user-name-held",
  "same-address",
  "same-group-name",
  "changed-since",
  "refused",
] as const;
type ConflictKind = (typeof CONFLICT_KINDS)[number];

/** One of the two that are in conflict, as far as it is known. `directory` null: the organization itself, of a local group. */
export type ConflictSide = {
  directory: DirectoryId | null;
  /** The directory's own unchanging id. */
  id: string | null;
  /** Where it stands there: a DN, a URL. */
  location: string | null;
  /** The user name, or the group's. */
  name: string | null;
};

/** What a run left out, or wants looked at; the first side is the entry that it is about. */
export type RunConflict = {
  seq: number;
  kind: ConflictKind;
  /** In words that name both sides. */
  detail: string;
  sides: readonly ConflictSide[];
  /** What to do about it. */
  advice: string;
};

const ADVICE: Record<ConflictKind, string> = {
  unusable:
    "Give the entry in its directory a user name that can be stored, or filter it out; until then whoever Muster holds under its id stays as they are.",
  "same-user-name":
    "Give one of the two another user name in the directory, or filter one out; until then the second stays as it is.",
  "user-name-held":
    "Nothing, if the other is about to leave or to be renamed: the next full run takes it up. Else give one of the two another user name.",
  "same-address":
    "Nothing, if they are two people. If they are one, give both records the same user name; an address makes nobody the same person.",
  "same-group-name":
    "Nothing, if they are two groups: grants name a group by its id. Rename one of them if people take one for the other.",
  "changed-since": "Nothing: run the sync again, and it is planned against what is held now.",
  refused: "Change the entry in its directory so that what the detail says no longer holds, then run the sync again.",
};

/**
 * A page of a run's conflicts; `after` is the `next` of the page before, which is null on the last page.
 * @throws MusterError `not-found`.
 */
export async function listConflicts(
  db: Db,
  run: SyncRunId,
  page: { after?: number; limit?: number } = {},
): Promise<{ conflicts: RunConflict[]; next: number | null }> {
  const limit = page.limit ?? 200;
  const rows = await db.query<Omit<RunConflict, "advice">>({
    text: `select p.seq, coalesce(p.conflict_kind, 'refused') as kind, p.conflict as detail,
        coalesce(p.sides, jsonb_build_array(jsonb_build_object(
          'directory', r.directory, 'id', p.immutable_id, 'location', null, 'name', p.name))) as sides
      from sync_plan p join sync_runs r on r.organization = $1 and r.id = $2
      where p.organization = $1 and p.run = $2 and p.conflict is not null and p.seq > $3
      order by p.seq limit ${Math.trunc(limit + 1)}`,
    values: [db.organization, run, page.after ?? 0],
    prepared: true,
  });
  // Rows tell that their run is there.
  if (rows.length === 0 && !(await getRun(db, run)))
    throw new MusterError("not-found", "there is no such sync run", { at: "run" });
  const shown = rows.slice(0, limit).map((row) => ({ ...row, advice: ADVICE[row.kind] }));
  return { conflicts: shown, next: rows.length > limit ? (shown.at(-1)?.seq ?? null) : null };
}
