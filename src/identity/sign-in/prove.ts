import type { Database } from "../../db/connection.ts";
import type { OrganizationId } from "../../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { openSecret, type SecretKey, type SecretPlace } from "../secrets.ts";
import { countAttempt, forgetAttempts, type Guessed, giveBackAttempt } from "./attempts.ts";
import { hashPassword, verifyPassword } from "./password-hash.ts";
import { stepOf } from "./totp.ts";

/** What somebody brings to show who they are. */
export type Proof = { password: string; code?: string | undefined; recoveryCode?: string | undefined };

/** From where: for the limits, the audit and the log. */
export type Whence = { network: string; address: string | null; requestId: string | null };

/** What there is to compare with. */
type Known = {
  password: string | null;
  totp: { sealed: Buffer; lastStep: number | null } | null;
  place: SecretPlace;
};

/** What was shown, to be used up in the transaction that acts on it. */
export type Proven = {
  step: number | null;
  recoveryCode: string | null;
  /** The password under today's parameters, where it was kept under others. */
  rehashed: string | null;
};

/** The one answer to whatever is wrong, whoever it is and whether there is anybody. */
export function refused(): MusterError {
  return new MusterError("unauthenticated", "the name, the password or the code is wrong");
}

/** For an organization that there is none of: takes as long as a guess at anybody. @throws MusterError `unauthenticated` */
export async function refuseNobody({ password }: Proof): Promise<never> {
  await verifyPassword(null, password);
  throw refused();
}

/**
 * Looks whether somebody is who they say, as one counted guess. Takes as long for nobody as for anybody.
 * Before: any. After: the guess is counted as wrong, until `settle` says that it was right. Nothing is used up yet.
 * @param known undefined: there is nobody of this name.
 * @param mayEnter asked once the password was right; it throws when the person has no business here.
 * @throws MusterError `cool-down`, `unauthenticated`, `second-factor-required` and `unavailable`; what `mayEnter` throws.
 */
export async function prove(
  ctx: { db: Database; secret: SecretKey },
  organization: OrganizationId,
  known: Known | undefined,
  guessed: Guessed,
  proof: Proof,
  mayEnter: () => Promise<void>,
): Promise<Proven> {
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  const apart = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "none" });
  await apart((tx) => countAttempt(tx, guessed));
  try {
    const { right, stale } = await verifyPassword(known?.password ?? null, proof.password);
    if (!known || !right) throw refused();
    await mayEnter();
    if (known.totp && proof.code === undefined && proof.recoveryCode === undefined)
      throw new MusterError("second-factor-required", "the password is right; this account needs a code too", {
        at: "code",
      });
    return await proveFactor(ctx, organization, known, proof, stale);
  } catch (error) {
    // What was not looked at, or was right so far, was no guess.
    if (!isMusterError(error) || error.code !== "unauthenticated") await apart((tx) => giveBackAttempt(tx, guessed));
    throw error;
  }
}

async function proveFactor(
  ctx: { db: Database; secret: SecretKey },
  organization: OrganizationId,
  known: Known,
  proof: Proof,
  stale: boolean,
): Promise<Proven> {
  const step = known.totp && proof.code !== undefined ? await knownStep(ctx, organization, known, proof.code) : null;
  if (step === undefined) throw refused();
  return {
    step,
    recoveryCode: known.totp && proof.code === undefined ? (proof.recoveryCode ?? null) : null,
    rehashed: stale ? await hashPassword(proof.password) : null,
  };
}

/** The present step by the database's clock. */
async function knownStep(
  { db, secret }: { db: Database; secret: SecretKey },
  organization: OrganizationId,
  { totp, place }: Known,
  code: string,
): Promise<number | undefined> {
  if (!totp) return undefined;
  const [clock] = await db.of(organization).query<{ now: number }>({
    text: "select extract(epoch from statement_timestamp())::double precision as now",
  });
  return clock && stepOf(openSecret(secret, place, totp.sealed), code, clock.now, totp.lastStep);
}

/**
 * Uses up what was shown, in the transaction that acts on it: of two that show the same code at once one is refused.
 * Before: `prove` answered this. After: code and step are nobody's any more, wrong guesses are forgotten.
 * @throws MusterError `unauthenticated`, and the guess stays counted.
 */
export async function settle(
  tx: Tx,
  guessed: Guessed,
  proven: Proven,
  spend: { step(step: number): Promise<boolean>; recoveryCode(code: string): Promise<boolean> },
): Promise<void> {
  if (proven.step !== null && !(await spend.step(proven.step))) throw refused();
  if (proven.recoveryCode !== null && !(await spend.recoveryCode(proven.recoveryCode))) throw refused();
  await forgetAttempts(tx, guessed);
}
