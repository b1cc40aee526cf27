import type { InvitationId, MailId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { premiseOf } from "./mail-premises.ts";
import { addSendJob } from "./mails.ts";
import { recordChanges } from "./record.ts";

type Row = { state: string; held: boolean; invitation: InvitationId | null };

/**
 * Tries a mail anew, from the first attempt on: one that failed, was cancelled or suppressed, or waits for its next try.
 * Before: any. After: it is due now with a job, with audit and event. It leaves only if its premise still holds then.
 * @throws MusterError `not-found`; `conflict` when it was sent, is being sent, its premise does not hold or its address gets none.
 */
export async function retryMail(tx: Tx, id: MailId): Promise<void> {
  const { state, held, invitation } = await lockMail(tx, id);
  if (state === "sent")
    throw new MusterError("conflict", "the mail server took it; an invitation can be sent again", { at: "id" });
  if (held) throw new MusterError("conflict", "it is being sent at this moment", { at: "id" });
  const { refusal, suppression } = await premiseOf(tx, id);
  const why = refusal ?? suppression;
  if (why !== null) throw new MusterError("conflict", `it cannot be sent: ${why}`, { at: "id" });
  await tx.query({
    text: `with waiting as (
        update invitations set delivery = 'queued' where organization = $1 and id = $3
      )
      update mails set state = 'queued', attempts = 0, last_reply = null, held_until = null, next_attempt_at = statement_timestamp()
      where organization = $1 and id = $2`,
    values: [tx.organization, id, invitation],
  });
  await addSendJob(tx, tx.organization, id);
  await note(tx, "mail.retried", id, { invitation });
}

/**
 * Keeps a mail that waits from leaving. Before: any. After: it never leaves, with audit and event.
 * @throws MusterError `not-found`; `conflict` when it does not wait any more.
 */
export async function cancelMail(tx: Tx, id: MailId): Promise<void> {
  const { state, held, invitation } = await lockMail(tx, id);
  if (state !== "queued" || held)
    throw new MusterError("conflict", held ? "it is being sent at this moment" : `the mail is ${state}`, { at: "id" });
  const reason = "an administrator cancelled it";
  await tx.query({
    text: `with withdrawn as (
        update invitations set delivery = 'not-requested' where organization = $1 and id = $3 and sent_at is null
      )
      update mails set state = 'cancelled', last_reply = $4 where organization = $1 and id = $2`,
    values: [tx.organization, id, invitation, reason],
  });
  await note(tx, "mail.cancelled", id, { invitation, reason });
}

async function lockMail(tx: Tx, id: MailId): Promise<Row> {
  const [row] = await tx.query<Row>({
    text: `select state, coalesce(state = 'queued' and held_until > statement_timestamp(), false) as held, invitation
      from mails where organization = $1 and id = $2 for no key update`,
    values: [tx.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such mail", { at: "id" });
  return row;
}

async function note(tx: Tx, action: string, subject: MailId, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "mail", subject, detail, event: true }]);
}
