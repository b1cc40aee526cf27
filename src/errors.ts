/**
 * The one error class. A `code` says what is wrong in Muster's own words; every door maps every code to its wire
 * (SCIM status and scimType, problem+json, exit code). `detail` is always our own text, safe to show to a caller.
 */
export type ErrorCode =
  | "usage"
  | "configuration"
  | "invalid"
  | "invalid-filter"
  | "invalid-path"
  | "invalid-value"
  | "no-target"
  | "mutability"
  | "invalid-cursor"
  | "expired-cursor"
  | "invalid-count"
  | "too-many"
  | "too-large"
  | "unauthenticated"
  | "second-factor-required"
  | "reauthentication-required"
  | "not-allowed"
  | "read-only"
  | "externally-managed"
  | "not-found"
  | "merged"
  | "method-not-allowed"
  | "not-acceptable"
  | "unsupported-media-type"
  | "uniqueness"
  | "conflict"
  | "held"
  | "precondition-failed"
  | "precondition-required"
  | "cool-down"
  | "not-implemented"
  | "unavailable"
  | "internal";

/** A setting that stands in the way, and what becomes of it when an administrator changes it. */
export type SettingInTheWay = {
  /** As every face calls it: `externalUserManagement`, `permissions`. */
  name: string;
  value: string;
  /** Where it is: the path below /api/v1 of what is PATCHed, and the command that helps: mostly the one that changes it. */
  path: string;
  command: string;
  consequence: string;
};

export type ErrorPlace = {
  /** Where in the input: a JSON pointer, an attribute path, a flag, a file and line, a character position. */
  at?: string;
  /** Seconds after which the same request may succeed. */
  retryAfter?: number;
  /** What the ambiguous name could have meant. */
  candidates?: readonly string[];
  /** Why it is refused, and where that is changed. */
  setting?: SettingInTheWay;
  /** Which account the one that was asked for went into. */
  mergedInto?: string;
  /** For a log line only; never shown to a caller. */
  cause?: unknown;
};

export class MusterError extends Error {
  readonly code: ErrorCode;
  readonly at: string | undefined;
  readonly retryAfter: number | undefined;
  readonly candidates: readonly string[] | undefined;
  readonly setting: SettingInTheWay | undefined;
  readonly mergedInto: string | undefined;

  constructor(code: ErrorCode, detail: string, place: ErrorPlace = {}) {
    super(detail, place.cause === undefined ? undefined : { cause: place.cause });
    this.name = "MusterError";
    this.code = code;
    this.at = place.at;
    this.retryAfter = place.retryAfter;
    this.candidates = place.candidates;
    this.setting = place.setting;
    this.mergedInto = place.mergedInto;
  }
}

export function isMusterError(error: unknown): error is MusterError {
  return error instanceof MusterError;
}

/** A value that the types say cannot exist: a programming error, never a caller's. */
export function unreachable(value: never): never {
  throw new MusterError("internal", `unexpected value ${JSON.stringify(value)}`);
}
