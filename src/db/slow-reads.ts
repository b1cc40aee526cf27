import type pg from "pg";
import { MusterError } from "../errors.ts";
import type { OrganizationId } from "./id.ts";
import { isTooLong, translateStorageError } from "./storage-error.ts";

/** Milliseconds that one of them may take. */
const LONGEST = 10_000;
/** Milliseconds that one waits for its place, and how many of one organization may wait. */
const PATIENCE = 15_000;
const WAITING = 100;

type Waiter = { begin: () => void; timer: NodeJS.Timeout };

/**
 * Reads that no index serves, as filters of any kind ask for them. They have a few of the application's connections and
 * one processor each, so that whatever is asked everything else goes on; organizations take turns for these places. Who
 * takes too long is stopped.
 */
export class SlowReads {
  readonly #places: number;
  readonly #longest: number;
  #running = 0;
  /** Those that wait, in the order in which their organizations come next. */
  readonly #waiting = new Map<OrganizationId, Waiter[]>();

  /** @param longest milliseconds that a statement may take. */
  constructor(places: number, longest = LONGEST) {
    this.#places = Math.max(1, places);
    this.#longest = longest;
  }

  /**
   * Runs a statement on the connection that `checkOut` gives, when it is its turn.
   * @throws MusterError `too-many` when it took too long, `unavailable` when too many wait for their turn.
   */
  async read<Row>(
    organization: OrganizationId,
    checkOut: () => Promise<pg.PoolClient>,
    query: pg.QueryConfig,
  ): Promise<Row[]> {
    await this.#turn(organization);
    try {
      return await this.#run(await checkOut(), query);
    } finally {
      this.#next();
    }
  }

  async #run<Row>(client: pg.PoolClient, query: pg.QueryConfig): Promise<Row[]> {
    let done = false;
    try {
      await client.query(
        `begin read only; set local statement_timeout = ${this.#longest}; set local max_parallel_workers_per_gather = 0`,
      );
      const { rows } = await client.query(query);
      done = true;
      return rows as Row[];
    } catch (error) {
      if (isTooLong(error))
        throw new MusterError(
          "too-many",
          `this filter or order takes longer than ${this.#longest / 1_000} s; ask for less, as in userName eq or id eq`,
          { cause: error },
        );
      throw translateStorageError(error);
    } finally {
      await client.query(done ? "commit" : "rollback").then(
        () => client.release(),
        () => client.release(true),
      );
    }
  }

  #turn(organization: OrganizationId): Promise<void> {
    if (this.#running < this.#places) {
      this.#running++;
      return Promise.resolve();
    }
    const queue = this.#waiting.get(organization) ?? [];
    if (queue.length >= WAITING) return Promise.reject(tooMany());
    this.#waiting.set(organization, queue);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#remove(organization, waiter);
        reject(tooMany());
      }, PATIENCE);
      const waiter: Waiter = { begin: resolve, timer };
      queue.push(waiter);
    });
  }

  /** Gives the place that has become free to whoever came first of the organization whose turn it is. */
  #next(): void {
    const [organization, queue] = this.#waiting.entries().next().value ?? [];
    const waiter = queue?.[0];
    if (organization === undefined || queue === undefined || waiter === undefined) {
      this.#running--;
      return;
    }
    clearTimeout(waiter.timer);
    this.#remove(organization, waiter);
    if (this.#waiting.delete(organization)) this.#waiting.set(organization, queue);
    waiter.begin();
  }

  #remove(organization: OrganizationId, waiter: Waiter): void {
    const queue = this.#waiting.get(organization);
    queue?.splice(queue.indexOf(waiter), 1);
    if (queue?.length === 0) this.#waiting.delete(organization);
  }
}

function tooMany(): MusterError {
  return new MusterError("unavailable", "too many searches that no index serves run and wait; try again", {
    retryAfter: 5,
  });
}
