import pg from "pg";
import { MusterError } from "../errors.ts";
import { type Database, type Db, type Statement, toQuery } from "./connection.ts";
import { type OrganizationId, parseId } from "./id.ts";
import { isReadOnly, isRetryable, translateStorageError } from "./storage-error.ts";

/** What can change something. */
export const ACTOR_KINDS = [
  "scim-token",
  "api-token",
  "oauth-client",
  "session",
  "break-glass",
  "command",
  "sync",
  "job",
  "system",
] as const;

/** Who changes something; stands in every audit row. */
export type Actor = {
  organization: OrganizationId;
  kind: (typeof ACTOR_KINDS)[number];
  /**
   * The token's, client's or run's id; of a session the account's, of break-glass the administrator's; of a command the
   * operating system's user name.
   */
  id: string | null;
  requestId: string | null;
};

declare const writable: unique symbol;

/** A transaction of one organization, made by an actor. Only `inTransaction` and `simulate` make one. */
export type Tx = Db & { readonly actor: Actor; readonly lock: OrganizationLock; readonly [writable]: true };

/**
 * Which lock on the organization the transaction takes first. `shared`: it may touch access. `exclusive`: it changes
 * what many accounts read (grants, nesting, group deletion, directory order, domains, settings). `none`: it touches
 * neither. Lock order everywhere after that: directory user or group, account, product; inside a kind by id.
 */
export type OrganizationLock = "shared" | "exclusive" | "none";

/**
 * For a change of what many accounts read (design §4): a caller that forgot the exclusive lock is told so at once, not
 * by a person who keeps access that a writer at the same moment could not see.
 * @throws MusterError `internal` when `tx` does not hold the organization exclusively.
 */
export function requireExclusive(tx: Tx): void {
  if (tx.lock !== "exclusive")
    throw new MusterError("internal", "a change that many accounts read was made without the exclusive lock");
}

const ATTEMPTS = 3;

class Rollback extends Error {
  readonly result: unknown;
  constructor(result: unknown) {
    super("rolled back on purpose");
    this.result = result;
  }
}

/**
 * Runs `work` in one transaction and commits it. `work` is run again up to three times after a deadlock or a
 * serialization failure, so it must have no effect but on the database.
 * @throws MusterError `unavailable` when the database is out of reach or the third attempt failed too.
 */
export async function inTransaction<T>(
  ctx: { db: Database },
  actor: Actor,
  work: (tx: Tx) => Promise<T>,
  options: { lock?: OrganizationLock } = {},
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await runOnce(ctx.db, actor, work, options.lock ?? "shared");
    } catch (error) {
      if (!isRetryable(error)) throw error instanceof Rollback ? error : known(error);
      if (attempt === ATTEMPTS) throw translateStorageError(error);
    }
  }
}

/** Runs `work` as a real write would and rolls everything back: what would this change do? Returns what `work` returned. */
export async function simulate<T>(
  ctx: { db: Database },
  actor: Actor,
  work: (tx: Tx) => Promise<T>,
  options: { lock?: OrganizationLock } = {},
): Promise<T> {
  try {
    return await inTransaction(
      ctx,
      actor,
      async (tx) => {
        const result = await work(tx);
        // What a commit would refuse, a rollback would never look at.
        await tx.query({ text: "set constraints all immediate" });
        throw new Rollback(result);
      },
      options,
    );
  } catch (error) {
    if (error instanceof Rollback) return error.result as T;
    throw error;
  }
}

/**
 * One autocommitted statement that does by itself everything a change must do (locks, state, access, audit, outbox), for
 * the writes of a busy identity provider: a function of migration 0015, or a statement that provably touches nobody's
 * access. It is sent again as `inTransaction` runs its work again.
 * @throws MusterError `unavailable` when the database is out of reach or the third attempt failed too.
 */
export async function inStatement<Row>(
  ctx: { db: Database },
  actor: Actor,
  statement: (actor: Actor) => Statement,
): Promise<Row[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ctx.db.of(actor.organization).query<Row>(statement(actor));
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof MusterError) || !isRetryable(error.cause)) throw error;
    }
  }
}

async function runOnce<T>(
  db: Database,
  actor: Actor,
  work: (tx: Tx) => Promise<T>,
  lock: OrganizationLock,
): Promise<T> {
  const client = await db.checkOut(actor.organization);
  let open = true;
  const tx = {
    organization: actor.organization,
    actor,
    lock,
    query: async <Row>(statement: Statement): Promise<Row[]> => {
      if (!open) throw new MusterError("internal", "a statement was sent after its transaction had ended");
      return (await client.query(toQuery(statement))).rows as Row[];
    },
  } as Tx;
  try {
    await client.query(`begin${lockStatement(actor.organization, lock)}`);
    const result = await work(tx);
    open = false;
    // A transaction in which a statement failed answers a commit with ROLLBACK, and without an error.
    const { command } = await client.query("commit");
    if (command !== "COMMIT")
      throw new MusterError("internal", "a statement failed and its error was swallowed; nothing was written");
    client.release();
    return result;
  } catch (error) {
    open = false;
    // On a connection that is lost a rollback would only wait for the same silence again.
    if (isLostConnection(error) || isReadOnly(error)) client.release(true);
    else await rollBack(client);
    throw error;
  }
}

/** The lock is taken where one-statement writes take it too: in `lock_organization` of migration 0015. */
function lockStatement(organization: OrganizationId, lock: OrganizationLock): string {
  if (lock === "none") return "";
  if (parseId(organization) === undefined) throw new MusterError("internal", "an organization's id is no id");
  return `; select lock_organization('${organization}', ${lock === "exclusive"})`;
}

async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query("rollback");
    client.release();
  } catch {
    client.release(true);
  }
}

/** Errors thrown by `work` itself pass through unchanged; the database's are put in Muster's words. */
function known(error: unknown): unknown {
  return error instanceof MusterError || !isStorageError(error) ? error : translateStorageError(error);
}

const NETWORK = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOENT"]);

function isStorageError(error: unknown): boolean {
  return error instanceof pg.DatabaseError || isLostConnection(error);
}

function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof MusterError || error instanceof pg.DatabaseError) return false;
  const code = (error as { code?: unknown }).code;
  return (
    (typeof code === "string" && NETWORK.has(code)) ||
    /Connection terminated|timeout|not queryable/i.test(error.message)
  );
}
