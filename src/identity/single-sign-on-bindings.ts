import { hash } from "node:crypto";
import type { Db } from "../db/connection.ts";
import type { AccountId, DirectoryUserId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { emailDomain, emailKey } from "./keys.ts";
import { recordOfAccounts } from "./record.ts";
import { beginSession, type NewSession, type SessionTimes } from "./sessions.ts";
import { requireRightsUntilCommit } from "./sign-in/sign-in.ts";
import type { SingleSignOn } from "./single-sign-on.ts";

/** Who a provider says that somebody is, after its answer was checked. */
export type ProvidersWord = {
  issuer: string;
  subject: string;
  /** An address that the provider has verified; null: none, or not. */
  verifiedEmail: string | null;
  /** When the person proved it to the provider; null: it does not say. */
  authenticatedAt: Date | null;
};

/** Minutes for which an answer that was taken is remembered; its flow has ended long before. */
const KEPT_MINUTES = 60;

/**
 * Takes a provider's answer, once. Before: any. After true: nobody took an answer with this state before, and nobody will.
 * @param state what the answer and the flow were bound by.
 */
export async function takeFlow(tx: Tx, state: string): Promise<boolean> {
  await tx.query({
    text: `delete from single_sign_on_flows where organization = $1 and state in (select f.state from single_sign_on_flows f
      where f.organization = $1 and f.at < statement_timestamp() - interval '${KEPT_MINUTES} minutes' order by f.at limit 10)`,
    values: [tx.organization],
  });
  const taken = await tx.query({
    text: `insert into single_sign_on_flows (organization, state) values ($1, $2)
      on conflict on constraint single_sign_on_flows_pk do nothing returning state`,
    values: [tx.organization, hash("sha256", state, "buffer")],
  });
  return taken.length > 0;
}

function refused(why: string): MusterError {
  return new MusterError("not-allowed", `single sign-on let nobody in: ${why}`);
}

/**
 * Signs in whom the provider vouches for. Whom it has bound once stays that account: by (issuer, subject) alone. A
 * stranger is bound to the one account that has the verified address, of a domain for which the provider speaks.
 * Before: the answer's signature, issuer, audience, nonce and times were checked. After: a new session is live, with audit.
 * @throws MusterError `not-allowed`, and nothing changed: the address is not verified or of another domain, nobody or several
 * have it, the account is bound to another subject, stands for another record by now, or has no rights.
 */
export async function signInThroughProvider(
  tx: Tx,
  setting: SingleSignOn,
  word: ProvidersWord,
  times: SessionTimes,
  address: string | null,
): Promise<NewSession & { account: AccountId }> {
  // Whoever switches it off at this moment comes before, and is seen here, or after, and ends the session.
  const [stands] = await tx.query({
    text: `select organization from single_sign_on
      where organization = $1 and enabled and issuer = $2 and client_id = $3 for share`,
    values: [tx.organization, setting.issuer, setting.clientId],
  });
  if (!stands) throw refused("it was changed meanwhile");
  const bound = await boundTo(tx, word);
  const { account, record } = bound ?? (await bindByAddress(tx, setting, word));
  await requireRightsUntilCommit(tx, account);
  const [present] = await tx.query<{ record: DirectoryUserId | null }>({
    text: "select canonical as record from accounts where organization = $1 and id = $2",
    values: [tx.organization, account],
  });
  if (present?.record !== record)
    throw refused("another record stands for this account since it was bound; an administrator has to bind it anew");
  const facts = { method: "single-sign-on", authenticated: word.authenticatedAt, address } as const;
  return { ...(await beginSession(tx, { account, record }, facts, times)), account };
}

type Bound = { account: AccountId; record: DirectoryUserId };

async function boundTo(tx: Tx, { issuer, subject }: ProvidersWord): Promise<Bound | undefined> {
  const [row] = await tx.query<Bound>({
    text: "select account, record from single_sign_on_bindings where organization = $1 and issuer = $2 and subject = $3",
    values: [tx.organization, issuer, subject],
  });
  return row;
}

async function bindByAddress(tx: Tx, setting: SingleSignOn, word: ProvidersWord): Promise<Bound> {
  const email = word.verifiedEmail === null ? null : emailKey(word.verifiedEmail);
  if (email === null) throw refused("the provider has not verified the address");
  if (!setting.domains.includes(emailDomain(email))) throw refused("it does not speak for addresses of this domain");
  const rows = await tx.query<{ id: AccountId }>({
    text: "select id from accounts where organization = $1 and email_key = $2 and canonical is not null order by id limit 2",
    values: [tx.organization, email],
  });
  const [only] = rows;
  if (!only || rows.length > 1) throw refused("there is not exactly one person with this address");
  const bound = (await bind(tx, word, only.id)) ?? (await boundTo(tx, word));
  if (bound?.account !== only.id) throw refused("the account is bound to somebody else at the provider");
  return bound;
}

/** Of two that bind at once the second finds the first's row; no row is ever changed. Undefined: either is bound already. */
async function bind(
  tx: Tx,
  { issuer, subject }: Pick<ProvidersWord, "issuer" | "subject">,
  account: AccountId,
): Promise<Bound | undefined> {
  const [row] = await tx.query<Bound>({
    text: `insert into single_sign_on_bindings (organization, issuer, subject, account, record)
      select a.organization, $2, $3, a.id, a.canonical from accounts a
      where a.organization = $1 and a.id = $4 and a.canonical is not null
      on conflict do nothing returning account, record`,
    values: [tx.organization, issuer, subject, account],
  });
  if (!row) return undefined;
  await recordOfAccounts(tx, "single-sign-on.bound", [account], { issuer, subject });
  return row;
}

export type Binding = { account: AccountId; userName: string; issuer: string; subject: string; boundAt: Date };

const BINDINGS = `select b.account, a.user_name as "userName", b.issuer, b.subject, b.bound_at as "boundAt"
  from single_sign_on_bindings b join accounts a on a.organization = b.organization and a.id = b.account
  join single_sign_on s on s.organization = b.organization and s.issuer = b.issuer
  where b.organization = $1`;

/** Who is bound to whom at the present issuer, by account. */
export async function listBindings(db: Db, page: { after: AccountId | null; limit: number }): Promise<Binding[]> {
  const values: unknown[] = [db.organization];
  const behind = page.after === null ? "" : `and b.account > $${values.push(page.after)}`;
  return db.query<Binding>({
    text: `${BINDINGS} ${behind} order by b.account limit ${Math.trunc(page.limit)}`,
    values,
    prepared: true,
  });
}

/**
 * An administrator says who somebody at the provider is, for providers that verify no address.
 * Before: the setting names the issuer. After: they are bound, with an audit row.
 * @throws MusterError `not-found`; `conflict` when either is bound already, or there is no single sign-on.
 */
export async function bindAccount(tx: Tx, account: AccountId, subject: string): Promise<Binding> {
  const [known] = await tx.query<{ issuer: string | null }>({
    text: `select s.issuer from accounts a left join single_sign_on s on s.organization = a.organization
      where a.organization = $1 and a.id = $2 and a.canonical is not null`,
    values: [tx.organization, account],
  });
  if (!known) throw new MusterError("not-found", "there is no such person", { at: "user" });
  if (known.issuer === null) throw new MusterError("conflict", "there is no single sign-on yet");
  if (!(await bind(tx, { issuer: known.issuer, subject }, account)))
    throw new MusterError("conflict", "the person, or the subject, is bound already; take that away first");
  const [made] = await tx.query<Binding>({
    text: `${BINDINGS} and b.account = $2 and b.issuer = $3`,
    values: [tx.organization, account, known.issuer],
  });
  if (!made) throw new MusterError("internal", "a binding was not stored");
  return made;
}

/**
 * Takes an account's bindings away. Before: any. After: it has none, and the sessions that came through them have ended.
 * @throws MusterError `not-found` when it had none.
 */
export async function unbindAccount(tx: Tx, account: AccountId): Promise<void> {
  const removed = await tx.query<{ issuer: string; subject: string }>({
    text: "delete from single_sign_on_bindings where organization = $1 and account = $2 returning issuer, subject",
    values: [tx.organization, account],
  });
  if (removed.length === 0) throw new MusterError("not-found", "this person is not bound", { at: "id" });
  await tx.query({
    text: "delete from sessions where organization = $1 and account = $2 and method = 'single-sign-on'",
    values: [tx.organization, account],
  });
  await recordOfAccounts(tx, "single-sign-on.unbound", [account], { removed });
}
