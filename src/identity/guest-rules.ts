import type { Db } from "../db/connection.ts";
import type { AccountId, ProductId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { isCovered, listSignUpDomains, parseSignUpDomains, type SignUpDomain } from "./domains.ts";
import type { Offer, ResultingRole } from "./invitations/offer.ts";
import { emailDomain } from "./keys.ts";
import { heldByActor } from "./rights/held-by-actor.ts";
import { type Held, holds } from "./rights/permissions.ts";
import { type GuestProduct, guestPolicies } from "./settings/guest-policy.ts";

/** @throws MusterError `conflict` where guests are off at present, with the reason that was given (R10, R19). */
export function refuseWhileOff({ key, policy }: GuestProduct): void {
  if (policy.state !== "off") return;
  const why = policy.stateReason === null ? "" : `: ${policy.stateReason}`;
  throw new MusterError("conflict", `guests of ${key} are off at present${why}`, {
    at: "product",
    setting: {
      name: "state",
      value: "off",
      path: `/products/${key}/guest-policy`,
      command: `muster product guest-policy ${key} state=general`,
      consequence: "guests can be invited and given spaces again at once",
    },
  });
}

/**
 * An offer within what is set for guests: with the end that holds for whoever gives it.
 * @param held what the giver holds.
 * @throws MusterError `conflict` where guests are off (C19); `invalid` for a guest's role without a space (C5), a space without
 * a sponsor, or a stay that is too long.
 */
export async function settleGuests(
  db: Db,
  held: readonly Held[],
  offer: Offer,
  roles: readonly ResultingRole[],
): Promise<Offer> {
  const guests = roles.filter(({ role }) => role === "guest").map(({ product }) => product);
  const products = await guestPolicies(db, [...guests, ...offer.spaces.map(({ product }) => product)]);
  for (const one of products.values()) refuseWhileOff(one);
  for (const product of guests) {
    const { key, policy } = products.get(product) as GuestProduct;
    if (!policy.withoutSpace && !offer.spaces.some((space) => space.product === product))
      throw new MusterError("invalid", `a guest of ${key} is invited to a space; name one`, { at: "spaces" });
  }
  const spaces: Offer["spaces"][number][] = [];
  for (const [index, space] of offer.spaces.entries()) {
    const product = products.get(space.product) as GuestProduct;
    requireSponsorOf(product, space.sponsor, `/spaces/${index}/sponsor`);
    const others = isAdministrator(held, product) ? null : product.policy.longestPeriodByOthers;
    await refuseLonger(
      db,
      product,
      space.expiresAt,
      [product.policy.longestPeriod, others],
      `/spaces/${index}/expiresAt`,
    );
    const end = space.expiresAt ?? (others === null ? null : await endOfStay(db, [others]));
    spaces.push({ ...space, expiresAt: end });
  }
  return { ...offer, spaces };
}

/** @throws MusterError `invalid` where somebody must answer for a guest and nobody does. */
export function requireSponsorOf({ key, policy }: GuestProduct, sponsor: AccountId | null, at: string): void {
  if (policy.sponsorRequired && sponsor === null)
    throw new MusterError("invalid", `somebody must answer for a guest of ${key}; name a sponsor`, { at });
}

function isAdministrator(held: readonly Held[], { site }: GuestProduct): boolean {
  return holds(held, "sites:write", { kind: "site", id: site });
}

/**
 * Until when a guest stays to whom a space is given now: until what was said, for the usual period where nothing was, and no
 * longer than guests do.
 * @param said `given`: an administrator says it now, and is refused what is too long; `offered`: it was right when it was offered.
 * @throws MusterError `invalid`.
 */
export async function stayUntil(
  tx: Tx,
  product: GuestProduct,
  expiresAt: Date | null,
  said: "given" | "offered",
): Promise<Date | null> {
  const { period, longestPeriod, longestPeriodByOthers } = product.policy;
  const byOther =
    longestPeriodByOthers !== null && !isAdministrator(await heldByActor(tx, tx.actor), product)
      ? longestPeriodByOthers
      : null;
  const limits = [longestPeriod, byOther];
  if (said === "given") await refuseLonger(tx, product, expiresAt, limits, "expiresAt");
  if (expiresAt !== null && said === "given") return expiresAt;
  return endOfStay(tx, limits, expiresAt, period);
}

/** @throws MusterError `invalid` for an end that lies behind one of the limits. */
async function refuseLonger(
  db: Db,
  { key }: GuestProduct,
  expiresAt: Date | null,
  limits: readonly (string | null)[],
  at: string,
): Promise<void> {
  if (expiresAt === null) return;
  const [row] = await db.query<{ limit: string }>({
    // Whoever counts a period on another clock means the same one.
    text: `select l as limit from unnest($2::text[]) l
      where $1::timestamptz > shift_instant($3, statement_timestamp(), l::interval) + interval '1 minute'
      order by l::interval limit 1`,
    values: [expiresAt, limits.filter((limit) => limit !== null), db.organization],
  });
  if (row) throw new MusterError("invalid", `a guest of ${key} stays for ${row.limit} at most`, { at });
}

/** The earliest of what is said, or the usual period, and the limits; null: for good. */
async function endOfStay(
  db: Db,
  limits: readonly (string | null)[],
  expiresAt: Date | null = null,
  period: string | null = null,
): Promise<Date | null> {
  const periods = [...limits, expiresAt === null ? period : null].filter((one) => one !== null);
  if (periods.length === 0) return expiresAt;
  const [row] = await db.query<{ end: Date }>({
    text: `select least($1::timestamptz, (select min(shift_instant($3, statement_timestamp(), p::interval)) from unnest($2::text[]) p)) as end`,
    values: [expiresAt, periods, db.organization],
  });
  return row?.end ?? expiresAt;
}

/** Domains that are the organization's own: F9's `own`. */
async function ownDomains(db: Db): Promise<SignUpDomain[]> {
  const rows = await db.query<{ domain: string }>({
    text: "select distinct unnest(authoritative_domains) as domain from directories where organization = $1",
    values: [db.organization],
  });
  return [...(await listSignUpDomains(db)), ...rows.map(({ domain }) => ({ domain, match: "exact" as const }))];
}

/** Why this address cannot be a guest's there; null: it can (F9, R119). */
export async function guestDomainObstacle(
  db: Db,
  products: Iterable<GuestProduct>,
): Promise<(email: string) => string | null> {
  const rules: { key: string; allowed: SignUpDomain[]; denied: SignUpDomain[] }[] = [];
  for (const { key, policy } of products) {
    const named = policy.deniedDomains.filter((domain) => domain !== "own");
    rules.push({
      key,
      allowed: parseSignUpDomains(policy.allowedDomains.filter((domain) => domain !== "own")),
      denied: [...parseSignUpDomains(named), ...(policy.deniedDomains.includes("own") ? await ownDomains(db) : [])],
    });
  }
  return (email) => {
    const domain = emailDomain(email);
    const rule = rules.find(
      ({ allowed, denied }) => isCovered(domain, denied) || (allowed.length > 0 && !isCovered(domain, allowed)),
    );
    return rule ? `guests of ${rule.key} do not come from the domain ${domain}` : null;
  };
}

/** Of these people, those who are or were users of one of the products that take no former members (F21). */
export async function formerMembers(
  db: Db,
  products: Iterable<GuestProduct>,
  accounts: readonly AccountId[],
): Promise<Set<AccountId>> {
  const closed: ProductId[] = [...products].filter(({ policy }) => !policy.formerMembers).map(({ id }) => id);
  if (closed.length === 0 || accounts.length === 0) return new Set();
  const rows = await db.query<{ id: AccountId }>({
    text: `select w.id from unnest($2::uuid[]) w (id)
      where exists (select from access a where a.organization = $1 and a.account = w.id and a.product = any ($3)
          and a.role in ('admin', 'user'))
        or exists (select from audit t where t.organization = $1 and t.subject = w.id and t.action like 'access.%'
          and t.detail ->> 'product' = any ($3::text[])
          and (t.detail ->> 'role' in ('admin', 'user') or t.detail -> 'before' ->> 'role' in ('admin', 'user')))`,
    values: [db.organization, accounts, closed],
  });
  return new Set(rows.map(({ id }) => id));
}
