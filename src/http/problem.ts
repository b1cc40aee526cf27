import type { ErrorRequestHandler, Response } from "express";
import { isMusterError } from "../errors.ts";
import type { Logger } from "../logger.ts";

/** A problem document (RFC 9457) in the shape of the whole HTTP face. */
export function problemDocument(
  status: number,
  code: string,
  title: string,
  detail: string,
  requestId: string,
): object {
  return { type: "about:blank", title, status, detail, code, errors: [], requestId };
}

export function sendProblem(response: Response, status: number, code: string, title: string, detail: string): void {
  const requestId = String(response.getHeader("x-request-id") ?? "");
  response.status(status).type("application/problem+json");
  response.send(JSON.stringify(problemDocument(status, code, title, detail, requestId)));
}

/**
 * The last resort, for what no door has answered itself. Its texts are Muster's own: what an exception says goes to
 * the log only.
 */
export function lastErrorHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (isMusterError(error) && error.code === "unavailable") {
      response.setHeader("Retry-After", String(error.retryAfter ?? 5));
      sendProblem(response, 503, "unavailable", "Service Unavailable", error.message);
      return;
    }
    // A path whose percent-encoding is broken is the caller's mistake; the router reports it as a 400.
    if ((error as { status?: unknown }).status === 400) {
      sendProblem(response, 400, "invalid", "Bad Request", "the request's path cannot be read");
      return;
    }
    logger.error("a request failed in a way nobody foresaw", {
      requestId: response.getHeader("x-request-id"),
      error: error instanceof Error ? error.stack : String(error),
    });
    sendProblem(
      response,
      500,
      "internal",
      "Internal Server Error",
      "Muster failed at this request; the log has more under its id",
    );
  };
}
