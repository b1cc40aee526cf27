import type { SessionId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { administratorsToTell } from "./administrators-to-tell.ts";
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
  for (const { account, recipient, at } of await administratorsToTell(tx))
    await queueMail(tx, {
      kind: "break-glass",
      dedupeKey: `break-glass:${session}:${account}`,
      account,
      recipient,
      content: { ...used, at: at.toISOString() },
    });
}
