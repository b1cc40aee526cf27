import type { Db } from "../../db/connection.ts";
import type { DirectoryUserId, GroupId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { DirectoryGroupInput } from "../../identity/directory-groups/directory-group.ts";
import type { DirectoryUserInput } from "../../identity/directory-users/directory-user.ts";
import type { PlannedGroup } from "../plan/groups.ts";
import type { PlannedUser } from "../plan/users.ts";

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
export type LinkRow = Common & { kind: LinkKind; subject: GroupId; member: string };

/** Why a row of the plan was left out, in words that name both sides; the other side also apart, where there is one. */
export type LeftOut = {
  seq: number;
  conflict: string;
  kind: "changed-since" | "user-name-held" | "refused";
  other?: { id: string | null; name: string };
};

/** What a batch did. `applied` are rows of the plan, `written` rows of what is held. */
export type Outcome = { applied: number[]; leftOut: LeftOut[]; written: number; lost: number; gained: number };

/** Which rows of a plan: of these kinds, `together` or all others, after this place, at most so many (null: all). */
export type Slice = { kinds: readonly PlanKind[]; together: boolean; after: number; limit: number | null };

/** The next rows that are neither applied nor left out, in the order of the plan. */
export async function nextRows<Row>(tx: Tx, run: SyncRunId, slice: Slice): Promise<Row[]> {
  return tx.query<Row>({
    name: "next-plan-rows",
    text: `select seq, kind, subject, member, coalesce(name, '') as name, version, content_hash as "contentHash", next, previous
      from sync_plan where organization = $1 and run = $2 and kind = any($3) and together = $4 and seq > $5
        and applied_at is null and conflict is null
      order by seq limit $6`,
    values: [tx.organization, run, slice.kinds, slice.together, slice.after, slice.limit],
  });
}

/** Of which kinds, alone or together, a plan has rows that are neither applied nor left out. */
export async function kindsToDo(
  db: Db,
  run: SyncRunId,
): Promise<(kinds: readonly PlanKind[], together: boolean) => boolean> {
  const rows = await db.query<{ kind: PlanKind; together: boolean }>({
    text: `select kind, together from sync_plan
      where organization = $1 and run = $2 and applied_at is null and conflict is null group by kind, together`,
    values: [db.organization, run],
  });
  return (kinds, together) => rows.some((row) => row.together === together && kinds.includes(row.kind));
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
