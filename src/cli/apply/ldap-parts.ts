import { resolve } from "node:path";
import { readInput, readSecret } from "../input.ts";
import { checkLdapSettings } from "../ldap-settings.ts";
import type { WantedDirectory } from "./schema.ts";

/** The stored settings of an LDAP directory, and its password. */
export type LdapParts = { settings: Record<string, unknown>; password: string };

/**
 * Reads the files that an LDAP directory names (relative to the YAML file's folder) and checks its settings as a
 * whole. A certificate file becomes part of the settings, so that every machine that syncs has it.
 * @param place where a setting stands in the YAML file.
 */
export function ldapParts(
  directory: Extract<WantedDirectory, { kind: "ldap" }>,
  folder: string,
  place: (path: string) => string,
): LdapParts {
  const { name: _name, kind: _kind, domainPolicy: _policy, authoritativeDomains: _domains, ...rest } = directory;
  const { firstRun: _first, every: _every, bindPasswordFile, caFile, ...own } = rest;
  const ca = typeof caFile === "string" ? { ca: readInput(resolve(folder, caFile), place("caFile")) } : {};
  return {
    settings: checkLdapSettings({ ...own, ...ca }, { name: (path) => `${directory.name}.${path}`, at: place }),
    password: readSecret(resolve(folder, bindPasswordFile), place("bindPasswordFile")),
  };
}
