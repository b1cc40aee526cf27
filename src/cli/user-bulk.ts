import { Argument, type Command } from "commander";
import { simulate } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { createBulkJob, listJobRows, type People } from "../identity/bulk-jobs.ts";
import { parsePeople } from "../identity/export-pages.ts";
import { BULK_ACTIONS, type BulkAction } from "../identity/jobs.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryRunOption } from "./dry-run.ts";
import { typedNames } from "./input.ts";
import { endedJob } from "./job-end.ts";
import { resolvePeople } from "./people.ts";
import type { Session } from "./session.ts";

type Options = GlobalOptions & DryOption & { filter?: string; reason?: string };

/** Refused people that an answer names. */
const MOST_TOLD = 1_000;

/** `muster user bulk`: one thing done to many people, each told apart. */
export function registerUserBulk(user: Command, line: CommandLine): void {
  user
    .command("bulk")
    .addArgument(new Argument("<action>", "what is done to each").choices([...BULK_ACTIONS]))
    .argument("[people...]", "by name, address or id; - reads them from standard input, one a line")
    .description("do one thing to many people, as a job that goes on when this command is stopped")
    .option(
      "--filter <filter>",
      `whom: as in 'status eq "active" and directory eq "okta"'; the grammar is that of the API`,
    )
    .option("--reason <text>", "stands in the audit")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: Options, action: BulkAction, people: string[]) => {
        if ((options.filter === undefined) === (people.length === 0))
          throw new MusterError("usage", "name people, or give --filter, and not both", { at: "--filter" });
        return bulk(session, options, action, people);
      }),
    );
}

/** Does one thing to many people; without names to those of the filter. Exit code 8: some were refused, 6: all of them. */
export async function bulk(
  session: Session,
  options: Options,
  action: BulkAction,
  typed: readonly string[],
): Promise<Answer> {
  const { db, ctx, actor, write } = session;
  const people: People =
    options.filter === undefined
      ? { ids: await resolvePeople(db, typedNames(typed)) }
      : { filter: parsePeople(options.filter) };
  if ("ids" in people && people.ids.length === 0) throw new MusterError("usage", "nobody is named", { at: "people" });
  const wanted = { action, people, reason: options.reason ?? null };
  if (options.dryRun) {
    const told = await simulate(ctx, actor, (tx) => createBulkJob(tx, wanted), { lock: "none" });
    const { total } = told.job.counts;
    const rows = told.people.map(({ userName, status, id }) => [userName, status, id]);
    const more = (total ?? 0) > rows.length ? `\n… and ${(total ?? 0) - rows.length} more` : "";
    return {
      json: { dryRun: true, action, total, people: told.people },
      text: `${table(["user name", "status", "id"], rows)}${more}\n${action}: ${total} people. Nothing was done.`,
    };
  }
  const { job } = await write((tx) => createBulkJob(tx, wanted), "none");
  const { id, counts } = await endedJob(session, job.id, options);
  const refused = await listJobRows(db, id, { state: "refused", after: null, limit: MOST_TOLD });
  const views = refused.map(({ user: account, userName, code, message }) => ({ id: account, userName, code, message }));
  return {
    json: { jobId: id, action, counts, refused: views },
    text: [
      ...(views.length === 0
        ? []
        : [
            table(
              ["refused", "why"],
              views.map((one) => [one.userName ?? one.id, one.message]),
            ),
          ]),
      `${action}: ${counts.done} done, ${counts.unchanged} were so already, ${counts.refused} refused`,
    ].join("\n"),
    ...(counts.refused > 0 && { exitCode: counts.refused === counts.total ? 6 : 8 }),
  };
}
