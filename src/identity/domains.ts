import { parse } from "tldts";
import type { Db } from "../db/connection.ts";
import { requireExclusive, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type Reconciled, reconcileAll } from "./access/reconcile.ts";
import { canonicalDomain } from "./keys.ts";
import { recordChanges } from "./record.ts";

/** A domain in A-labels and which names it covers: itself (R114), everything below it (R113), or both. */
export type SignUpDomain = { domain: string; match: "exact" | "subdomains" | "exact-and-subdomains" };

/**
 * Reads `example.com` (that domain alone) or `*.example.com` (everything below it, at any depth). Case, one final dot
 * and the spelling of internationalised names do not matter.
 * @throws MusterError `invalid` for anything else and for a public suffix, below which strangers register.
 */
export function parseSignUpDomain(text: string): SignUpDomain {
  const below = text.trim().startsWith("*.");
  const name = below ? text.trim().slice(2) : text.trim();
  const domain = canonicalDomain(name);
  if (domain === null)
    throw new MusterError("invalid", `${text} is no domain; write example.com, or *.example.com for its sub-domains`, {
      at: text,
    });
  const { isIp, domain: registrable } = parse(domain, { allowPrivateDomains: true });
  if (isIp) throw new MusterError("invalid", `${text} is an address, not a domain`, { at: text });
  if (registrable === null)
    throw new MusterError(
      "invalid",
      `${text} is a public suffix or a single label: anybody may have a name below it; name a domain of your own`,
      { at: text },
    );
  return { domain, match: below ? "subdomains" : "exact" };
}

/**
 * A list in one canonical form: by domain, each once; a domain that stands there in both forms covers itself and
 * everything below it.
 * @throws MusterError `invalid` as above, for the first entry that is wrong.
 */
export function parseSignUpDomains(texts: readonly string[]): SignUpDomain[] {
  const byDomain = new Map<string, SignUpDomain["match"]>();
  for (const { domain, match } of texts.map(parseSignUpDomain)) {
    const before = byDomain.get(domain);
    byDomain.set(domain, before === undefined || before === match ? match : "exact-and-subdomains");
  }
  return [...byDomain].map(([domain, match]) => ({ domain, match })).sort((a, b) => (a.domain < b.domain ? -1 : 1));
}

/** The texts that `parseSignUpDomains` reads back to the same list. */
export function formatSignUpDomains(domains: readonly SignUpDomain[]): string[] {
  return domains.flatMap(({ domain, match }) => [
    ...(match === "subdomains" ? [] : [domain]),
    ...(match === "exact" ? [] : [`*.${domain}`]),
  ]);
}

/** Whether an e-mail's domain (canonical, as `emailDomain` gives it) is covered, by whole labels. R106, R113, R114. */
export function isCovered(emailDomain: string, domains: readonly SignUpDomain[]): boolean {
  return domains.some(
    ({ domain, match }) =>
      (match !== "subdomains" && emailDomain === domain) || (match !== "exact" && emailDomain.endsWith(`.${domain}`)),
  );
}

/**
 * The domain of a canonical address that could be added to the list, so that others who have it may sign up too (R115, R116); null when
 * the list covers it already, and for a public suffix.
 */
export function domainToOffer(emailDomain: string, domains: readonly SignUpDomain[]): string | null {
  if (isCovered(emailDomain, domains)) return null;
  try {
    return parseSignUpDomain(emailDomain).domain;
  } catch {
    return null;
  }
}

/** The organization's sign-up domains in canonical form. */
export async function listSignUpDomains(db: Db): Promise<SignUpDomain[]> {
  return db.query<SignUpDomain>({
    text: `select domain, match from sign_up_domains where organization = $1 order by domain collate "C"`,
    values: [db.organization],
  });
}

/**
 * Makes this the organization's list. Where a directory's domain policy is on, an address outside of it gets no role
 * of user or admin from that directory's groups, with an empty list nobody does; guest roles count (R119).
 *
 * Before: the organization is locked exclusively. After: the list stands and everybody's access follows.
 * @throws MusterError `invalid` as `parseSignUpDomain`.
 */
export async function setSignUpDomains(
  tx: Tx,
  texts: readonly string[],
): Promise<Reconciled & { domains: SignUpDomain[] }> {
  requireExclusive(tx);
  const domains = parseSignUpDomains(texts);
  const before = await listSignUpDomains(tx);
  if (JSON.stringify(before) === JSON.stringify(domains)) return { lost: [], changed: 0, domains };
  await tx.query({
    text: `
      with gone as (
        delete from sign_up_domains where organization = $1 and domain <> all ($2::text[])
      )
      insert into sign_up_domains (organization, domain, match)
      select $1, domain, match from unnest($2::text[], $3::text[]) as w (domain, match)
      on conflict on constraint sign_up_domains_pk do update set match = excluded.match`,
    values: [tx.organization, domains.map((row) => row.domain), domains.map((row) => row.match)],
  });
  await recordChanges(tx, [
    {
      action: "sign-up-domains.changed",
      subjectKind: "organization",
      subject: tx.organization,
      detail: { before: formatSignUpDomains(before), after: formatSignUpDomains(domains) },
      event: true,
    },
  ]);
  return { ...(await reconcileAll(tx)), domains };
}
