import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config.ts";
import { checkHttp, type HttpServer, serve } from "../http/server.ts";
import { pausedSince } from "../identity/pause.ts";
import { prepareSetup } from "../identity/setup.ts";
import { startJobs } from "../jobs/start.ts";
import { makeLogger } from "../logger.ts";
import { doors } from "./doors.ts";
import { openContext } from "./open-context.ts";
import { stopSignal } from "./stop-signal.ts";

/** What is told of: that Muster can be reached, or the link that a first run begins with. */
export type Announcement = "ready" | "setUp";

/** `muster start` runs both, `serve` only HTTP, `worker` only jobs. */
export type Parts = { http: boolean; jobs: boolean };

/**
 * Runs Muster until SIGINT, SIGTERM or SIGHUP, then stops it in order: not ready any more, no new connections,
 * running requests to their end (for at most `limits.drainTimeout`), jobs, connections, the embedded PostgreSQL.
 * @param announce told the line that says where Muster can be reached, once it can; and while there is no organization, the
 * line with a link that makes one. It is for the person who started Muster alone, so no log has it.
 * @throws MusterError when it cannot start; whatever had been opened is closed again.
 */
export async function runMuster(
  config: Config,
  parts: Parts,
  announce: (line: string, of: Announcement) => void,
): Promise<void> {
  const logger = makeLogger(config.log);
  const signal = stopSignal(logger);
  if (parts.http) await checkHttp(config);
  warnOfPlainHttp(config, (message) => logger.warn(message));
  const opened = await openContext(config, logger);
  let http: HttpServer | undefined;
  try {
    const { ctx } = opened;
    if (parts.http) http = await serve(ctx, doors);
    const paused = await pausedSince(ctx.db);
    if (paused)
      logger.warn(
        `restored from a backup at ${paused.toISOString()}: mails, syncs and events rest until muster resume`,
      );
    const jobs = parts.jobs ? await startJobs(ctx, { ownerUrl: opened.ownerUrl }) : undefined;
    const url = ctx.config.publicUrl.replace(/:0$/, `:${http?.port}`);
    announce(readyLine(url, http), "ready");
    // Who comes to a database that is away for a moment starts Muster again for a link; who is served needs none.
    const setup =
      http && (await prepareSetup(ctx).catch((error: Error) => logger.warn(NO_LINK, { error: error.message })));
    if (typeof setup === "string")
      announce(`There is no organization yet. Make the first one within a day: ${url}/setup#${setup}`, "setUp");
    await signal.received;
    signal.again(() => http?.cut());
    await http?.drain();
    http = undefined;
    // A job that does not end in time is taken up again by the next worker.
    if (jobs) await Promise.race([jobs.stop(), sleep(config.limits.drainTimeout, undefined, { ref: false })]);
  } finally {
    http?.cut();
    await opened.close();
    signal.forget();
  }
  logger.info("stopped");
}

const NO_LINK = "no link for a first run could be made; start Muster again for one";

function readyLine(url: string, http: HttpServer | undefined): string {
  if (!http) return "Muster is ready: it runs jobs and serves no HTTP";
  return `Muster is ready at ${url} (SCIM ${url}/scim/v2, administration ${url}/api/v1)`;
}

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/;

/** Tokens and people's data would travel readably. */
function warnOfPlainHttp(config: Config, warn: (message: string) => void): void {
  const url = new URL(config.publicUrl);
  if (url.protocol === "https:" || LOOPBACK.test(url.hostname)) return;
  warn(
    `the public URL ${config.publicUrl} is not https: tokens would travel unencrypted; give Muster a certificate (MUSTER_TLS_CERT_FILE, MUSTER_TLS_KEY_FILE) or put it behind a proxy that has one`,
  );
}
