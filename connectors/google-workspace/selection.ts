import type { GoogleGroup, GoogleUser } from "./answers.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import { domainOf } from "./snapshot.ts";

/**
 * Which people and groups are wanted. Chosen here and not by Google's `query`: that one asks a search index, which may
 * be behind, and somebody whom it does not show yet would look as if they were gone.
 */
export type Selection = { wantsUser(user: GoogleUser): boolean; wantsGroup(group: GoogleGroup): boolean };

export function selectionOf(settings: GoogleWorkspaceSettings): Selection {
  const domains = settings.domains && new Set(settings.domains.map((name) => name.toLowerCase()));
  const units = settings.organizationalUnits;
  const patterns = settings.groups?.map((pattern) => pattern.toLowerCase());
  const inDomains = (address: string | null | undefined): boolean => domains?.has(domainOf(address)) ?? true;
  return {
    // Who has no address could be anybody, so they are looked at.
    wantsUser: (user) =>
      (!user.primaryEmail || inDomains(user.primaryEmail)) &&
      (units?.some((unit) => isWithin(user.orgUnitPath ?? "", unit)) ?? true),
    wantsGroup: (group) =>
      inDomains(group.email) && (patterns?.some((pattern) => matches(group.email.toLowerCase(), pattern)) ?? true),
  };
}

function isWithin(path: string, unit: string): boolean {
  return unit === "/" || path === unit || path.startsWith(`${unit}/`);
}

/** Whether `*` in the pattern can stand for characters so that it becomes the text. Each part is looked for once. */
export function matches(text: string, pattern: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return text.length - last.length >= at && text.endsWith(last);
}
