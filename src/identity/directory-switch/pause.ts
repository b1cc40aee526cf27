import type { DirectoryId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { recordChanges } from "../record.ts";
import type { Move } from "./switch.ts";

/** One of the two directories of a switch. */
export type End = {
  id: DirectoryId;
  name: string;
  kind: string;
  position: number;
  switchedAt: Date | null;
  switchedTo: DirectoryId | null;
};

/**
 * Locks the two directories of a switch. Before: the organization is locked exclusively.
 * @throws MusterError `not-found`; `invalid` for one directory twice and for `internal`, which cannot be left; `conflict`
 * when the one was switched to another directory already, or people were switched away from the other.
 */
export async function hold(tx: Tx, from: DirectoryId, to: DirectoryId): Promise<{ from: End; to: End }> {
  const rows = await tx.query<End>({
    text: `select id, name, kind, position, switched_at as "switchedAt", switched_to as "switchedTo" from directories
      where organization = $1 and id = any($2) and position > 0 order by id for no key update`,
    values: [tx.organization, [from, to]],
  });
  const [left, right] = [rows.find((row) => row.id === from), rows.find((row) => row.id === to)];
  if (!left) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
  if (!right) throw new MusterError("not-found", "there is no such directory", { at: "to" });
  if (from === to)
    throw new MusterError("invalid", "people are switched from one directory to another one", { at: "to" });
  for (const [end, at] of [[left, "directory"] as const, [right, "to"] as const])
    if (end.kind === "internal")
      throw new MusterError("invalid", "who is in internal is nowhere else: it is not switched from or to", { at });
  if (left.switchedTo !== null && left.switchedTo !== to)
    throw new MusterError("conflict", `${left.name} was switched to another directory already`, { at: "directory" });
  if (right.switchedAt !== null && right.switchedTo !== from && right.switchedTo !== null)
    throw new MusterError("conflict", `${right.name} was itself switched to another directory; switch back first`, {
      at: "to",
    });
  return { from: left, to: right };
}

/**
 * The directory that is left rests: whatever runs on it is given up, no run begins any more, nothing that is pushed to it is taken,
 * and it stands below the other one, which takes its place where it stood above. The other one works (again).
 * Before: `hold`. After: the positions are as they shall be; returns whether they are others than before.
 */
export async function pause(tx: Tx, move: Move): Promise<boolean> {
  const { from, to } = move;
  const values = [tx.organization, from.id, to.id];
  await tx.query({
    text: `update directories set switched_at = coalesce(switched_at, statement_timestamp()), switched_to = $3,
        epoch = epoch + 1, next_run_at = case when sync_every is not null then 'infinity'::timestamptz end,
        next_delta_at = case when delta_every is not null then 'infinity'::timestamptz end
      where organization = $1 and id = $2`,
    values,
  });
  // Its next batch finds the epoch changed.
  const given = await tx.query<{ id: string }>({
    text: `update sync_runs set state = 'abandoned', phase = 'over', finished_at = statement_timestamp(),
        error = 'the directory was switched to another one meanwhile'
      where organization = $1 and directory = $2 and state = 'running' returning id`,
    values: values.slice(0, 2),
  });
  await recordChanges(
    tx,
    given.map(({ id }) => ({
      action: "sync.abandoned",
      subjectKind: "directory",
      subject: from.id,
      detail: { run: id },
      event: true,
    })),
  );
  if (to.switchedAt !== null)
    await tx.query({
      text: `update directories set switched_at = null, switched_to = null,
          next_run_at = statement_timestamp() + sync_every, next_delta_at = null where organization = $1 and id = $2`,
      values: [tx.organization, to.id],
    });
  if (to.position < from.position) return false;
  await tx.query({
    text: `update directories set position = case when id = $2 then $3::integer else position + 1 end
      where organization = $1 and position between $3 and $4`,
    values: [tx.organization, to.id, from.position, to.position],
  });
  return true;
}
