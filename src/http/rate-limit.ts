import { TokenBuckets } from "./token-buckets.ts";

/** What one key may do in this process. */
export type RateLimits = {
  /** Requests a second, for ever. */
  perSecond: number;
  /** Requests at once, after a rest. */
  burst: number;
  /** Requests that run at the same moment. */
  inFlight: number;
};

/** What the limit says to one request. */
export type Admission = {
  allowed: boolean;
  /** Which limit refuses it. */
  exceeded: "rate" | "in-flight" | null;
  /** Requests that could come at once now. */
  remaining: number;
  /** Seconds until as many as ever could. */
  reset: number;
  /** Seconds until another request may be let in; 0 when this one was. */
  retryAfter: number;
};

/** How fast and how many at once each key may come. Kept in the process: several behind one address each have their own. */
export class RateLimit {
  readonly #limits: RateLimits;
  readonly #buckets: TokenBuckets;
  /** Requests that run, of the keys that have any. */
  readonly #running = new Map<string, number>();

  /** @param clock milliseconds, of a clock that never jumps. */
  constructor(limits: RateLimits, clock?: () => number) {
    this.#limits = limits;
    this.#buckets = new TokenBuckets(limits, clock);
  }

  /** Asks for one request. Who is allowed in calls `leave` once, when it has been answered; who is not is not counted. */
  enter(key: string): Admission {
    const { perSecond, burst, inFlight } = this.#limits;
    const running = this.#running.get(key) ?? 0;
    let level = this.#buckets.level(key);
    const exceeded = running >= inFlight ? "in-flight" : level < 1 ? "rate" : null;
    if (exceeded === null) {
      this.#running.set(key, running + 1);
      level = this.#buckets.take(key);
    }
    return {
      allowed: exceeded === null,
      exceeded,
      remaining: Math.floor(level),
      reset: Math.ceil((burst - level) / perSecond),
      retryAfter: exceeded === null ? 0 : Math.max(1, this.#buckets.wait(level)),
    };
  }

  leave(key: string): void {
    const running = this.#running.get(key) ?? 0;
    if (running > 1) this.#running.set(key, running - 1);
    else this.#running.delete(key);
  }
}
