import type { Db } from "../../db/connection.ts";
import type { AccountId, AssignmentId, InvitationId, LinkId, RightId, TokenId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { deactivateAccounts } from "../accounts/deactivate.ts";
import { removeAccounts } from "../accounts/remove.ts";
import { suspendAccounts } from "../accounts/suspend.ts";
import { refuseOfferBeyond } from "../invitations/ceiling.ts";
import { revokeInvitation } from "../invitations/change.ts";
import { readOffer } from "../invitations/offer.ts";
import { disableLink } from "../links.ts";
import { recordOfAccounts } from "../record.ts";
import { heldByAccount } from "../rights/held.ts";
import type { Held } from "../rights/permissions.ts";
import { getRight, giveRight, takeRight } from "../rights/rights.ts";
import { IS_ACTIVE } from "../statuses.ts";
import { revokeToken } from "../tokens.ts";
import { madeBy, THEIR_INVITATIONS, THEIR_LINKS, THEIR_RIGHTS } from "./left-behind.ts";

/** How a person leaves: which verb follows when everything is handed over or ended. */
export const LEAVING = ["suspend", "deactivate", "remove"] as const;
export type Leaving = (typeof LEAVING)[number];

export type OffBoarding = {
  /** Who takes over; null: nobody, so that everything ends and guests have no sponsor. */
  to: AccountId | null;
  /** null: the person stays. */
  leaving: Leaving | null;
  /** Whether the one who takes over gets the person's rights too; otherwise they end. */
  rights: boolean;
  reason: string | null;
};

export type OffBoarded = {
  handedOver: { guests: AssignmentId[]; rights: RightId[]; invitations: InvitationId[]; links: LinkId[] };
  /** `guests`: they have no sponsor now. What the one who takes over may not offer ends too. */
  ended: {
    guests: AssignmentId[];
    rights: RightId[];
    invitations: InvitationId[];
    links: LinkId[];
    tokens: TokenId[];
  };
};

/**
 * A person leaves: what hangs on them goes to somebody else or ends, and then they are suspended, deactivated or removed, in one.
 * Nobody gets by it what they could not have given themselves: rights are handed over as far as `held` reaches, invitations and
 * links as far as the rights reach of the one who takes over, and end beyond that (F13, F15).
 *
 * Before: the organization is locked exclusively. After: guests have the new sponsor, rights are the other's or gone, invitations and
 * links are vouched for by the other or dead, the person's tokens are dead. Returns what was handed over and what ended.
 * @throws MusterError `not-found`; `conflict` when both are one, the other one is not active, or nobody would be left as an
 * administrator; `not-allowed`; and what the verb throws.
 */
export async function offBoard(
  tx: Tx,
  held: readonly Held[],
  account: AccountId,
  wanted: OffBoarding,
): Promise<OffBoarded> {
  requireExclusive(tx);
  const { to, leaving, reason } = wanted;
  if (to !== null) await requireActive(tx, account, to);
  const told: OffBoarded = {
    handedOver: { guests: [], rights: [], invitations: [], links: [] },
    ended: { guests: [], rights: [], invitations: [], links: [], tokens: [] },
  };
  await passRights(tx, held, account, wanted, told);
  const successor = to === null ? [] : await heldByAccount(tx, to);
  const sponsored = await ids<AssignmentId>(
    tx,
    "update guest_assignments set sponsor = $3::uuid where organization = $1 and sponsor = $2::uuid returning id",
    account,
    to,
  );
  for (const table of ["invitation_spaces", "link_spaces"])
    await tx.query({
      text: `update ${table} set sponsor = $3::uuid where organization = $1 and sponsor = $2::uuid`,
      values: [tx.organization, account, to],
    });
  (to === null ? told.ended : told.handedOver).guests = sponsored;
  await passInvitations(tx, account, to, successor, told);
  await passLinks(tx, account, to, successor, told);
  told.ended.tokens = await ids<TokenId>(
    tx,
    "select id from tokens where organization = $1 and owner = $2::uuid and revoked_at is null order by id",
    account,
  );
  for (const token of told.ended.tokens) await revokeToken(tx, token);
  await recordOfAccounts(tx, "account.off-boarded", [account], { to, leaving, reason, ...told });
  switch (leaving) {
    case "suspend":
      await suspendAccounts(tx, [account], reason);
      break;
    case "deactivate":
      await deactivateAccounts(tx, [account], reason);
      break;
    case "remove":
      await removeAccounts(tx, [account], reason);
      break;
    case null:
      break;
  }
  return told;
}

async function requireActive(tx: Tx, account: AccountId, to: AccountId): Promise<void> {
  if (account === to) throw new MusterError("conflict", "nobody takes over from themselves", { at: "to" });
  const [row] = await tx.query<{ active: boolean }>({
    text: `select ${IS_ACTIVE} as active from accounts a
      where a.organization = $1 and a.id = $2`,
    values: [tx.organization, to],
  });
  if (!row) throw new MusterError("not-found", "there is no user with this id", { at: "to" });
  if (!row.active)
    throw new MusterError("conflict", "whoever takes over must be active, neither suspended nor deactivated", {
      at: "to",
    });
}

/** Given first and taken then, so that the last administrator can hand over. */
async function passRights(
  tx: Tx,
  held: readonly Held[],
  account: AccountId,
  { to, rights }: OffBoarding,
  told: OffBoarded,
): Promise<void> {
  const mine = await ids<RightId>(tx, `select r.id from ${THEIR_RIGHTS} order by r.id`, account);
  for (const id of mine) {
    if (to !== null && rights) {
      const { bundle, scope } = await getRight(tx, id);
      try {
        await giveRight(tx, held, { account: to, bundle, scope });
      } catch (error) {
        if (!isMusterError(error) || error.code !== "uniqueness") throw error;
      }
      told.handedOver.rights.push(id);
    } else told.ended.rights.push(id);
    await takeRight(tx, held, id);
  }
}

async function passInvitations(
  tx: Tx,
  account: AccountId,
  to: AccountId | null,
  successor: readonly Held[],
  told: OffBoarded,
): Promise<void> {
  const sent = await ids<InvitationId>(tx, `select i.id from ${THEIR_INVITATIONS} order by i.id`, account);
  for (const id of sent) {
    if (to === null || !(await mayOffer(tx, successor, "invitation", id))) {
      await revokeInvitation(tx, id);
      told.ended.invitations.push(id);
      continue;
    }
    for (const [table, key] of [
      ["invitations", "id"],
      ["invitation_groups", "invitation"],
      ["invitation_spaces", "invitation"],
    ])
      await tx.query({
        text: `update ${table} i set inviter_kind = 'session', inviter = $3::text
          where i.organization = $1 and i.${key} = $4 and ${madeBy("i.inviter_kind", "i.inviter")}`,
        values: [tx.organization, account, to, id],
      });
    told.handedOver.invitations.push(id);
  }
}

async function passLinks(
  tx: Tx,
  account: AccountId,
  to: AccountId | null,
  successor: readonly Held[],
  told: OffBoarded,
): Promise<void> {
  const made = await ids<LinkId>(tx, `select l.id from ${THEIR_LINKS} order by l.id`, account);
  for (const id of made) {
    if (to === null || !(await mayOffer(tx, successor, "link", id))) {
      await disableLink(tx, id);
      told.ended.links.push(id);
      continue;
    }
    await tx.query({
      text: "update links set maker_kind = 'session', maker = $3::text where organization = $1 and id = $2",
      values: [tx.organization, id, to],
    });
    told.handedOver.links.push(id);
  }
}

/** Whether the one who takes over may give what is offered; whoever may not never vouches for it. */
async function mayOffer(
  db: Db,
  held: readonly Held[],
  holder: "invitation" | "link",
  id: InvitationId | LinkId,
): Promise<boolean> {
  try {
    await refuseOfferBeyond(db, held, await readOffer(db, holder, id));
    return true;
  } catch (error) {
    if (isMusterError(error) && error.code === "not-allowed") return false;
    throw error;
  }
}

async function ids<Id extends string>(tx: Tx, text: string, ...values: (string | null)[]): Promise<Id[]> {
  return (await tx.query<{ id: Id }>({ text, values: [tx.organization, ...values] })).map((row) => row.id).sort();
}
