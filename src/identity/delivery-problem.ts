import type { AccountId, InvitationId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { queueMail } from "./mails.ts";

/** What the sender of an invitation is told when it did not arrive. */
export type DeliveryProblem = {
  invitation: InvitationId;
  address: string;
  reason: "bounced" | "failed" | "suppressed";
  /** The mail server's last words, or ours where it had none. */
  reply: string;
};

/**
 * Tells whoever sent an invitation that it did not arrive: once for each invitation, however often it is sent and fails. Before: the
 * outcome stands. After: a mail is queued to the person who sent it, or whose token did; nobody else is told by mail.
 */
export async function tellOfDeliveryProblem(tx: Tx, problem: DeliveryProblem): Promise<void> {
  const [reader] = await tx.query<{ account: AccountId; recipient: string }>({
    text: `select a.id as account, a.email_key as recipient from invitations i
      join accounts a on a.organization = i.organization and a.id = case i.inviter_kind
        when 'session' then i.inviter::uuid
        when 'api-token' then (select t.owner from tokens t where t.organization = i.organization and t.id = i.inviter::uuid) end
      where i.organization = $1 and i.id = $2 and a.suspended_at is null and a.email_key is not null
        and a.email_key <> i.email_key`,
    values: [tx.organization, problem.invitation],
  });
  if (!reader) return;
  await queueMail(tx, {
    kind: "delivery-problem",
    dedupeKey: `delivery-problem:${problem.invitation}`,
    ...reader,
    content: problem,
  });
}
