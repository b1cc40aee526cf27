import type { Database } from "../db/connection.ts";
import type { Listener } from "../db/listen.ts";

/** Milliseconds for which what was read of a token is believed. */
const BELIEVED = 1_000;
/** Tokens remembered at most; beyond it those that were read longest ago go. */
const MOST = 10_000;

/** What is remembered: facts of a live token, with the seconds that it has left (null: no end). */
type Facts = { readonly expiresIn: number | null };
type Entry<Found> = { found: Found; until: number; era: number };
type Asking<Found> = { since: number; era: number; answer: Promise<Found | undefined> };

/**
 * What this process read of tokens within the last second, by their digests. Believed only while the database's word of
 * changes (channel `muster_callers`) can be heard, forgotten at once when it is, and never past a token's own end, which
 * the database's clock has put into seconds. Tokens that are not live are not remembered.
 */
export class TokenCache<Found extends Facts> {
  readonly #clock: () => number;
  readonly #listener: Listener;
  readonly #entries = new Map<string, Entry<Found>>();
  readonly #asking = new Map<string, Asking<Found>>();
  /** Raised by every change: what was read, or asked for, in an earlier era may be old. */
  #era = 0;

  /** @param clock milliseconds, of a clock that never jumps. */
  constructor(db: Database, clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#listener = db.listen("muster_callers", () => void this.#era++);
  }

  /** What is believed about the token now, or undefined when it must be read. */
  get(digest: string): Found | undefined {
    const entry = this.#entries.get(digest);
    return entry && entry.era === this.#era && this.#clock() < entry.until ? entry.found : undefined;
  }

  /**
   * Whether this token was live when it was last read, however long ago: a caller and not a guess. So is whoever comes
   * while it is being read for another, because that costs nothing more: a provider's first hundred requests at once.
   */
  knows(digest: string): boolean {
    return this.#entries.has(digest) || this.#asking.has(digest);
  }

  /** Reads a token; whoever asks for the same one meanwhile shares the answer, unless a change was heard in between. */
  read(digest: string, ask: () => Promise<Found | undefined>): Promise<Found | undefined> {
    const now = this.#clock();
    const running = this.#asking.get(digest);
    if (running && running.era === this.#era && now < running.since + BELIEVED) return running.answer;
    const asking: Asking<Found> = { since: now, era: this.#era, answer: ask() };
    asking.answer = asking.answer
      .then((found) => this.#keep(digest, asking, found))
      .finally(() => {
        if (this.#asking.get(digest) === asking) this.#asking.delete(digest);
      });
    this.#asking.set(digest, asking);
    return asking.answer;
  }

  /** Counted from when it was asked for: the database read it no earlier. */
  #keep(digest: string, { since, era }: Asking<Found>, found: Found | undefined): Found | undefined {
    this.#entries.delete(digest);
    if (!found) return undefined;
    const until = since + Math.min(BELIEVED, found.expiresIn === null ? BELIEVED : found.expiresIn * 1000);
    // What was asked for before a change was heard is known again, but not believed.
    this.#entries.set(digest, { found, until, era: this.#listener.live ? era : -1 });
    if (this.#entries.size > MOST) this.#entries.delete(this.#entries.keys().next().value as string);
    return found;
  }
}
