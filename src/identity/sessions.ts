import type { Database, Db } from "../db/connection.ts";
import {
  type AccountId,
  type BreakGlassId,
  type DirectoryUserId,
  newId,
  type OrganizationId,
  type SessionId,
} from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { recordChanges } from "./record.ts";
import { hashToken, newTokenText, tokenKind } from "./token-form.ts";

/** Whose a session is: a person's, by the record that was canonical at sign-in, or a break-glass administrator's. */
export type SessionHolder = { account: AccountId; record: DirectoryUserId } | { breakGlass: BreakGlassId };

export type SessionMethod = "password" | "single-sign-on" | "break-glass";

/** Seconds without a request after which a session ends, and seconds after which it ends whatever happens. */
export type SessionTimes = { idle: number; longest: number };

/** Live sessions of one holder; with the next one the oldest ends. */
const MOST = 20;

/** A session at the moment it begins: the only time that its token is known. */
export type NewSession = { id: SessionId; token: string; expiresAt: Date };

/**
 * Begins a session, always a new one with a token of its own, so that no token that somebody knew before is ever worth more.
 * Before: the holder has proven who they are. After: the session is live; its token's SHA-256 is stored, with an audit row.
 * @param authenticated when they did: now, at an instant that a provider told, or null when nobody knows.
 */
export async function beginSession(
  tx: Tx,
  holder: SessionHolder,
  facts: { method: SessionMethod; factor?: string | null; authenticated: "now" | Date | null; address: string | null },
  times: SessionTimes,
): Promise<NewSession> {
  const [column, id] = columnOf(holder);
  await tx.query({
    text: `delete from sessions s where s.organization = $1 and (s.expires_at <= statement_timestamp() or s.id in (
      select o.id from sessions o where o.organization = $1 and o.${column} = $2 order by o.id desc offset ${MOST - 1}))`,
    values: [tx.organization, id],
  });
  const token = newTokenText("ses");
  const [row] = await tx.query<{ id: SessionId; expiresAt: Date }>({
    text: `insert into sessions (organization, id, hash, account, record, break_glass, method, authenticated_at, idle_seconds,
        expires_at, address)
      values ($1, $2, $3, $4, $5, $6, $7, case when $8 then statement_timestamp()
          when $9::timestamptz is not null then least(statement_timestamp(), $9) end, $10,
        statement_timestamp() + make_interval(secs => $11), $12)
      returning id, expires_at as "expiresAt"`,
    values: [
      tx.organization,
      newId<SessionId>(),
      hashToken(token),
      "account" in holder ? holder.account : null,
      "account" in holder ? holder.record : null,
      "account" in holder ? null : holder.breakGlass,
      facts.method,
      facts.authenticated === "now",
      facts.authenticated instanceof Date ? facts.authenticated : null,
      times.idle,
      times.longest,
      facts.address,
    ],
  });
  if (!row) throw new MusterError("internal", "a session was not stored");
  await recordChanges(tx, [
    {
      action: "session.begun",
      subjectKind: "account" in holder ? "account" : "break-glass-administrator",
      subject: id,
      detail: { session: row.id, method: facts.method, factor: facts.factor ?? null, address: facts.address },
      event: !("account" in holder),
    },
  ]);
  return { ...row, token };
}

function columnOf(holder: { account: AccountId } | { breakGlass: BreakGlassId }) {
  return "account" in holder ? (["account", holder.account] as const) : (["break_glass", holder.breakGlass] as const);
}

/** What a request needs to know of its session. */
export type FoundSession = {
  organization: OrganizationId;
  id: SessionId;
  account: AccountId | null;
  breakGlass: BreakGlassId | null;
  method: SessionMethod;
  /** Seconds since its holder proved last who they are; null: nobody knows. */
  authenticatedAgo: number | null;
};

/**
 * The live session of this token, or undefined when it is malformed, unknown, ended, or its holder is suspended, deactivated
 * or another human by now. Never remembered: what ends a session ends it with the next request. Notes that it was used.
 * @param mayAsk called before the database is asked; it may throw.
 */
export async function findSession(db: Database, token: string, mayAsk?: () => void): Promise<FoundSession | undefined> {
  if (tokenKind(token) !== "ses") return undefined;
  mayAsk?.();
  const [row] = await db.lookUp<FoundSession>({
    name: "find-session",
    text: `select organization, id, account, break_glass as "breakGlass", method, authenticated_ago as "authenticatedAgo"
      from find_session($1)`,
    values: [hashToken(token)],
  });
  return row;
}

export type SessionInfo = {
  id: SessionId;
  method: SessionMethod;
  createdAt: Date;
  /** To the minute. */
  lastUsedAt: Date;
  /** When it ends at the latest. */
  expiresAt: Date;
  address: string | null;
};

/** The live sessions of one holder, the latest first. */
export async function listSessions(
  db: Db,
  holder: { account: AccountId } | { breakGlass: BreakGlassId },
): Promise<SessionInfo[]> {
  const [column, id] = columnOf(holder);
  return db.query<SessionInfo>({
    text: `select id, method, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt", address
      from sessions where organization = $1 and ${column} = $2 and expires_at > statement_timestamp()
        and last_used_at + make_interval(secs => idle_seconds) > statement_timestamp()
      order by id desc limit ${MOST}`,
    values: [db.organization, id],
  });
}

/**
 * Ends one of the holder's sessions. Before: any. After: its token opens nothing, with an audit row.
 * @throws MusterError `not-found` when the holder has no such session.
 */
export async function endSession(
  tx: Tx,
  holder: { account: AccountId } | { breakGlass: BreakGlassId },
  session: SessionId,
): Promise<void> {
  if ((await endThose(tx, holder, session)) === 0)
    throw new MusterError("not-found", "there is no such session", { at: "id" });
}

/** Ends all sessions of the holder. Before: any. After: they have none; with an audit row if there was one. Returns how many. */
export async function endSessions(
  tx: Tx,
  holder: { account: AccountId } | { breakGlass: BreakGlassId },
): Promise<number> {
  return endThose(tx, holder, null);
}

async function endThose(
  tx: Tx,
  holder: { account: AccountId } | { breakGlass: BreakGlassId },
  session: SessionId | null,
): Promise<number> {
  const [column, id] = columnOf(holder);
  const ended = await tx.query<{ id: SessionId }>({
    text: `delete from sessions where organization = $1 and ${column} = $2 and ($3::uuid is null or id = $3) returning id`,
    values: [tx.organization, id, session],
  });
  if (ended.length > 0)
    await recordChanges(tx, [
      {
        action: "session.ended",
        subjectKind: "account" in holder ? "account" : "break-glass-administrator",
        subject: id,
        detail: { sessions: ended.map((each) => each.id) },
      },
    ]);
  return ended.length;
}

/** The session's holder has proven anew who they are. Before: they did. After: dangerous acts are open to it for a while. */
export async function renewAuthentication(tx: Tx, session: SessionId): Promise<void> {
  await tx.query({
    text: "update sessions set authenticated_at = statement_timestamp() where organization = $1 and id = $2",
    values: [tx.organization, session],
  });
}
