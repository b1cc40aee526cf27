import type { Config } from "../../config.ts";
import type { AccountId, InvitationId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { settleWaiting } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";
import type { Held } from "../rights/permissions.ts";
import { hashToken, newTokenText } from "../token-form.ts";
import { refuseOfferBeyond } from "./ceiling.ts";
import { give } from "./give.ts";
import { readOffer } from "./offer.ts";

type Row = { state: string; account: AccountId | null; email: string };

/**
 * Takes an invitation back. Before: `tx` holds the organization's lock. After: its link opens nothing, a mail that has not left does not leave; whoever was
 * given something by it keeps that, and what it had reserved goes to whoever waits.
 * @throws MusterError `not-found`; `conflict` when it is not open any more.
 */
export async function revokeInvitation(tx: Tx, id: InvitationId): Promise<void> {
  const { state } = await lockInvitation(tx, id);
  requireState(state, "pending", "needs-review");
  await tx.query({
    text: "update invitations set state = 'revoked', token_hash = null where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await note(tx, "invitation.revoked", id, {});
  await settleWaiting(tx);
}

/**
 * Lets an open invitation, also an expired one, be accepted until this instant. Before: any. After: its latest link works until then.
 * @throws MusterError `not-found`; `conflict` when it is not open; `invalid` for an instant in the past or more than 30 days off.
 */
export async function extendInvitation(tx: Tx, id: InvitationId, expiresAt: Date): Promise<void> {
  const { state } = await lockInvitation(tx, id);
  requireState(state, "pending");
  const [row] = await tx.query({
    text: `update invitations set expires_at = $3, renewal_asked_at = null
      where organization = $1 and id = $2 and $3 > statement_timestamp()
        and $3 <= statement_timestamp() + interval '30 days 1 minute' returning id`,
    values: [tx.organization, id, expiresAt],
  });
  if (!row)
    throw new MusterError("invalid", "an invitation ends in the future, and at most 30 days from now", {
      at: "expiresAt",
    });
  await note(tx, "invitation.extended", id, { expiresAt });
}

/**
 * A new link for an open invitation, for whoever passes it on by hand (no mail goes out). It proves no mailbox.
 *
 * Before: any. After: every earlier link is dead, a mail that has not left does not leave, and the link works for `validDays`.
 * Returns the token of the link, which is kept nowhere.
 * @param held what the caller holds: whoever has the link gets what it offers, so nobody takes one for more than they may give.
 * @throws MusterError `not-found`; `conflict` when it is not open; `not-allowed` beyond that.
 */
export async function copyInvitationLink(
  tx: Tx,
  { validDays }: Pick<Config["invitations"], "validDays">,
  held: readonly Held[],
  id: InvitationId,
): Promise<string> {
  const { state } = await lockInvitation(tx, id);
  requireState(state, "pending");
  await refuseOfferBeyond(tx, held, await readOffer(tx, "invitation", id));
  const token = newTokenText("inv");
  await tx.query({
    text: `with unsent as (
        update mails set state = 'cancelled', last_reply = 'the link was copied instead', held_until = null
        where organization = $1 and invitation = $2 and state = 'queued'
      )
      update invitations set token_hash = $3, expires_at = shift_instant($1, statement_timestamp(), make_interval(days => $4)),
        renewal_asked_at = null
      where organization = $1 and id = $2`,
    values: [tx.organization, id, hashToken(token), validDays],
  });
  await note(tx, "invitation.link-copied", id, {});
  return token;
}

/**
 * An administrator says that what an invitation offers shall be given after all, and to whom.
 * Before: it waits for a review. After: the account has what it offers and the invitation is accepted.
 * @param account whom it is meant for, where the address does not tell.
 * @throws MusterError `not-found`; `conflict` when it waits for no review; `invalid` without an account; `not-allowed` beyond
 * what the reviewer holds.
 */
export async function approveInvitation(
  tx: Tx,
  held: readonly Held[],
  id: InvitationId,
  account: AccountId | null,
): Promise<void> {
  const invitation = await lockInvitation(tx, id);
  requireState(invitation.state, "needs-review");
  const person = account ?? invitation.account;
  if (person === null)
    throw new MusterError("invalid", "several people fit this address; say whom it is meant for", { at: "account" });
  const offer = await readOffer(tx, "invitation", id);
  await refuseOfferBeyond(tx, held, offer);
  await give(tx, [person], offer);
  await tx.query({
    text: `update invitations set state = 'accepted', account = $3, review = null, granted_at = statement_timestamp(),
        accepted_at = coalesce(accepted_at, statement_timestamp())
      where organization = $1 and id = $2`,
    values: [tx.organization, id, person],
  });
  await note(tx, "invitation.approved", id, { account: person });
}

/** Held until the transaction ends. @throws MusterError `not-found`. */
export async function lockInvitation(tx: Tx, id: InvitationId): Promise<Row> {
  const [row] = await tx.query<Row>({
    text: "select state, account, email from invitations where organization = $1 and id = $2 for no key update",
    values: [tx.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such invitation", { at: "id" });
  return row;
}

export function requireState(state: string, ...wanted: readonly string[]): void {
  if (!wanted.includes(state))
    throw new MusterError("conflict", `the invitation is ${state}, so this cannot be done to it any more`, {
      at: "id",
    });
}

async function note(tx: Tx, action: string, id: InvitationId, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "invitation", subject: id, detail, event: true }]);
}
