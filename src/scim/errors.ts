import type { ErrorRequestHandler, Request, Response } from "express";
import { type ErrorCode, isMusterError, MusterError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { MEDIA_TYPE } from "./exchange.ts";

/** RFC 7644 §3.12, table 9, and RFC 9865 §2.1, table 3. */
type ScimType =
  | "invalidFilter"
  | "tooMany"
  | "invalidCursor"
  | "expiredCursor"
  | "invalidCount"
  | "uniqueness"
  | "mutability"
  | "invalidSyntax"
  | "invalidPath"
  | "noTarget"
  | "invalidValue";

type Wire = { status: number; scimType?: ScimType };

/** Every code on this wire. Trouble with storage is 503, never 404: a provider reads 404 as "gone" and creates anew. */
const WIRE: Readonly<Record<ErrorCode, Wire>> = {
  usage: { status: 400, scimType: "invalidSyntax" },
  configuration: { status: 500 },
  invalid: { status: 400, scimType: "invalidSyntax" },
  "invalid-filter": { status: 400, scimType: "invalidFilter" },
  "invalid-path": { status: 400, scimType: "invalidPath" },
  "invalid-value": { status: 400, scimType: "invalidValue" },
  "no-target": { status: 400, scimType: "noTarget" },
  mutability: { status: 400, scimType: "mutability" },
  "invalid-cursor": { status: 400, scimType: "invalidCursor" },
  "expired-cursor": { status: 400, scimType: "expiredCursor" },
  "invalid-count": { status: 400, scimType: "invalidCount" },
  "too-many": { status: 400, scimType: "tooMany" },
  "too-large": { status: 413 },
  unauthenticated: { status: 401 },
  "second-factor-required": { status: 401 },
  "reauthentication-required": { status: 403 },
  "not-allowed": { status: 403 },
  "read-only": { status: 403 },
  "externally-managed": { status: 403 },
  "not-found": { status: 404 },
  merged: { status: 404 },
  "method-not-allowed": { status: 405 },
  "not-acceptable": { status: 406 },
  "unsupported-media-type": { status: 415 },
  uniqueness: { status: 409, scimType: "uniqueness" },
  conflict: { status: 409 },
  held: { status: 503 },
  "precondition-failed": { status: 412 },
  "precondition-required": { status: 428 },
  "cool-down": { status: 429 },
  "not-implemented": { status: 501 },
  unavailable: { status: 503 },
  internal: { status: 500 },
};

const ERROR_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:Error";

/** The last handler of the door: whatever went wrong before an operation was found. */
export function errorHandler(logger: Logger): ErrorRequestHandler {
  return (error, request, response, _next) => void sendError(logger, request, response, error);
}

/**
 * Answers whatever went wrong as a SCIM error, in our own words (RFC 7644 §3.12).
 * Returns the detail that the caller was told.
 */
export function sendError(logger: Logger, request: Request, response: Response, error: unknown): string {
  const known = toMusterError(error);
  const { status } = WIRE[known.code];
  if (status >= 500)
    logger.log(known.code === "internal" ? "error" : "warn", "a SCIM request failed", {
      requestId: response.getHeader("x-request-id"),
      method: request.method,
      code: known.code,
      detail: known.message,
      error: describe(error),
    });
  const body = errorDocument(known);
  // Nothing can be said on a connection that has begun to answer or is gone.
  if (response.headersSent) {
    response.destroy();
    return body.detail;
  }
  if (known.retryAfter !== undefined) response.setHeader("Retry-After", String(known.retryAfter));
  response.status(status).setHeader("Content-Type", MEDIA_TYPE);
  response.end(JSON.stringify(body));
  return body.detail;
}

/** What is no request of HTTP at all, in the form of every other error. */
export function unreadable(status: number, detail: string): { type: string; body: object } {
  return { type: MEDIA_TYPE, body: { schemas: [ERROR_SCHEMA], status: String(status), detail } };
}

/** The body of an error (RFC 7644 §3.12); inside a Bulk answer too. */
export function errorDocument(error: unknown): {
  schemas: string[];
  status: string;
  scimType?: string;
  detail: string;
} {
  const known = toMusterError(error);
  const { status, scimType } = WIRE[known.code];
  return {
    schemas: [ERROR_SCHEMA],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: detailOf(known),
  };
}

function detailOf(error: MusterError): string {
  if (error.code === "internal" || error.code === "configuration")
    return "something went wrong in Muster; its log says what";
  return error.at === undefined || error.message.includes(error.at) ? error.message : `${error.message} (${error.at})`;
}

/** What Express and its body parser throw, by the `type` or status that they give it. */
const PARSER_ERRORS: Readonly<Record<string, () => MusterError>> = {
  "entity.too.large": () => new MusterError("too-large", "the body is larger than this server takes"),
  "entity.parse.failed": () => new MusterError("invalid", "the body is no JSON"),
  "request.size.invalid": () => new MusterError("invalid", "the body is not as long as announced"),
  "request.aborted": () => new MusterError("invalid", "the request ended before its body did"),
  "charset.unsupported": () => new MusterError("unsupported-media-type", "the body must be in UTF-8"),
  "encoding.unsupported": () => new MusterError("unsupported-media-type", "the body must not be compressed"),
};

function toMusterError(error: unknown): MusterError {
  if (isMusterError(error)) return error;
  const type = (error as { type?: unknown } | null)?.type;
  const parser = typeof type === "string" && Object.hasOwn(PARSER_ERRORS, type) ? PARSER_ERRORS[type] : undefined;
  if (parser) return parser();
  // A path that cannot be decoded names nothing.
  if (error instanceof URIError) return notFound();
  return new MusterError("internal", "an unexpected error", { cause: error });
}

function describe(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

/** One text for every id that this directory does not hold, whoever else may hold it. */
export function notFound(): MusterError {
  return new MusterError("not-found", "this directory has no such resource");
}
