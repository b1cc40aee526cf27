import type { Database } from "../../db/connection.ts";
import type { AccountId, InvitationId } from "../../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../db/transaction.ts";
import { type ErrorCode, isMusterError } from "../../errors.ts";
import { recordChanges } from "../record.ts";
import { heldByActor } from "../rights/held-by-actor.ts";
import { tellOfSignUp } from "../sign-up-notice.ts";
import { refuseOfferBeyond } from "./ceiling.ts";
import { give } from "./give.ts";
import { ADDRESSED, type FoundInvitation } from "./links.ts";
import { readVouchedOffers } from "./offer.ts";
import type { Source } from "./open.ts";

/** `review`: the mailbox is proven, but an administrator has to look at what it offers first. `closed`: it was not open. */
export type Acceptance = "accepted" | "review" | "closed";

type Taken = { account: AccountId; email: string; given: boolean; source: Source };

const TAKEN = "i.account, i.email, i.source, i.granted_at is not null as given";

/**
 * Accepts the invitation of a link: once, by one conditional statement (R96, R98), and gives what it offers.
 * Before: any. After `accepted`: it was open and is accepted, the person has what it offers, with audit and events. After
 * `review`: whoever offered a part of it may not give that any more, or something stands in the way; nothing was given. After
 * `closed`: nothing changed. The person's status does not change by it: that takes the first access (R80).
 */
export async function acceptInvitation(
  ctx: { db: Database },
  found: FoundInvitation,
  tokenHash: Buffer,
  requestId: string | null,
): Promise<Acceptance> {
  const actor: Actor = { organization: found.organization, kind: "system", id: null, requestId };
  return inTransaction(ctx, actor, async (tx) => {
    await lockPerson(tx, found.invitation);
    const [taken] = await tx.query<Taken>({
      text: `update invitations i set state = 'accepted', accepted_at = statement_timestamp(),
          -- A link that was passed on by hand proves no mailbox.
          proven_record = (select a.canonical from accounts a where a.organization = i.organization and a.id = i.account
            and exists (select from mails m where m.organization = i.organization and m.invitation = i.id
              and m.token_hash = i.token_hash))
        where i.organization = $1 and i.id = $2 and i.token_hash = $3 and i.state = 'pending'
          and i.expires_at > statement_timestamp() and ${ADDRESSED}
        returning ${TAKEN}`,
      values: [tx.organization, found.invitation, tokenHash],
    });
    return taken ? complete(tx, found.invitation, taken) : "closed";
  });
}

/**
 * Accepts an invitation that came of signing up for whoever it was made for, without a mail: where signing up asks for no proof of
 * the address (R111). Before: any. After: as `acceptInvitation`; the mailbox is not proven. An invitation that a link made, or that a
 * mail went out for, stays open: what it offers besides takes the proof.
 */
export async function acceptUnproven(tx: Tx, invitation: InvitationId): Promise<Acceptance> {
  const [taken] = await tx.query<Taken>({
    text: `update invitations i set state = 'accepted', accepted_at = statement_timestamp()
      where i.organization = $1 and i.id = $2 and i.state = 'pending' and i.source = 'sign-up' and i.sent_count = 0
      returning ${TAKEN}`,
    values: [tx.organization, invitation],
  });
  return taken ? complete(tx, invitation, taken) : "closed";
}

async function complete(tx: Tx, invitation: InvitationId, taken: Taken): Promise<Acceptance> {
  const obstacle = taken.given ? null : await giveOffer(tx, taken.account, invitation);
  await tx.query({
    text: `update invitations set granted_at = case when $3::text is null then coalesce(granted_at, statement_timestamp()) end,
        state = case when $3::text is null then state else 'needs-review' end, review = $3
      where organization = $1 and id = $2`,
    values: [tx.organization, invitation, obstacle],
  });
  await recordChanges(tx, [
    {
      action: obstacle === null ? "invitation.accepted" : "invitation.needs-review",
      subjectKind: "invitation",
      subject: invitation,
      detail: { account: taken.account, ...(obstacle !== null && { review: obstacle }) },
      event: true,
    },
  ]);
  if (taken.source === "link" || taken.source === "sign-up")
    await tellOfSignUp(tx, invitation, { email: taken.email, by: taken.source });
  return obstacle === null ? "accepted" : "review";
}

type Obstacle = "inviter-may-not" | "second-space" | "no-longer-there" | "read-only";

const OBSTACLES: Readonly<Partial<Record<ErrorCode, Obstacle>>> = {
  "not-allowed": "inviter-may-not",
  conflict: "second-space",
  "not-found": "no-longer-there",
  "read-only": "read-only",
};

/** Accounts are locked before what hangs on them, here as in `resendInvitation` (design §3.4). */
async function lockPerson(tx: Tx, invitation: InvitationId): Promise<void> {
  await tx.query({
    text: `select a.id from accounts a where a.organization = $1
      and a.id = (select i.account from invitations i where i.organization = $1 and i.id = $2) for no key update`,
    values: [tx.organization, invitation],
  });
}

/** What somebody may not give any more is not given (R11, design §7), nor the rest of the same invitation. */
async function giveOffer(tx: Tx, account: AccountId, invitation: InvitationId): Promise<Obstacle | null> {
  const parts = await readVouchedOffers(tx, invitation);
  await tx.query({ text: "savepoint offered" });
  try {
    for (const { inviter, offer } of parts)
      if (offer.groups.length + offer.spaces.length > 0)
        await refuseOfferBeyond(tx, inviter === null ? [] : await heldByActor(tx, inviter), offer);
    for (const { offer } of parts) await give(tx, [account], offer);
    return null;
  } catch (error) {
    const obstacle = isMusterError(error) ? OBSTACLES[error.code] : undefined;
    if (obstacle === undefined) throw error;
    await tx.query({ text: "rollback to savepoint offered" });
    return obstacle;
  }
}
