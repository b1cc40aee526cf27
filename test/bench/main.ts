import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { benchAccess } from "./access.ts";
import { accessPart, accessRatios, accessReport } from "./access-report.ts";
import { benchApi } from "./api.ts";
import { apiPart, apiRatios, apiReport } from "./api-report.ts";
import { benchConsole } from "./console.ts";
import { consolePart, consoleReached, consoleReport } from "./console-report.ts";
import { benchGoogle, googlePart, googleReport } from "./google.ts";
import { benchHostile, hostilePart, hostileReport } from "./hostile.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { scimPart, writePart } from "./page.ts";
import { report } from "./report.ts";
import { benchScim } from "./scim.ts";
import type { Run } from "./server.ts";
import { benchSync } from "./sync.ts";
import { syncPart, syncReport } from "./sync-report.ts";

/** What goes to stdout, and what the page gets when it is wanted. */
type Outcome = { text: string; part(): string };

const say = (line: string) => process.stderr.write(`${line}\n`);

function optionsOrEnd(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    process.exit(2);
  }
}

const options = optionsOrEnd();
const folder = mkdtempSync(join(tmpdir(), "muster-bench-"));
const stopping = new AbortController();
const run: Run = { servers: new Set(), signal: stopping.signal, folder };
const stopServers = () => Promise.all([...run.servers].map((server) => server.stop()));
// Without its servers the measuring ends by itself.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    stopping.abort(new Error("interrupted"));
    void stopServers();
  });
try {
  const { text, part } = await { scim, hostile, google, sync, access, api, console: inConsole }[options.bench]();
  process.stdout.write(text);
  if (options.write) say(`wrote ${writePart(options.bench, part())}`);
} catch (error) {
  say(`the bench stopped: ${((stopping.signal.reason ?? error) as Error).message}`);
  for (const server of run.servers) for (const line of server.errors.slice(-3)) say(line);
  process.exitCode = 1;
} finally {
  await stopServers();
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
}

async function scim(): Promise<Outcome> {
  const summary = await benchScim(options, run, say);
  return { text: options.json ? oneLine(summary) : report(summary), part: () => scimPart(summary) };
}

async function hostile(): Promise<Outcome> {
  const summary = await benchHostile(options, run, say);
  return { text: options.json ? oneLine(summary) : hostileReport(summary), part: () => hostilePart(summary) };
}

async function google(): Promise<Outcome> {
  const summary = await benchGoogle(options, stopping.signal, say);
  return { text: options.json ? oneLine(summary) : googleReport(summary), part: () => googlePart(summary) };
}

async function sync(): Promise<Outcome> {
  const summary = await benchSync(options, run, say);
  return { text: options.json ? oneLine(summary) : syncReport(summary), part: () => syncPart(summary) };
}

async function access(): Promise<Outcome> {
  const summary = await benchAccess(options, run, say);
  const text = options.json ? oneLine({ ...accessRatios(summary), ...summary }) : accessReport(summary);
  return { text, part: () => accessPart(summary) };
}

async function api(): Promise<Outcome> {
  const summary = await benchApi(options, run, say);
  const text = options.json ? oneLine({ ...apiRatios(summary), ...summary }) : apiReport(summary);
  return { text, part: () => apiPart(summary) };
}

async function inConsole(): Promise<Outcome> {
  const summary = await benchConsole(options, run, say);
  const text = options.json ? oneLine({ ...consoleReached(summary), ...summary }) : consoleReport(summary);
  return { text, part: () => consolePart(summary) };
}

function oneLine(summary: object): string {
  return `${JSON.stringify(summary)}\n`;
}
