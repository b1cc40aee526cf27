import type { Database } from "../db/connection.ts";
import type { AccountId, InvitationId, MailId, OrganizationId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { tellOfDeliveryProblem } from "./delivery-problem.ts";
import { type Premise, premiseOf } from "./mail-premises.ts";
import { suppressBounced } from "./mail-suppressions.ts";
import type { MailKind } from "./mail-texts/wording.ts";
import { addSendJob } from "./mails.ts";
import { recordChanges } from "./record.ts";

/** What a mail needs to be written and sent. */
export type OutgoingMail = Pick<
  Premise,
  "organizationName" | "organizationKey" | "recipient" | "words" | "locale" | "timeZone" | "parts"
> & {
  id: MailId;
  /** Which attempt this is, from 1. */
  attempt: number;
  /** Names this claim; an outcome counts only while nobody else has claimed the mail since. */
  hold: string;
};

export type Claim =
  | { outcome: "send"; mail: OutgoingMail }
  | { outcome: "leave" }
  | { outcome: "cancelled" | "suppressed"; reason: string };

/**
 * Takes a queued mail for one attempt at sending it, if its premise still holds (src/identity/mail-premises.ts).
 *
 * Before: any. After `send`: nobody else may send it for `holdSeconds`, the attempt is counted, and the link's hash
 * stands in its mail and in the invitation, or the change of address, that the mail is about. After `leave`: nothing changed (sent, held by another sender, or not yet due).
 * After `cancelled` or `suppressed`: it never leaves.
 */
export async function claimMail(
  tx: Tx,
  id: MailId,
  claim: { tokenHash: (kind: MailKind) => Buffer; holdSeconds: number },
): Promise<Claim> {
  const [due] = await tx.query({
    text: `select id from mails where organization = $1 and id = $2 and state = 'queued'
        and next_attempt_at <= statement_timestamp() and (held_until is null or held_until <= statement_timestamp())
      for no key update`,
    values: [tx.organization, id],
  });
  if (!due) return { outcome: "leave" };
  const premise = await premiseOf(tx, id);
  const { refusal, suppression } = premise;
  if (refusal !== null || suppression !== null) {
    const end = {
      outcome: refusal === null ? "suppressed" : "cancelled",
      reason: refusal ?? suppression ?? "",
    } as const;
    await endMail(tx, id, premise, end);
    return end;
  }
  const [held] = await tx.query<{ hold: string; attempt: number }>({
    text: `with sent_as as (
        update invitations set token_hash = $3 where organization = $1 and id = $5 and token_hash is distinct from $3
      ), asked_as as (
        update address_changes set token_hash = case $7 when 'email-change-new' then $3::bytea else token_hash end,
          revert_hash = case $7 when 'email-change-old' then $3::bytea else revert_hash end
        where organization = $1 and id = $6::uuid
      )
      update mails set attempts = attempts + 1, token_hash = case when $5::uuid is not null or $6::uuid is not null or $7 = 'password' then $3::bytea end,
        held_until = statement_timestamp() + make_interval(secs => $4)
      where organization = $1 and id = $2 returning held_until::text as hold, attempts as attempt`,
    values: [
      tx.organization,
      id,
      claim.tokenHash(premise.words.kind),
      claim.holdSeconds,
      premise.invitation,
      "change" in premise.words ? premise.words.change : null,
      premise.words.kind,
    ],
  });
  if (!held) throw new MusterError("internal", "a locked mail vanished");
  return { outcome: "send", mail: { ...premise, id, ...held } };
}

async function endMail(
  tx: Tx,
  id: MailId,
  premise: Premise,
  { outcome, reason }: { outcome: "cancelled" | "suppressed"; reason: string },
): Promise<void> {
  await tx.query({
    text: `with withdrawn as (
        update invitations i set delivery = case $5 when 'suppressed' then $5 else 'not-requested' end
        where i.organization = $1 and i.id = $3 and i.sent_at is null and not exists (
          select from mails n where n.organization = $1 and n.invitation = $3 and n.id <> $2 and n.state = 'queued')
      )
      update mails set state = $5, last_reply = $4, held_until = null where organization = $1 and id = $2`,
    values: [tx.organization, id, premise.invitation, reason, outcome],
  });
  await recordChanges(tx, [
    {
      action: `mail.${outcome}`,
      subjectKind: "mail",
      subject: id,
      detail: { account: premise.account, invitation: premise.invitation, reason },
      event: true,
    },
  ]);
  if (outcome === "suppressed" && premise.invitation !== null)
    await tellOfDeliveryProblem(tx, {
      invitation: premise.invitation,
      address: premise.recipient,
      reason: outcome,
      reply: reason,
    });
}

/** How an attempt ended. `reply` is the server's, or our own words where there was none. */
export type Delivery =
  | { outcome: "sent"; reply: string }
  | { outcome: "deferred"; reply: string; retryAfter: number; counts: boolean }
  /** `bounced`: the recipient's address is refused for good. */
  | { outcome: "failed" | "bounced"; reply: string };

/**
 * Records how an attempt ended; a deferred mail gets its next job in the same commit.
 * Before: the mail was claimed. After: mail and invitation tell the outcome, with audit and event when it is final.
 * Returns false, and changes nothing, when the mail is no longer the claimant's: then its next sender decides. That
 * a mail was sent is always recorded, whoever holds it.
 */
export async function recordDelivery(
  tx: Tx,
  mail: Pick<OutgoingMail, "id" | "hold">,
  delivery: Delivery,
): Promise<boolean> {
  const final = delivery.outcome !== "deferred";
  const [row] = await tx.query<{
    account: AccountId;
    invitation: InvitationId | null;
    attempts: number;
    recipient: string;
  }>({
    text: `update mails set state = $4, last_reply = $5, held_until = null,
        sent_at = case when $4 = 'sent' then statement_timestamp() end,
        attempts = attempts - $6,
        next_attempt_at = case when $7::double precision is null then next_attempt_at
          else statement_timestamp() + make_interval(secs => $7) end
      where organization = $1 and id = $2 and state = 'queued' and ($4 = 'sent' or held_until = $3::timestamptz)
      returning account, invitation, attempts, recipient`,
    values: [
      tx.organization,
      mail.id,
      mail.hold,
      final ? delivery.outcome : "queued",
      delivery.reply,
      final || delivery.counts ? 0 : 1,
      final ? null : delivery.retryAfter,
    ],
  });
  if (!row) return false;
  if (row.invitation !== null)
    await tx.query({
      text: `update invitations set delivery = $3, sent_at = case when $3 = 'accepted' then statement_timestamp() else sent_at end
        where organization = $1 and id = $2`,
      values: [tx.organization, row.invitation, delivery.outcome === "sent" ? "accepted" : delivery.outcome],
    });
  if (!final) {
    await addSendJob(tx, tx.organization, mail.id);
    return true;
  }
  const { recipient, ...told } = row;
  await recordChanges(tx, [
    {
      action: `mail.${delivery.outcome}`,
      subjectKind: "mail",
      subject: mail.id,
      detail: { ...told, reply: delivery.reply },
      event: true,
    },
  ]);
  if (delivery.outcome === "sent") return true;
  const { outcome: reason, reply } = delivery;
  if (reason === "bounced") await suppressBounced(tx, recipient, reply);
  if (row.invitation !== null)
    await tellOfDeliveryProblem(tx, { invitation: row.invitation, address: recipient, reason, reply });
  return true;
}

/**
 * Gives a new job to every mail that should have left but whose sender died before it recorded an outcome.
 * Before: any. After: each such mail (1,000 at most) has a job due now. Returns how many there were.
 */
export async function requeueOverdueMails(db: Database): Promise<number> {
  const rows = await db.lookUp<{ organization: OrganizationId; mail: MailId }>({
    text: "select organization, mail from overdue_mails(1000)",
  });
  for (const row of rows) await addSendJob(db.of(row.organization), row.organization, row.mail);
  return rows.length;
}
