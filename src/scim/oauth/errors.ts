import type { ErrorRequestHandler, Response } from "express";
import type { Context } from "../../context.ts";
import { type ErrorCode, isMusterError, MusterError } from "../../errors.ts";

/** RFC 6749 §5.2, and what §4.1.2.1 calls a server that cannot answer at the moment. */
type OAuthError =
  | "invalid_request"
  | "invalid_client"
  | "invalid_scope"
  | "unsupported_grant_type"
  | "temporarily_unavailable"
  | "server_error";

type Wire = { status: number; error: OAuthError };

const REQUEST: Wire = { status: 400, error: "invalid_request" };
const LATER: Wire = { status: 503, error: "temporarily_unavailable" };

/** Every code on this wire. */
const WIRE: Readonly<Record<ErrorCode, Wire>> = {
  usage: REQUEST,
  configuration: { status: 500, error: "server_error" },
  invalid: REQUEST,
  "invalid-filter": REQUEST,
  "invalid-path": REQUEST,
  "invalid-value": { status: 400, error: "invalid_scope" },
  "no-target": REQUEST,
  mutability: REQUEST,
  "too-many": REQUEST,
  "too-large": { status: 413, error: "invalid_request" },
  unauthenticated: { status: 401, error: "invalid_client" },
  "second-factor-required": { status: 401, error: "invalid_client" },
  "reauthentication-required": REQUEST,
  "not-allowed": REQUEST,
  "read-only": REQUEST,
  "externally-managed": REQUEST,
  "not-found": { status: 404, error: "invalid_request" },
  merged: { status: 404, error: "invalid_request" },
  "method-not-allowed": { status: 405, error: "invalid_request" },
  "not-acceptable": REQUEST,
  "unsupported-media-type": REQUEST,
  uniqueness: REQUEST,
  conflict: REQUEST,
  held: LATER,
  "precondition-failed": REQUEST,
  "precondition-required": REQUEST,
  "invalid-cursor": REQUEST,
  "expired-cursor": REQUEST,
  "invalid-count": REQUEST,
  "cool-down": { status: 429, error: "temporarily_unavailable" },
  "not-implemented": { status: 400, error: "unsupported_grant_type" },
  unavailable: LATER,
  internal: { status: 500, error: "server_error" },
};

/** Whatever goes wrong below `/oauth`, also before the door is reached, as RFC 6749 §5.2 tells it. */
export function oauthErrors(ctx: Context): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    const known = toMusterError(error);
    const wire = WIRE[known.code];
    if (wire.status >= 500)
      ctx.logger.log(known.code === "internal" ? "error" : "warn", "a token request failed", {
        requestId: response.getHeader("x-request-id"),
        code: known.code,
        detail: known.message,
        error: known.cause instanceof Error ? (known.cause.stack ?? known.cause.message) : undefined,
      });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (known.retryAfter !== undefined) response.setHeader("Retry-After", String(known.retryAfter));
    if (wire.status === 401) response.setHeader("WWW-Authenticate", 'Basic realm="Muster", charset="UTF-8"');
    const detail = wire.error === "server_error" ? "something went wrong in Muster; its log says what" : known.message;
    sendJson(response, wire.status, { error: wire.error, error_description: withinSyntax(detail) });
  };
}

/** Never stored by anybody on the way: RFC 6749 §5.1. */
export function sendJson(response: Response, status: number, body: object): void {
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Pragma", "no-cache");
  response.setHeader("Content-Type", "application/json");
  response.status(status).end(JSON.stringify(body));
}

/** RFC 6749 §5.2: a description holds printable ASCII without quotation mark and backslash. */
function withinSyntax(text: string): string {
  return text.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "?").slice(0, 500);
}

function toMusterError(error: unknown): MusterError {
  if (isMusterError(error)) return error;
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  if (type === "entity.too.large") return new MusterError("too-large", "a token request is not that long");
  // What Express and its body parser refuse: the caller's mistake, in our words.
  if (typeof status === "number" && status >= 400 && status < 500)
    return new MusterError("invalid", "the request cannot be read");
  return new MusterError("internal", "an unexpected error", { cause: error });
}
