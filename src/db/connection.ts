import pg from "pg";
import { MusterError } from "../errors.ts";
import { Gathered, type KeyedRead } from "./gathered.ts";
import { GatheredWrites } from "./gathered-writes.ts";
import type { OrganizationId } from "./id.ts";
import { Listener } from "./listen.ts";
import { PreparedTexts } from "./prepared.ts";
import { SlowReads } from "./slow-reads.ts";
import { isReadOnly, translateStorageError } from "./storage-error.ts";

/**
 * A statement with its parameters. A name makes PostgreSQL keep it prepared on the connection (hot paths only); `prepared`
 * does so under a name found by the text, for one that is put together at run time but comes again and again. False: no
 * index may serve it, so as a read outside of a transaction it has to share a few connections with its like.
 */
export type Statement = { name?: string; prepared?: boolean; text: string; values?: readonly unknown[] };

/** Reads of one organization: forced row-level security shows nothing else, whatever the statement says. */
export type Db = {
  readonly organization: OrganizationId;
  query<Row>(statement: Statement): Promise<Row[]>;
};

/** Reads outside of any transaction: those of single rows by their keys share a statement with others of the same moment. */
export type Reads = Db & {
  find<Row>(read: KeyedRead, key: string): Promise<Readonly<Row> | undefined>;
};

/** How to reach PostgreSQL. `role` is what SET ROLE would set: for a login that is not itself the application's. */
export type ConnectionSettings = {
  url: string;
  role?: "muster_app" | "muster_owner";
  poolSize?: number;
  /** Milliseconds that a statement may take; 0: as long as it likes (migrations). */
  statementTimeout?: number;
  /** Milliseconds that one waits for a connection, be it to come free or to be made, or for a turn to write. */
  patience?: number;
};

// bigint: counts, versions and sequence numbers stay far below 2^53.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/** Milliseconds that one waits for a connection, or for a turn to write. */
const PATIENCE = 5_000;

/** Milliseconds after its own time limit until a server that has not answered is taken for lost. */
const SILENCE = 5_000;

/** @throws MusterError `configuration` for a URL that would take the place of Muster's own session settings. */
export function clientOptions(settings: ConnectionSettings): pg.ClientConfig {
  if (URL.parse(settings.url)?.searchParams.has("options"))
    throw new MusterError("configuration", "a database URL must not carry options; Muster sets its sessions itself", {
      at: "DATABASE_URL",
    });
  const role = settings.role ? `-c role=${settings.role} ` : "";
  const { statementTimeout = 60_000 } = settings;
  return {
    connectionString: settings.url,
    // No transaction of ours waits for anything but the database: one in which nothing happens belongs to a process that
    // is stopped, and its locks would keep everybody else waiting.
    options: `${role}-c search_path=muster,pg_temp -c timezone=UTC -c statement_timeout=${statementTimeout} -c idle_in_transaction_session_timeout=${statementTimeout}`,
    connectionTimeoutMillis: settings.patience ?? PATIENCE,
    // The server ends what takes too long; one that says nothing even then is frozen, or the network swallows its answers.
    ...(statementTimeout > 0 && { query_timeout: statementTimeout + SILENCE }),
    keepAlive: true,
  };
}

/** The application's connections. Each remembers which organization it is set to, so that switching costs a trip only when it differs. */
export class Database {
  readonly settings: ConnectionSettings;
  readonly pool: pg.Pool;
  /** Changes that come at one moment. */
  readonly writes: GatheredWrites;
  /** Connections that are never set to an organization: on one that was, a table would answer a look-up. */
  readonly #unset: pg.Pool;
  readonly #held = new WeakMap<pg.PoolClient, OrganizationId>();
  readonly #lastWork: (() => Promise<void>)[] = [];
  readonly #slow: SlowReads;
  readonly #texts = new PreparedTexts();
  readonly #gathered = new Gathered((organization, statement) => this.#once(organization, statement));
  readonly #listeners: Listener[] = [];

  constructor(settings: ConnectionSettings) {
    this.settings = settings;
    this.writes = new GatheredWrites(settings.patience ?? PATIENCE);
    const size = settings.poolSize ?? 16;
    const unset = Math.max(1, Math.floor(size / 4));
    const options = { ...clientOptions(settings), idleTimeoutMillis: 30_000 };
    this.pool = new pg.Pool({ ...options, max: Math.max(1, size - unset) });
    this.#unset = new pg.Pool({ ...options, max: unset });
    this.#slow = new SlowReads(Math.floor((size - unset) / 4));
    // An idle connection that dies must not end the process; the next checkout opens a new one.
    // The pool listens to idle ones only, so each gets a listener for the time that somebody holds it.
    for (const pool of [this.pool, this.#unset])
      pool.on("error", () => {}).on("connect", (client) => client.on("error", () => {}));
  }

  /** Reads of `organization`, each statement on a connection of its own. */
  of(organization: OrganizationId): Reads {
    const query: Db["query"] = (statement) =>
      statement.prepared === false
        ? this.#slow.read(organization, () => this.checkOut(organization), toQuery(statement))
        : this.#once(organization, statement);
    return { organization, query, find: (read, key) => this.#gathered.find(organization, read, key) };
  }

  /**
   * What must be known before an organization is: only SECURITY DEFINER functions answer here, with ids;
   * every table refuses, because no organization is set.
   */
  async lookUp<Row>(statement: Statement): Promise<Row[]> {
    return this.#once(null, statement);
  }

  /** A connection set to the organization. The caller gives it back with `release`, `true` to destroy it. @internal */
  async checkOut(organization: OrganizationId | null): Promise<pg.PoolClient> {
    let client: pg.PoolClient;
    try {
      client = await (organization === null ? this.#unset : this.pool).connect();
    } catch (error) {
      throw translateStorageError(error);
    }
    if (organization === null || this.#held.get(client) === organization) return client;
    // Forgotten before and learnt after: a failure in between can never leave a connection believed to be another's.
    this.#held.delete(client);
    try {
      await client.query({
        name: "set-organization",
        text: "select set_config('muster.organization', $1, false)",
        values: [organization],
      });
    } catch (error) {
      client.release(true);
      throw translateStorageError(error);
    }
    this.#held.set(client, organization);
    return client;
  }

  async #once<Row>(organization: OrganizationId | null, statement: Statement): Promise<Row[]> {
    const client = await this.checkOut(organization);
    try {
      const name = statement.prepared ? await this.#texts.nameOf(client, statement.text) : statement.name;
      const result = await client.query(toQuery(name === undefined ? statement : { ...statement, name }));
      client.release();
      return result.rows as Row[];
    } catch (error) {
      // A statement that PostgreSQL refused leaves the connection as it was; anything else may not have.
      client.release(!(error instanceof pg.DatabaseError) || isReadOnly(error));
      throw translateStorageError(error);
    }
  }

  /**
   * Refuses to run as a role that row-level security does not bind, and behind a pooler that does not keep a
   * connection's backend (the organization is set per session).
   */
  async verifyRole(): Promise<void> {
    const client = await this.checkOut(null);
    try {
      const { rows } = await client.query<{ role: string; free: boolean; owner: boolean; backend: number }>(`
        select r.rolname as role, r.rolsuper or r.rolbypassrls as free,
          pg_has_role(r.rolname, 'muster_owner', 'usage') as owner,
          pg_backend_pid() as backend
        from pg_roles r where r.rolname = current_user`);
      const row = rows[0];
      if (!row || row.free || row.owner)
        throw new MusterError(
          "configuration",
          `the application's database role ${row?.role ?? "?"} is a superuser, may bypass row-level security or acts for muster_owner; give DATABASE_URL the login muster_app, or leave out DATABASE_OWNER_URL so that Muster switches roles itself`,
          { at: "DATABASE_URL" },
        );
      for (let probe = 0; probe < 3; probe++) {
        const { rows: again } = await client.query<{ backend: number }>("select pg_backend_pid() as backend");
        if (again[0]?.backend !== row.backend)
          throw new MusterError(
            "configuration",
            "a pooler in transaction mode stands before PostgreSQL; Muster needs a direct connection or session mode",
            { at: "DATABASE_URL" },
          );
      }
      client.release();
    } catch (error) {
      client.release(true);
      throw error instanceof MusterError ? error : translateStorageError(error);
    }
  }

  /** Hears what transactions tell on a channel, on one more connection, until the database is closed. */
  listen(channel: string, changed: () => void): Listener {
    const listener = new Listener(clientOptions(this.settings), channel, changed);
    this.#listeners.push(listener);
    return listener;
  }

  /** Whoever holds something back writes it when the connections are about to end; what it throws is not told. */
  beforeClose(work: () => Promise<void>): void {
    this.#lastWork.push(work);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#lastWork.splice(0).map((work) => work()));
    await Promise.all([this.pool.end(), this.#unset.end(), ...this.#listeners.map((listener) => listener.close())]);
  }
}

export function toQuery(statement: Statement): pg.QueryConfig {
  return {
    text: statement.text,
    ...(statement.name === undefined ? {} : { name: statement.name }),
    ...(statement.values === undefined ? {} : { values: statement.values as unknown[] }),
  };
}
