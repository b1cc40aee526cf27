import type { Database, Db } from "../../db/connection.ts";
import type { AccountId, OrganizationId, SessionId } from "../../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import {
  type Credentials,
  credentialsByName,
  credentialsOf,
  guessedAccount,
  namesOf,
  rehashPassword,
  setPassword,
  totpPlace,
} from "../credentials.ts";
import { userNameKey } from "../keys.ts";
import { heldByAccount } from "../rights/held.ts";
import { spendRecoveryCode, spendStep } from "../second-factor.ts";
import type { SecretKey } from "../secrets.ts";
import { beginSession, type NewSession, renewAuthentication, type SessionTimes } from "../sessions.ts";
import { type Guessed, nobody } from "./attempts.ts";
import { hashPassword } from "./password-hash.ts";
import { checkPassword } from "./password-rules.ts";
import { type Proof, type Proven, prove, refused, refuseNobody, settle, type Whence } from "./prove.ts";

type Surroundings = { db: Database; secret: SecretKey; times: SessionTimes };

/** @throws MusterError `not-allowed` for whoever has no permission at all: suspended, deactivated, or never given any. */
async function requireRights(db: Db, account: AccountId): Promise<void> {
  const active = await db.query({
    text: `select a.id from accounts a
      join directory_users u on u.organization = a.organization and u.id = a.canonical
      where a.organization = $1 and a.id = $2 and a.suspended_at is null and u.active and u.deleted_at is null`,
    values: [db.organization, account],
  });
  const held = active.length === 0 ? [] : await heldByAccount(db, account);
  if (!held.some(({ permissions }) => permissions.size > 0))
    throw new MusterError("not-allowed", "this person has no rights here; an administrator can give them");
}

/**
 * For the transaction in which a session begins: whoever suspends the person, takes their rights or changes their password
 * at the same moment comes before, and is seen here, or after, and ends the session.
 * @throws MusterError as `requireRights`
 */
export async function requireRightsUntilCommit(tx: Tx, account: AccountId): Promise<void> {
  await tx.query({
    text: "select id from accounts where organization = $1 and id = $2 for share",
    values: [tx.organization, account],
  });
  await tx.query({
    text: "select id from rights where organization = $1 and account = $2 order by id for share",
    values: [tx.organization, account],
  });
  await requireRights(tx, account);
}

/**
 * Signs a person of `internal` in with a password, and with a second factor where there is one.
 * Before: any. After: a new session is live, the code is used up, wrong guesses are forgotten, with an audit row.
 * @param organization undefined: there is none of the name that was given; it takes as long, and nobody gets in.
 * @throws MusterError `unauthenticated` for whatever is wrong; `cool-down` after too many guesses; only once the password was
 * right: `second-factor-required`, `not-allowed`.
 */
export async function signIn(
  ctx: Surroundings,
  organization: OrganizationId | undefined,
  name: string,
  proof: Proof,
  whence: Whence,
): Promise<NewSession & { account: AccountId }> {
  if (organization === undefined) return refuseNobody(proof);
  const db = ctx.db.of(organization);
  const known = await credentialsByName(db, name);
  const guessed = {
    who: known ? guessedAccount(known.account) : nobody(ctx.secret, userNameKey(name)),
    network: whence.network,
  };
  const proven = await proveAccount(ctx, organization, known, guessed, proof);
  if (!known) throw new MusterError("internal", "nobody was let in");
  const actor: Actor = { organization, kind: "session", id: known.account, requestId: whence.requestId };
  const session = await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await requireRightsUntilCommit(tx, known.account);
      if ((await credentialsOf(tx, known.account)).password !== known.password) throw refused();
      await spend(tx, known, guessed, proven);
      const factor = proven.step !== null ? "totp" : proven.recoveryCode !== null ? "recovery-code" : null;
      const facts = { method: "password", factor, authenticated: "now", address: whence.address } as const;
      return beginSession(tx, { account: known.account, record: known.record }, facts, ctx.times);
    },
    { lock: "none" },
  );
  return { ...session, account: known.account };
}

function proveAccount(
  ctx: Surroundings,
  organization: OrganizationId,
  known: Credentials | undefined,
  guessed: Guessed,
  proof: Proof,
): Promise<Proven> {
  const compared = known && { ...known, place: totpPlace(organization, known.account) };
  return prove(ctx, organization, compared, guessed, proof, async () => {
    if (known) await requireRights(ctx.db.of(organization), known.account);
  });
}

async function spend(tx: Tx, { account, password }: Credentials, guessed: Guessed, proven: Proven): Promise<void> {
  await settle(tx, guessed, proven, {
    step: (step) => spendStep(tx, account, step),
    recoveryCode: (code) => spendRecoveryCode(tx, account, code),
  });
  if (proven.rehashed !== null && password !== null) await rehashPassword(tx, account, password, proven.rehashed);
}

/**
 * A signed-in person proves anew who they are, before something dangerous.
 * Before: any. After: the session counts as fresh, with nothing else changed. It keeps its end.
 * @throws MusterError as `signIn`; `conflict` for one without a password: single sign-on is where they prove it.
 */
export async function reauthenticate(
  ctx: Surroundings,
  actor: Actor,
  of: { account: AccountId; session: SessionId },
  proof: Proof,
  whence: Whence,
): Promise<void> {
  const known = await credentialsOf(ctx.db.of(actor.organization), of.account);
  if (known.password === null)
    throw new MusterError("conflict", "this person has no password here; sign in anew through single sign-on");
  const guessed = { who: guessedAccount(of.account), network: whence.network };
  const proven = await proveAccount(ctx, actor.organization, known, guessed, proof);
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await spend(tx, known, guessed, proven);
      await renewAuthentication(tx, of.session);
    },
    { lock: "none" },
  );
}

/**
 * A signed-in person changes their own password, showing the present one.
 * Before: any. After: as `setPassword`: every session has ended, this one too.
 * @throws MusterError as `signIn` for the present one; `invalid-value` when the new one is easily guessed or the same.
 */
export async function changePassword(
  ctx: Surroundings,
  actor: Actor,
  account: AccountId,
  change: { current: string; next: string },
  whence: Whence,
): Promise<void> {
  const db = ctx.db.of(actor.organization);
  const known = await credentialsOf(db, account);
  if (known.password === null)
    throw new MusterError("conflict", "this person has no password here; single sign-on is where they change it");
  const guessed = { who: guessedAccount(account), network: whence.network };
  const compared = { password: known.password, totp: null, place: totpPlace(actor.organization, account) };
  const proven = await prove(ctx, actor.organization, compared, guessed, { password: change.current }, async () => {
    checkPassword(change.next, await namesOf(db, account), "newPassword");
    if (change.next === change.current)
      throw new MusterError("invalid-value", "the new password is the present one", { at: "newPassword" });
  });
  const hash = await hashPassword(change.next);
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await settle(tx, guessed, proven, { step: async () => true, recoveryCode: async () => true });
      await setPassword(tx, account, hash);
    },
    { lock: "none" },
  );
}
