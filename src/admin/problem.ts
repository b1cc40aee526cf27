import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Response } from "express";
import type { Context } from "../context.ts";
import { type ErrorCode, isMusterError, MusterError } from "../errors.ts";

/** One field of the input that is wrong: where, as a JSON pointer (RFC 6901) or the name of a parameter. */
export type Fault = { pointer: string; code: string; message: string };

/** An input with several faults at once; all of them are told. */
export class InvalidInput extends MusterError {
  readonly faults: readonly Fault[];
  constructor(faults: readonly Fault[]) {
    super("invalid", faults.map(({ pointer, message }) => `${pointer || "the body"}: ${message}`).join("; "), {
      at: faults[0]?.pointer ?? "",
    });
    this.faults = faults;
  }
}

/** HTTP's answer to each code (RFC 9110, RFC 9457). */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  "invalid-filter": 400,
  "invalid-cursor": 400,
  "expired-cursor": 400,
  "invalid-count": 400,
  "too-many": 400,
  unauthenticated: 401,
  "second-factor-required": 401,
  "not-allowed": 403,
  "read-only": 403,
  "externally-managed": 403,
  "reauthentication-required": 403,
  "not-found": 404,
  merged: 410,
  "method-not-allowed": 405,
  "not-acceptable": 406,
  uniqueness: 409,
  conflict: 409,
  held: 409,
  "precondition-failed": 412,
  "too-large": 413,
  "unsupported-media-type": 415,
  invalid: 422,
  "invalid-path": 422,
  "invalid-value": 422,
  "no-target": 422,
  mutability: 422,
  "precondition-required": 428,
  "cool-down": 429,
  configuration: 500,
  internal: 500,
  "not-implemented": 501,
  unavailable: 503,
};

/** The id by which this answer is found in the log: the server has put it in the answer's header. */
export function requestIdOf(response: Response): string {
  return String(response.getHeader("x-request-id") ?? "");
}

/** Every failure of the administration API as application/problem+json (RFC 9457). Nothing but our own words goes out. */
export function problemHandler(ctx: Context): ErrorRequestHandler {
  return (thrown: unknown, request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = toMusterError(thrown);
    const status = STATUS_OF[error.code];
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
          ...(error.mergedInto ? { mergedInto: error.mergedInto } : {}),
          ...(error.setting ? { setting: error.setting } : {}),
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
