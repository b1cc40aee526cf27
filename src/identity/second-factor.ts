import { hash, randomInt } from "node:crypto";
import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { totpPlace } from "./credentials.ts";
import { recordChanges } from "./record.ts";
import { openSecret, type SecretKey, sealSecret } from "./secrets.ts";
import { newTotpSecret, stepOf, type TotpSecret } from "./sign-in/totp.ts";

/** Codes that a person gets for the day when the second factor is lost. */
const CODES = 10;
/** Letters and digits that nobody mistakes for others; 24 of them are 120 bits, so SHA-256 keeps them (NIST SP 800-63B §3.1.2.2). */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const LETTERS = 24;

export type SecondFactorState = { enrolled: boolean; recoveryCodes: number };

/** Whether the person has a second factor, and how many recovery codes are left. */
export async function secondFactorOf(db: Db, account: AccountId): Promise<SecondFactorState> {
  const [row] = await db.query<SecondFactorState>({
    text: `select c.totp_confirmed_at is not null as enrolled, (select count(*)::int from recovery_codes r
        where r.organization = c.organization and r.account = c.account) as "recoveryCodes"
      from credentials c where c.organization = $1 and c.account = $2`,
    values: [db.organization, account],
  });
  return row ?? { enrolled: false, recoveryCodes: 0 };
}

/**
 * Begins to enrol a second factor; what was begun before is void.
 * Before: any. After: a secret is kept sealed, shown only in the answer, and nothing asks for it until it is confirmed.
 * @throws MusterError `conflict` when there is one already, or no password that it could stand beside.
 */
export async function beginSecondFactor(tx: Tx, key: SecretKey, account: AccountId): Promise<TotpSecret> {
  const [whose] = await tx.query<{ name: string; organization: string }>({
    text: `select a.user_name as name, o.name as organization from accounts a join organizations o on o.id = a.organization
      where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  if (!whose) throw new MusterError("not-found", "there is no such account", { at: "id" });
  const made = newTotpSecret(whose);
  const begun = await tx.query({
    text: `update credentials c set totp_secret = $3, totp_last_step = null
      where c.organization = $1 and c.account = $2 and c.totp_confirmed_at is null and exists (select from accounts a
        where a.organization = $1 and a.id = $2 and a.canonical = c.record) returning c.account`,
    values: [tx.organization, account, sealSecret(key, totpPlace(tx.organization, account), made.secret)],
  });
  if (begun.length === 0)
    throw new MusterError("conflict", "there is a second factor already, or no password that it would stand beside");
  await recordChanges(tx, [{ action: "second-factor.begun", subjectKind: "account", subject: account }]);
  return made;
}

/**
 * Ends the enrolment with a code that proves that the secret arrived.
 * Before: it was begun. After: every sign-in with the password needs a code too; the recovery codes are new.
 * @throws MusterError `conflict` when none was begun, `invalid-value` for a wrong code.
 */
export async function confirmSecondFactor(tx: Tx, key: SecretKey, account: AccountId, code: string): Promise<string[]> {
  const [row] = await tx.query<{ sealed: Buffer; last: number | null; now: number }>({
    text: `select totp_secret as sealed, totp_last_step as last, extract(epoch from statement_timestamp())::double precision as now
      from credentials where organization = $1 and account = $2 and totp_secret is not null and totp_confirmed_at is null
      for no key update`,
    values: [tx.organization, account],
  });
  if (!row) throw new MusterError("conflict", "begin to enrol a second factor first");
  const step = stepOf(openSecret(key, totpPlace(tx.organization, account), row.sealed), code, row.now, row.last);
  if (step === undefined)
    throw new MusterError("invalid-value", "the code is wrong; is the clock of the device right?", { at: "code" });
  await tx.query({
    text: `update credentials set totp_confirmed_at = statement_timestamp(), totp_last_step = $3
      where organization = $1 and account = $2`,
    values: [tx.organization, account, step],
  });
  await recordChanges(tx, [
    { action: "second-factor.enrolled", subjectKind: "account", subject: account, event: true },
  ]);
  return writeRecoveryCodes(tx, account);
}

/**
 * Takes the second factor away, and what was begun of one. Before: any. After: the password alone opens the account; no
 * recovery code is left. Returns whether there was one.
 */
export async function removeSecondFactor(tx: Tx, account: AccountId): Promise<boolean> {
  const removed = await tx.query({
    text: `update credentials set totp_secret = null, totp_confirmed_at = null, totp_last_step = null
      where organization = $1 and account = $2 and totp_secret is not null returning account`,
    values: [tx.organization, account],
  });
  await tx.query({
    text: "delete from recovery_codes where organization = $1 and account = $2",
    values: [tx.organization, account],
  });
  if (removed.length > 0)
    await recordChanges(tx, [
      { action: "second-factor.removed", subjectKind: "account", subject: account, event: true },
    ]);
  return removed.length > 0;
}

/**
 * New recovery codes in place of all earlier ones; shown only in the answer.
 * @throws MusterError `conflict` without a second factor, which they stand in for.
 */
export async function renewRecoveryCodes(tx: Tx, account: AccountId): Promise<string[]> {
  const { enrolled } = await secondFactorOf(tx, account);
  if (!enrolled) throw new MusterError("conflict", "there is no second factor that recovery codes would stand in for");
  await recordChanges(tx, [{ action: "recovery-codes.renewed", subjectKind: "account", subject: account }]);
  return writeRecoveryCodes(tx, account);
}

async function writeRecoveryCodes(tx: Tx, account: AccountId): Promise<string[]> {
  const codes = Array.from({ length: CODES }, newRecoveryCode);
  await tx.query({
    text: "delete from recovery_codes where organization = $1 and account = $2",
    values: [tx.organization, account],
  });
  await tx.query({
    text: "insert into recovery_codes (organization, account, hash) select $1, $2, h.hash from unnest($3::bytea[]) h (hash)",
    values: [tx.organization, account, codes.map(recoveryCodeHash)],
  });
  return codes;
}

function newRecoveryCode(): string {
  const letters = Array.from({ length: LETTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  return (letters.match(/.{4}/g) ?? []).join("-");
}

/** As it is kept, however it was typed: capitals, blanks and hyphens do not count. */
function recoveryCodeHash(code: string): Buffer {
  return hash("sha256", `muster recovery code ${code.toLowerCase().replace(/[\s-]/g, "")}`, "buffer");
}

/** Uses a recovery code up. Before: any. After true: it was the person's and is none any more. After false: it was not. */
export async function spendRecoveryCode(tx: Tx, account: AccountId, code: string): Promise<boolean> {
  const spent = await tx.query({
    text: "delete from recovery_codes where organization = $1 and account = $2 and hash = $3 returning account",
    values: [tx.organization, account, recoveryCodeHash(code)],
  });
  return spent.length > 0;
}

/** Uses up a code's time step and all before it. After true: nobody had. After false: a code of it or a later one was taken. */
export async function spendStep(tx: Tx, account: AccountId, step: number): Promise<boolean> {
  const spent = await tx.query({
    text: `update credentials set totp_last_step = $3
      where organization = $1 and account = $2 and totp_confirmed_at is not null and (totp_last_step is null or totp_last_step < $3)
      returning account`,
    values: [tx.organization, account, step],
  });
  return spent.length > 0;
}
