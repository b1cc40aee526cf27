import type { Response } from "express";
import { MusterError } from "../errors.ts";
import { RateLimit, type RateLimits } from "../http/rate-limit.ts";

/**
 * Counts a request of `key` until it is answered, and says on the answer what is left.
 * @throws MusterError `cool-down` beyond a limit; such a request is not counted.
 */
export type LetIn = (response: Response, key: string) => void;

/**
 * The limits of each caller, told as "RateLimit header fields for HTTP" has it (draft-ietf-httpapi-ratelimit-headers-10):
 * the policy is the same on every answer, what is left is of this moment.
 */
export function limitRequests(limits: RateLimits): LetIn {
  const limit = new RateLimit(limits);
  const window = Math.max(1, Math.ceil(limits.burst / limits.perSecond));
  const policy = `"rate";q=${limits.burst};w=${window}, "in-flight";q=${limits.inFlight};qu="concurrent-requests"`;
  return (response, key) => {
    const { exceeded, remaining, reset, retryAfter } = limit.enter(key);
    response.setHeader("RateLimit-Policy", policy);
    response.setHeader(
      "RateLimit",
      exceeded === "in-flight" ? `"in-flight";r=0;t=${retryAfter}` : `"rate";r=${remaining};t=${reset}`,
    );
    if (exceeded !== null)
      throw new MusterError(
        "cool-down",
        exceeded === "in-flight"
          ? `this token has ${limits.inFlight} requests running; wait until one is answered`
          : `this token sends more than ${limits.perSecond} requests a second; wait a moment`,
        { retryAfter },
      );
    // Whoever left while the token was looked up is not told again.
    if (response.closed) limit.leave(key);
    else response.on("close", () => limit.leave(key));
  };
}
