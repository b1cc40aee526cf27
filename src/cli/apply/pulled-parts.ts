import { resolve } from "node:path";
import { checkDirectorySettings } from "../directory-settings.ts";
import { readInput, readSecret } from "../input.ts";
import type { WantedDirectory } from "./schema.ts";

/** The stored settings of a pulled directory, and its secret where the kind has one. */
export type PulledParts = { settings: Record<string, unknown>; secret: string | null };

type Pulled = Extract<WantedDirectory, { kind: "ldap" | "csv" }>;

/**
 * Reads the files that a pulled directory names (relative to the YAML file's folder) and checks its settings as a
 * whole. A certificate file becomes part of the settings, so that every machine that syncs has it. The files of a csv
 * directory are read whenever it is synced, out of the folder that the installation sets aside.
 * @param place where a setting stands in the YAML file.
 */
export function pulledParts(directory: Pulled, folder: string, place: (path: string) => string): PulledParts {
  const where = { name: (path: string) => `${directory.name}.${path}`, at: place };
  if (directory.kind === "csv")
    return { settings: checkDirectorySettings("csv", ownSettings(directory), where), secret: null };
  const { bindPasswordFile, ...rest } = directory;
  const { caFile, ...own } = ownSettings(rest);
  const ca = typeof caFile === "string" ? { ca: readInput(resolve(folder, caFile), place("caFile")) } : {};
  return {
    settings: checkDirectorySettings("ldap", { ...own, ...ca }, where),
    secret: readSecret(resolve(folder, bindPasswordFile), place("bindPasswordFile")),
  };
}

/** What is the connector's own: all that no other directory has. */
function ownSettings(directory: Omit<Pulled, "bindPasswordFile">): Record<string, unknown> {
  const { name: _name, kind: _kind, domainPolicy: _policy, authoritativeDomains: _domains, ...rest } = directory;
  const { firstRun: _first, every: _every, ...own } = rest;
  return own;
}
