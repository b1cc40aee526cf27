import type { Database } from "../../db/connection.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import { settleWaiting } from "../access/reconcile.ts";
import { suppressAsked } from "../mail-suppressions.ts";
import { recordChanges } from "../record.ts";
import type { FoundInvitation } from "./links.ts";

/**
 * Whoever got an invitation by mail wants none ever again. Before: any. After true: its mailbox gets no invitation any more, and the
 * invitation is declined if it was open, with audit and events; what it reserved goes to whoever waits. After false: the link came in no
 * mail, so nobody knows whose mailbox it would be, and nothing changed.
 */
export async function neverInviteAgain(
  ctx: { db: Database },
  found: FoundInvitation,
  tokenHash: Buffer,
  requestId: string | null,
): Promise<boolean> {
  const actor: Actor = { organization: found.organization, kind: "system", id: null, requestId };
  return inTransaction(ctx, actor, async (tx) => {
    const [mail] = await tx.query<{ recipient: string }>({
      text: "select recipient from mails where organization = $1 and invitation = $2 and token_hash = $3",
      values: [tx.organization, found.invitation, tokenHash],
    });
    if (!mail) return false;
    await suppressAsked(tx, mail.recipient);
    const declined = await tx.query({
      text: `update invitations set state = 'declined' where organization = $1 and id = $2 and state = 'pending' and email_key = $3
        returning id`,
      values: [tx.organization, found.invitation, mail.recipient],
    });
    if (declined.length > 0) {
      await recordChanges(tx, [
        { action: "invitation.declined", subjectKind: "invitation", subject: found.invitation, event: true },
      ]);
      await settleWaiting(tx);
    }
    return true;
  });
}
