import { MusterError } from "../errors.ts";

/** How changes of one kind are made. */
export type WriteKind<Change, Answer> = {
  /**
   * Makes several changes, each of another key, in one transaction and answers by their keys. Whoever gets no answer has had
   * nothing written and is to be done alone. What it throws is everybody's answer.
   */
  together(changes: readonly Change[]): Promise<ReadonlyMap<string, Answer>>;
  alone(change: Change): Promise<Answer>;
};

type Waiting = {
  key: string;
  change: unknown;
  kind: WriteKind<unknown, unknown>;
  resolve(answer: unknown): void;
  reject(error: unknown): void;
  patience: NodeJS.Timeout;
};

/** `busy`: the keys of what has been begun and is not answered yet. */
type Place = { waiting: Waiting[]; busy: Set<string>; running: number; isCalled: boolean };

/** Changes that one transaction makes at most; migration 0027 reckons with it (together/spend.ts). */
const MOST = 8;
/** Transactions of one place at once: one works while another waits for its commit. */
const LANES = 2;
/** Changes that wait at one place at most. */
const LONGEST_QUEUE = 1_000;

/**
 * Changes of one kind that come while others are being written, gathered into one transaction: setting it up, committing it
 * and waiting for the same rows is paid once. Whoever meets nobody is written at once. Changes of one key are made one after
 * the other, in the order in which they came; nobody gets an answer before his commit.
 */
export class GatheredWrites {
  readonly #patience: number;
  readonly #places = new Map<string, Place>();

  /** @param patience milliseconds that a change waits for its turn. */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /**
   * @param name what has to be the same of changes that are made together, their kind included.
   * @param key of what is changed there.
   * @throws MusterError `unavailable` when its turn does not come in time: then nothing was written; else as `kind` does.
   */
  write<Change, Answer>(name: string, key: string, kind: WriteKind<Change, Answer>, change: Change): Promise<Answer> {
    const place = this.#places.get(name) ?? { waiting: [], busy: new Set(), running: 0, isCalled: false };
    this.#places.set(name, place);
    if (place.waiting.length >= LONGEST_QUEUE) return Promise.reject(tooBusy());
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const patience = setTimeout(() => {
      place.waiting = place.waiting.filter((each) => each !== waiting);
      this.#tidy(name, place);
      reject(tooBusy());
    }, this.#patience);
    const waiting = { key, change, kind, resolve, reject, patience } as Waiting;
    place.waiting.push(waiting);
    this.#call(name, place);
    return promise;
  }

  #call(name: string, place: Place): void {
    if (place.isCalled || place.running >= LANES || place.waiting.length === 0) return;
    place.isCalled = true;
    // Behind every request that has come by now.
    setImmediate(() => {
      place.isCalled = false;
      const taken = take(place);
      if (taken.length === 0) return;
      void this.#run(name, place, taken);
      this.#call(name, place);
    });
  }

  async #run(name: string, place: Place, taken: readonly Waiting[]): Promise<void> {
    const { kind } = taken[0] as Waiting;
    place.running++;
    const outcome = await settled(kind.together(taken.map((each) => each.change)));
    place.running--;
    for (const each of taken) {
      if ("error" in outcome) each.reject(outcome.error);
      else if (outcome.answer.has(each.key)) each.resolve(outcome.answer.get(each.key));
      else {
        // Not in the lane: what he waits for is nothing to the others.
        void this.#alone(name, place, each);
        continue;
      }
      place.busy.delete(each.key);
    }
    this.#call(name, place);
    this.#tidy(name, place);
  }

  async #alone(name: string, place: Place, { key, kind, change, resolve, reject }: Waiting): Promise<void> {
    const outcome = await settled(kind.alone(change));
    if ("error" in outcome) reject(outcome.error);
    else resolve(outcome.answer);
    place.busy.delete(key);
    this.#call(name, place);
    this.#tidy(name, place);
  }

  #tidy(name: string, place: Place): void {
    if (place.waiting.length === 0 && place.busy.size === 0) this.#places.delete(name);
  }
}

/** The first ones whose keys nobody is busy with, nor anybody before them waits for. */
function take(place: Place): Waiting[] {
  const taken: Waiting[] = [];
  const left: Waiting[] = [];
  const keys = new Set(place.busy);
  for (const each of place.waiting) {
    if (taken.length === MOST || keys.has(each.key)) left.push(each);
    else {
      clearTimeout(each.patience);
      place.busy.add(each.key);
      taken.push(each);
    }
    keys.add(each.key);
  }
  place.waiting = left;
  return taken;
}

async function settled<T>(work: Promise<T>): Promise<{ answer: T } | { error: unknown }> {
  try {
    return { answer: await work };
  } catch (error) {
    return { error };
  }
}

function tooBusy(): MusterError {
  return new MusterError("unavailable", "too many changes are waiting to be written; try again", { retryAfter: 5 });
}
