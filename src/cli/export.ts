import { closeSync, openSync, writeSync } from "node:fs";
import { Argument, type Command, Option } from "commander";
import type { Db } from "../db/connection.ts";
import type { JobId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import {
  createExport,
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportFormat,
  type ExportKind,
  openFile,
  removeFile,
} from "../identity/exports.ts";
import { type Job, listJobs } from "../identity/jobs.ts";
import { table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { past, typedPath } from "./input.ts";
import { jobId, shown } from "./job.ts";
import { endedJob } from "./job-end.ts";
import { type ListOptions, latest, listed } from "./list.ts";

type MakeOptions = GlobalOptions &
  DryOption & { format: ExportFormat; filter?: string; since?: Date; until?: Date; to?: string };

/** `muster export …`: files of what Muster knows. */
export function registerExport(program: Command, line: CommandLine): void {
  const parent = program.command("export").description("files of people, access, guests, grants or the audit");
  parent
    .command("create")
    .addArgument(new Argument("<kind>", "of what").choices([...EXPORT_KINDS]))
    .description("make a file from one moment of the database; it is kept for a day")
    .addOption(new Option("--format <format>").choices([...EXPORT_FORMATS]).default(EXPORT_FORMATS[0]))
    .option("--filter <filter>", `of users and access: people, as in 'status eq "active"'`)
    .option("--since <time>", "of the audit: from then on; a time, or a duration before now as in 30d", past)
    .option("--until <time>", "of the audit: up to then", past)
    .option("--to <file>", "and write it there; the file must not exist yet")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: MakeOptions, kind: ExportKind) => {
        refuseForeign(options, kind);
        const { format, filter = null, since, until } = options;
        const input = {
          kind,
          format,
          filter: { people: filter, since: since?.toISOString() ?? null, until: until?.toISOString() ?? null },
        };
        if (options.dryRun) return writeOrTell(session, options, (tx) => createExport(tx, input), shown, "none");
        const { id } = await session.write((tx) => createExport(tx, input), "none");
        const job = await endedJob(session, id, options);
        if (options.to !== undefined) await fetched(session.db, id, typedPath(line.environment, options.to));
        return shown(job);
      }),
    );
  latest(parent.command("list").description("exports, the newest first")).action(
    line.inOrganization(async ({ db }, options: ListOptions) => {
      const all = await listed<Job>(
        options,
        ({ after, limit }) => listJobs(db, { actions: ["export"], before: after, limit }),
        "latest",
      );
      return {
        json: all,
        text: table(
          ["kind", "format", "state", "rows", "bytes", "file until", "id"],
          all.map((one) => [
            one.input.kind,
            one.input.format,
            one.state,
            one.counts.done,
            one.bytes,
            one.fileUntil,
            one.id,
          ]),
        ),
      };
    }),
  );
  parent
    .command("fetch <export> <file>")
    .description("write an export's file to disk; the file must not exist yet")
    .action(
      line.inOrganization(async ({ db }, _options: object, text: string, file: string) => {
        const path = typedPath(line.environment, file);
        const bytes = await fetched(db, jobId(text), path);
        return { json: { id: text, file: path, bytes }, text: `${bytes} bytes in ${path}` };
      }),
    );
  parent
    .command("remove <export>")
    .description("remove an export's file before its day is over")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, text: string) => {
        const id = jobId(text);
        const told = () => ({ json: { id, removed: true }, text: "the file is gone" });
        return writeOrTell(session, options, (tx) => removeFile(tx, id), told, "none");
      }),
    );
}

function refuseForeign({ filter, since, until }: MakeOptions, kind: ExportKind): void {
  if (filter !== undefined && kind !== "users" && kind !== "access")
    throw new MusterError("usage", "only users and access are filtered", { at: "--filter" });
  if ((since !== undefined || until !== undefined) && kind !== "audit")
    throw new MusterError("usage", "only the audit has a beginning and an end", {
      at: since === undefined ? "--until" : "--since",
    });
}

/** What an export shows is nobody else's to read. Returns how many bytes were written. */
async function fetched(db: Db, id: JobId, path: string): Promise<number> {
  const { job, pieces } = await openFile(db, id);
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (cause) {
    throw new MusterError("invalid", `${path} cannot be made; is it there already?`, { at: path, cause });
  }
  try {
    for await (const piece of pieces) writeSync(file, piece);
  } finally {
    closeSync(file);
  }
  return job.bytes ?? 0;
}
