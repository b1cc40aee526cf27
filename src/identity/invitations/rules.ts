import type { Db } from "../../db/connection.ts";
import { MusterError } from "../../errors.ts";
import { isCovered, listSignUpDomains } from "../domains.ts";
import type { Role } from "../grants.ts";
import { formerMembers, guestDomainObstacle } from "../guest-rules.ts";
import { emailDomain } from "../keys.ts";
import { guestPolicies } from "../settings/guest-policy.ts";
import { getSettings } from "../settings/settings.ts";
import { getSignUp } from "../sign-up.ts";
import type { ResultingRole } from "./offer.ts";
import type { Settled } from "./open.ts";
import type { Verdict } from "./verdicts.ts";

/**
 * The verdicts after what the organization says of domains and of guests: an address that may not come this way is refused
 * (C8, F9, F21), and nobody is added for it.
 */
export async function withRules(db: Db, verdicts: readonly Verdict[], wanted: Settled): Promise<Verdict[]> {
  const obstacles = [await domainObstacle(db, wanted), ...(await guestObstacles(db, verdicts, wanted))];
  return verdicts.map((verdict): Verdict => {
    if (verdict.email === null || (verdict.verdict !== "invited" && verdict.verdict !== "given")) return verdict;
    const found = obstacles.map((obstacle) => obstacle(verdict)).find((one) => one !== null);
    const { typed, email, account } = verdict;
    return found ? { typed, email, account, verdict: "refused", ...found } : verdict;
  });
}

type Obstacle = (verdict: Verdict) => { code: "domain-not-allowed" | "former-member"; message: string } | null;

/** C8: whether the domains that may sign up hold for who is invited too; guests come from anywhere (R119). */
async function domainObstacle(db: Db, { roles, source }: Settled): Promise<Obstacle> {
  const free: Obstacle = () => null;
  if (source === "sign-up" || (roles.length > 0 && roles.every(({ role }) => role === "guest"))) return free;
  const { respectDomainPolicy } = await getSettings(db);
  if (respectDomainPolicy === "never" || (respectDomainPolicy === "links-only" && source !== "link")) return free;
  if ((await getSignUp(db)).mode !== "restricted") return free;
  const domains = await listSignUpDomains(db);
  return ({ email }) =>
    email === null || isCovered(emailDomain(email), domains)
      ? null
      : {
          code: "domain-not-allowed",
          message: `${emailDomain(email)} is none of the sign-up domains, and invitations keep to them`,
        };
}

async function guestObstacles(db: Db, verdicts: readonly Verdict[], { offer, roles }: Settled): Promise<Obstacle[]> {
  const guests = roles.filter(({ role }) => role === "guest").map(({ product }) => product);
  const spaces = offer.spaces.map(({ product }) => product);
  if (guests.length + spaces.length === 0) return [];
  const products = [...(await guestPolicies(db, [...guests, ...spaces])).values()];
  const outside = await guestDomainObstacle(db, products);
  const former = await formerMembers(
    db,
    products,
    verdicts.flatMap(({ account }) => account ?? []),
  );
  return [
    ({ email }) => {
      const message = email === null ? null : outside(email);
      return message === null ? null : { code: "domain-not-allowed", message };
    },
    ({ account }) =>
      account !== null && former.has(account)
        ? { code: "former-member", message: "somebody who is or was a user there does not become a guest" }
        : null,
  ];
}

/**
 * C2: where one works site by site, one invitation is to one site (R3).
 * @throws MusterError `invalid`, naming the sites.
 */
export async function refuseSeveralSites(db: Db, roles: readonly ResultingRole[]): Promise<void> {
  if ((await getSettings(db)).experience !== "site") return;
  const sites = await db.query<{ key: string }>({
    text: `select distinct s.key from products p join sites s on s.organization = p.organization and s.id = p.site
      where p.organization = $1 and p.id = any ($2) order by s.key`,
    values: [db.organization, roles.map(({ product }) => product)],
  });
  if (sites.length > 1)
    throw new MusterError(
      "invalid",
      `one invitation is to one site, and these are ${sites.map(({ key }) => key).join(", ")}; invite to each of them`,
      { at: "products" },
    );
}

/**
 * C13: the role of a product that was named without one.
 * @throws MusterError `invalid` where a role has to be chosen.
 */
export async function roleOrDefault(db: Db, role: Role | undefined, at: string): Promise<Role> {
  if (role !== undefined) return role;
  if ((await getSettings(db)).defaultSelection === "product-default") return "user";
  throw new MusterError("invalid", "say which role: admin, user or guest", { at });
}
