import type { Config } from "../../config.ts";
import { type AccountId, type InvitationId, type MailId, newId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { lockAccounts } from "../accounts/lock.ts";
import { refuseExternallyManaged } from "../external-user-management.ts";
import { emailKey } from "../keys.ts";
import { suppressedAmong, toldSuppression } from "../mail-suppressions.ts";
import { queueMail } from "../mails.ts";
import { recordChanges } from "../record.ts";
import { type Status, statusOf } from "../statuses.ts";
import { openBudget, refuseAddress, spendMails } from "./budget.ts";

export type ResentInvitation = { accountId: AccountId; invitationId: InvitationId; mailId: MailId; status: Status };

type Addressee = { id: AccountId; email: string | null; suspended: boolean; active: boolean };

/**
 * Sends the account its invitation, the first one or once more (R67). The only way by which a mail reaches somebody
 * who came by SCIM, sync or import.
 *
 * Before: any. After: the address has one pending invitation, which is this account's; exactly one mail is queued
 * with its job, audit row and event, in the same commit; an invitation that the account or the address had otherwise
 * is superseded. The mail leaves when a worker runs.
 * @throws MusterError `externally-managed` (R23); `not-found`; `conflict` (no usable address, one that gets no mail, suspended, deactivated); `cool-down` with
 *   `retryAfter` in seconds while the last mail to this account is younger than `invitations.resendCoolDown`, or beyond
 *   the budget of invitations; `conflict` for an address that has had as many mails as one gets.
 */
export async function resendInvitation(
  tx: Tx,
  { resendCoolDown, validDays }: Config["invitations"],
  account: AccountId,
): Promise<ResentInvitation> {
  await refuseExternallyManaged(tx);
  const budget = await openBudget(tx);
  const addressee = await lockAddressee(tx, account);
  const recipient = recipientOf(addressee);
  const [suppressed] = await suppressedAmong(tx, [recipient]);
  if (suppressed) throw new MusterError("conflict", toldSuppression(suppressed), { at: "email" });
  await refuseDuringCoolDown(tx, account, resendCoolDown);
  await refuseAddress(tx, budget, recipient);
  await spendMails(tx, budget, 1);
  await supersedeOthers(tx, account, recipient);
  const { id, sendNumber } = await upsertInvitation(tx, account, recipient, validDays);
  const mailId = await queueMail(tx, {
    kind: "invitation",
    dedupeKey: `invite:${id}:${sendNumber}`,
    account,
    invitation: id,
    recipient,
  });
  await recordChanges(tx, [
    {
      action: "invitation.resent",
      subjectKind: "invitation",
      subject: id,
      detail: { account, mail: mailId, sendNumber },
      event: true,
    },
  ]);
  return { accountId: account, invitationId: id, mailId, status: await statusOf(tx, account) };
}

/** Locks the account, so that of several presses at once one sends and the others meet the cool-down. */
async function lockAddressee(tx: Tx, account: AccountId): Promise<Addressee> {
  await lockAccounts(tx, [account]);
  // A statement of its own: one that waited for the lock would still see what stood before.
  const [addressee] = await tx.query<Addressee>({
    text: `select a.id, a.email, a.suspended_at is not null as suspended,
        coalesce((select u.active from directory_users u
          where u.organization = a.organization and u.id = a.canonical and u.deleted_at is null), false) as active
      from accounts a where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  if (!addressee) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  return addressee;
}

function recipientOf(addressee: Addressee): string {
  if (!addressee.active)
    throw new MusterError(
      "conflict",
      "a deactivated user cannot be invited; activate the record in its directory first",
      {
        at: "id",
      },
    );
  if (addressee.suspended)
    throw new MusterError("conflict", "a suspended user cannot be invited; restore the user first", { at: "id" });
  if (addressee.email === null)
    throw new MusterError("conflict", "the user has no e-mail address; give one in the user's directory", {
      at: "email",
    });
  const key = emailKey(addressee.email);
  if (key === null)
    throw new MusterError(
      "conflict",
      "the user's e-mail address is not one that mail can be sent to; correct it in the user's directory",
      {
        at: "email",
      },
    );
  return key;
}

async function refuseDuringCoolDown(tx: Tx, account: AccountId, coolDown: number): Promise<void> {
  const [last] = await tx.query<{ wait: number }>({
    text: `select ceil($3 - extract(epoch from statement_timestamp() - max(created_at)))::integer as wait
      from mails where organization = $1 and account = $2 and kind = 'invitation' and state <> 'cancelled'`,
    values: [tx.organization, account, coolDown],
  });
  const wait = last?.wait ?? 0;
  if (wait > 0)
    throw new MusterError("cool-down", `this user was sent an invitation just now; try again in ${wait} s`, {
      retryAfter: wait,
    });
}

/** One address, one live invitation: the latest press wins over another account's, or one to a former address. */
async function supersedeOthers(tx: Tx, account: AccountId, email: string): Promise<void> {
  const rows = await tx.query<{ id: InvitationId }>({
    text: `update invitations set state = 'superseded'
      where organization = $1 and state = 'pending'
        and ((email_key = $3 and account is distinct from $2) or (account = $2 and email_key <> $3))
      returning id`,
    values: [tx.organization, account, email],
  });
  await recordChanges(
    tx,
    rows.map((row) => ({
      action: "invitation.superseded",
      subjectKind: "invitation",
      subject: row.id,
      detail: { by: account },
    })),
  );
}

async function upsertInvitation(
  tx: Tx,
  account: AccountId,
  email: string,
  validDays: number,
): Promise<{ id: InvitationId; sendNumber: number }> {
  const [row] = await tx.query<{ id: InvitationId; sendNumber: number }>({
    text: `insert into invitations as i (organization, id, account, email, email_key, delivery, sent_count, expires_at)
      values ($1, $2, $3, $4, $4, 'queued', 1, shift_instant($1, statement_timestamp(), make_interval(days => $5)))
      on conflict (organization, email_key) where state = 'pending' do update
        set delivery = 'queued', sent_count = i.sent_count + 1, expires_at = excluded.expires_at
        where i.account = excluded.account
      returning i.id, i.sent_count as "sendNumber"`,
    values: [tx.organization, newId<InvitationId>(), account, email, validDays],
  });
  if (!row)
    throw new MusterError("conflict", "another user with the same address is being invited at this moment; try again", {
      at: "email",
    });
  return row;
}
