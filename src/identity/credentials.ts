import type { Db } from "../db/connection.ts";
import type { AccountId, DirectoryUserId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { emailKey, userNameKey } from "./keys.ts";
import { recordChanges } from "./record.ts";
import type { SecretPlace } from "./secrets.ts";
import { endSessions } from "./sessions.ts";
import { forgetAttemptsAt } from "./sign-in/attempts.ts";

/** What a person can prove who they are with. */
export type Credentials = {
  account: AccountId;
  /** Their canonical record. */
  record: DirectoryUserId;
  /** A PHC string; null: none that counts. */
  password: string | null;
  /** A confirmed second factor. */
  totp: { sealed: Buffer; lastStep: number | null } | null;
};

/** How guesses at a person are counted. */
export function guessedAccount(account: AccountId): string {
  return `account:${account}`;
}

/** Where an account's second factor is sealed to. */
export function totpPlace(organization: string, account: AccountId): SecretPlace {
  return { organization, table: "credentials", column: "totp_secret", row: account };
}

// A password counts while the record that it was given to is canonical and in internal: passwords are nobody else's (design §10).
const COUNTS = `from accounts a
  join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
  join directories d on d.organization = u.organization and d.id = u.directory
  left join credentials c on c.organization = a.organization and c.account = a.id and c.record = a.canonical
    and d.kind = 'internal'`;

const COLUMNS = `a.id as account, a.canonical as record, c.password,
  case when c.totp_confirmed_at is not null
    then json_build_object('sealed', encode(c.totp_secret, 'base64'), 'lastStep', c.totp_last_step) end as totp`;

type Row = Omit<Credentials, "totp"> & { totp: { sealed: string; lastStep: number | null } | null };

function fromRow({ totp, ...row }: Row): Credentials {
  return { ...row, totp: totp && { sealed: Buffer.from(totp.sealed, "base64"), lastStep: totp.lastStep } };
}

/** The one person who signs in by this user name, or else by this address; undefined when there is none, or several. */
export async function credentialsByName(db: Db, name: string): Promise<Credentials | undefined> {
  const rows = await db.query<Row & { byName: boolean }>({
    text: `select ${COLUMNS}, a.user_name_key = $2 as "byName" ${COUNTS}
      where a.organization = $1 and (a.user_name_key = $2 or a.email_key = $3)
      order by a.user_name_key = $2 desc limit 2`,
    values: [db.organization, userNameKey(name), emailKey(name)],
  });
  const [first, second] = rows;
  if (!first || (second && !first.byName)) return undefined;
  const { byName: _, ...row } = first;
  return fromRow(row);
}

/** @throws MusterError `not-found` when the account stands for nobody any more. */
export async function credentialsOf(db: Db, account: AccountId): Promise<Credentials> {
  const [row] = await db.query<Row>({
    text: `select ${COLUMNS} ${COUNTS} where a.organization = $1 and a.id = $2`,
    values: [db.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no such account", { at: "id" });
  return fromRow(row);
}

/** Names that a person's password must not be made of. */
export async function namesOf(db: Db, account: AccountId): Promise<string[]> {
  const [row] = await db.query<{ names: string[] }>({
    text: `select array_remove(array[a.user_name, a.email, a.display_name, o.name, o.key], null) as names
      from accounts a join organizations o on o.id = a.organization where a.organization = $1 and a.id = $2`,
    values: [db.organization, account],
  });
  return row?.names ?? [];
}

/**
 * Gives a person of `internal` a password.
 * Before: `hash` is of a password that `checkPassword` let pass. After: only it opens the account; all its sessions have ended,
 * wrong guesses at the old one are forgotten, and there is an audit row. A second factor of the same record stays.
 * @throws MusterError `not-found`; `conflict` when the canonical record is not in internal: passwords are for nobody else.
 */
export async function setPassword(tx: Tx, account: AccountId, hash: string): Promise<void> {
  const [known] = await tx.query<{ record: DirectoryUserId | null; internal: boolean }>({
    text: `select a.canonical as record, coalesce(d.kind = 'internal', false) as internal from accounts a
      left join directory_users u on u.organization = a.organization and u.id = a.canonical and u.deleted_at is null
      left join directories d on d.organization = u.organization and d.id = u.directory
      where a.organization = $1 and a.id = $2 for no key update of a`,
    values: [tx.organization, account],
  });
  if (!known) throw new MusterError("not-found", "there is no such account", { at: "id" });
  if (!known.internal || known.record === null)
    throw new MusterError(
      "conflict",
      "this person comes from another directory and signs in through single sign-on; passwords are for people of internal",
      { at: "id" },
    );
  // Recovery codes of another record's second factor go with it.
  await tx.query({
    text: `delete from credentials where organization = $1 and account = $2 and record <> $3`,
    values: [tx.organization, account, known.record],
  });
  await tx.query({
    text: `insert into credentials (organization, account, record, password) values ($1, $2, $3, $4)
      on conflict on constraint credentials_pk do update
        set password = excluded.password, password_changed_at = statement_timestamp()`,
    values: [tx.organization, account, known.record, hash],
  });
  await forgetAttemptsAt(tx, guessedAccount(account));
  await endSessions(tx, { account });
  await recordChanges(tx, [{ action: "password.changed", subjectKind: "account", subject: account }]);
}

/** The same password under today's parameters. Before: it was right. After: as before, unless it was changed meanwhile. */
export async function rehashPassword(tx: Tx, account: AccountId, before: string, after: string): Promise<void> {
  await tx.query({
    text: "update credentials set password = $4 where organization = $1 and account = $2 and password = $3",
    values: [tx.organization, account, before, after],
  });
}
