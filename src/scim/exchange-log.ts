import type { WarningName } from "./dialect.ts";

/** One rewrite or remark on one request: its first places, and how often it was met in all. */
export type Warning = { name: WarningName; at: string[]; times: number };

/** What one request did to one resource. Names and numbers only, never a value. */
export type ExchangeChange = {
  kind: "User" | "Group";
  id: string;
  did: "created" | "updated" | "restored" | "removed";
  /** Names of the attributes that differ. */
  attributes?: readonly string[];
  /** Members that a group gained and lost. */
  added?: number;
  removed?: number;
};

const MAX_PLACES = 5;
const MAX_CHANGES = 50;

/**
 * What one SCIM exchange leaves for the request log (src/scim/request-log.ts) besides the request itself. Made for each
 * request and written to by the operation that serves it; the operations of one Bulk request share one. It is bounded
 * whatever a request holds, and allocates nothing until there is something to say.
 */
export class ExchangeLog {
  #warnings: Warning[] | undefined;
  #changes: ExchangeChange[] | undefined;
  #moreChanges = 0;

  /** @param at where, in the request's own words: a path, a parameter, `Operations[2].op`. Masked before it is kept. */
  warn(name: WarningName, at: string): void {
    this.#warnings ??= [];
    const known = this.#warnings.find((warning) => warning.name === name);
    if (known) {
      known.times++;
      if (known.at.length < MAX_PLACES && !known.at.includes(at)) known.at.push(at);
    } else this.#warnings.push({ name, at: [at], times: 1 });
  }

  /** Said once the change is committed; a request that changed nothing says nothing. */
  change(change: ExchangeChange): void {
    this.#changes ??= [];
    if (this.#changes.length < MAX_CHANGES) this.#changes.push(change);
    else this.#moreChanges++;
  }

  /** In the order in which they were first met; undefined when there is none. */
  get warnings(): readonly Readonly<Warning>[] | undefined {
    return this.#warnings;
  }

  /** In the order in which they were made; undefined when there is none. */
  get changes(): readonly ExchangeChange[] | undefined {
    return this.#changes;
  }

  /** How many changes were made beyond those that are held. */
  get moreChanges(): number {
    return this.#moreChanges;
  }
}
