import type { Response } from "express";
import { MusterError } from "../errors.ts";
import { Queues } from "./queues.ts";
import { type Admission, RateLimit, type RateLimits } from "./rate-limit.ts";

/** `waiting`: requests of one key that may wait until one of those that run is answered. */
type Limits = RateLimits & { waiting: number };

/**
 * Counts a request of `key` until it is answered, and says on the answer what is left. A request beyond those that may run
 * at once waits for its turn: providers send bursts, and whoever is told to come again is slower and costs more.
 * @throws MusterError `cool-down` beyond a limit; such a request is not counted.
 */
export type LetIn = (response: Response, key: string) => Promise<void> | void;

/** Milliseconds that a request waits for its turn. */
const PATIENCE = 15_000;

/**
 * The limits of each caller, told as "RateLimit header fields for HTTP" has it (draft-ietf-httpapi-ratelimit-headers-10):
 * the policy is the same on every answer, what is left is of this moment.
 */
export function limitRequests(limits: Limits): LetIn {
  const limit = new RateLimit(limits);
  const queues = new Queues(limits.waiting, PATIENCE);
  const window = Math.max(1, Math.ceil(limits.burst / limits.perSecond));
  const policy = `"rate";q=${limits.burst};w=${window}, "in-flight";q=${limits.inFlight};qu="concurrent-requests"`;
  const leave = (key: string): void => {
    limit.leave(key);
    queues.next(key);
  };

  const admit = (response: Response, key: string, admission: Admission): void => {
    tell(response, admission);
    if (admission.exceeded !== null) throw refusal(limits, admission);
    // Whoever left while the token was looked up is not told again.
    if (response.closed) leave(key);
    else response.on("close", () => leave(key));
  };

  const tell = (response: Response, { exceeded, remaining, reset, retryAfter }: Admission): void => {
    response.setHeader("RateLimit-Policy", policy);
    response.setHeader(
      "RateLimit",
      exceeded === "in-flight" ? `"in-flight";r=0;t=${retryAfter}` : `"rate";r=${remaining};t=${reset}`,
    );
  };

  const inTurn = async (response: Response, key: string): Promise<void> => {
    let admission: Admission;
    do {
      const turn = await queues.turn(key, response);
      admission = limit.enter(key);
      if (!turn) break;
    } while (admission.exceeded === "in-flight");
    // Its place stays free, so the next one need not wait for another to become so.
    if (admission.exceeded === "rate") queues.next(key);
    admit(response, key, admission);
  };

  return (response, key) => {
    const admission = queues.isWaiting(key) ? undefined : limit.enter(key);
    if (admission === undefined || admission.exceeded === "in-flight") return inTurn(response, key);
    admit(response, key, admission);
  };
}

function refusal(limits: RateLimits, { exceeded, retryAfter }: Admission): MusterError {
  return new MusterError(
    "cool-down",
    exceeded === "in-flight"
      ? `this caller has ${limits.inFlight} requests running and others waiting; wait until some are answered`
      : `this caller sends more than ${limits.perSecond} requests a second; wait a moment`,
    { retryAfter },
  );
}
