import type { Database } from "../../db/connection.ts";
import type { AccountId, AddressChangeId } from "../../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { lockDirectoryUser } from "../directory-users/read.ts";
import { updateDirectoryUsers } from "../directory-users/update.ts";
import { queueMail } from "../mails.ts";
import { withinLinkBudget } from "../public-budget.ts";
import { recordOfAccounts } from "../record.ts";
import { heldByActor } from "../rights/held-by-actor.ts";
import { refuseActingForBeyond } from "../rights/rights.ts";
import { endSessions } from "../sessions.ts";
import { isTaken } from "./add.ts";
import { type FoundAddressChange, STANDS, TAKEN_BACK } from "./address-change-links.ts";
import { isOutsideSignUp, lockOwned, type OwnedRecord } from "./address-rules.ts";
import { withAddress } from "./edit.ts";

/** `refused`: the mailbox is proven, but a rule stands in the way now; administrators see which. `closed`: it was not open. */
export type AddressAnswer = "done" | "refused" | "closed" | "too-often";

type Taken = {
  account: AccountId;
  before: string | null;
  nameBefore: string | null;
  email: string;
  askerKind: Actor["kind"];
  asker: string | null;
};

const TAKEN = `c.account, c.before_key as before, c.name_before as "nameBefore", c.email, c.asker_kind as "askerKind", c.asker`;

/**
 * The owner of the new mailbox says that it is theirs: once, by one conditional statement.
 *
 * Before: any. After `done`: the address is the person's and proven, the user name goes with it where it was the old address, access
 * follows the domains, every session of theirs is ended, an open invitation is readdressed, and the old mailbox is told how to take
 * it back within 7 days. After `refused`: the change is over and nothing else is changed. After `closed`: nothing changed.
 */
export async function confirmAddress(
  ctx: { db: Database },
  found: FoundAddressChange,
  tokenHash: Buffer,
  requestId: string | null,
): Promise<AddressAnswer> {
  return answering(ctx, found, requestId, async (tx) => {
    const [taken] = await tx.query<Taken>({
      text: `update address_changes c set state = 'confirmed', confirmed_at = statement_timestamp(), proven_record = c.record,
          revert_until = case when c.before_key is not null then statement_timestamp() + interval '7 days' end
        where c.organization = $1 and c.id = $2 and c.token_hash = $3 and c.state = 'pending'
          and c.expires_at > statement_timestamp() and ${STANDS}
        returning ${TAKEN}`,
      values: [tx.organization, found.change, tokenHash],
    });
    if (!taken) return "closed";
    const refusal = await refusalOf(tx, taken);
    if (refusal !== null) {
      await refuse(tx, found.change, taken, refusal);
      return "refused";
    }
    const owned = await lockOwned(tx, taken.account);
    if (owned.nameFollows)
      await tx.query({
        text: "update address_changes set name_before = $3 where organization = $1 and id = $2",
        values: [tx.organization, found.change, owned.userName],
      });
    await setAddress(tx, owned, taken.email, taken.email);
    await readdress(tx, taken);
    await endSessions(tx, { account: taken.account });
    const { account, before, email } = taken;
    if (before !== null)
      await queueMail(tx, {
        kind: "email-change-old",
        dedupeKey: `address-changed:${found.change}`,
        account,
        recipient: before,
        content: { change: found.change },
      });
    await recordOfAccounts(tx, "account.address-changed", [account], { change: found.change, before, after: email });
    return "done";
  });
}

/**
 * The owner of the old mailbox takes the change back, and every later one with it: once.
 *
 * Before: any. After `done`: the old address is the person's again, with the user name that went with it; sessions are ended, and so
 * is what was made for the person since: bindings of single sign-on and their own tokens. After `refused`: somebody else has
 * the address by now; nothing changed, and administrators see it.
 */
export async function revertAddress(
  ctx: { db: Database },
  found: FoundAddressChange,
  tokenHash: Buffer,
  requestId: string | null,
): Promise<AddressAnswer> {
  return answering(ctx, found, requestId, async (tx) => {
    const values = [tx.organization, found.change, tokenHash];
    const open = `c.organization = $1 and c.id = $2 and c.revert_hash = $3 and ${TAKEN_BACK}`;
    const [wanted] = await tx.query<{ account: AccountId; before: string }>({
      text: `select c.account, c.before_key as before from address_changes c where ${open}`,
      values,
    });
    if (!wanted) return "closed";
    if (await isTaken(tx, wanted.before, wanted.account)) {
      await recordOfAccounts(tx, "account.address-refused", [wanted.account], {
        change: found.change,
        refusal: "address-taken",
      });
      return "refused";
    }
    const [taken] = await tx.query<Taken & { before: string; confirmedAt: Date }>({
      text: `update address_changes c set state = 'reverted', reverted_at = statement_timestamp(), proven_record = null
        where ${open} returning ${TAKEN}, c.confirmed_at as "confirmedAt"`,
      values,
    });
    if (!taken) return "closed";
    await tx.query({
      text: `update address_changes set state = case state when 'pending' then 'superseded' else 'reverted' end,
          reverted_at = case state when 'pending' then null else statement_timestamp() end, token_hash = null, proven_record = null
        where organization = $1 and account = $2 and id <> $3
          and (state = 'pending' or (state = 'confirmed' and confirmed_at > $4))`,
      values: [tx.organization, taken.account, found.change, taken.confirmedAt],
    });
    await setAddress(tx, await lockOwned(tx, taken.account), taken.before, taken.nameBefore);
    await endWhatCameSince(tx, taken.account, taken.confirmedAt);
    const { account, before, email } = taken;
    await recordOfAccounts(tx, "account.address-reverted", [account], {
      change: found.change,
      before: email,
      after: before,
    });
    return "done";
  });
}

/** Nobody else writes in the organization meanwhile, so an address that is free stays free until the commit. */
async function answering(
  ctx: { db: Database },
  { organization, change }: FoundAddressChange,
  requestId: string | null,
  work: (tx: Tx) => Promise<AddressAnswer>,
): Promise<AddressAnswer> {
  const actor: Actor = { organization, kind: "system", id: null, requestId };
  const counted = await inTransaction(ctx, actor, (tx) => withinLinkBudget(tx, `address change ${change}`), {
    lock: "none",
  });
  return counted ? inTransaction(ctx, actor, work, { lock: "exclusive" }) : "too-often";
}

type Refusal = "address-taken" | "outside-sign-up" | "asker-may-not";

async function refusalOf(tx: Tx, { account, email, askerKind, asker }: Taken): Promise<Refusal | null> {
  if (await isTaken(tx, email, account)) return "address-taken";
  if (await isOutsideSignUp(tx, account, email)) return "outside-sign-up";
  try {
    // Who asked may have lost the right since, or the person may have got one: whoever reads the new mailbox could use it.
    const held = await heldByActor(tx, { kind: askerKind, id: asker });
    if (held.length === 0) return "asker-may-not";
    await refuseActingForBeyond(tx, held, account);
    return null;
  } catch (error) {
    if (isMusterError(error) && error.code === "not-allowed") return "asker-may-not";
    throw error;
  }
}

async function refuse(tx: Tx, change: AddressChangeId, { account }: Taken, refusal: Refusal): Promise<void> {
  await tx.query({
    text: `update address_changes set state = 'refused', refusal = $3, confirmed_at = null, revert_until = null,
        proven_record = null where organization = $1 and id = $2`,
    values: [tx.organization, change, refusal],
  });
  await recordOfAccounts(tx, "account.address-refused", [account], { change, refusal });
}

/** @param name what the user name becomes where it goes with the address; null: it stays. */
async function setAddress(tx: Tx, owned: OwnedRecord, email: string, name: string | null): Promise<void> {
  const { record, directory, nameFollows } = owned;
  const stored = await lockDirectoryUser(tx, directory, record);
  if (!stored) throw new MusterError("unavailable", "the record was taken away at the same moment", { retryAfter: 1 });
  const resource = { ...stored.resource, emails: withAddress(stored.resource.emails, email) };
  await updateDirectoryUsers(tx, directory, [
    { ...stored, resource, email, userName: (nameFollows && name) || stored.userName },
  ]);
}

/** An open invitation goes with its person: no second one arises, and links to the former mailbox are dead. */
async function readdress(tx: Tx, { account, before, email }: Taken): Promise<void> {
  await tx.query({
    text: `update invitations set state = 'superseded'
      where organization = $1 and state = 'pending' and (email_key = $3 or (account = $2 and email_key is distinct from $4))`,
    values: [tx.organization, account, email, before],
  });
  await tx.query({
    text: `update invitations set email = $3, email_key = $3, token_hash = null, delivery = 'not-requested', sent_at = null
      where organization = $1 and account = $2 and state = 'pending'`,
    values: [tx.organization, account, email],
  });
}

/** Whoever held the new mailbox may have used it: nothing that they made for themselves outlives it. */
async function endWhatCameSince(tx: Tx, account: AccountId, since: Date): Promise<void> {
  await endSessions(tx, { account });
  await tx.query({
    text: "delete from single_sign_on_bindings where organization = $1 and account = $2 and bound_at >= $3",
    values: [tx.organization, account, since],
  });
  await tx.query({
    text: `update tokens set revoked_at = statement_timestamp()
      where organization = $1 and owner = $2 and created_at >= $3 and revoked_at is null`,
    values: [tx.organization, account, since],
  });
}
