import type { Config } from "../../config.ts";
import type { Db } from "../../db/connection.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import {
  domainToOffer,
  formatSignUpDomains,
  isCovered,
  listSignUpDomains,
  parseSignUpDomain,
  setSignUpDomains,
} from "../domains.ts";
import { emailDomain } from "../keys.ts";
import { type Held, holds } from "../rights/permissions.ts";
import { getSignUp, type SignUpRole, setSignUp } from "../sign-up.ts";

/** A domain that could be let sign up, and how many of the addresses have it. */
export type SignUpOffer = { domain: string; people: number };

/**
 * The domains of addresses that are being invited whose other users could be let sign up too (R115, R116): where sign-up is
 * restricted, for whoever may change that, and none that the list covers or that is a public suffix.
 * @param keys canonical addresses; null: text that is none.
 */
export async function signUpOffers(
  db: Db,
  held: readonly Held[],
  keys: readonly (string | null)[],
): Promise<SignUpOffer[]> {
  if (!holds(held, "settings:write", { kind: "organization" })) return [];
  if ((await getSignUp(db)).mode !== "restricted") return [];
  const listed = await listSignUpDomains(db);
  const people = Map.groupBy(
    keys.flatMap((key) => (key === null ? [] : (domainToOffer(emailDomain(key), listed) ?? []))),
    (domain) => domain,
  );
  return [...people]
    .map(([domain, all]) => ({ domain, people: all.length }))
    .sort((a, b) => (a.domain < b.domain ? -1 : 1));
}

/**
 * Lets everybody with an address of a domain sign up, and to these roles (R115, R117): what an inviter chooses.
 * Before: the organization is locked exclusively. After: the domain is in the list, its roles of the products are these, and
 * everybody's access follows. What is said of other domains and products stays.
 * @throws MusterError as `setSignUpDomains` and `setSignUp`.
 */
export async function letDomainSignUp(
  tx: Tx,
  mail: Pick<Config["mail"], "smtpUrl">,
  text: string,
  roles: readonly Omit<SignUpRole, "domain">[],
): Promise<void> {
  requireExclusive(tx);
  const { domain } = parseSignUpDomain(text);
  const listed = await listSignUpDomains(tx);
  if (!isCovered(domain, listed)) await setSignUpDomains(tx, [...formatSignUpDomains(listed), domain]);
  const before = await getSignUp(tx);
  const others = before.roles.filter(
    (one) => one.domain !== domain || !roles.some(({ product }) => product === one.product),
  );
  await setSignUp(tx, mail, { ...before, roles: [...others, ...roles.map((one) => ({ ...one, domain }))] });
}
