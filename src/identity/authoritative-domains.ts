import { MusterError } from "../errors.ts";
import { canonicalDomain } from "./keys.ts";

/**
 * Settings of a directory with the domains about whose addresses it is believed as addresses have them: one of another
 * spelling would be no address's.
 * @throws MusterError `invalid` naming what is no domain.
 */
export function withCanonicalDomains<T extends { authoritativeDomains?: readonly string[] }>(settings: T): T {
  const { authoritativeDomains: typed } = settings;
  return typed ? { ...settings, authoritativeDomains: typed.map(canonical) } : settings;
}

function canonical(typed: string): string {
  const domain = canonicalDomain(typed);
  if (domain === null)
    throw new MusterError("invalid", `${typed} is no domain; one is written as in example.com`, {
      at: "authoritativeDomains",
    });
  return domain;
}
