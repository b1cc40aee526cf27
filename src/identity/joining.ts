import type { Config } from "../config.ts";
import type { Database, Db } from "../db/connection.ts";
import type { InvitationId, LinkId, OrganizationId } from "../db/id.ts";
import { type Actor, inTransaction, type Tx } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { fileRequest } from "./access-requests.ts";
import { externalUserManagement } from "./external-user-management.ts";
import { acceptUnproven } from "./invitations/accept.ts";
import { refuseOfferBeyond } from "./invitations/ceiling.ts";
import { type InvitationSettings, inviteTo } from "./invitations/invite.ts";
import { type Offer, offerOf, type ResultingRole, readOffer, rolesOf } from "./invitations/offer.ts";
import type { Source } from "./invitations/open.ts";
import { emailDomain, emailKey } from "./keys.ts";
import type { FoundLink } from "./links.ts";
import { withinBudget } from "./public-budget.ts";
import { heldByActor } from "./rights/held-by-actor.ts";
import { getSignUp, signUpVerdict } from "./sign-up.ts";

/** What a stranger typed at a public page, and from where. */
export type Stranger = {
  email: string;
  name: string | null;
  message: string | null;
  network: string;
  requestId: string | null;
};

type Door = { db: Database; config: Pick<Config, "invitations" | "mail"> };

/**
 * Somebody signs up (R102 to R111). Whoever asks learns nothing from it: the same is answered to an address that may, one that may
 * not, and one that somebody has. Before: any. After: an address that may has an invitation with what signing up gives, and
 * a mail to prove itself; what needs approval, and an address that somebody has already, is an access request; or nothing.
 */
export async function signUp(ctx: Door, organization: OrganizationId, stranger: Stranger): Promise<void> {
  await atDoor(ctx, organization, stranger, async (tx, email) => {
    const { allowed, roles } = await signUpVerdict(tx, email);
    if (!allowed) return;
    if (await isSomebodys(tx, email)) return fileRequest(tx, requestOf(stranger, email, "sign-up"));
    const { mode, verification } = await getSignUp(tx);
    // Restricted sign-up always proves the address, and so does open sign-up unless the organization says otherwise (C9).
    const proven = mode === "restricted" || verification === "always";
    const free = roles.filter(({ needsApproval }) => !needsApproval);
    const offer = await offerOf(tx, { roles: free, groups: [], spaces: [] });
    const given = await rolesOf(tx, offer.groups);
    const joining = { offer, roles: given, source: "sign-up" as const, inviter: tx.actor, proven };
    const invitation = await join(tx, ctx.config.invitations, email, stranger, joining);
    if (invitation !== null && !proven) await acceptUnproven(tx, invitation);
    for (const { product, role } of roles.filter(({ needsApproval }) => needsApproval).slice(0, 1))
      await fileRequest(tx, { ...requestOf(stranger, email, "sign-up"), product, role });
  });
}

/**
 * Somebody uses a link, whatever is said of signing up (R94, R95). Before: any. After: within the link's limits, the use is counted and
 * the address has an invitation to what the link offers, with a mail; or an access request, where the link or the address
 * wants one; or nothing. One address counts once.
 */
export async function useLink(ctx: Door, found: FoundLink, tokenHash: Buffer, stranger: Stranger): Promise<void> {
  await atDoor(ctx, found.organization, stranger, async (tx, email) => {
    const link = await takeLink(tx, found.link, tokenHash, email);
    const offer = await readOffer(tx, "link", found.link);
    const maker = await heldByActor(tx, link.maker);
    const roles = await within(() => refuseOfferBeyond(tx, maker, offer));
    if (roles === undefined || link.needsApproval || (await isSomebodys(tx, email)))
      return fileRequest(tx, { ...requestOf(stranger, email, "link"), link: found.link });
    const inviting = { offer, roles, source: "link" as const, inviter: link.maker, proven: true };
    const invitation = await join(tx, ctx.config.invitations, email, stranger, inviting);
    await tx.query({
      text: "update link_uses set invitation = $4 where organization = $1 and link = $2 and email_key = $3",
      values: [tx.organization, found.link, email, invitation],
    });
  });
}

/** Somebody asks for access (R100). Before: any. After: it stands in the list of requests, where the organization takes them. */
export async function askForAccess(ctx: Door, organization: OrganizationId, stranger: Stranger): Promise<void> {
  await atDoor(ctx, organization, stranger, async (tx, email) => {
    if ((await getSignUp(tx)).requests) await fileRequest(tx, requestOf(stranger, email, "form"));
  });
}

/** Counted before anything is looked at, and quiet about everything. */
async function atDoor(
  ctx: Door,
  organization: OrganizationId,
  { email, network, requestId }: Stranger,
  work: (tx: Tx, email: string) => Promise<void>,
): Promise<void> {
  const key = emailKey(email);
  if (key === null) return;
  const actor: Actor = { organization, kind: "system", id: null, requestId };
  await inTransaction(ctx, actor, async (tx) => {
    if (!(await withinBudget(tx, network, key)) || (await externalUserManagement(tx)) !== null) return;
    await within(() => work(tx, key), tx);
  });
}

/** undefined where the rules refuse: seats that are taken, groups that are gone. With `tx`, nothing of the work is kept then. */
async function within<T>(work: () => Promise<T>, tx?: Tx): Promise<T | undefined> {
  await tx?.query({ text: "savepoint stranger" });
  try {
    return await work();
  } catch (error) {
    if (!isMusterError(error) || error.code === "unavailable" || error.code === "internal") throw error;
    await tx?.query({ text: "rollback to savepoint stranger" });
    return undefined;
  }
}

type Joining = {
  offer: Offer;
  roles: ResultingRole[];
  source: Source;
  inviter: Pick<Actor, "kind" | "id">;
  proven: boolean;
};

async function join(
  tx: Tx,
  settings: InvitationSettings,
  email: string,
  { name }: Stranger,
  { offer, roles, source, inviter, proven }: Joining,
): Promise<InvitationId | null> {
  const { results } = await inviteTo(tx, settings, [{ typed: email, key: email }], {
    offer,
    roles,
    notify: proven,
    message: null,
    inviter,
    source,
    displayName: name,
  });
  const [result] = results;
  // Nothing of it is kept then, not even the use of a link.
  if (result?.verdict === "refused") throw new MusterError("conflict", result.message);
  return result?.invitation ?? null;
}

/** Somebody who did not come by this very way: nobody else may have a mail sent to them (R64), or be joined (design §7). */
async function isSomebodys(db: Db, email: string): Promise<boolean> {
  const rows = await db.query({
    text: `select a.id from accounts a where a.organization = $1 and (a.email_key = $2 or a.user_name_key = $2)
      and not exists (select from invitations i where i.organization = $1 and i.account = a.id and i.email_key = $2
        and i.state = 'pending' and i.source in ('link', 'sign-up'))
      limit 1`,
    values: [db.organization, email],
  });
  return rows.length > 0;
}

function requestOf({ name, message }: Stranger, email: string, source: "form" | "link" | "sign-up") {
  return { email, name, message, source, link: null, product: null, role: null };
}

type Taken = { needsApproval: boolean; maker: Pick<Actor, "kind" | "id"> };

/**
 * One conditional statement counts the use: of many at once no more get through than may. The same address counts once.
 * @throws MusterError `conflict` beyond the link's limits.
 */
async function takeLink(tx: Tx, id: LinkId, tokenHash: Buffer, email: string): Promise<Taken> {
  const [row] = await tx.query<Taken>({
    text: `with mine as (
        insert into link_uses (organization, link, email_key)
        select l.organization, l.id, $4 from links l
        where l.organization = $1 and l.id = $2 and l.token_hash = $3 and l.disabled_at is null
          and (l.expires_at is null or l.expires_at > statement_timestamp())
          and (cardinality(l.allowed_domains) = 0 or $5 = any (l.allowed_domains))
          and (l.email_key is null or l.email_key = $4)
        on conflict on constraint link_uses_pk do nothing returning link
      )
      update links l set uses = l.uses + (select count(*) from mine)
      where l.organization = $1 and l.id = $2 and l.token_hash = $3 and l.disabled_at is null
        and (l.expires_at is null or l.expires_at > statement_timestamp())
        and (case when exists (select from mine) then l.max_uses is null or l.uses < l.max_uses
          else exists (select from link_uses u where u.organization = $1 and u.link = $2 and u.email_key = $4) end)
      returning l.needs_approval as "needsApproval", json_build_object('kind', l.maker_kind, 'id', l.maker) as maker`,
    values: [tx.organization, id, tokenHash, email, emailDomain(email)],
  });
  if (!row) throw new MusterError("conflict", "this link does not let this address in");
  return row;
}
