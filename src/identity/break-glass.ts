import type { Database, Db } from "../db/connection.ts";
import { type BreakGlassId, newId, type OrganizationId, type SessionId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { noticeBreakGlass } from "./break-glass-notice.ts";
import { recordChanges } from "./record.ts";
import { type SecretKey, type SecretPlace, sealSecret } from "./secrets.ts";
import { beginSession, endSessions, type NewSession, renewAuthentication, type SessionTimes } from "./sessions.ts";
import { forgetAttemptsAt, nobody } from "./sign-in/attempts.ts";
import type { GeneratedPassword } from "./sign-in/generated-password.ts";
import { type Proof, type Proven, prove, refuseNobody, settle, type Whence } from "./sign-in/prove.ts";
import { newTotpSecret } from "./sign-in/totp.ts";

export type BreakGlass = { id: BreakGlassId; name: string; createdAt: Date; lastUsedAt: Date | null };

/** Both factors, at the only moment that they are known. */
export type BreakGlassSecrets = { password: string; secret: string; uri: string };

function place(organization: string, id: BreakGlassId): SecretPlace {
  return { organization, table: "break_glass_administrators", column: "totp_secret", row: id };
}

function guessedBreakGlass(id: BreakGlassId): string {
  return `break-glass:${id}`;
}

/**
 * Makes an organization administrator for the day when nobody else can sign in (R26): no account, in no directory, so none
 * can hold its name, shadow or end it. Before: any. After: it can sign in with both factors, with an audit row.
 * @throws MusterError `uniqueness` (the name), `invalid` (its form).
 */
export async function createBreakGlass(
  tx: Tx,
  key: SecretKey,
  name: string,
  generated: GeneratedPassword,
): Promise<BreakGlassSecrets & { id: BreakGlassId; name: string }> {
  const id = newId<BreakGlassId>();
  const totp = newTotpSecret({ name, organization: await organizationKey(tx) });
  await tx.query({
    text: `insert into break_glass_administrators (organization, id, name, password, totp_secret) values ($1, $2, $3, $4, $5)`,
    values: [tx.organization, id, name, generated.hash, sealSecret(key, place(tx.organization, id), totp.secret)],
  });
  await recordChanges(tx, [
    {
      action: "break-glass.created",
      subjectKind: "break-glass-administrator",
      subject: id,
      detail: { name },
      event: true,
    },
  ]);
  return { id, name, password: generated.password, ...totp };
}

async function organizationKey(db: Db): Promise<string> {
  const [row] = await db.query<{ key: string }>({
    text: "select key from organizations where id = $1",
    values: [db.organization],
  });
  return row?.key ?? "";
}

/** Those that can sign in, by name. */
export async function listBreakGlass(db: Db): Promise<BreakGlass[]> {
  return db.query<BreakGlass>({
    text: `select id, name, created_at as "createdAt", last_used_at as "lastUsedAt" from break_glass_administrators
      where organization = $1 and revoked_at is null order by name`,
    values: [db.organization],
  });
}

async function byName(db: Db, name: string): Promise<BreakGlassId> {
  const found = (await listBreakGlass(db)).find((each) => each.name === name);
  if (!found) throw new MusterError("not-found", `there is no break-glass administrator ${name}`, { at: "name" });
  return found.id;
}

/** New factors in place of the old ones. Before: any. After: only they open it; its sessions have ended. @throws MusterError `not-found`. */
export async function resetBreakGlass(
  tx: Tx,
  key: SecretKey,
  name: string,
  generated: GeneratedPassword,
): Promise<BreakGlassSecrets & { id: BreakGlassId; name: string }> {
  const id = await byName(tx, name);
  const totp = newTotpSecret({ name, organization: await organizationKey(tx) });
  await tx.query({
    text: `update break_glass_administrators set password = $3, totp_secret = $4, totp_last_step = null
      where organization = $1 and id = $2`,
    values: [tx.organization, id, generated.hash, sealSecret(key, place(tx.organization, id), totp.secret)],
  });
  await endSessions(tx, { breakGlass: id });
  await forgetAttemptsAt(tx, guessedBreakGlass(id));
  await recordChanges(tx, [
    {
      action: "break-glass.reset",
      subjectKind: "break-glass-administrator",
      subject: id,
      detail: { name },
      event: true,
    },
  ]);
  return { id, name, password: generated.password, ...totp };
}

/** Ends it for good. Before: any. After: it cannot sign in, its sessions have ended, its name is free. @throws MusterError `not-found`. */
export async function revokeBreakGlass(tx: Tx, name: string): Promise<BreakGlassId> {
  const id = await byName(tx, name);
  await tx.query({
    text: "update break_glass_administrators set revoked_at = statement_timestamp() where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await endSessions(tx, { breakGlass: id });
  await recordChanges(tx, [
    {
      action: "break-glass.revoked",
      subjectKind: "break-glass-administrator",
      subject: id,
      detail: { name },
      event: true,
    },
  ]);
  return id;
}

type Surroundings = { db: Database; secret: SecretKey; times: SessionTimes };
type Row = { id: BreakGlassId; name: string; password: string; sealed: Buffer; last: number | null };

async function read(db: Db, column: "id" | "name", value: string): Promise<Row | undefined> {
  const [row] = await db.query<Row>({
    text: `select id, name, password, totp_secret as sealed, totp_last_step as last from break_glass_administrators
      where organization = $1 and ${column} = $2 and revoked_at is null`,
    values: [db.organization, value],
  });
  return row;
}

/**
 * Signs a break-glass administrator in. No directory is asked or looked at.
 * Before: any. After: a new session is live, the code is used up; audit, event and a mail to every organization administrator
 * tell of it.
 * @throws MusterError as `signIn`.
 */
export async function signInBreakGlass(
  ctx: Surroundings,
  organization: OrganizationId | undefined,
  name: string,
  proof: Proof,
  whence: Whence,
): Promise<NewSession & { organization: OrganizationId; breakGlass: BreakGlassId }> {
  if (organization === undefined) return refuseNobody(proof);
  const known = await read(ctx.db.of(organization), "name", name);
  const actor: Actor = { organization, kind: "break-glass", id: known?.id ?? null, requestId: whence.requestId };
  return proven(ctx, actor, known, name, proof, whence, async (tx, { id }) => {
    const facts = { method: "break-glass", factor: "totp", authenticated: "now", address: whence.address } as const;
    const session = await beginSession(tx, { breakGlass: id }, facts, ctx.times);
    await tx.query({
      text: "update break_glass_administrators set last_used_at = statement_timestamp() where organization = $1 and id = $2",
      values: [tx.organization, id],
    });
    await noticeBreakGlass(tx, session.id, { name, address: whence.address });
    return { ...session, organization, breakGlass: id };
  });
}

/** As `reauthenticate`, for a break-glass administrator. @throws MusterError as `signIn`. */
export async function reauthenticateBreakGlass(
  ctx: Surroundings,
  actor: Actor,
  of: { breakGlass: BreakGlassId; session: SessionId },
  proof: Proof,
  whence: Whence,
): Promise<void> {
  const known = await read(ctx.db.of(actor.organization), "id", of.breakGlass);
  await proven(ctx, actor, known, of.breakGlass, proof, whence, (tx) => renewAuthentication(tx, of.session));
}

async function proven<T>(
  ctx: Surroundings,
  actor: Actor,
  known: Row | undefined,
  name: string,
  proof: Proof,
  whence: Whence,
  work: (tx: Tx, known: Row) => Promise<T>,
): Promise<T> {
  const { organization } = actor;
  const guessed = {
    who: known ? guessedBreakGlass(known.id) : nobody(ctx.secret, `break-glass ${name}`),
    network: whence.network,
  };
  const compared = known && {
    password: known.password,
    totp: { sealed: known.sealed, lastStep: known.last },
    place: place(organization, known.id),
  };
  // A recovery code is a person's.
  const shown: Proof = { password: proof.password, code: proof.code };
  const right: Proven = await prove(ctx, organization, compared, guessed, shown, async () => {});
  if (!known) throw new MusterError("internal", "nobody was let in");
  return inTransaction(
    ctx,
    actor,
    async (tx) => {
      await settle(tx, guessed, right, {
        step: (step) => spendStep(tx, known, step),
        recoveryCode: async () => false,
      });
      return work(tx, known);
    },
    { lock: "none" },
  );
}

/** Not after it was revoked or reset meanwhile: then what was shown is worth nothing. */
async function spendStep(tx: Tx, { id, password }: Row, step: number): Promise<boolean> {
  const spent = await tx.query({
    text: `update break_glass_administrators set totp_last_step = $3
      where organization = $1 and id = $2 and revoked_at is null and password = $4
        and (totp_last_step is null or totp_last_step < $3) returning id`,
    values: [tx.organization, id, step, password],
  });
  return spent.length > 0;
}
