import { setTimeout as sleep } from "node:timers/promises";

/** How time passes: milliseconds from any beginning, and waiting for it. */
export type Clock = { now(): number; sleep(milliseconds: number, signal: AbortSignal): Promise<unknown> };

const WALL: Clock = {
  now: () => performance.now(),
  sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
};

/** Tokens come evenly; one that waits for its turn has it, so nobody is overtaken. */
export type Bucket = {
  /** Resolves when one more call may start; rejects when the signal is aborted. */
  take(signal: AbortSignal): Promise<void>;
  /** Nobody else starts for so long. */
  pause(milliseconds: number): void;
};

/**
 * At most `burst + perSecond × t` takes in any t seconds. Kept as the time at which the next token is due; what is not
 * used adds up to `burst` tokens.
 */
export function tokenBucket(perSecond: number, burst: number, clock: Clock = WALL): Bucket {
  const interval = 1000 / perSecond;
  let due = Number.NEGATIVE_INFINITY;
  return {
    async take(signal) {
      signal.throwIfAborted();
      const now = clock.now();
      due = Math.max(due, now - (burst - 1) * interval);
      const wait = due - now;
      due += interval;
      // Timers count whole milliseconds and cut the rest off.
      if (wait > 0) await clock.sleep(Math.ceil(wait), signal);
    },
    pause(milliseconds) {
      due = Math.max(due, clock.now() + milliseconds);
    },
  };
}
