import type { Config } from "../../config.ts";
import type { Db } from "../../db/connection.ts";
import { type AccountId, type AddressChangeId, type MailId, newId } from "../../db/id.ts";
import type { Actor, Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { refuseExternallyManaged } from "../external-user-management.ts";
import { emailKey } from "../keys.ts";
import { queueMail } from "../mails.ts";
import { recordOfAccounts } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseActingForBeyond } from "../rights/rights.ts";
import { isTaken } from "./add.ts";
import { isOutsideSignUp, lockActiveOwned, type OwnedRecord } from "./address-rules.ts";
import { lockKnownAccounts } from "./lock.ts";

export const ADDRESS_CHANGE_STATES = [
  "pending",
  "expired",
  "confirmed",
  "cancelled",
  "superseded",
  "refused",
  "reverted",
] as const;

/** A change of a person's address and what became of it. `expired`: nobody confirmed it in time; it can be sent again. */
export type AddressChange = {
  id: AddressChangeId;
  account: AccountId;
  /** The address that it leaves, and the one that it brings. */
  before: string | null;
  email: string;
  state: (typeof ADDRESS_CHANGE_STATES)[number];
  /** Why the confirmed mailbox did not become the address; null: nothing stood in the way. */
  refusal: "address-taken" | "outside-sign-up" | "asker-may-not" | null;
  asker: Pick<Actor, "kind" | "id">;
  sentCount: number;
  createdAt: Date;
  expiresAt: Date;
  confirmedAt: Date | null;
  /** Until when the owner of the old mailbox can take it back. */
  revertUntil: Date | null;
  revertedAt: Date | null;
};

export type AskedAddressChange = { change: AddressChange; mail: MailId };

/** Mails that ask one mailbox, in a day. */
const MOST_A_DAY = 5;

/**
 * Asks the owner of a mailbox whether it is theirs; their answer makes it the person's address (C16, R159). The one way
 * by which a new address counts as proven.
 *
 * Before: any. After: nothing of the person is changed. The change waits for an answer, for `validDays`; an earlier one that
 * waited is superseded; one mail to the new mailbox is queued, with audit and event.
 * @param held what the administrator holds: an address is a way to sign in as somebody.
 * @throws MusterError `externally-managed` (R23); `not-found`; `read-only` naming the directory that owns the address; `conflict`
 * for one who is suspended, deactivated or held by no directory, and for an address outside the sign-up domains of one who
 * signed up; `invalid`, `uniqueness` (address); `not-allowed` when the person has rights beyond `held`; `cool-down`.
 */
export async function askForAddress(
  tx: Tx,
  settings: Config["invitations"],
  held: readonly Held[],
  { account, email }: { account: AccountId; email: string },
): Promise<AskedAddressChange> {
  await refuseExternallyManaged(tx);
  const owned = await lockActiveOwned(tx, account);
  await refuseActingForBeyond(tx, held, account);
  const address = await requireFree(tx, owned, email);
  await supersede(tx, account);
  const id = newId<AddressChangeId>();
  await tx.query({
    text: `insert into address_changes (organization, id, account, record, before_key, email, asker_kind, asker, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, statement_timestamp() + make_interval(days => $9))`,
    values: [
      tx.organization,
      id,
      account,
      owned.record,
      owned.emailKey,
      address,
      tx.actor.kind,
      tx.actor.id,
      settings.validDays,
    ],
  });
  const mail = await send(tx, settings, { id, account, email: address, sentCount: 1 });
  await recordOfAccounts(tx, "account.address-asked", [account], {
    change: id,
    before: owned.emailKey,
    after: address,
    mail,
  });
  return { change: await getAddressChange(tx, account, id), mail };
}

/**
 * Asks once more. Before: the change waits, perhaps for too long. After: one more mail is queued with another link; the links of the
 * earlier mails are dead at once.
 * @throws MusterError as `askForAddress`; `not-found` when no change of the person waits; `cool-down` with `retryAfter`.
 */
export async function resendAddressChange(
  tx: Tx,
  settings: Config["invitations"],
  held: readonly Held[],
  account: AccountId,
): Promise<AskedAddressChange> {
  await refuseExternallyManaged(tx);
  const owned = await lockActiveOwned(tx, account);
  await refuseActingForBeyond(tx, held, account);
  const pending = await requirePending(tx, account);
  await requireFree(tx, owned, pending.email);
  const [row] = await tx.query<{ sentCount: number }>({
    text: `update address_changes set token_hash = null, sent_count = sent_count + 1, asker_kind = $3, asker = $4,
        before_key = $5, record = $6, expires_at = statement_timestamp() + make_interval(days => $7)
      where organization = $1 and id = $2 returning sent_count as "sentCount"`,
    values: [tx.organization, pending.id, tx.actor.kind, tx.actor.id, owned.emailKey, owned.record, settings.validDays],
  });
  const mail = await send(tx, settings, { ...pending, account, sentCount: row?.sentCount ?? 0 });
  await recordOfAccounts(tx, "account.address-asked", [account], { change: pending.id, after: pending.email, mail });
  return { change: await getAddressChange(tx, account, pending.id), mail };
}

/**
 * Takes the question back. Before: any. After: no change of the person waits; its links open nothing, a mail that has not left does not leave.
 * @throws MusterError `not-found` when none waits.
 */
export async function cancelAddressChange(tx: Tx, account: AccountId): Promise<AddressChange> {
  await lockKnownAccounts(tx, [account]);
  const { id } = await requirePending(tx, account);
  await tx.query({
    text: "update address_changes set state = 'cancelled', token_hash = null where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await recordOfAccounts(tx, "account.address-cancelled", [account], { change: id });
  return getAddressChange(tx, account, id);
}

/** So many are told of one person. */
const MOST_TOLD = 100;

/** The changes of a person's address, the newest first. */
export async function listAddressChanges(db: Db, account: AccountId): Promise<AddressChange[]> {
  return db.query<AddressChange>({
    text: `${SELECT} and c.account = $2 order by c.id desc limit ${MOST_TOLD}`,
    values: [db.organization, account],
    prepared: true,
  });
}

async function getAddressChange(db: Db, account: AccountId, id: AddressChangeId): Promise<AddressChange> {
  const [row] = await db.query<AddressChange>({
    text: `${SELECT} and c.account = $2 and c.id = $3`,
    values: [db.organization, account, id],
  });
  if (!row) throw new MusterError("internal", "a change of address vanished");
  return row;
}

const SELECT = `select c.id, c.account, c.before_key as before, c.email, c.refusal, c.sent_count as "sentCount",
    case when c.state = 'pending' and c.expires_at <= statement_timestamp() then 'expired' else c.state end as state,
    json_build_object('kind', c.asker_kind, 'id', c.asker) as asker, c.created_at as "createdAt", c.expires_at as "expiresAt",
    c.confirmed_at as "confirmedAt", c.revert_until as "revertUntil", c.reverted_at as "revertedAt"
  from address_changes c where c.organization = $1`;

async function requireFree(tx: Tx, owned: OwnedRecord, text: string): Promise<string> {
  const address = emailKey(text);
  if (address === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  if (address === owned.emailKey)
    throw new MusterError("invalid", "this is the person's address already", { at: "email" });
  if (await isTaken(tx, address, owned.account))
    throw new MusterError("uniqueness", "somebody has this address as user name or e-mail already", { at: "email" });
  if (await isOutsideSignUp(tx, owned.account, address))
    throw new MusterError(
      "conflict",
      "this person signed up, which takes an address in the sign-up domains, and this one is outside of them",
      { at: "email" },
    );
  return address;
}

async function supersede(tx: Tx, account: AccountId): Promise<void> {
  await tx.query({
    text: `update address_changes set state = 'superseded', token_hash = null
      where organization = $1 and account = $2 and state = 'pending'`,
    values: [tx.organization, account],
  });
}

async function requirePending(tx: Tx, account: AccountId): Promise<{ id: AddressChangeId; email: string }> {
  const [row] = await tx.query<{ id: AddressChangeId; email: string }>({
    text: "select id, email from address_changes where organization = $1 and account = $2 and state = 'pending'",
    values: [tx.organization, account],
  });
  if (!row) throw new MusterError("not-found", "no change of this person's address waits for an answer", { at: "id" });
  return row;
}

/** One question to a mailbox at a time: whoever asks again and again, for one person or another, meets the cool-down. */
async function send(
  tx: Tx,
  { resendCoolDown }: Config["invitations"],
  { id, account, email, sentCount }: Pick<AddressChange, "id" | "account" | "email" | "sentCount">,
): Promise<MailId> {
  // Of two people's changes to one mailbox at once each would find no mail of the other.
  await tx.query({
    text: "select pg_advisory_xact_lock(hashtextextended($1::text || ' ' || $2, 4247))",
    values: [tx.organization, email],
  });
  const [row] = await tx.query<{ wait: number | null; today: number }>({
    text: `select ceil($3 - extract(epoch from statement_timestamp() - max(created_at)))::integer as wait,
        count(*)::integer as today
      from mails where organization = $1 and kind = 'email-change-new' and recipient = $2
        and created_at > statement_timestamp() - interval '1 day'`,
    values: [tx.organization, email, resendCoolDown],
  });
  const wait = (row?.today ?? 0) >= MOST_A_DAY ? 86_400 : (row?.wait ?? 0);
  if (wait > 0)
    throw new MusterError("cool-down", `this mailbox was asked just now; try again in ${wait} s`, { retryAfter: wait });
  return queueMail(tx, {
    kind: "email-change-new",
    dedupeKey: `address-change:${id}:${sentCount}`,
    account,
    recipient: email,
    content: { change: id },
  });
}
