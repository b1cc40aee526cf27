import { type ErrorCode, unreachable } from "../errors.ts";

/** 0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict or held, 6 invalid, 8 partly done, 78 wrong configuration. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 8 | 78;

/** What a command that failed with this code tells the shell. */
export function exitCode(code: ErrorCode): ExitCode {
  switch (code) {
    case "usage":
      return 2;
    case "not-found":
    case "merged":
      return 3;
    case "unauthenticated":
    case "second-factor-required":
    case "reauthentication-required":
    case "not-allowed":
    case "read-only":
    case "externally-managed":
      return 4;
    case "uniqueness":
    case "conflict":
    case "held":
    case "precondition-failed":
    case "precondition-required":
    case "cool-down":
      return 5;
    case "invalid":
    case "invalid-filter":
    case "invalid-path":
    case "invalid-value":
    case "no-target":
    case "mutability":
    case "invalid-cursor":
    case "expired-cursor":
    case "invalid-count":
    case "too-many":
    case "too-large":
      return 6;
    case "configuration":
      return 78;
    case "method-not-allowed":
    case "not-acceptable":
    case "unsupported-media-type":
    case "not-implemented":
    case "unavailable":
    case "internal":
      return 1;
    default:
      return unreachable(code);
  }
}
