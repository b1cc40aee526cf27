import type { Database } from "../db/connection.ts";
import type { OrganizationId, TokenId } from "../db/id.ts";
import { inTransaction } from "../db/transaction.ts";

/** Milliseconds from a use until it is written, for all tokens that were used meanwhile. */
const GATHER = 1_000;
/** Milliseconds for which a token that was written down is not looked at again. */
const QUIET = 60_000;
const MOST = 10_000;

/**
 * When tokens were last used, to the minute: told by every request, written in passing by a statement for all tokens of an
 * organization, at most once a minute for each. Of a process that is killed the last second is lost.
 */
export class TokenUse {
  readonly #db: Database;
  readonly #noted = new Map<TokenId, number>();
  #waiting = new Map<OrganizationId, TokenId[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Database) {
    this.#db = db;
    db.beforeClose(() => this.#write());
  }

  note({ organization, id }: { organization: OrganizationId; id: TokenId }): void {
    const now = performance.now();
    const last = this.#noted.get(id);
    if (last !== undefined && now - last < QUIET) return;
    this.#noted.delete(id);
    this.#noted.set(id, now);
    if (this.#noted.size > MOST) this.#noted.delete(this.#noted.keys().next().value as TokenId);
    const ids = this.#waiting.get(organization);
    if (ids) ids.push(id);
    else this.#waiting.set(organization, [id]);
    this.#timer ??= setTimeout(() => void this.#write(), GATHER).unref();
  }

  /** What cannot be written is not: nobody waits for it, and the next use comes. */
  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [organization, ids] of waiting)
      await inTransaction(
        { db: this.#db },
        { organization, kind: "system", id: null, requestId: null },
        (tx) =>
          tx.query({
            text: `update tokens set last_used_at = date_trunc('minute', statement_timestamp())
              where organization = $1 and id = any ($2)
                and (last_used_at is null or last_used_at < date_trunc('minute', statement_timestamp()))`,
            values: [organization, ids],
          }),
        { lock: "none" },
      ).catch(() => {});
  }
}
