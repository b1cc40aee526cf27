import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tokenBucket } from "../../../connectors/google-workspace/bucket.ts";
import { scaled, seed } from "../../harness/scale.ts";

const signal = new AbortController().signal;

/** Time that passes only when somebody waits. */
function clock() {
  let now = 0;
  return {
    now: () => now,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    sleep: async (milliseconds: number) => {
      now += milliseconds;
    },
  };
}

/** The times at which calls start that come with these pauses between them. */
async function starts(perSecond: number, burst: number, pauses: readonly number[]): Promise<number[]> {
  const time = clock();
  const bucket = tokenBucket(perSecond, burst, time);
  const times: number[] = [];
  for (const pause of pauses) {
    time.pass(pause);
    await bucket.take(signal);
    times.push(time.now());
  }
  return times;
}

describe("a bucket of tokens", () => {
  it("lets a burst through and then one after the other", async () => {
    expect(await starts(10, 3, [0, 0, 0, 0, 0])).toEqual([0, 0, 0, 100, 200]);
  });

  it("saves no more than a burst", async () => {
    expect(await starts(10, 2, [0, 60_000, 0, 0])).toEqual([0, 60_000, 60_000, 60_100]);
  });

  it("gives nearly all of the rate to whoever always wants more", async () => {
    const times = await starts(32, 32, new Array(4000).fill(0));
    expect(4000 / ((times.at(-1) ?? 0) / 1000)).toBeGreaterThan(0.95 * 32);
  });

  it("never gives more than Google allows in any minute, whenever calls come", async () => {
    const quota = 240;
    const perSecond = (quota * 0.8) / 60;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 500, maxLength: 900 }),
        async (pauses) => {
          const times = await starts(perSecond, perSecond * 3, pauses);
          for (let first = 0; first + quota < times.length; first++)
            expect((times[first + quota] ?? 0) - (times[first] ?? 0)).toBeGreaterThan(60_000);
        },
      ),
      { numRuns: scaled(200), seed },
    );
  });

  it("rests for everybody when it is told to", async () => {
    const time = clock();
    const bucket = tokenBucket(10, 5, time);
    await bucket.take(signal);
    bucket.pause(3000);
    await bucket.take(signal);
    expect(time.now()).toBe(3000);
    await bucket.take(signal);
    expect(time.now()).toBe(3100);
  });

  it("gives nothing to whoever is cancelled", async () => {
    await expect(tokenBucket(10, 5).take(AbortSignal.abort())).rejects.toThrow();
    const stop = new AbortController();
    const slow = tokenBucket(0.001, 1);
    await slow.take(stop.signal);
    const waiting = slow.take(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });
});
