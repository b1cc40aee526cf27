import { setTimeout as sleep } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import type { Db } from "../db/connection.ts";
import type { DirectoryId } from "../db/id.ts";
import { resolveDirectory } from "../identity/directories.ts";
import {
  type LoggedRequest,
  type LogPosition,
  listRequests,
  listUnseenRequests,
  parseStatusRange,
  type RequestFilter,
  recentRequests,
  type StatusRange,
} from "../identity/request-log.ts";
import { jsonLine, printableLines } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { count, past } from "./input.ts";
import { describeRequest } from "./scim-request.ts";

type Options = {
  follow?: true;
  limit?: number;
  status?: StatusRange;
  warnings?: true;
  since?: Date;
  bodies?: true;
};

const SHOWN = 50;
const MAX_SHOWN = 1_000;
const POLL = 1_000;
/** Milliseconds: longer than a poll looks back, whatever the clocks. */
const REMEMBERED = 120_000;

/** `muster scim …`: what identity providers send. */
export function registerScim(program: Command, line: CommandLine): void {
  program
    .command("scim")
    .description("what identity providers send to SCIM directories")
    .command("log <name>")
    .description("the latest requests of a directory, masked, the newest last")
    .option("--follow", "go on with what comes, until Ctrl-C; under --json one JSON object a line")
    .option("--limit <n>", `at most this many (default: ${SHOWN}, at most ${MAX_SHOWN})`, limit)
    .option("--status <status>", "only answers of this status, as in 404 or 4xx", status)
    .option("--warnings", "only requests that were let pass with a warning")
    .option("--since <time>", "only younger ones: as in 1h, or a time as in 2027-01-31T00:00:00Z", past)
    .option("--bodies", "show what the masked bodies were, too")
    .action(
      line.inOrganization(async ({ db }, options: Options & GlobalOptions, name: string) => {
        const { id } = await resolveDirectory(db, name);
        const show = (request: LoggedRequest): string =>
          options.json
            ? jsonLine(request)
            : printableLines(describeRequest(request, { bodies: options.bodies === true }));
        if (options.follow) return follow(db, id, options, show);
        const requests = await latest(db, id, options);
        return { json: { requests }, text: requests.map(show).join("\n") || "none" };
      }),
    );
}

async function latest(db: Db, directory: DirectoryId, options: Options): Promise<LoggedRequest[]> {
  const { limit = SHOWN, ...filter } = options;
  return (await listRequests(db, directory, { ...filterOf(filter), limit })).reverse();
}

function filterOf({ status, warnings, since }: Options): RequestFilter {
  return { status, warnings, since };
}

/** Says each request once, until the process is told to stop or nobody reads any more. */
async function follow(
  db: Db,
  directory: DirectoryId,
  options: Options,
  show: (request: LoggedRequest) => string,
): Promise<undefined> {
  const stopped = new AbortController();
  const stop = (): void => stopped.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, stop);
  process.stdout.once("error", stop);
  // With the instant after which no poll asks for it any more.
  const seen = new Map<string, number>();
  const remember = ({ id, at }: LogPosition): void =>
    void seen.set(id, Math.max(at.getTime(), Date.now()) + REMEMBERED);
  const say = (requests: readonly LoggedRequest[]): void => {
    for (const request of requests) {
      if (!seen.has(request.id)) process.stdout.write(`${show(request)}\n`);
      remember(request);
    }
  };
  // Known before the latest are read: what is not shown as one of them is past.
  const before = await recentRequests(db, directory);
  say(await latest(db, directory, options));
  for (const row of before) remember(row);
  while (!stopped.signal.aborted) {
    const unseen = await listUnseenRequests(db, directory, {
      ...filterOf(options),
      seen: [...seen.keys()],
      limit: MAX_SHOWN,
    });
    say(unseen);
    for (const [id, until] of seen) if (until < Date.now()) seen.delete(id);
    if (unseen.length < MAX_SHOWN) await sleep(POLL, undefined, { signal: stopped.signal }).catch(() => {});
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, stop);
  process.stdout.removeListener("error", stop);
  return undefined;
}

function limit(text: string): number {
  const number = count(text);
  if (number > MAX_SHOWN) throw new InvalidArgumentError(`it must be ${MAX_SHOWN} at most`);
  return number;
}

function status(text: string): StatusRange {
  const range = parseStatusRange(text);
  if (range === undefined) throw new InvalidArgumentError("it must be a status, as in 404 or 4xx");
  return range;
}
