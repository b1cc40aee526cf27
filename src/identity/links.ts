import type { Database, Db } from "../db/connection.ts";
import { type InvitationId, type LinkId, newId, type OrganizationId, type ProductId } from "../db/id.ts";
import type { Actor, Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { refuseExternallyManaged } from "./external-user-management.ts";
import { settleGuests } from "./guest-rules.ts";
import { refuseOfferBeyond } from "./invitations/ceiling.ts";
import { addToOffers, offerOf, type ResultingRole, readOffer, type Wish } from "./invitations/offer.ts";
import { refuseSeveralSites } from "./invitations/rules.ts";
import { canonicalDomain, emailKey } from "./keys.ts";
import { recordChanges } from "./record.ts";
import type { Held } from "./rights/permissions.ts";
import { getSettings } from "./settings/settings.ts";
import { instantOf, type Period } from "./time-zone.ts";
import { hashToken, newTokenText } from "./token-form.ts";

/** A sign-up URL with a token, shared or limited (R89 to R95; C7). Limits that are null or empty are none. */
export type LinkLimits = {
  label: string;
  maxUses: number | null;
  expiresAt: Date | null;
  /** Addresses of these domains alone, exactly. */
  allowedDomains: readonly string[];
  /** This address alone. */
  email: string | null;
  /** Whoever uses it asks for access, and an administrator decides. */
  needsApproval: boolean;
};

/** A link's limits as they are asked for; without an end it works as long as the organization's links do (C7), with null for good. */
export type WantedLimits = Omit<LinkLimits, "expiresAt"> & { expiresAt?: Date | null | undefined };

/**
 * A new link. Before: any. After: whoever has it can sign up to what it offers, within its limits, whatever is said of signing up
 * (R94, R95); every use is an invitation to the address that is given, so nothing comes before the mailbox is proven.
 * Returns the token, which is kept nowhere.
 * @param held what the maker holds: nobody offers more.
 * @throws MusterError `invalid` (limits, wish); `not-allowed`; `conflict`; `externally-managed`.
 */
export async function createLink(
  tx: Tx,
  held: readonly Held[],
  limits: WantedLimits,
  wish: Wish,
): Promise<{ id: LinkId; token: string; roles: ResultingRole[] }> {
  await refuseExternallyManaged(tx);
  const checked = checkLimits(limits);
  const asked = await offerOf(tx, wish);
  const roles = await refuseOfferBeyond(tx, held, asked);
  await refuseSeveralSites(tx, roles);
  const offer = await settleGuests(tx, held, asked, roles);
  const expiresAt = limits.expiresAt === undefined ? await usualEnd(tx) : limits.expiresAt;
  const [id, token] = [newId<LinkId>(), newTokenText("lnk")];
  const [row] = await tx.query({
    text: `insert into links (organization, id, label, token_hash, max_uses, expires_at, allowed_domains, email_key,
        needs_approval, maker_kind, maker)
      select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11 where $6::timestamptz is null or $6 > statement_timestamp()
      returning id`,
    values: [
      tx.organization,
      id,
      limits.label,
      hashToken(token),
      limits.maxUses,
      expiresAt,
      checked.domains,
      checked.email,
      limits.needsApproval,
      tx.actor.kind,
      tx.actor.id,
    ],
  });
  if (!row) throw new MusterError("invalid", "the link would have ended already", { at: "expiresAt" });
  await addToOffers(tx, { holder: "link", ids: [id] }, offer);
  await note(tx, "link.created", id, { label: limits.label, groups: offer.groups });
  return { id, token, roles };
}

async function usualEnd(tx: Tx): Promise<Date | null> {
  const { linkPeriod } = await getSettings(tx);
  return linkPeriod === null ? null : instantOf(tx, linkPeriod as Period);
}

function checkLimits({ allowedDomains, email }: WantedLimits): { domains: string[]; email: string | null } {
  const domains = allowedDomains.map((domain, index) => {
    const canonical = canonicalDomain(domain);
    if (canonical === null)
      throw new MusterError("invalid", `${domain} is no domain`, { at: `/allowedDomains/${index}` });
    return canonical;
  });
  const address = email === null ? null : emailKey(email);
  if (email !== null && address === null)
    throw new MusterError("invalid", "this is no e-mail address", { at: "email" });
  return { domains, email: address };
}

/**
 * Gives a link another token: the former one is unusable at once (R92). Before: any. After: the new one works; it is returned and
 * kept nowhere.
 * @param held what the caller holds: whoever has the URL lets themselves in, so nobody gets one for more than they may give.
 * @throws MusterError `not-found`; `conflict` when it is disabled; `not-allowed` beyond that.
 */
export async function resetLink(tx: Tx, held: readonly Held[], id: LinkId): Promise<string> {
  await getLink(tx, id);
  await refuseOfferBeyond(tx, held, await readOffer(tx, "link", id));
  const token = newTokenText("lnk");
  await change(tx, id, "token_hash = $3, reset_at = statement_timestamp()", [hashToken(token)], "disabled_at is null");
  await note(tx, "link.reset", id, {});
  return token;
}

/** Ends a link for good; what was given by it stays. @throws MusterError `not-found`, `conflict` when it is ended. */
export async function disableLink(tx: Tx, id: LinkId): Promise<void> {
  await change(tx, id, "disabled_at = statement_timestamp()", [], "disabled_at is null");
  await note(tx, "link.disabled", id, {});
}

async function change(tx: Tx, id: LinkId, set: string, values: unknown[], condition: string): Promise<void> {
  const rows = await tx.query({
    text: `update links set ${set} where organization = $1 and id = $2 and ${condition} returning id`,
    values: [tx.organization, id, ...values],
  });
  if (rows.length > 0) return;
  await getLink(tx, id);
  throw new MusterError("conflict", "the link is disabled", { at: "id" });
}

async function note(tx: Tx, action: string, id: LinkId, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "link", subject: id, detail, event: true }]);
}

export type FoundLink = { organization: OrganizationId; link: LinkId };

/** Which link a token opens, usable or not; no organization need be known (design §7). */
export async function findLink(db: Database, tokenHash: Buffer): Promise<FoundLink | undefined> {
  const [row] = await db.lookUp<FoundLink>({
    name: "find-link",
    text: "select organization, link from find_link($1)",
    values: [tokenHash],
  });
  return row;
}

export const LINK_STATES = ["usable", "disabled", "expired", "exhausted"] as const;

/** A link as faces show it. */
export type ShownLink = Omit<LinkLimits, "email"> & {
  id: LinkId;
  email: string | null;
  state: (typeof LINK_STATES)[number];
  uses: number;
  groups: { id: string; name: string }[];
  spaces: { site: string; product: string; space: string }[];
  /** The highest role on each product that its groups have a grant of (R101). */
  roles: { id: ProductId; site: string; product: string; role: "admin" | "user" | "guest" }[];
  maker: Pick<Actor, "kind" | "id">;
  resetAt: Date | null;
  createdAt: Date;
};

const STATE = `case when l.disabled_at is not null then 'disabled' when l.expires_at <= statement_timestamp() then 'expired'
  when l.uses >= l.max_uses then 'exhausted' else 'usable' end`;

const COLUMNS = `l.id, l.label, l.max_uses as "maxUses", l.uses, l.expires_at as "expiresAt",
  l.allowed_domains as "allowedDomains", l.email_key as email, l.needs_approval as "needsApproval", ${STATE} as state,
  coalesce((select json_agg(json_build_object('id', g.id, 'name', g.name) order by g.name_key, g.id) from link_groups o
    join groups g on g.organization = o.organization and g.id = o.group_id and g.deleted_at is null
    where o.organization = l.organization and o.link = l.id), '[]') as groups,
  coalesce((select json_agg(json_build_object('site', s.key, 'product', p.key, 'space', sp.key) order by s.key, p.key)
    from link_spaces o
    join products p on p.organization = o.organization and p.id = o.product
    join sites s on s.organization = p.organization and s.id = p.site
    join spaces sp on sp.organization = o.organization and sp.id = o.space
    where o.organization = l.organization and o.link = l.id), '[]') as spaces,
  coalesce((select json_agg(json_build_object('id', w.id, 'site', w.site, 'product', w.key, 'role',
      (array['guest', 'user', 'admin'])[w.strength]) order by w.site, w.key)
    from (select p.id, s.key as site, p.key, max(array_position(array['guest', 'user', 'admin'], t.role)) as strength
      from link_groups o
      join role_grants t on t.organization = o.organization and t.group_id = o.group_id and not t.needs_confirmation
      join products p on p.organization = t.organization and p.id = t.product
      join sites s on s.organization = p.organization and s.id = p.site
      where o.organization = l.organization and o.link = l.id group by p.id, s.key, p.key) w), '[]') as roles,
  json_build_object('kind', l.maker_kind, 'id', l.maker) as maker, l.reset_at as "resetAt", l.created_at as "createdAt"`;

/** A page of the links, the newest first. */
export async function pageOfLinks(db: Db, page: { after: LinkId | null; limit: number }): Promise<ShownLink[]> {
  return db.query<ShownLink>({
    text: `select ${COLUMNS} from links l where l.organization = $1 ${page.after === null ? "" : "and l.id < $2"}
      order by l.id desc limit ${Math.trunc(page.limit)}`,
    values: [db.organization, ...(page.after === null ? [] : [page.after])],
    prepared: true,
  });
}

/** One link. @throws MusterError `not-found`. */
export async function getLink(db: Db, id: LinkId): Promise<ShownLink> {
  const [row] = await db.query<ShownLink>({
    text: `select ${COLUMNS} from links l where l.organization = $1 and l.id = $2`,
    values: [db.organization, id],
    prepared: true,
  });
  if (!row) throw new MusterError("not-found", "there is no such link", { at: "id" });
  return row;
}

/** Who used a link and when, in the order of addresses. */
export async function usesOfLink(
  db: Db,
  id: LinkId,
  page: { after: string | null; limit: number },
): Promise<{ email: string; invitation: InvitationId | null; usedAt: Date }[]> {
  return db.query({
    text: `select email_key as email, invitation, used_at as "usedAt" from link_uses
      where organization = $1 and link = $2 ${page.after === null ? "" : "and email_key > $3"}
      order by email_key limit ${Math.trunc(page.limit)}`,
    values: [db.organization, id, ...(page.after === null ? [] : [page.after])],
    prepared: true,
  });
}
