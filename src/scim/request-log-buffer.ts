import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../context.ts";
import type { DirectoryId, OrganizationId } from "../db/id.ts";
import { isMusterError } from "../errors.ts";
import { appendRequests, type NewLoggedRequest, organizationsOfDirectories } from "../identity/request-log.ts";

/** Milliseconds between writes: what a kill can lose. */
const FLUSH_EVERY = 250;
/** So many rows are written without waiting for that. */
const BATCH = 500;
/** Milliseconds until the next try when the database did not answer. */
const RETRY_AFTER = 1_000;
/** What may wait; beyond it the oldest rows give way. */
const MAX_ROWS = 5_000;
const MAX_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds that a stopping process gives to the last rows. */
const LAST_FLUSH = 3_000;

/**
 * Rows a second of one directory. Providers send some 40 requests a second; beyond these bounds the log would cost more
 * than it tells, and a stolen token could fill the disk.
 */
const PER_SECOND = { ordinary: 250, remarkable: 1_000 };
/** Directories whose refusals are noted within ten seconds, each once: these requests are anybody's. */
const REFUSALS = 500;
const REFUSAL_WINDOW = 10_000;

type Row = { organization: OrganizationId; row: NewLoggedRequest };
type Budget = { second: number; used: number; skipped: number };

/**
 * Rows of the request log on their way to the database: held in memory for a moment, so that no request waits for
 * them. It is bounded in every direction, and what it leaves out is counted in the next row of the same directory.
 */
export class RequestLogBuffer {
  readonly #ctx: Context;
  #rows: Row[] = [];
  #characters = 0;
  #refusals: NewLoggedRequest[] = [];
  readonly #budgets = new Map<DirectoryId, Budget>();
  readonly #refused = new Set<DirectoryId>();
  #refusedSince = 0;
  #timer: NodeJS.Timeout | undefined;
  /** A write is about to happen because a batch is full. */
  #soon = false;
  #stopped = false;
  #flushing: Promise<boolean> | undefined;
  #warnedAt = 0;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    ctx.db.beforeClose(() => this.stop());
  }

  /**
   * Whether this directory's log takes one more row within this second, asked before the row is made.
   * @param remarkable refused, or with warnings: what somebody will look for.
   */
  admits(directory: DirectoryId, remarkable: boolean): boolean {
    const budget = this.#budgetOf(directory);
    const second = Math.floor(Date.now() / 1_000);
    if (budget.second !== second) {
      budget.second = second;
      budget.used = 0;
    }
    if (budget.used >= (remarkable ? PER_SECOND.remarkable : PER_SECOND.ordinary)) {
      budget.skipped++;
      return false;
    }
    budget.used++;
    return true;
  }

  add(organization: OrganizationId, row: NewLoggedRequest): void {
    const budget = this.#budgetOf(row.directory);
    row.skipped = budget.skipped;
    budget.skipped = 0;
    this.#rows.push({ organization, row });
    this.#characters += charactersOf(row);
    this.#makeRoom();
    this.#schedule(FLUSH_EVERY);
  }

  /** Whether a refusal for this directory is worth a row: the first within ten seconds. */
  admitsRefusal(directory: DirectoryId): boolean {
    const now = Date.now();
    if (now - this.#refusedSince >= REFUSAL_WINDOW) {
      this.#refusedSince = now;
      this.#refused.clear();
    }
    if (this.#refused.has(directory) || this.#refused.size >= REFUSALS) return false;
    this.#refused.add(directory);
    return true;
  }

  /** A row whose organization is looked up when it is written: the directory is the caller's word. */
  addRefusal(row: NewLoggedRequest): void {
    if (this.#refusals.length >= REFUSALS) return;
    this.#refusals.push(row);
    this.#schedule(FLUSH_EVERY);
  }

  /**
   * Writes all that was added before the call, one statement for each organization and 500 rows, and one write at a time:
   * a process never holds more than one connection for its log. Says whether the database took it.
   */
  async flush(): Promise<boolean> {
    while (this.#flushing !== undefined) await this.#flushing;
    this.#flushing = this.#write().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  /** Writes what waits, for three seconds at most. Called when the connections are about to end. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.race([this.flush(), sleep(LAST_FLUSH, undefined, { ref: false })]);
  }

  #schedule(delay: number): void {
    if (this.#stopped) return;
    this.#timer ??= setTimeout(() => void this.#tick(), delay).unref();
    if (this.#rows.length < BATCH || this.#soon) return;
    this.#soon = true;
    setImmediate(() => void this.#tick());
  }

  async #tick(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const written = await this.flush();
    this.#soon = false;
    if (this.#rows.length + this.#refusals.length > 0) this.#schedule(written ? FLUSH_EVERY : RETRY_AFTER);
  }

  async #write(): Promise<boolean> {
    const [rows, refusals] = [this.#rows, this.#refusals];
    this.#rows = [];
    this.#refusals = [];
    this.#characters = 0;
    try {
      rows.push(...(await this.#resolve(refusals)));
    } catch {
      // A refusal is written when that is easy, or not at all.
    }
    const left: Row[] = [];
    for (const batch of batches(rows)) if (left.length > 0 || !(await this.#append(batch))) left.push(...batch);
    this.#putBack(left);
    return left.length === 0;
  }

  async #resolve(refusals: readonly NewLoggedRequest[]): Promise<Row[]> {
    if (refusals.length === 0) return [];
    const found = await organizationsOfDirectories(
      this.#ctx.db,
      refusals.map((row) => row.directory),
    );
    const organizations = new Map(found.map(({ organization, directory }) => [directory, organization]));
    return refusals.flatMap((row) => {
      const organization = organizations.get(row.directory);
      return organization === undefined ? [] : [{ organization, row }];
    });
  }

  /**
   * Rows that PostgreSQL cannot take are given up, alone: a batch that holds one is written in halves. Those that did not
   * reach it are not given up. Says whether it answered.
   */
  async #append(batch: readonly Row[]): Promise<boolean> {
    const [first] = batch;
    if (!first) return true;
    try {
      await appendRequests(
        this.#ctx.db.of(first.organization),
        batch.map(({ row }) => row),
      );
      return true;
    } catch (error) {
      this.#warn(error);
      if (!isRefused(error)) return false;
      if (batch.length === 1) {
        this.#budgetOf(first.row.directory).skipped += 1 + first.row.skipped;
        return true;
      }
      const middle = Math.ceil(batch.length / 2);
      return (await this.#append(batch.slice(0, middle))) && (await this.#append(batch.slice(middle)));
    }
  }

  #putBack(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    this.#rows = [...rows, ...this.#rows];
    for (const { row } of rows) this.#characters += charactersOf(row);
    this.#makeRoom();
  }

  #makeRoom(): void {
    while (this.#rows.length > MAX_ROWS || this.#characters > MAX_CHARACTERS)
      for (const { row } of this.#rows.splice(0, BATCH)) {
        this.#characters -= charactersOf(row);
        this.#budgetOf(row.directory).skipped += 1 + row.skipped;
      }
  }

  /** One for each directory that a token opened; there are never more than directories. */
  #budgetOf(directory: DirectoryId): Budget {
    let budget = this.#budgets.get(directory);
    if (!budget) {
      budget = { second: 0, used: 0, skipped: 0 };
      this.#budgets.set(directory, budget);
    }
    return budget;
  }

  #warn(error: unknown): void {
    const now = Date.now();
    if (now - this.#warnedAt < 60_000) return;
    this.#warnedAt = now;
    const cause = isMusterError(error) ? error.cause : error;
    this.#ctx.logger.warn("the request log could not be written", {
      error: cause instanceof Error ? cause.message : String(cause),
    });
  }
}

function charactersOf(row: NewLoggedRequest): number {
  return 500 + (row.request?.length ?? 0) + (row.warnings?.length ?? 0) + (row.changes?.length ?? 0);
}

/** Rows of one organization each, as many as one statement takes. */
function batches(rows: readonly Row[]): Row[][] {
  const open = new Map<OrganizationId, Row[]>();
  const all: Row[][] = [];
  for (const row of rows) {
    let batch = open.get(row.organization);
    if (!batch || batch.length >= BATCH) {
      batch = [];
      open.set(row.organization, batch);
      all.push(batch);
    }
    batch.push(row);
  }
  return all;
}

/** PostgreSQL's classes for what the same rows would meet again: their data, a constraint, a right. */
function isRefused(error: unknown): boolean {
  const cause = isMusterError(error) ? error.cause : error;
  const code = (cause as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && /^(?:22|23|42)[0-9A-Z]{3}$/.test(code);
}
