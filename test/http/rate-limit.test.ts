import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FailedAttempts, networkOf } from "../../src/http/failed-attempts.ts";
import { RateLimit } from "../../src/http/rate-limit.ts";
import { TokenBuckets } from "../../src/http/token-buckets.ts";
import { scaled, seed } from "../harness/scale.ts";

const rate = fc.record({ perSecond: fc.integer({ min: 1, max: 5_000 }), burst: fc.integer({ min: 1, max: 10_000 }) });
/** Milliseconds between one request and the next. */
const pauses = fc.array(fc.oneof(fc.constant(0), fc.nat(20), fc.nat(3_000)), { minLength: 1, maxLength: 300 });

describe("a bucket", () => {
  it("lets through no more than its burst and its rate over any stretch of time, and no less", () => {
    fc.assert(
      fc.property(rate, pauses, ({ perSecond, burst }, times) => {
        let now = 0;
        const limit = new RateLimit({ perSecond, burst, inFlight: 1_000_000 }, () => now);
        const allowed: number[] = [];
        for (const pause of times) {
          now += pause;
          const before = limit.enter("a");
          if (before.allowed) allowed.push(now);
          // Refused only when the bucket holds less than one, which it says itself.
          else expect(before).toMatchObject({ remaining: 0, exceeded: "rate" });
        }
        for (let first = 0; first < allowed.length; first++)
          for (let last = first; last < allowed.length; last++)
            expect(last - first + 1).toBeLessThanOrEqual(
              burst + ((allowed[last]! - allowed[first]!) * perSecond) / 1000 + 1e-6,
            );
      }),
      { numRuns: scaled(1_000), seed },
    );
  });

  it("agrees with a count by hand, in what it says too", () => {
    fc.assert(
      fc.property(rate, pauses, ({ perSecond, burst }, times) => {
        let now = 0;
        let level = burst;
        const limit = new RateLimit({ perSecond, burst, inFlight: 1_000_000 }, () => now);
        for (const pause of times) {
          now += pause;
          level = Math.min(burst, level + (pause * perSecond) / 1000);
          const allowed = level >= 1;
          if (allowed) level -= 1;
          expect(limit.enter("a")).toEqual({
            allowed,
            exceeded: allowed ? null : "rate",
            remaining: Math.floor(level),
            reset: Math.ceil((burst - level) / perSecond),
            retryAfter: allowed ? 0 : Math.max(1, Math.ceil((1 - level) / perSecond)),
          });
        }
      }),
      { numRuns: scaled(1_000), seed },
    );
  });

  it("is full again after the seconds that it names, and lets one in after those of Retry-After", () => {
    fc.assert(
      fc.property(rate, fc.integer({ min: 1, max: 12_000 }), ({ perSecond, burst }, requests) => {
        let now = 0;
        const limit = new RateLimit({ perSecond, burst, inFlight: 1_000_000 }, () => now);
        let last = limit.enter("a");
        for (let number = 1; number < requests; number++) last = limit.enter("a");
        if (!last.allowed) {
          now += last.retryAfter * 1_000;
          expect(limit.enter("a").allowed).toBe(true);
          last = limit.enter("a");
        }
        now += last.reset * 1_000;
        expect(limit.enter("a").remaining).toBe(burst - 1);
      }),
      { numRuns: scaled(300), seed },
    );
  });

  it("is each key's own", () => {
    const limit = new RateLimit({ perSecond: 1, burst: 1, inFlight: 1 }, () => 0);
    expect([limit.enter("a").allowed, limit.enter("a").allowed, limit.enter("b").allowed]).toEqual([true, false, true]);
  });

  it("is kept for a bounded number of keys, the first of which begins anew", () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 2 }, () => 0, 100);
    for (let key = 0; key < 1_000; key++) buckets.take(`k${key}`);
    expect(buckets.size).toBe(100);
    expect([buckets.level("k0"), buckets.level("k999")]).toEqual([2, 1]);
  });
});

describe("requests that run", () => {
  it("are refused beyond the limit, without costing anything, until one has been answered", () => {
    const limit = new RateLimit({ perSecond: 3_000, burst: 6_000, inFlight: 64 }, () => 0);
    for (let number = 0; number < 64; number++) expect(limit.enter("a").allowed).toBe(true);
    expect(limit.enter("a")).toEqual({
      allowed: false,
      exceeded: "in-flight",
      remaining: 6_000 - 64,
      reset: 1,
      retryAfter: 1,
    });
    expect(limit.enter("b").allowed).toBe(true);
    limit.leave("a");
    expect(limit.enter("a")).toMatchObject({ allowed: true, remaining: 6_000 - 65 });
    expect(limit.enter("a").allowed).toBe(false);
  });

  it("are counted out and in again, in whatever order", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.boolean(), { maxLength: 200 }), (inFlight, steps) => {
        const limit = new RateLimit({ perSecond: 1, burst: 1_000_000, inFlight }, () => 0);
        let running = 0;
        for (const enter of steps) {
          if (!enter) {
            limit.leave("a");
            running = Math.max(0, running - 1);
          } else {
            expect(limit.enter("a").allowed).toBe(running < inFlight);
            running = Math.min(inFlight, running + 1);
          }
        }
      }),
      { numRuns: scaled(1_000), seed },
    );
  });
});

describe("failed attempts of an address", () => {
  it("are a hundred at once and twenty a second", () => {
    let now = 0;
    const attempts = new FailedAttempts(() => now);
    for (let number = 0; number < 100; number++) attempts.begin("192.0.2.1");
    expect(() => attempts.begin("192.0.2.1")).toThrow(expect.objectContaining({ code: "cool-down", retryAfter: 1 }));
    attempts.begin("192.0.2.2");
    now += 1_000;
    for (let number = 0; number < 20; number++) attempts.begin("192.0.2.1");
    expect(() => attempts.begin("192.0.2.1")).toThrow();
  });

  it("do not count those that succeed, so that a caller with good credentials never waits", () => {
    const attempts = new FailedAttempts(() => 0);
    for (let number = 0; number < 1_000; number++) {
      attempts.begin("192.0.2.1");
      attempts.succeeded("192.0.2.1");
    }
    for (let number = 0; number < 100; number++) attempts.begin("192.0.2.1");
    expect(() => attempts.begin("192.0.2.1")).toThrow();
  });

  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["2001:0DB8:0000:0001:ffff:ffff:ffff:ffff", "2001:db8:0:1"],
    ["2001:db8:0:1::", "2001:db8:0:1"],
    ["2001:db8:a:b:c:d:e:f", "2001:db8:a:b"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["64:ff9b::192.0.2.33", "64:ff9b:0:0"],
    ["1:2:3:4:5:6:192.0.2.33", "1:2:3:4"],
    ["::2:3:4:5:6:7:8", "0:2:3:4"],
    [undefined, ""],
    ["no address", "no address"],
  ])("are counted for %s as %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
