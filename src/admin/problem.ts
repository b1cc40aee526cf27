import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import { type ErrorCode, isMusterError, MusterError, unreachable } from "../errors.ts";

/** One field of the input that is wrong: where, as a JSON pointer (RFC 6901) or the name of a parameter. */
export type Fault = { pointer: string; code: string; message: string };

/** An input with several faults at once; all of them are told. */
export class InvalidInput extends MusterError {
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super("invalid", faults.map((fault) => `${fault.pointer}: ${fault.message}`).join("; "), {
      at: faults[0]?.pointer ?? "",
    });
    this.faults = faults;
  }
}

/** HTTP's answer to each code (RFC 9110, RFC 9457). */
function httpStatus(code: ErrorCode): number {
  switch (code) {
    case "usage":
    case "invalid-filter":
    case "invalid-cursor":
    case "expired-cursor":
    case "invalid-count":
    case "too-many":
      return 400;
    case "unauthenticated":
      return 401;
    case "not-allowed":
      return 403;
    case "not-found":
      return 404;
    case "method-not-allowed":
      return 405;
    case "not-acceptable":
      return 406;
    case "uniqueness":
    case "conflict":
    case "held":
      return 409;
    case "precondition-failed":
      return 412;
    case "precondition-required":
      return 428;
    case "too-large":
      return 413;
    case "unsupported-media-type":
      return 415;
    case "invalid":
    case "invalid-path":
    case "invalid-value":
    case "no-target":
    case "mutability":
      return 422;
    case "cool-down":
      return 429;
    case "not-implemented":
      return 501;
    case "unavailable":
      return 503;
    case "configuration":
    case "internal":
      return 500;
    default:
      return unreachable(code);
  }
}

/** The id by which this answer is found in the log: the server has put it in the answer's header. */
export function requestIdOf(response: Response): string {
  return String(response.getHeader("x-request-id") ?? "");
}

/** Every failure of the administration API as application/problem+json (RFC 9457). Nothing but our own words goes out. */
export function problemHandler(ctx: Context): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = toMusterError(thrown);
    const status = httpStatus(error.code);
    const requestId = requestIdOf(response);
    if (status >= 500)
      ctx.logger.error("a request to the administration API failed", {
        requestId,
        method: request.method,
        path: request.path,
        code: error.code,
        detail: error.message,
        error: String(error.cause ?? ""),
      });
    if (error.retryAfter !== undefined) response.set("Retry-After", String(error.retryAfter));
    response
      .status(status)
      .type("application/problem+json")
      .send(
        JSON.stringify({
          type: "about:blank",
          title: STATUS_CODES[status],
          status,
          detail: status === 500 ? "the request id names the log line" : error.message,
          code: error.code,
          errors: faultsOf(error),
          ...(error.candidates ? { candidates: error.candidates } : {}),
          requestId,
        }),
      );
  };
}

function faultsOf(error: MusterError): readonly Fault[] {
  if (error instanceof InvalidInput) return error.faults;
  return error.at === undefined ? [] : [{ pointer: error.at, code: error.code, message: error.message }];
}

/** What Express and its body parser throw carries a status; everything else unknown is ours. */
function toMusterError(thrown: unknown): MusterError {
  if (isMusterError(thrown)) return thrown;
  const { status, type } = thrown as { status?: unknown; type?: unknown };
  if (type === "entity.too.large") return new MusterError("too-large", "the body is larger than this server takes");
  if (status === 415)
    return new MusterError("unsupported-media-type", "the body's encoding or character set is not known here");
  // A path that cannot be decoded names nothing.
  if (thrown instanceof URIError) return new MusterError("not-found", "there is nothing at this path");
  // The empty pointer is the whole body.
  if (typeof status === "number" && status >= 400 && status < 500)
    return new MusterError(
      "usage",
      type === "entity.parse.failed" ? "the body is no JSON" : "the body cannot be read",
      { at: "" },
    );
  return new MusterError("internal", "something unexpected happened", { cause: thrown });
}
