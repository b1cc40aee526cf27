import type { Config } from "../../config.ts";
import type { AccountId, AddressChangeId, InvitationId, MailId } from "../../db/id.ts";
import { databaseNow } from "../../db/now.ts";
import type { Tx } from "../../db/transaction.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { removeLocalMembers } from "../groups.ts";
import { listGuestAssignments, removeGuest } from "../guests.ts";
import { revokeInvitation } from "../invitations/change.ts";
import { correctInvitation } from "../invitations/correct.ts";
import { invite } from "../invitations/invite.ts";
import { type Offer, readOffer } from "../invitations/offer.ts";
import { resendInvitation } from "../invitations/resend.ts";
import { emailKey } from "../keys.ts";
import type { Held } from "../rights/permissions.ts";
import { askForAddress } from "./address-change.ts";
import { mergeAccounts } from "./merge.ts";
import type { MergedFact } from "./merge-facts.ts";
import { refuseMerged } from "./merged.ts";
import { resolvePerson } from "./person.ts";

export const REPAIRS = ["correct-invitation", "change-address", "merge", "reinvite"] as const;
/**
 * What mends a wrong address. `correct-invitation`: the open invitation goes to the right one (R173). `change-address`: the person
 * keeps the account, once the right mailbox says that it is theirs. `merge`: the right address is somebody's, and both are one
 * person. `reinvite`: the wrong mailbox is a stranger's: the right one is invited to the same, and the wrong one loses it (R170).
 */
export type Repair = (typeof REPAIRS)[number];

export type Repaired = {
  repair: Repair;
  /** Why this one. */
  why: string;
  wrong: AccountId;
  /** Whose address the right one was before; null: nobody's. */
  right: AccountId | null;
  invitation: InvitationId | null;
  change: AddressChangeId | null;
  mail: MailId | null;
  /** With `merge`: what becomes of what the wrong account has. */
  facts: MergedFact[];
};

type Wanted = { account: AccountId; right: string; repair?: Repair | undefined; notify: boolean };

type Facts = { internal: boolean; unused: boolean; invitation: InvitationId | null };

/**
 * Mends a wrong address in the way that fits, or in the one that is asked for (R170 to R172). Preview is this very function, rolled back.
 * Before: the organization is locked exclusively. After: as the way says; what was done under the wrong account stays its own (R171).
 * @throws MusterError `invalid` (no address, or the person's own); `not-found`; `merged`; and what the chosen way refuses.
 */
export async function repairAddress(
  tx: Tx,
  settings: Config["invitations"],
  held: readonly Held[],
  wanted: Wanted,
): Promise<Repaired> {
  const { account } = wanted;
  await refuseMerged(tx, account);
  const address = emailKey(wanted.right);
  if (address === null) throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  const right = await holderOf(tx, address);
  if (right === account) throw new MusterError("invalid", "this is the person's address already", { at: "email" });
  const facts = await factsOf(tx, account);
  const fitting = fittingRepair(facts, right);
  const repair = wanted.repair ?? fitting.repair;
  const why = repair === fitting.repair ? fitting.why : "it was asked for";
  const nothing = { invitation: null, change: null, mail: null, facts: [] };
  const about = { ...nothing, repair, why, wrong: account, right };
  switch (repair) {
    case "correct-invitation": {
      const { invitation } = facts;
      if (invitation === null)
        throw new MusterError("conflict", "this person has no open invitation that could be corrected", { at: "id" });
      await correctInvitation(tx, held, invitation, address);
      return { ...about, invitation, mail: wanted.notify ? await resent(tx, settings, account) : null };
    }
    case "change-address": {
      const { change, mail } = await askForAddress(tx, settings, held, { account, email: address });
      return { ...about, change: change.id, mail };
    }
    case "merge": {
      if (right === null)
        throw new MusterError("conflict", "nobody has the right address, so there is nobody to merge with", {
          at: "email",
        });
      const offered = await openOffer(tx, facts.invitation);
      const invited = hasContent(offered)
        ? await inviteAgain(tx, settings, held, address, offered, wanted.notify)
        : nothing;
      const { facts: merged } = await mergeAccounts(tx, held, { from: account, to: right });
      return { ...about, ...invited, facts: merged };
    }
    case "reinvite":
      return { ...about, ...(await reinvite(tx, settings, held, { ...wanted, right: address }, facts)) };
  }
}

async function holderOf(tx: Tx, address: string): Promise<AccountId | null> {
  try {
    return await resolvePerson(tx, address);
  } catch (error) {
    if (isMusterError(error) && error.code === "not-found") return null;
    throw error;
  }
}

async function factsOf(tx: Tx, account: AccountId): Promise<Facts> {
  const [row] = await tx.query<Facts>({
    text: `select not exists (select from directory_users u join directories d on d.organization = $1 and d.id = u.directory
          where u.organization = $1 and u.account = a.id and u.deleted_at is null and d.kind <> 'internal') as internal,
        a.first_access_at is null and not exists (select from invitations i
          where i.organization = $1 and i.account = a.id and i.state = 'accepted') as unused,
        (select i.id from invitations i where i.organization = $1 and i.account = a.id and i.state = 'pending'
          and i.email_key = a.user_name_key order by i.id desc limit 1) as invitation
      from accounts a where a.organization = $1 and a.id = $2`,
    values: [tx.organization, account],
  });
  if (!row) throw new MusterError("not-found", "there is no user with this id", { at: "id" });
  return row;
}

function fittingRepair(
  { internal, unused, invitation }: Facts,
  right: AccountId | null,
): { repair: Repair; why: string } {
  if (!internal)
    return {
      repair: "reinvite",
      why: "another directory says the wrong address, so only what was given here can go over",
    };
  if (right !== null) return { repair: "merge", why: "somebody has the right address: the two become one account" };
  if (unused && invitation !== null)
    return {
      repair: "correct-invitation",
      why: "the invitation is open, so it can be sent to the right address instead",
    };
  return { repair: "change-address", why: "the person uses the account already and keeps it" };
}

/** A mail whose like went out a moment ago waits for somebody to ask for it again. */
async function resent(tx: Tx, settings: Config["invitations"], account: AccountId): Promise<MailId | null> {
  try {
    return (await resendInvitation(tx, settings, account)).mailId;
  } catch (error) {
    if (isMusterError(error) && error.code === "cool-down") return null;
    throw error;
  }
}

async function openOffer(tx: Tx, invitation: InvitationId | null): Promise<Offer> {
  return invitation === null ? { groups: [], spaces: [] } : readOffer(tx, "invitation", invitation);
}

function hasContent({ groups, spaces }: Offer): boolean {
  return groups.length + spaces.length > 0;
}

async function inviteAgain(
  tx: Tx,
  settings: Config["invitations"],
  held: readonly Held[],
  address: string,
  { groups, spaces }: Offer,
  notify: boolean,
): Promise<{ invitation: InvitationId | null; mail: MailId | null }> {
  const wish = { emails: [address], roles: [], groups, spaces, notify, message: null };
  const [result] = (await invite(tx, settings, held, wish)).results;
  if (result?.verdict === "refused")
    throw new MusterError("conflict", `${address} was not invited: ${result.message}`, { at: "email" });
  return { invitation: result?.invitation ?? null, mail: result?.mail ?? null };
}

/** The same for the right address, and nothing of it for the wrong one. */
async function reinvite(
  tx: Tx,
  settings: Config["invitations"],
  held: readonly Held[],
  { account, right, notify }: Wanted,
  { invitation }: Facts,
) {
  const [rights] = await tx.query({
    text: "select id from rights where organization = $1 and account = $2 and bundle <> 'basic' limit 1",
    values: [tx.organization, account],
  });
  if (rights)
    throw new MusterError("conflict", "this person has rights, which no invitation gives; take them away first", {
      at: "id",
    });
  const groups = await tx.query<{ id: Offer["groups"][number] }>({
    text: `select m.group_id as id from local_memberships m join groups g on g.organization = $1 and g.id = m.group_id
      where m.organization = $1 and m.account = $2 and m.parked_at is null and g.deleted_at is null order by m.group_id`,
    values: [tx.organization, account],
  });
  const given = (await listGuestAssignments(tx, account)).filter(({ parked }) => !parked);
  const offered = await openOffer(tx, invitation);
  const now = await databaseNow(tx);
  const live = given.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
  const offer = {
    groups: [...new Set([...groups.map(({ id }) => id), ...offered.groups])],
    spaces: [...live, ...offered.spaces.filter(({ product }) => !live.some((one) => one.product === product))],
  };
  const invited = await inviteAgain(tx, settings, held, right, offer, notify);
  if (invitation !== null) await revokeInvitation(tx, invitation);
  for (const { id } of groups) await removeLocalMembers(tx, id, [account]);
  for (const { id } of given) await removeGuest(tx, id);
  return invited;
}
