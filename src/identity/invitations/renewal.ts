import type { Database } from "../../db/connection.ts";
import { type Actor, inTransaction } from "../../db/transaction.ts";
import { recordChanges } from "../record.ts";
import { ADDRESSED, type FoundInvitation } from "./links.ts";

/**
 * The holder of an expired link asks for a new one (R73): administrators see it and decide; nothing is sent by itself.
 * Before: any. After: it is noted, once a day at most, with an event; nothing where the link had not expired or is not the latest.
 */
export async function askForRenewal(
  ctx: { db: Database },
  found: FoundInvitation,
  tokenHash: Buffer,
  requestId: string | null,
): Promise<void> {
  const actor: Actor = { organization: found.organization, kind: "system", id: null, requestId };
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      const rows = await tx.query({
        text: `update invitations i set renewal_asked_at = statement_timestamp()
          where i.organization = $1 and i.id = $2 and i.token_hash = $3 and i.state = 'pending'
            and i.expires_at <= statement_timestamp() and ${ADDRESSED}
            and (i.renewal_asked_at is null or i.renewal_asked_at < statement_timestamp() - interval '1 day')
          returning i.id`,
        values: [tx.organization, found.invitation, tokenHash],
      });
      await recordChanges(
        tx,
        rows.map(() => ({
          action: "invitation.renewal-asked",
          subjectKind: "invitation",
          subject: found.invitation,
          event: true,
        })),
      );
    },
    { lock: "none" },
  );
}
