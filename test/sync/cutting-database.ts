import type { ConnectionSettings } from "../../src/db/connection.ts";
import { Database } from "../../src/db/connection.ts";
import { statements } from "../harness/server.ts";

/** Where a run is hurt: at its nth statement (or commit), counted from 1 over all its connections. */
type Point = { at: "statement" | "commit"; nth: number };
/**
 * `before`: the connection dies before the database hears of it. `after`: the database has done it, and the answer is
 * lost. `lock`: the connection that holds the directory's lock dies, the others live.
 */
export type Cut = { point: Point; kind: "before" | "after" | "lock" };

/** What is known of a query by its text alone. */
function textOf(query: unknown): string {
  return typeof query === "string" ? query : String((query as { text?: unknown } | undefined)?.text ?? "");
}

type Client = Awaited<ReturnType<Database["checkOut"]>>;
type Query = (...args: unknown[]) => Promise<unknown>;

/** Real connections to a real database, which die where a test wants it. */
export class CuttingDatabase extends Database {
  readonly #superuserUrl: string;
  readonly #wrapped = new WeakSet<object>();
  cut: Cut | undefined;
  counts = { statement: 0, commit: 0 };
  /** The statement that was hit. */
  hit: string | undefined;
  /** Told of each statement before it is sent. */
  onStatement: (text: string) => void = () => {};

  constructor(settings: ConnectionSettings, superuserUrl: string) {
    super(settings);
    this.#superuserUrl = superuserUrl;
  }

  /** Counts anew, and cuts once. */
  arm(cut: Cut | undefined): void {
    this.cut = cut;
    this.counts = { statement: 0, commit: 0 };
    this.hit = undefined;
  }

  override async checkOut(organization: Parameters<Database["checkOut"]>[0]): Promise<Client> {
    const client = await super.checkOut(organization);
    if (this.#wrapped.has(client)) return client;
    this.#wrapped.add(client);
    const query = client.query.bind(client) as unknown as Query;
    const hurt: Query = async (...args) => {
      const text = textOf(args[0]);
      this.onStatement(text);
      this.counts.statement += 1;
      if (text === "commit") this.counts.commit += 1;
      const { cut } = this;
      if (
        cut === undefined ||
        (cut.point.at === "commit" && text !== "commit") ||
        this.counts[cut.point.at] !== cut.point.nth
      )
        return query(...args);
      this.cut = undefined;
      this.hit = text;
      if (cut.kind === "lock") {
        await this.#endLockHolder();
        return query(...args);
      }
      if (cut.kind === "after") await query(...args);
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
      if (cut.kind === "after") throw new Error("Connection terminated unexpectedly");
      return query(...args);
    };
    client.query = hurt as unknown as Client["query"];
    return client;
  }

  /** Directories are locked by two numbers, organizations by one. */
  async #endLockHolder(): Promise<void> {
    await statements(this.#superuserUrl, [
      `select pg_terminate_backend(pid, 10000) from pg_locks where locktype = 'advisory' and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database())`,
    ]);
  }
}
