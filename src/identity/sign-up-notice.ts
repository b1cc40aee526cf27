import type { InvitationId, ProductId } from "../db/id.ts";
import { databaseNow } from "../db/now.ts";
import type { Tx } from "../db/transaction.ts";
import { readOffer, rolesOf } from "./invitations/offer.ts";
import { queueMail } from "./mails.ts";
import { peopleToTell } from "./people-to-tell.ts";

/** What administrators are told of somebody who came by themselves (R121 to R124), or asks to (R100). */
export type SignUpNotice = { email: string; by: "link" | "sign-up" } & Reader;
export type RequestNotice = { email: string } & Reader;

/** `other`: somebody is told who need not be an administrator. C18. */
type Reader = { toldAs?: "other" };

/**
 * Tells the organization's administrators, or whoever else is set (C18), by one mail each, that somebody signed up, where the
 * organization wants it (R122, R125).
 * Before: the invitation was accepted in this transaction. After: the mails are queued.
 */
export async function tellOfSignUp(tx: Tx, invitation: InvitationId, content: SignUpNotice): Promise<void> {
  const [wanted] = await tx.query({
    text: "select id from organizations where id = $1 and sign_up_notices",
    values: [tx.organization],
  });
  if (!wanted) return;
  const products = (await rolesOf(tx, (await readOffer(tx, "invitation", invitation)).groups)).map(
    ({ product }) => product,
  );
  for (const { account, recipient, administrator } of await peopleToTell(tx, "signUp", { products }))
    await queueMail(tx, {
      kind: "sign-up",
      dedupeKey: `sign-up:${invitation}:${account}`,
      account,
      recipient,
      content: { ...content, ...(!administrator && { toldAs: "other" }) },
    });
}

/**
 * Tells the organization's administrators, or whoever else is set (C18), that somebody asks for access, once an hour at most: more
 * of them stand in the list.
 */
export async function tellOfRequest(tx: Tx, email: string, product: ProductId | null): Promise<void> {
  const now = await databaseNow(tx);
  const products = product === null ? [] : [product];
  for (const { account, recipient, administrator } of await peopleToTell(tx, "request", { products }))
    await queueMail(tx, {
      kind: "request",
      dedupeKey: `request:${now.toISOString().slice(0, 13)}:${account}`,
      account,
      recipient,
      content: { email, ...(!administrator && { toldAs: "other" }) },
    });
}
