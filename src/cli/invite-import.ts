import type { Command } from "commander";
import { simulate } from "../db/transaction.ts";
import { type JobRow, listJobRows } from "../identity/bulk-jobs.ts";
import { IMPORT_COLUMNS, MOST_ROWS, readCsv } from "../identity/invitation-imports/form.ts";
import { createInvitationImport, previewImport, type RowOutcome } from "../identity/invitation-imports/import.ts";
import type { Job } from "../identity/jobs.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { type Answer, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { readInput, readStandardInput, typedPath } from "./input.ts";
import { endedJob } from "./job-end.ts";

type Options = GlobalOptions & { dryRun?: true; mail?: boolean };
/** Refused rows that a person is told of, and outcomes that `--json` holds. */
const MOST_TOLD = 1_000;

/** `muster invite import`. */
export function registerInviteImport(parent: Command, line: CommandLine): void {
  parent
    .command("import <file>")
    .description(
      `invite the people of a CSV file, row by row; - reads standard input. At most ${MOST_ROWS} rows; columns: ${IMPORT_COLUMNS.join(", ")}`,
    )
    .option("--mail", "send mails, also where the organization sends none by itself")
    .option("--no-mail", "send nothing; see invite link")
    .option("--dry-run", "tell what each row would come to, and do nothing")
    .action(
      line.inOrganization(async (session, { dryRun, mail: notify, json }: Options, file: string) => {
        const text = file === "-" ? readStandardInput() : readInput(typedPath(line.environment, file), "file");
        const rows = readCsv(text);
        if (dryRun) {
          const { ctx, actor } = session;
          const outcomes = await simulate(ctx, actor, (tx) =>
            previewImport(tx, ctx.config.invitations, [EVERYTHING], rows),
          );
          return told(outcomes, { dryRun: true, total: rows.length, job: null });
        }
        const { id } = await session.write((tx) => createInvitationImport(tx, rows, notify), "none");
        const job = await endedJob(session, id, { json });
        const outcomes = await listJobRows(session.db, id, { state: null, after: null, limit: MOST_TOLD });
        return told(outcomes, { dryRun: false, total: rows.length, job });
      }),
    );
}

type Told = Pick<JobRow, "row" | "email" | "state" | "code" | "message"> | RowOutcome;

function told(
  outcomes: readonly Told[],
  { dryRun, total, job }: { dryRun: boolean; total: number; job: Job | null },
): Answer {
  const count = (state: Told["state"]) => outcomes.filter((one) => one.state === state).length;
  const counts = job?.counts ?? {
    total,
    done: count("done"),
    unchanged: count("unchanged"),
    refused: count("refused"),
  };
  const refused = outcomes.filter(({ state }) => state === "refused");
  const lines = [
    ...(refused.length === 0
      ? []
      : [
          table(
            ["row", "address", "why not"],
            refused.map(({ row, email, message }) => [row, email, message]),
          ),
        ]),
    `${counts.done} invited, ${counts.unchanged} there already, ${counts.refused} refused, of ${total}.`,
    ...(dryRun ? ["Nothing was done."] : []),
  ];
  return {
    json: {
      dryRun,
      jobId: job?.id ?? null,
      counts,
      rows: outcomes.map(({ row, email, state, code, message }) => ({ row, email, state, code, message })),
    },
    text: lines.join("\n"),
    ...(counts.refused > 0 && { exitCode: counts.refused === total ? 6 : 8 }),
  };
}
