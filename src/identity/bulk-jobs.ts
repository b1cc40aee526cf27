import type { Config } from "../config.ts";
import type { Db } from "../db/connection.ts";
import type { AccountId, JobId } from "../db/id.ts";
import type { OrganizationLock, Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { deactivateAccounts, reactivateAccounts } from "./accounts/deactivate.ts";
import { removeAccounts } from "./accounts/remove.ts";
import { revokeAccess } from "./accounts/revoke-access.ts";
import { restoreAccounts, suspendAccounts } from "./accounts/suspend.ts";
import { resendInvitation } from "./invitations/resend.ts";
import { type BulkAction, createJob, getJob, holdJob, type Job, type Turn, unknownJob } from "./jobs.ts";
import { type ListFilter, listFilterSql } from "./list-filter.ts";
import { recordChanges } from "./record.ts";
import { heldByActor } from "./rights/held-by-actor.ts";
import { holds, type Permission } from "./rights/permissions.ts";
import { type Status, statusSql } from "./statuses.ts";

/** Whom a job is about: those that match a filter over `ACCOUNT_FIELDS` when it is made, or these. */
export type People = { filter: ListFilter } | { ids: readonly AccountId[] };
export type Person = { id: AccountId; userName: string; status: Status };

export const ROW_STATES = ["open", "done", "unchanged", "refused"] as const;
export type RowState = (typeof ROW_STATES)[number];
/** What became of one person, or row; `code` and `message` say why it was refused. */
export type JobRow = {
  /** What the row is about: a person, or an import's row. */
  subject: AccountId;
  /** Of an import: its place in the file, and the address that stands there. */
  row: number | null;
  email: string | null;
  user: AccountId | null;
  userName: string | null;
  state: RowState;
  code: string | null;
  message: string | null;
};

/** People of one job. */
const MOST_PEOPLE = 100_000;
/** People that the answer names. */
const MOST_NAMED = 100;

/** What is needed for each action, for the whole organization. */
export const PERMISSIONS_FOR: Readonly<Record<BulkAction, readonly Permission[]>> = {
  suspend: ["users:write"],
  restore: ["users:write"],
  deactivate: ["users:write"],
  reactivate: ["users:write"],
  "revoke-access": ["users:write"],
  remove: ["users:write"],
  "resend-invite": ["users:write", "invitations:write"],
};

/** How many people one transaction takes, and the organization's lock that it needs. A mail is each person's own. */
const STEPS: Readonly<Record<BulkAction, { most: number; lock: OrganizationLock }>> = {
  suspend: { most: 100, lock: "exclusive" },
  restore: { most: 100, lock: "shared" },
  deactivate: { most: 100, lock: "exclusive" },
  reactivate: { most: 100, lock: "shared" },
  "revoke-access": { most: 100, lock: "exclusive" },
  remove: { most: 100, lock: "exclusive" },
  "resend-invite": { most: 1, lock: "none" },
};

/**
 * A job that does one thing to many people. Before: any. After: who they are stands with the job and does not change any more,
 * whatever the filter would find later; ids that nobody has are refused rows; an audit row stands.
 * @throws MusterError `too-many` beyond 100,000 people, `conflict` when too many jobs are open.
 */
export async function createBulkJob(
  tx: Tx,
  wanted: { action: BulkAction; people: People; reason: string | null },
): Promise<{ job: Job; people: Person[] }> {
  const { action, people, reason } = wanted;
  const id = await createJob(tx, action, { reason });
  const values: unknown[] = [tx.organization, id];
  const chosen =
    "ids" in people
      ? `select w.id, a.id is null as unknown from (select distinct unnest($${values.push(people.ids)}::uuid[]) as id) w
          left join accounts a on a.organization = $1 and a.id = w.id`
      : `select a.id, false as unknown from accounts a
          where a.organization = $1 and a.erased_at is null and ${listFilterSql(people.filter, values)}
          limit ${MOST_PEOPLE + 1}`;
  const [counted] = await tx.query<{ total: number; refused: number }>({
    text: `with chosen as materialized (${chosen}), kept as (
        insert into job_rows (organization, job, subject, state, code, message)
        select $1, $2, id, case when unknown then 'refused' else 'open' end,
          case when unknown then 'not-found' end, case when unknown then 'there is no user with this id' end
        from chosen order by id
      )
      update jobs set total = c.total, refused = c.refused
      from (select count(*) as total, count(*) filter (where unknown) as refused from chosen) c
      where organization = $1 and id = $2 returning c.total, c.refused`,
    values,
  });
  if ((counted?.total ?? 0) > MOST_PEOPLE)
    throw new MusterError("too-many", `the filter finds more than ${MOST_PEOPLE} people; narrow it`, { at: "filter" });
  const named = await tx.query<Person>({
    text: `select a.id, a.user_name as "userName", ${statusSql} as status
      from job_rows r join accounts a on a.organization = r.organization and a.id = r.subject
      where r.organization = $1 and r.job = $2 order by a.id limit ${MOST_NAMED}`,
    values: [tx.organization, id],
  });
  await recordChanges(tx, [
    {
      action: "job.created",
      subjectKind: "job",
      subject: id,
      detail: { action, reason, ...counted, people: named.map((person) => person.id) },
    },
  ]);
  return { job: await getJob(tx, id), people: named };
}

/** `more`: another step follows. `over`: nobody is left. `lost`: the job is not this turn's any more. */
export type Stepped = "more" | "over" | "lost";

/** How one step of the job is to be run. */
export function stepOf(turn: Turn): { most: number; lock: OrganizationLock } {
  return STEPS[turn.action as BulkAction];
}

/**
 * Does a job's work to the next people, or to the one named, with what became of each of them in the same commit: nobody's turn
 * comes twice, whoever dies when. Before: the organization is locked as `stepOf` says. After: as the return value says.
 * @throws MusterError of the work itself, when it is refused for one of them: then nothing is changed; `not-allowed` when whoever
 * asked for the job may not do this any more.
 */
export async function stepBulkJob(
  tx: Tx,
  turn: Turn,
  invitations: Config["invitations"],
  only?: AccountId,
): Promise<Stepped> {
  if (!(await holdJob(tx, turn))) return "lost";
  await refuseMaker(tx, turn);
  const rows = await tx.query<{ account: AccountId }>({
    text: `select subject as account from job_rows where organization = $1 and job = $2 and state = 'open'
      and ($3::uuid is null or subject = $3) order by subject limit $4`,
    values: [tx.organization, turn.id, only ?? null, stepOf(turn).most],
  });
  const accounts = rows.map((row) => row.account);
  if (accounts.length === 0) return "over";
  const changed = await work(tx, turn, invitations, accounts);
  await tx.query({
    text: `with told as (
        update job_rows set state = case when subject = any ($4) then 'done' else 'unchanged' end
        where organization = $1 and job = $2 and subject = any ($3) returning state
      )
      update jobs set done = done + (select count(*) from told where state = 'done'),
        unchanged = unchanged + (select count(*) from told where state = 'unchanged')
      where organization = $1 and id = $2`,
    values: [tx.organization, turn.id, accounts, changed],
  });
  return "more";
}

/** Whoever could not ask for the job now is not obeyed. @throws MusterError `not-allowed`. */
async function refuseMaker(tx: Tx, turn: Turn): Promise<void> {
  const held = await heldByActor(tx, turn.maker);
  for (const permission of PERMISSIONS_FOR[turn.action as BulkAction])
    if (!holds(held, permission, { kind: "organization" }))
      throw new MusterError("not-allowed", `whoever asked for this job has not the permission ${permission} any more`);
}

async function work(
  tx: Tx,
  { action, input, maker }: Turn,
  invitations: Config["invitations"],
  accounts: readonly AccountId[],
): Promise<readonly AccountId[]> {
  const reason = typeof input.reason === "string" ? input.reason : null;
  switch (action as BulkAction) {
    case "suspend":
      return suspendAccounts(tx, accounts, reason);
    case "restore":
      return restoreAccounts(tx, accounts);
    case "deactivate":
      return deactivateAccounts(tx, accounts, reason);
    case "reactivate":
      return reactivateAccounts(tx, accounts);
    case "revoke-access":
      return revokeAccess(tx, await heldByActor(tx, maker), accounts, { kind: "organization" }, reason);
    case "remove":
      return removeAccounts(tx, accounts, reason);
    case "resend-invite":
      for (const account of accounts) await resendInvitation(tx, invitations, account);
      return accounts;
  }
}

/** The next people of a job, for one at a time after a step with all of them was refused. */
export async function nextPeople(db: Db, turn: Turn): Promise<AccountId[]> {
  const rows = await db.query<{ account: AccountId }>({
    text: `select subject as account from job_rows where organization = $1 and job = $2 and state = 'open' order by subject limit $3`,
    values: [db.organization, turn.id, stepOf(turn).most],
  });
  return rows.map((row) => row.account);
}

/** Writes down that the work was refused for one person. Returns false when the job is not this turn's any more. */
export async function recordRefusal(
  tx: Tx,
  turn: Turn,
  account: AccountId,
  { code, message }: Pick<MusterError, "code" | "message">,
): Promise<boolean> {
  if (!(await holdJob(tx, turn))) return false;
  await tx.query({
    text: `with told as (
        update job_rows set state = 'refused', code = $4, message = $5
        where organization = $1 and job = $2 and subject = $3 and state = 'open' returning 1
      )
      update jobs set refused = refused + (select count(*) from told) where organization = $1 and id = $2`,
    values: [tx.organization, turn.id, account, code, message],
  });
  return true;
}

/** What became of a job's people, in the order of their ids. @throws MusterError `not-found`. */
export async function listJobRows(
  db: Db,
  job: JobId,
  query: { state: RowState | null; after: AccountId | null; limit: number },
): Promise<JobRow[]> {
  const values: unknown[] = [db.organization, job];
  const behind = query.after === null ? "" : `and r.subject > $${values.push(query.after)}`;
  const inState = query.state === null ? "" : `and r.state = $${values.push(query.state)}`;
  const rows = await db.query<JobRow>({
    text: `select r.subject, r.number as row, r.email,
        case when r.number is null then r.subject else r.account end as user, a.user_name as "userName", r.state, r.code, r.message
      from job_rows r left join accounts a on a.organization = r.organization
        and a.id = case when r.number is null then r.subject else r.account end
      where r.organization = $1 and r.job = $2 ${behind} ${inState}
      order by r.subject limit ${Math.trunc(query.limit)}`,
    values,
    // Few are in one state and very many in another: no plan serves both.
    ...(query.state === null && { prepared: true }),
  });
  // Rows tell that their job is there; an export has none.
  if (rows.length === 0 && (await getJob(db, job)).action === "export") throw unknownJob();
  return rows;
}
