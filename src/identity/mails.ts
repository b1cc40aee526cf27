import type { Db } from "../db/connection.ts";
import { type AccountId, type InvitationId, type MailId, newId, type OrganizationId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { AccountMail } from "./account-mail.ts";
import type { AddressChangeMail } from "./accounts/address-change-links.ts";
import type { BreakGlassNotice } from "./break-glass-notice.ts";
import type { DeliveryProblem } from "./delivery-problem.ts";
import type { GuestEndingNotice } from "./guest-reminders.ts";
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
  | { kind: "delivery-problem"; content: DeliveryProblem }
  | { kind: "account" | "password"; content: AccountMail }
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

/** Gives a mail the job that sends it when it is due. */
export async function addSendJob(db: Db, organization: OrganizationId, mail: MailId): Promise<void> {
  await db.query({
    text: `select add_job('send-mail', json_build_object('organization', $1::uuid, 'mail', $2::uuid), 'mail:' || $2::text,
      (select next_attempt_at from mails where organization = $1 and id = $2))`,
    values: [organization, mail],
  });
}
