import type { SyncRunId } from "../../db/id.ts";
import type { SqlFragment } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";
import { addMembers } from "../../identity/directory-groups/add-members.ts";
import { insertNewPeople } from "../../identity/directory-users/insert-new.ts";
import type { ApplyJob } from "./batches.ts";
import { type Outcome, type Part, rowsOf, type UserRow } from "./rows.ts";
import { writeUsers } from "./write.ts";

/**
 * Writes the people of a part of the plan who are new, by the set; those whose name somebody has already by the rules of
 * everybody else.
 */
export async function addPeople(tx: Tx, job: ApplyJob, part: Part, turn: () => Promise<void>): Promise<Outcome> {
  const { inserted, active, others } = await insertNewPeople(
    tx,
    job.lock.directory,
    ofPart(
      tx,
      job.run,
      part,
      `select p.subject as id, p.immutable_id, p.next ->> 'externalId' as external_id, p.next ->> 'userName' as user_name,
          p.user_name_key, (p.next ->> 'active')::boolean as active, p.next ->> 'email' as email, p.email_key,
          p.next ->> 'displayName' as display_name, p.next -> 'resource' as resource,
          decode(p.next ->> 'contentHash', 'hex') as content_hash`,
      "user-add",
    ),
  );
  const done: Outcome = { applied: [], leftOut: [], written: inserted, lost: 0, gained: active };
  if (others.length === 0) return done;
  await turn();
  const rows = await rowsOf<UserRow>(tx, job.run, part, others);
  const more = await writeUsers(tx, job.run, job.lock.directory, "user-add", rows);
  return { ...more, written: inserted + more.written, gained: active + more.gained };
}

/** Of the people of a plan: who was left out, or went since it was made, be it in a transaction that was open then. */
const MISSING = `
  select subject from sync_plan
  where organization = $1 and run = $2 and kind in ('user-add', 'user-restore') and conflict is not null
  union all
  select u.id from sync_runs r
  join directory_users u on u.organization = $1 and u.directory = r.directory and u.deleted_at > r.started_at - interval '1 hour'
  where r.organization = $1 and r.id = $2`;

/** Writes the memberships of a part of the plan; undefined, and nothing written, where somebody is gone by now. */
export async function addMemberships(
  tx: Tx,
  job: ApplyJob,
  part: Part,
  turn: () => Promise<void>,
): Promise<Outcome | undefined> {
  const members = ofPart(
    tx,
    job.run,
    part,
    "select p.subject as group_id, unnest(coalesce(array_remove(p.members, null), array[p.member])) as member",
    "member-add",
  );
  const written = await addMembers(tx, job.lock.directory, members, MISSING, turn);
  return written === undefined ? undefined : { applied: [], leftOut: [], written, lost: 0, gained: 0 };
}

function ofPart(tx: Tx, run: SyncRunId, { after, last }: Part, select: string, kind: string): SqlFragment {
  return {
    text: `${select} from sync_plan p where p.organization = $1 and p.run = $2 and p.kind = '${kind}'
      and p.seq > $3 and p.seq <= $4 and p.applied_at is null and p.conflict is null`,
    values: [tx.organization, run, after, last],
  };
}
