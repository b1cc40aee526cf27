import { type Command, Option } from "commander";
import { type JobId, parseId } from "../db/id.ts";
import { listJobRows, ROW_STATES, type RowState } from "../identity/bulk-jobs.ts";
import { cancelJob, getJob, JOB_ACTIONS, type Job, type JobAction, listJobs, unknownJob } from "../identity/jobs.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { bar } from "./job-end.ts";
import { type ListOptions, latest, listed } from "./list.ts";

type Listed = ListOptions & { action?: JobAction };

const MOST_RESULTS = 1_000;

/** `muster job …`: work that outlives the request or command that asked for it. */
export function registerJob(program: Command, line: CommandLine): void {
  const job = program
    .command("job")
    .description("work that goes on after it was asked for: bulk changes, imports, exports");
  latest(job.command("list").description("jobs, the newest first"))
    .addOption(new Option("--action <action>", "only these").choices([...JOB_ACTIONS]))
    .action(
      line.inOrganization(async ({ db }, options: Listed) => {
        const actions = options.action === undefined ? JOB_ACTIONS : [options.action];
        const all = await listed<Job>(
          options,
          ({ after, limit }) => listJobs(db, { actions, before: after, limit }),
          "latest",
        );
        return {
          json: all,
          text: table(
            ["action", "state", "progress", "asked", "by", "id"],
            all.map((one) => [one.action, one.state, bar(one), one.createdAt, one.createdBy.id, one.id]),
          ),
        };
      }),
    );
  job
    .command("show <job>")
    .description("how far a job is, and how it ended")
    .action(
      line.inOrganization(async ({ db }, _options: object, text: string) => shown(await getJob(db, jobId(text)))),
    );
  job
    .command("results <job>")
    .description("what became of each person or row of a job")
    .addOption(new Option("--state <state>", "only these").choices([...ROW_STATES]))
    .action(
      line.inOrganization(async ({ db }, { state = null }: { state?: RowState | null }, text: string) => {
        const rows = [];
        for (let after = null; ; ) {
          const page = await listJobRows(db, jobId(text), { state, after, limit: MOST_RESULTS });
          rows.push(...page.map(({ subject: _, ...row }) => row));
          if (page.length < MOST_RESULTS) break;
          after = page.at(-1)?.subject ?? null;
        }
        return {
          json: rows,
          text: table(
            ["row", "who", "state", "why"],
            rows.map((one) => [one.row, one.userName ?? one.email ?? one.user, one.state, one.message]),
          ),
        };
      }),
    );
  job
    .command("cancel <job>")
    .description("let no further step of a job begin; what is done stays")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, text: string) =>
        writeOrTell(session, options, (tx) => cancelJob(tx, jobId(text)), shown, "none"),
      ),
    );
}

/** @throws MusterError `not-found`. */
export function jobId(text: string): JobId {
  const id = parseId<JobId>(text);
  if (id === undefined) throw unknownJob();
  return id;
}

/** One job for a person to read. */
export function shown(job: Job): Answer {
  const { counts, createdBy, input: _, ...rest } = job;
  return { json: job, text: facts({ ...rest, progress: bar(job), by: createdBy.id }) };
}
