import { MusterError } from "../errors.ts";
import type { OrganizationId } from "./id.ts";

/**
 * A statement that finds rows by a key which no two of them share, and says it of each as `key`. The list of keys is its last
 * parameter, behind `values`; written as `any ((select $3::uuid[])::uuid[])`, one plan serves lists of any length.
 */
export type KeyedRead = { name: string; text: string; values: readonly string[] };

type Run = <Row>(
  organization: OrganizationId,
  statement: { name: string; text: string; values: readonly unknown[] },
) => Promise<Row[]>;
type Batch = { keys: string[]; send(): void; rows: Promise<ReadonlyMap<string, unknown>> };

/** Keys that one statement looks for at most. */
const MOST = 8;

/**
 * Reads by key that are asked for within one turn of the event loop, gathered into one statement: under load a read costs
 * a fraction of a statement. Nobody waits for others to come, and every statement begins after all that it answers.
 */
export class Gathered {
  readonly #run: Run;
  readonly #open = new Map<string, Batch>();

  constructor(run: Run) {
    this.#run = run;
  }

  /**
   * The row of that key, which others may be given too, or undefined. Who asks shares the fate of the statement, so what
   * PostgreSQL would refuse of one key never gets into it.
   * @throws MusterError `invalid-value` for a key that no row can have, `unavailable` as every read.
   */
  async find<Row>(organization: OrganizationId, read: KeyedRead, key: string): Promise<Readonly<Row> | undefined> {
    if (key.includes("\0")) throw new MusterError("invalid-value", "a key holds a character that cannot be stored");
    const place = `${organization} ${read.name} ${read.values.join(" ")}`;
    const batch = this.#open.get(place) ?? this.#begin(organization, read, place);
    batch.keys.push(key);
    // PostgreSQL works on these while the others of this turn are still read.
    if (batch.keys.length === MOST) batch.send();
    return (await batch.rows).get(key) as Row | undefined;
  }

  #begin(organization: OrganizationId, { name, text, values }: KeyedRead, place: string): Batch {
    const { promise: sent, resolve } = Promise.withResolvers<void>();
    const keys: string[] = [];
    const send = (): void => {
      if (this.#open.get(place) === batch) this.#open.delete(place);
      resolve();
    };
    const ask = async (): Promise<ReadonlyMap<string, unknown>> => {
      await sent;
      const rows = await this.#run<{ key: string }>(organization, { name, text, values: [...values, keys] });
      return new Map(rows.map((row) => [row.key, row]));
    };
    const batch: Batch = { keys, send, rows: ask() };
    this.#open.set(place, batch);
    // Behind every request that has come by now.
    setImmediate(send);
    return batch;
  }
}
