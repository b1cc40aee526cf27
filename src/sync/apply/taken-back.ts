import type { DirectoryUserId, GroupId, SyncRunId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { changeLinksOfRemoved } from "../../identity/directory-groups/removed-links.ts";
import { type GroupRow, type LeftOut, type LinkRow, placeOf, type UserRow } from "./rows.ts";

/**
 * Of people and groups that an undoing has just taken away again, those that came back with the undone run: gives their
 * tombstones the memberships that they had before it. Whoever of them stays, because something has changed since, keeps theirs.
 * @param taken which of the `rows` were taken away.
 * @returns the rows of the plan that this applied; those that it leaves out are added to `leftOut`.
 */
export async function takeLinksBack(
  tx: Tx,
  run: SyncRunId,
  taken: readonly (UserRow | GroupRow)[],
  rows: readonly (UserRow | GroupRow)[],
  leftOut: LeftOut[],
): Promise<LinkRow[]> {
  // Only what came back was something before.
  const back = rows.filter((row) => row.next !== null);
  if (back.length === 0) return [];
  const gone = new Set(taken.map((row) => row.subject as string));
  const links = await tx.query<LinkRow>({
    text: `select seq, kind, subject, member, coalesce(name, '') as name, version, false as "ofMany" from sync_plan
      where organization = $1 and run = $2 and kind in ('member-add', 'member-remove', 'nesting-add', 'nesting-remove')
        and applied_at is null and conflict is null and members is null and (subject = any($3) or member = any($3))
      order by seq`,
    values: [tx.organization, run, back.map((row) => row.subject)],
  });
  const isOfGone = (link: LinkRow): boolean => gone.has(link.subject) || gone.has(link.member);
  for (const link of links.filter((one) => !isOfGone(one)))
    leftOut.push({
      ...placeOf(link),
      conflict: `${link.name}: one of the two was left out, so that nothing of it is undone`,
      kind: "changed-since",
    });
  const done = links.filter(isOfGone);
  const of = (kind: LinkRow["kind"]) => done.filter((link) => link.kind === kind);
  await changeLinksOfRemoved(tx, {
    members: { add: of("member-add").map(toMember), remove: of("member-remove").map(toMember) },
    nestings: { add: of("nesting-add").map(toNesting), remove: of("nesting-remove").map(toNesting) },
  });
  return done;
}

function toMember(row: LinkRow): { group: GroupId; member: DirectoryUserId } {
  return { group: row.subject, member: row.member as DirectoryUserId };
}

function toNesting(row: LinkRow): { parent: GroupId; child: GroupId } {
  return { parent: row.subject, child: row.member as GroupId };
}
