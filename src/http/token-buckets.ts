type Bucket = { level: number; at: number };

/**
 * A token bucket for each key: full at `burst`, refilled by `perSecond` a second. Kept in the process and bounded: beyond
 * `most` keys the one that came first begins anew.
 */
export class TokenBuckets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #clock: () => number;
  readonly #most: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param clock milliseconds, of a clock that never jumps. */
  constructor(
    rate: { perSecond: number; burst: number },
    clock: () => number = () => performance.now(),
    most: number = 10_000,
  ) {
    this.#perSecond = rate.perSecond;
    this.#burst = rate.burst;
    this.#clock = clock;
    this.#most = most;
  }

  /** What is in the bucket of a key now; a key that never came has a full one. */
  level(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return this.#burst;
    const now = this.#clock();
    bucket.level = Math.min(this.#burst, bucket.level + ((now - bucket.at) * this.#perSecond) / 1000);
    bucket.at = now;
    return bucket.level;
  }

  /** Takes one out, as far as there is one. Returns what is left. */
  take(key: string): number {
    const left = Math.max(0, this.level(key) - 1);
    const bucket = this.#buckets.get(key);
    if (bucket) {
      bucket.level = left;
      return left;
    }
    if (this.#buckets.size >= this.#most) this.#buckets.delete(this.#buckets.keys().next().value as string);
    this.#buckets.set(key, { level: left, at: this.#clock() });
    return left;
  }

  /** Puts back one that was taken. */
  give(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket) bucket.level = Math.min(this.#burst, bucket.level + 1);
  }

  /** Seconds until one can be taken of a bucket of this level, at least 1; 0 when one can be taken now. */
  wait(level: number): number {
    return level >= 1 ? 0 : Math.max(1, Math.ceil((1 - level) / this.#perSecond));
  }

  /** How many keys are remembered. */
  get size(): number {
    return this.#buckets.size;
  }
}
