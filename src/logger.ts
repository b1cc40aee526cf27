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

/** Log lines go to standard error: standard output belongs to the command's answer. ERROR means that a person must act. */
export function makeLogger(config: Config["log"]): Logger {
  return createLogger({
    level: config.level,
    format: format.combine(allowed(), format.timestamp(), config.format === "json" ? format.json() : pretty),
    transports: [new transports.Console({ stderrLevels: ["error", "warn", "info", "debug"] })],
  });
}
