import type { Request, Response } from "express";
import { type Logger, logRequest } from "../logger.ts";

/** Asked every few seconds by machines; worth a line only when somebody looks for one. */
const PROBES = new Set(["/livez", "/readyz", "/metrics"]);

/**
 * The line of a request that has been answered: never its query string, which may name people, and never a token.
 * @param duration milliseconds.
 */
export function logAccess(logger: Logger, request: Request, response: Response, id: string, duration: number): void {
  const path = loggedPath(request.originalUrl);
  logRequest(logger, PROBES.has(path) ? "debug" : "info", response.writableFinished ? "request" : "request cut off", {
    requestId: id,
    method: request.method,
    path,
    status: response.statusCode,
    duration: Math.round(duration * 10) / 10,
    address: request.ip,
  });
}

/** The path without query, with every segment that is a token or follows `/i/` masked. */
export function loggedPath(url: string): string {
  const end = url.search(/[?#]/);
  const path = (end < 0 ? url : url.slice(0, end)).slice(0, 512);
  return path.replace(/^(\/+(?:i|p|address)\/+)[^/]+/i, "$1***").replace(/mst(_|%5f)[^/]*/gi, "***");
}
