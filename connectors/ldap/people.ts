import type { PulledGroup, PulledUser } from "../connector.ts";
import { isActive, requireShown } from "./active.ts";
import { parseDn } from "./dn.ts";
import type { LdapEntry } from "./entry.ts";

export type UserAttributes = {
  userName: string;
  email: string;
  /** Looked at in this order. */
  displayName: readonly string[];
  givenName: string;
  familyName: string;
  /** What everybody shows to whoever may see who is switched off; null where the server has nothing like that. */
  alwaysSaid: string | null;
};

/**
 * A person as Muster wants them, or null when the entry has no user name. Of several values the server's first counts.
 * @throws ConnectorError `incomplete` when the reader may not see whether they are switched off.
 */
export function pulledUser(entry: LdapEntry, id: string, attributes: UserAttributes, now: number): PulledUser | null {
  const userName = entry.text(attributes.userName);
  if (userName === null) return null;
  if (attributes.alwaysSaid !== null) requireShown(entry, attributes.alwaysSaid);
  return {
    id,
    userName,
    active: isActive(entry, now),
    email: entry.text(attributes.email),
    displayName: firstText(entry, attributes.displayName),
    givenName: entry.text(attributes.givenName),
    familyName: entry.text(attributes.familyName),
    location: entry.dn,
  };
}

function firstText(entry: LdapEntry, attributes: readonly string[]): string | null {
  for (const attribute of attributes) {
    const text = entry.text(attribute);
    if (text !== null) return text;
  }
  return null;
}

/** A group, called by its naming attribute, else by the first part of its name in the directory. */
export function pulledGroup(entry: LdapEntry, id: string, nameAttribute: string): PulledGroup {
  const name = entry.text(nameAttribute) ?? parseDn(entry.dn)?.[0]?.[0]?.value.trim();
  return { id, name: name === undefined || name === "" ? entry.dn : name, location: entry.dn };
}
