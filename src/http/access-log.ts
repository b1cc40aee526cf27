import type { RequestHandler } from "express";
import type { Logger } from "../logger.ts";

/** Asked every few seconds by machines; worth a line only when somebody looks for one. */
const PROBES = new Set(["/livez", "/readyz", "/metrics"]);

/** One line per request: never its query string, which may name people, and never a token. */
export function accessLog(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const started = performance.now();
    const { method } = request;
    const path = loggedPath(request.originalUrl);
    response.once("close", () => {
      logger.log(PROBES.has(path) ? "debug" : "info", response.writableFinished ? "request" : "request cut off", {
        requestId: response.getHeader("x-request-id"),
        method,
        path,
        status: response.statusCode,
        duration: Math.round((performance.now() - started) * 10) / 10,
        address: request.ip,
      });
    });
    next();
  };
}

/** The path without query, with every segment that is a token or follows `/i/` masked. */
export function loggedPath(url: string): string {
  const end = url.search(/[?#]/);
  const path = (end < 0 ? url : url.slice(0, end)).slice(0, 512);
  return path.replace(/^(\/+i\/+)[^/]+/i, "$1***").replace(/mst(_|%5f)[^/]*/gi, "***");
}
