import type { ServerResponse } from "node:http";

type Waiter = (turn: boolean) => void;

/** Requests that wait for their turn, a bounded queue for each key, first come first served. Kept in the process. */
export class Queues {
  readonly #longest: number;
  readonly #patience: number;
  readonly #waiters = new Map<string, Waiter[]>();

  /** @param patience milliseconds that one waits. */
  constructor(longest: number, patience: number) {
    this.#longest = longest;
    this.#patience = patience;
  }

  isWaiting(key: string): boolean {
    return this.#waiters.has(key);
  }

  /** True when it is this request's turn; false at once where the queue is full, and when it waited in vain or left. */
  turn(key: string, response: ServerResponse): Promise<boolean> {
    const queue = this.#waiters.get(key) ?? [];
    if (queue.length >= this.#longest || response.closed) return Promise.resolve(false);
    this.#waiters.set(key, queue);
    return new Promise((resolve) => {
      const waiter: Waiter = (turn) => {
        clearTimeout(timer);
        response.off("close", leave);
        resolve(turn);
      };
      const leave = (): void => {
        this.#remove(key, waiter);
        waiter(false);
      };
      const timer = setTimeout(leave, this.#patience);
      response.on("close", leave);
      queue.push(waiter);
    });
  }

  /** Calls the one who came first, if anybody waits. */
  next(key: string): void {
    const waiter = this.#waiters.get(key)?.[0];
    if (waiter === undefined) return;
    this.#remove(key, waiter);
    waiter(true);
  }

  #remove(key: string, waiter: Waiter): void {
    const queue = this.#waiters.get(key);
    const place = queue?.indexOf(waiter) ?? -1;
    if (place >= 0) queue?.splice(place, 1);
    if (queue?.length === 0) this.#waiters.delete(key);
  }
}
