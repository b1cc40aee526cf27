import { MusterError } from "../errors.ts";

/** How changes of one kind are made. */
export type WriteKind<Change, Answer> = {
  /** How much one transaction takes at most, by what each change weighs; a single one always. */
  most: number;
  weightOf(change: Change): number;
  /** Transactions of one place at once. */
  lanes: number;
  /** Whether one transaction may make several changes of one key. */
  repeatsKeys: boolean;
  /**
   * Makes several changes in one transaction and answers in their order. Whoever's answer is undefined has had nothing
   * written and is to be done alone. What it throws is everybody's answer.
   */
  together(changes: readonly Change[]): Promise<readonly (Answer | undefined)[]>;
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

/** `busy`: how many changes of a key have been begun and are not answered yet. */
type Place = { waiting: Waiting[]; busy: Map<string, number>; running: number; isCalled: boolean };

/** Changes that wait at one place at most. */
const LONGEST_QUEUE = 1_000;

/**
 * Changes of one kind that come while others are being written, gathered into one transaction: setting it up, committing it
 * and waiting for the same rows is paid once. Whoever meets nobody is written at once. Changes of one key are never in two
 * transactions at once, and those done alone come in their order; nobody gets an answer before his commit.
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
    const place: Place = this.#places.get(name) ?? { waiting: [], busy: new Map(), running: 0, isCalled: false };
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
    const [first] = place.waiting;
    if (place.isCalled || !first || place.running >= first.kind.lanes) return;
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
    const left = new Map<string, Waiting[]>();
    for (const [at, each] of taken.entries()) {
      const answer = "error" in outcome ? undefined : outcome.answer[at];
      if (answer === undefined && !("error" in outcome)) left.set(each.key, [...(left.get(each.key) ?? []), each]);
      else {
        if ("error" in outcome) each.reject(outcome.error);
        else each.resolve(answer);
        free(place, each.key);
      }
    }
    // Not in the lane: what they wait for is nothing to the others.
    for (const ofKey of left.values()) void this.#alone(name, place, ofKey);
    this.#call(name, place);
    this.#tidy(name, place);
  }

  async #alone(name: string, place: Place, ofKey: readonly Waiting[]): Promise<void> {
    for (const { key, kind, change, resolve, reject } of ofKey) {
      await kind.alone(change).then(resolve, reject);
      free(place, key);
    }
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
  const closed = new Set(place.busy.keys());
  let weight = 0;
  for (const each of place.waiting) {
    const { key, kind } = each;
    weight += closed.has(key) ? 0 : kind.weightOf(each.change);
    if (closed.has(key) || (taken.length > 0 && weight > kind.most)) {
      closed.add(key);
      left.push(each);
      continue;
    }
    clearTimeout(each.patience);
    if (!kind.repeatsKeys) closed.add(key);
    place.busy.set(key, (place.busy.get(key) ?? 0) + 1);
    taken.push(each);
  }
  place.waiting = left;
  return taken;
}

function free(place: Place, key: string): void {
  const count = (place.busy.get(key) ?? 1) - 1;
  if (count === 0) place.busy.delete(key);
  else place.busy.set(key, count);
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
