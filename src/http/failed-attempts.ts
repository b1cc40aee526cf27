import { isIPv6 } from "node:net";
import { MusterError } from "../errors.ts";
import { TokenBuckets } from "./token-buckets.ts";

/** Failures that an address may have a second, and at once after a rest. */
const BUDGET = { perSecond: 20, burst: 100 };

/**
 * How often each address has come with credentials that nobody has. Who has spent its budget is told to wait before the
 * database is asked, so that guessing costs nothing but a look here. Only for credentials that are not known to be good:
 * those of others behind the same address go on.
 */
export class FailedAttempts {
  readonly #buckets: TokenBuckets;

  /** @param clock milliseconds, of a clock that never jumps. */
  constructor(clock?: () => number) {
    this.#buckets = new TokenBuckets(BUDGET, clock);
  }

  /**
   * One attempt of the address begins. It counts as failed until it has succeeded, so that many at once count too.
   * @throws MusterError `cool-down` when the address has failed too often to try again now.
   */
  begin(address: string | undefined): void {
    const network = networkOf(address);
    const retryAfter = this.#buckets.wait(this.#buckets.level(network));
    if (retryAfter > 0)
      throw new MusterError(
        "cool-down",
        "too many requests from this address came with credentials that nobody has; wait",
        { retryAfter },
      );
    this.#buckets.take(network);
  }

  /** An attempt that was begun has succeeded. */
  succeeded(address: string | undefined): void {
    this.#buckets.give(networkOf(address));
  }
}

/**
 * Looks a caller up by credentials that are counted as an attempt of the address, unless the look-up knows them as good
 * already and so never calls `mayAsk`.
 * @throws MusterError `cool-down` as `begin` does.
 */
export async function lookUpCaller<Found>(
  attempts: FailedAttempts,
  request: { readonly ip?: string | undefined },
  lookUp: (mayAsk: () => void) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  let begun = false;
  const found = await lookUp(() => {
    attempts.begin(request.ip);
    begun = true;
  });
  if (begun && found !== undefined) attempts.succeeded(request.ip);
  return found;
}

/** An IPv4 address as it is; of an IPv6 address the /64, from which one host chooses its addresses. */
export function networkOf(address: string | undefined): string {
  if (address === undefined || !isIPv6(address)) return address ?? "";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = "", tail] = address.replace(/%.*$/, "").toLowerCase().split("::");
  const front = head.split(":").filter(Boolean);
  const back = (tail ?? "").split(":").filter(Boolean);
  // A dotted quad at the end stands for two groups.
  const missing = 8 - front.length - back.length - (address.includes(".") ? 1 : 0);
  const groups = tail === undefined ? front : [...front, ...Array<string>(missing).fill("0"), ...back];
  return groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
