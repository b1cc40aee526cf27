import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config.ts";
import type { Context } from "../context.ts";
import { checkHttp, type HttpServer, serve } from "../http/server.ts";
import { startJobs } from "../jobs/start.ts";
import { makeLogger } from "../logger.ts";
import { doors } from "./doors.ts";
import { openContext } from "./open-context.ts";
import { stopSignal } from "./stop-signal.ts";

/** `muster start` runs both, `serve` only HTTP, `worker` only jobs. */
export type Parts = { http: boolean; jobs: boolean };

/**
 * Runs Muster until SIGINT, SIGTERM or SIGHUP, then stops it in order: not ready any more, no new connections,
 * running requests to their end (for at most `limits.drainTimeout`), jobs, connections, the embedded PostgreSQL.
 * @param announce told the one line that says where Muster can be reached, once it can.
 * @throws MusterError when it cannot start; whatever had been opened is closed again.
 */
export async function runMuster(config: Config, parts: Parts, announce: (line: string) => void): Promise<void> {
  const logger = makeLogger(config.log);
  const signal = stopSignal(logger);
  if (parts.http) await checkHttp(config);
  warnOfPlainHttp(config, (message) => logger.warn(message));
  const opened = await openContext(config, logger);
  let http: HttpServer | undefined;
  try {
    const { ctx } = opened;
    if (parts.http) http = await serve(ctx, doors);
    const jobs = parts.jobs ? await startJobs(ctx, { ownerUrl: opened.ownerUrl }) : undefined;
    announce(readyLine(ctx, http));
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

function readyLine(ctx: Context, http: HttpServer | undefined): string {
  if (!http) return "Muster is ready: it runs jobs and serves no HTTP";
  const { publicUrl } = ctx.config;
  const url = publicUrl.replace(/:0$/, `:${http.port}`);
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
