import type { Database, Db } from "../db/connection.ts";
import { type AccountId, type InvitationId, type MailId, newId, type OrganizationId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { AddressChangeMail } from "./accounts/address-change-links.ts";
import type { BreakGlassNotice } from "./break-glass-notice.ts";
import type { GuestEndingNotice } from "./guest-reminders.ts";
import { type Premise, premiseOf } from "./mail-premises.ts";
import { recordChanges } from "./record.ts";
import type { RemovalNotice } from "./removal-notice.ts";
import type { RequestNotice, SignUpNotice } from "./sign-up-notice.ts";

/** `dedupeKey` is the business event: asked for twice, it is one mail. */
export type NewMail = { dedupeKey: string; account: AccountId; recipient: string } & (
  | { kind: "invitation"; invitation: InvitationId }
  | { kind: "removals"; content: RemovalNotice }
  | { kind: "break-glass"; content: BreakGlassNotice }
  | { kind: "sign-up"; content: SignUpNotice }
  | { kind: "request"; content: RequestNotice }
  | { kind: "guest-ending"; content: GuestEndingNotice }
  | { kind: "email-change-new" | "email-change-old"; content: AddressChangeMail }
);

/**
 * Queues a mail and the job that sends it.
 * Before: `recipient` is a canonical address. After: one row with this dedupe key and, if it is new, its job; both
 * become visible with the change or never.
 */
export async function queueMail(tx: Tx, mail: NewMail): Promise<MailId> {
  const id = newId<MailId>();
  const [row] = await tx.query<{ id: MailId }>({
    text: `insert into mails (organization, id, kind, dedupe_key, account, recipient, invitation, content, maker_kind, maker)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      on conflict on constraint mails_dedupe_unique do update set dedupe_key = excluded.dedupe_key
      returning id`,
    values: [
      tx.organization,
      id,
      mail.kind,
      mail.dedupeKey,
      mail.account,
      mail.recipient,
      mail.kind === "invitation" ? mail.invitation : null,
      mail.kind === "invitation" ? null : mail.content,
      // What goes out is counted by whose doing it is.
      tx.actor.kind,
      tx.actor.id,
    ],
  });
  if (!row) throw new MusterError("internal", "a mail was neither queued nor found");
  if (row.id === id) await addSendJob(tx, tx.organization, id);
  return row.id;
}

async function addSendJob(db: Db, organization: OrganizationId, mail: MailId): Promise<void> {
  await db.query({
    text: `select add_job('send-mail', json_build_object('organization', $1::uuid, 'mail', $2::uuid), 'mail:' || $2::text,
      (select next_attempt_at from mails where organization = $1 and id = $2))`,
    values: [organization, mail],
  });
}

/** What a mail needs to be written and sent. */
export type OutgoingMail = Pick<Premise, "organizationName" | "organizationKey" | "recipient" | "words"> & {
  id: MailId;
  /** Which attempt this is, from 1. */
  attempt: number;
  /** Names this claim; an outcome counts only while nobody else has claimed the mail since. */
  hold: string;
};

export type Claim =
  | { outcome: "send"; mail: OutgoingMail }
  | { outcome: "leave" }
  | { outcome: "cancelled"; reason: string };

/**
 * Takes a queued mail for one attempt at sending it, if its premise still holds (src/identity/mail-premises.ts).
 *
 * Before: any. After `send`: nobody else may send it for `holdSeconds`, the attempt is counted, and the link's hash
 * stands in its mail and in the invitation, or the change of address, that the mail is about. After `leave`: nothing changed (sent, held by another sender, or not yet due).
 * After `cancelled`: it never leaves.
 */
export async function claimMail(
  tx: Tx,
  id: MailId,
  claim: { tokenHash: (kind: NewMail["kind"]) => Buffer; holdSeconds: number },
): Promise<Claim> {
  const [due] = await tx.query({
    text: `select id from mails where organization = $1 and id = $2 and state = 'queued'
        and next_attempt_at <= statement_timestamp() and (held_until is null or held_until <= statement_timestamp())
      for no key update`,
    values: [tx.organization, id],
  });
  if (!due) return { outcome: "leave" };
  const premise = await premiseOf(tx, id);
  if (premise.refusal !== null) {
    await cancelMail(tx, id, premise, premise.refusal);
    return { outcome: "cancelled", reason: premise.refusal };
  }
  const [held] = await tx.query<{ hold: string; attempt: number }>({
    text: `with sent_as as (
        update invitations set token_hash = $3 where organization = $1 and id = $5 and token_hash is distinct from $3
      ), asked_as as (
        update address_changes set token_hash = case $7 when 'email-change-new' then $3::bytea else token_hash end,
          revert_hash = case $7 when 'email-change-old' then $3::bytea else revert_hash end
        where organization = $1 and id = $6::uuid
      )
      update mails set attempts = attempts + 1, token_hash = case when $5::uuid is not null or $6::uuid is not null then $3::bytea end,
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
  const { organizationName, organizationKey, recipient, words } = premise;
  return { outcome: "send", mail: { id, organizationName, organizationKey, recipient, words, ...held } };
}

async function cancelMail(tx: Tx, id: MailId, premise: Premise, reason: string): Promise<void> {
  await tx.query({
    text: `with withdrawn as (
        update invitations i set delivery = 'not-requested'
        where i.organization = $1 and i.id = $3 and i.sent_at is null and not exists (
          select from mails n where n.organization = $1 and n.invitation = $3 and n.id <> $2 and n.state = 'queued')
      )
      update mails set state = 'cancelled', last_reply = $4, held_until = null where organization = $1 and id = $2`,
    values: [tx.organization, id, premise.invitation, reason],
  });
  await recordChanges(tx, [
    {
      action: "mail.cancelled",
      subjectKind: "mail",
      subject: id,
      detail: { account: premise.account, invitation: premise.invitation, reason },
      event: true,
    },
  ]);
}

/** How an attempt ended. `reply` is the server's, or our own words where there was none. */
export type Delivery =
  | { outcome: "sent"; reply: string }
  | { outcome: "deferred"; reply: string; retryAfter: number; counts: boolean }
  | { outcome: "failed"; reply: string; bounced: boolean };

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
  const [row] = await tx.query<{ account: AccountId; invitation: InvitationId | null; attempts: number }>({
    text: `update mails set state = $4, last_reply = $5, held_until = null,
        sent_at = case when $4 = 'sent' then statement_timestamp() end,
        attempts = attempts - $6,
        next_attempt_at = case when $7::double precision is null then next_attempt_at
          else statement_timestamp() + make_interval(secs => $7) end
      where organization = $1 and id = $2 and state = 'queued' and ($4 = 'sent' or held_until = $3::timestamptz)
      returning account, invitation, attempts`,
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
      values: [tx.organization, row.invitation, deliveryWord(delivery)],
    });
  if (!final) {
    await addSendJob(tx, tx.organization, mail.id);
    return true;
  }
  await recordChanges(tx, [
    {
      action: `mail.${delivery.outcome}`,
      subjectKind: "mail",
      subject: mail.id,
      detail: { ...row, reply: delivery.reply },
      event: true,
    },
  ]);
  return true;
}

function deliveryWord(delivery: Delivery): "accepted" | "deferred" | "bounced" | "failed" {
  switch (delivery.outcome) {
    case "sent":
      return "accepted";
    case "deferred":
      return "deferred";
    case "failed":
      return delivery.bounced ? "bounced" : "failed";
  }
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
