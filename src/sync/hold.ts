import type pg from "pg";
import type { DirectoryId, OrganizationId, SyncRunId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import type { Progress } from "./progress.ts";

/** A directory held by one connection. `takeover` counts how often a silent holder was given up before. */
export type Hold = { organization: OrganizationId; directory: DirectoryId; takeover: number };

/** Others may claim in between; each try that does not end here was lost to one of them. */
const TRIES = 5;

/**
 * Takes the directory for as long as the connection lasts, if nobody has it; gives up a holder who has said nothing for
 * `silence` seconds by moving the lock on to another key, so that the old one, still held by a stopped process, means
 * nothing any more. Returns undefined when somebody holds it who is alive.
 * @throws MusterError `not-found` when there is no such directory.
 */
export async function claimDirectory(
  client: pg.Client,
  organization: OrganizationId,
  directory: DirectoryId,
  silence: number,
): Promise<Hold | undefined> {
  await client.query({ text: "select set_config('muster.organization', $1, false)", values: [organization] });
  await client.query({
    text: `insert into directory_locks (organization, directory)
      select organization, id from directories where organization = $1 and id = $2 on conflict do nothing`,
    values: [organization, directory],
  });
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    const { rows } = await client.query<{ takeover: number; silent: boolean | null }>({
      text: `select takeover, heartbeat_at < clock_timestamp() - make_interval(secs => $3) as silent
        from directory_locks where organization = $1 and directory = $2`,
      values: [organization, directory, silence],
    });
    const [found] = rows;
    if (!found) throw new MusterError("not-found", "there is no such directory", { at: "directory" });
    const hold = { organization, directory, takeover: found.takeover };
    if (await tryLock(client, hold)) {
      if (await writeHeartbeat(client, hold, null)) return hold;
      await client.query({ text: "select pg_advisory_unlock($1, $2)", values: lockKey(hold) });
    } else if (found.silent === true) await giveUpHolder(client, hold, silence);
    else return undefined;
  }
  return undefined;
}

/** A sign of life, with how far the run is. Returns false when the holder was given up: then nothing is written. */
export async function writeHeartbeat(
  client: pg.Client,
  { organization, directory, takeover }: Hold,
  told: { run: SyncRunId; progress: Progress } | null,
): Promise<boolean> {
  const { rowCount } = await client.query({
    text: `update directory_locks set heartbeat_at = clock_timestamp()${
      told === null
        ? ""
        : `, run = $4, phase = $5,
        phase_since = case when (run, phase) is distinct from ($4::uuid, $5::text) then clock_timestamp() else phase_since end,
        entries_read = $6, entries_expected = $7, rows_planned = $8, rows_applied = $9`
    }
      where organization = $1 and directory = $2 and takeover = $3`,
    values: [
      organization,
      directory,
      takeover,
      ...(told === null
        ? []
        : [
            told.run,
            told.progress.phase,
            told.progress.read,
            told.progress.expected,
            told.progress.planned,
            told.progress.applied,
          ]),
    ],
  });
  return rowCount === 1;
}

/** Says that nobody is at work. The lock itself goes with the connection. */
export async function releaseDirectory(client: pg.Client, { organization, directory, takeover }: Hold): Promise<void> {
  await client.query({
    text: `update directory_locks set heartbeat_at = null, run = null
      where organization = $1 and directory = $2 and takeover = $3`,
    values: [organization, directory, takeover],
  });
}

/** At most one of several who try gives a holder up. */
async function giveUpHolder(client: pg.Client, hold: Hold, silence: number): Promise<void> {
  await client.query({
    text: `update directory_locks set takeover = takeover + 1, heartbeat_at = null
      where organization = $1 and directory = $2 and takeover = $3
        and heartbeat_at < clock_timestamp() - make_interval(secs => $4)`,
    values: [hold.organization, hold.directory, hold.takeover, silence],
  });
}

async function tryLock(client: pg.Client, hold: Hold): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>({
    text: "select pg_try_advisory_lock($1, $2) as locked",
    values: lockKey(hold),
  });
  return rows[0]?.locked === true;
}

/** Two halves of the id's random part: a key space apart from the one-number locks of organizations. */
function lockKey({ directory, takeover }: Hold): [number, number] {
  const hex = directory.replaceAll("-", "").slice(16);
  return [Number.parseInt(hex.slice(0, 8), 16) | 0, (Number.parseInt(hex.slice(8), 16) + takeover) | 0];
}
