import { connected } from "../connected.ts";

type Job = { task: string; payload: unknown };

/**
 * Copies the jobs that are still to be done, as nobody has begun them: the process that had is gone. What a restore finds
 * again by its rows would be found here too, but a sync that an administrator asked for stands nowhere else.
 * Before: nobody else uses either database. Returns how many there were.
 */
export async function carryJobs(from: string, to: string): Promise<number> {
  const jobs = await query<Job>(
    from,
    `select t.identifier as task, j.payload, j.run_at, j.max_attempts, j.key, j.priority
      from graphile_worker._private_jobs j join graphile_worker._private_tasks t on t.id = j.task_id
      where j.attempts < j.max_attempts order by j.id`,
    [],
  );
  await query(
    to,
    `select graphile_worker.add_job(j.task, j.payload, run_at => j.run_at, max_attempts => j.max_attempts,
        job_key => j.key, priority => j.priority)
      from json_to_recordset($1) j (task text, payload json, run_at timestamptz, max_attempts integer, key text, priority integer)`,
    [JSON.stringify(jobs)],
  );
  return jobs.length;
}

async function query<Row extends object>(url: string, text: string, values: unknown[]): Promise<Row[]> {
  return connected({ url, statementTimeout: 0 }, async (client) => (await client.query<Row>(text, values)).rows);
}
