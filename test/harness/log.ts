import { Writable } from "node:stream";
import winston from "winston";
import { type Logger, makeLogger } from "../../src/logger.ts";

export type LogLine = Record<string, unknown> & { level: string; message: string };

/** Muster's own logger with its allow-list of fields, read by a test instead of a person. */
export function listeningLogger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const logger = makeLogger({ level: "debug", format: "json" });
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString("utf8")) as LogLine);
      done();
    },
  });
  logger.clear().add(new winston.transports.Stream({ stream }));
  return { logger, lines };
}
