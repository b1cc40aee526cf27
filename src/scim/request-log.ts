import type { Context } from "../context.ts";
import type { Database } from "../db/connection.ts";
import { type DirectoryId, newId, type OrganizationId, parseId, type TokenId } from "../db/id.ts";
import type { NewLoggedRequest } from "../identity/request-log.ts";
import type { ExchangeLog } from "./exchange-log.ts";
import { maskBody } from "./masking/body.ts";
import { maskDetail } from "./masking/detail.ts";
import { maskExpression } from "./masking/expression.ts";
import { maskPath, maskQuery, storable } from "./masking/target.ts";
import { holdsToken, SECRET, type Visibility } from "./masking/text.ts";
import { RequestLogBuffer } from "./request-log-buffer.ts";

/** A request that was answered, as the door saw it. */
export type Exchange = {
  organization: OrganizationId;
  directory: DirectoryId;
  token: string | null;
  requestId: string | null;
  method: string;
  /** Below the directory's base URL, as it was sent, without query: `/Users/2819…`. */
  path: string;
  /** What followed the question mark; empty without. */
  query: string;
  status: number;
  /** `performance.now()` when the request came. */
  startedAt: number;
  userAgent: string | undefined;
  /** The parsed body; undefined when there was none, its bytes when they could not be read. */
  body: unknown;
  /** Of the body as announced. */
  bytes?: number | undefined;
  log: ExchangeLog;
  /** The detail of the error that was answered. */
  detail: string | null;
};

/** A request that no live token of the directory came with. */
export type Refusal = Pick<Exchange, "requestId" | "method" | "path" | "status" | "startedAt"> & {
  /** From the path: perhaps no directory's id, perhaps no id at all. */
  directory: string;
};

const LONGEST_AGENT = 200;
const LONGEST_ID = 128;
const LONGEST_FILTER = 4_096;
/** Of PostgreSQL's integer; a request may announce any length. */
const MAX_INTEGER = 2 ** 31 - 1;

/**
 * Notes an exchange in its directory's request log, once it is answered. The row is masked here and now and written
 * within a quarter of a second (src/scim/request-log-buffer.ts), so no request waits for it and a killed process loses the
 * last moments: this log is for looking at what a provider sends, the durable record of what changed is the audit.
 */
export function recordExchange(ctx: Context, exchange: Exchange): void {
  const { days, values, bodies } = ctx.config.requestLog;
  if (days === 0) return;
  const buffer = bufferOf(ctx);
  const { log, status } = exchange;
  if (!buffer.admits(exchange.directory, status >= 400 || log.warnings !== undefined)) return;
  const { query, detail } = exchange;
  const path = maskPath(exchange.path, values);
  const shownQuery = query === "" ? null : maskQuery(query, values);
  const body = bodies && isParsed(exchange.body) ? maskBody(exchange.body, values) : null;
  buffer.add(exchange.organization, {
    ...rowOf(exchange),
    directory: exchange.directory,
    token: exchange.token as TokenId | null,
    path,
    query: shownQuery,
    userAgent: plain(exchange.userAgent, LONGEST_AGENT),
    bytes: exchange.bytes === undefined ? null : Math.min(exchange.bytes, MAX_INTEGER),
    warnings: warningsOf(log, values),
    changes: changesOf(log),
    request: body?.json ?? null,
    cut: body?.cut ?? false,
    detail:
      detail === null
        ? null
        : maskDetail(
            detail,
            `${exchange.path} ${query} ${filterIn(exchange.body)}`,
            `${path} ${shownQuery} ${body?.json ?? ""}`,
            values,
          ),
  });
}

/** What a search sends in its body instead of its URL (RFC 7644 §3.4.3). */
function filterIn(body: unknown): string {
  const { filter } = (body ?? {}) as { filter?: unknown };
  return typeof filter === "string" ? filter.slice(0, LONGEST_FILTER) : "";
}

/**
 * Notes that somebody came to a directory without a live token of it: most often a provider that still has the old one.
 * Method, path and status only, at most one in ten seconds for each directory, and nothing when no directory has the id.
 */
export function recordRefusal(ctx: Context, refusal: Refusal): void {
  const directory = parseId<DirectoryId>(refusal.directory);
  if (directory === undefined || ctx.config.requestLog.days === 0) return;
  const buffer = bufferOf(ctx);
  if (!buffer.admitsRefusal(directory)) return;
  buffer.addRefusal({
    ...rowOf(refusal),
    directory,
    token: null,
    path: maskPath(refusal.path, "masked"),
    query: null,
    userAgent: null,
    bytes: null,
    warnings: null,
    changes: null,
    request: null,
    cut: false,
    detail: "the request did not carry a live token of this directory",
  });
}

/** Writes what waits now instead of within a quarter of a second: for whoever looks at it next. */
export async function flushRequestLog(ctx: Context): Promise<void> {
  await bufferOf(ctx).flush();
}

/** Bytes that were no JSON have no shape. */
function isParsed(body: unknown): boolean {
  return body !== undefined && !ArrayBuffer.isView(body);
}

/** One for each database that is served; it ends with its connections. */
const BUFFERS = new WeakMap<Database, RequestLogBuffer>();

function bufferOf(ctx: Context): RequestLogBuffer {
  let buffer = BUFFERS.get(ctx.db);
  if (!buffer) {
    buffer = new RequestLogBuffer(ctx);
    BUFFERS.set(ctx.db, buffer);
  }
  return buffer;
}

type Common = Pick<NewLoggedRequest, "at" | "id" | "requestId" | "method" | "status" | "duration" | "skipped">;

function rowOf({ requestId, method, status, startedAt }: Omit<Refusal, "directory" | "path">): Common {
  const duration = performance.now() - startedAt;
  return {
    at: new Date(Date.now() - duration),
    id: newId(),
    requestId: plain(requestId, LONGEST_ID),
    method,
    status,
    duration: Math.round(duration * 100) / 100,
    skipped: 0,
  };
}

function plain(text: string | null | undefined, longest: number): string | null {
  if (text === null || text === undefined) return null;
  const short = text.slice(0, longest);
  return holdsToken(short) ? SECRET : storable(short);
}

function warningsOf({ warnings }: ExchangeLog, values: Visibility): string | null {
  if (warnings === undefined) return null;
  return JSON.stringify(
    warnings.map(({ name, at, times }) => ({
      name,
      at: at.map((place) => maskExpression(place, "place", values)),
      times,
    })),
  );
}

const MAX_ATTRIBUTES = 50;

function changesOf({ changes, moreChanges }: ExchangeLog): string | null {
  if (changes === undefined) return null;
  const shown: object[] = changes.map((change) =>
    change.attributes && change.attributes.length > MAX_ATTRIBUTES
      ? { ...change, attributes: change.attributes.slice(0, MAX_ATTRIBUTES) }
      : change,
  );
  if (moreChanges > 0) shown.push({ more: moreChanges });
  return JSON.stringify(shown);
}
