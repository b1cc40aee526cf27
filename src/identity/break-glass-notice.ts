import type { AccountId, SessionId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { queueMail } from "./mails.ts";

/** What administrators are told of a break-glass administrator who signed in (R26). */
export type BreakGlassNotice = {
  name: string;
  /** From where. */
  address: string | null;
  /** When, as RFC 3339. */
  at: string;
};

/**
 * Tells the organization's administrators, each by one mail. Before: the session began in this transaction. After: a mail is
 * queued to every organization administrator whose right is in force and who has an address.
 */
export async function noticeBreakGlass(tx: Tx, session: SessionId, used: Omit<BreakGlassNotice, "at">): Promise<void> {
  const readers = await tx.query<{ account: AccountId; recipient: string; at: Date }>({
    text: `select distinct a.id as account, a.email_key as recipient, statement_timestamp() as at
      from rights r join accounts a on a.organization = r.organization and a.id = r.account
      where r.organization = $1 and r.bundle = 'organization-administrator' and r.in_force and r.parked_at is null
        and a.email_key is not null order by a.id`,
    values: [tx.organization],
  });
  for (const { account, recipient, at } of readers)
    await queueMail(tx, {
      kind: "break-glass",
      dedupeKey: `break-glass:${session}:${account}`,
      account,
      recipient,
      content: { ...used, at: at.toISOString() },
    });
}
