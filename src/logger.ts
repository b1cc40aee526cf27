import { writeSync } from "node:fs";
import { createLogger, format, type Logger, transports } from "winston";
import type { Config } from "./config.ts";

export type { Logger };

/** What a log line may carry. Anything else is dropped: an allow-list, so that no secret is ever one typo away. */
const FIELDS = new Set([
  "level",
  "message",
  "timestamp",
  "service",
  "requestId",
  "organization",
  "directory",
  "run",
  "job",
  "mail",
  "method",
  "path",
  "status",
  "duration",
  "code",
  "at",
  "detail",
  "counts",
  "address",
  "signal",
  "error",
]);

const allowed = format((info) => {
  for (const key of Object.keys(info)) if (!FIELDS.has(key)) delete info[key];
  return info;
});

// C0, C1 and bidirectional controls could rewrite a terminal; they come from outside in names and paths.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const pretty = format.printf(({ level, message, timestamp, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  return `${String(timestamp).slice(11, 19)} ${level.padEnd(5)} ${`${message} ${rest}`.replace(CONTROLS, "�").trimEnd()}`;
});

/** What the line of a request says. */
export type RequestLine = {
  requestId: string;
  method: string;
  path: string;
  status: number;
  duration: number;
  address: string | undefined;
};

/** What makes a logger's lines JSON on standard error, for as long as the logger has it. */
const JSON_TO_STANDARD_ERROR = new WeakMap<Logger, Logger["transports"][number]>();

/**
 * Writes the line of a request as `logger.log` would, but those of one turn of the event loop with one write: a busy process
 * would spend more on its log than on anything else of its own. Nothing is lost but by a kill, and then that turn's.
 */
export function logRequest(logger: Logger, level: "info" | "debug", message: string, line: RequestLine): void {
  const transport = JSON_TO_STANDARD_ERROR.get(logger);
  if (transport === undefined || !logger.transports.includes(transport)) {
    logger.log(level, message, line);
    return;
  }
  if (!logger.isLevelEnabled(level)) return;
  const { address, duration, method, path, requestId, status } = line;
  const timestamp = new Date().toISOString();
  if (held === "") setImmediate(writeHeld);
  held += `${JSON.stringify({ address, duration, level, message, method, path, requestId, status, timestamp })}\n`;
}

let held = "";
process.on("exit", writeHeldAtTheEnd);

function writeHeld(): void {
  const lines = held;
  held = "";
  if (lines !== "") process.stderr.write(lines);
}

const WAIT_MILLISECONDS = 5;
const WAITS_AT_MOST = 400;

/**
 * Nothing of the event loop runs any more, so what a full pipe does not take is lost unless somebody waits for its reader:
 * two seconds at most, for a reader that is gone for good must not keep the process.
 */
function writeHeldAtTheEnd(): void {
  let rest: Uint8Array = Buffer.from(held);
  held = "";
  for (let waits = 0; rest.length > 0 && waits < WAITS_AT_MOST; ) {
    try {
      rest = rest.subarray(writeSync(process.stderr.fd, rest));
      waits = 0;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) return;
      waits += 1;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MILLISECONDS);
    }
  }
}

/** Log lines go to standard error: standard output belongs to the command's answer. ERROR means that a person must act. */
export function makeLogger(config: Config["log"]): Logger {
  const transport = new transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] });
  const logger = createLogger({
    level: config.level,
    format: format.combine(allowed(), format.timestamp(), config.format === "json" ? format.json() : pretty),
    transports: [transport],
  });
  if (config.format === "json") JSON_TO_STANDARD_ERROR.set(logger, transport);
  return logger;
}
