import type { InvitationId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { administratorsToTell } from "./administrators-to-tell.ts";
import { queueMail } from "./mails.ts";

/** What administrators are told of somebody who came by themselves (R121 to R124), or asks to (R100). */
export type SignUpNotice = { email: string; by: "link" | "sign-up" };
export type RequestNotice = { email: string };

/**
 * Tells every organization administrator, by one mail each, that somebody signed up, where the organization wants it (R122, R125).
 * Before: the invitation was accepted in this transaction. After: the mails are queued.
 */
export async function tellOfSignUp(tx: Tx, invitation: InvitationId, content: SignUpNotice): Promise<void> {
  const [wanted] = await tx.query({
    text: "select id from organizations where id = $1 and sign_up_notices",
    values: [tx.organization],
  });
  if (!wanted) return;
  for (const { account, recipient } of await administratorsToTell(tx))
    await queueMail(tx, {
      kind: "sign-up",
      dedupeKey: `sign-up:${invitation}:${account}`,
      account,
      recipient,
      content,
    });
}

/** Tells every organization administrator that somebody asks for access, once an hour at most: more of them stand in the list. */
export async function tellOfRequest(tx: Tx, email: string): Promise<void> {
  for (const { account, recipient, at } of await administratorsToTell(tx))
    await queueMail(tx, {
      kind: "request",
      dedupeKey: `request:${at.toISOString().slice(0, 13)}:${account}`,
      account,
      recipient,
      content: { email },
    });
}
