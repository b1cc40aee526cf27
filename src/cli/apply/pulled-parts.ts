import { resolve } from "node:path";
import { MusterError } from "../../errors.ts";
import { checkDirectorySecret, checkDirectorySettings } from "../directory-settings.ts";
import { readInput, readSecret } from "../input.ts";
import type { WantedDirectory, WantedPulled } from "./schema.ts";

/** The stored settings of a pulled directory, and its secret where the kind has one. */
export type PulledParts = { settings: Record<string, unknown>; secret: string | null };

type Own = Record<string, unknown>;

export function isPulled(directory: WantedDirectory): directory is WantedPulled {
  return directory.kind !== "internal" && directory.kind !== "scim";
}

/**
 * Reads the files that a pulled directory names (relative to the YAML file's folder) and checks its settings as a
 * whole. A certificate to trust becomes part of the settings, so that every machine that syncs has it. What a sync reads
 * each time stays a file: a client certificate with its key, and the files of a csv directory, which come out of the
 * folder that the installation sets aside.
 * @param place where a setting stands in the YAML file.
 */
export function pulledParts(directory: WantedPulled, folder: string, place: (path: string) => string): PulledParts {
  const { kind } = directory;
  const own = ownSettings(directory);
  const checked = (settings: Own) =>
    checkDirectorySettings(kind, settings, { name: (path) => `${directory.name}.${path}`, at: place });
  const secretIn = (key: string, file: unknown): string | null => {
    if (typeof file !== "string") return null;
    const secret = readSecret(resolve(folder, file), place(key));
    checkDirectorySecret(kind, secret, { name: `${directory.name}.${key}`, at: place(key) });
    return secret;
  };
  if (kind === "csv") return { settings: checked(own), secret: null };
  if (kind === "google-workspace") {
    const { keyFile, ...rest } = own;
    return { settings: checked(rest), secret: secretIn("keyFile", keyFile) };
  }
  const { bindPasswordFile, caFile, ...rest } = own;
  const ca = typeof caFile === "string" && { ca: readInput(resolve(folder, caFile), place("caFile")) };
  const files = (["clientCertificateFile", "clientKeyFile"] as const).flatMap((key) => {
    const file = rest[key];
    return typeof file === "string" ? [[key, resolve(folder, file)]] : [];
  });
  const settings = checked({ ...rest, ...ca, ...Object.fromEntries(files) });
  const secret = secretIn("bindPasswordFile", bindPasswordFile);
  // A reader with a password needs one, and one that shows a certificate alone needs its key.
  if (secret === null && (rest.bindDn !== undefined || rest.clientKeyFile === undefined))
    throw missing(rest.bindDn !== undefined ? "bindPasswordFile" : "clientKeyFile", directory.name, place);
  return { settings, secret };
}

function missing(key: string, name: string, place: (path: string) => string): MusterError {
  return new MusterError("invalid", `${name}.${key}: it is needed`, { at: place(key) });
}

/** What is the connector's own: all that no other directory has. */
function ownSettings(directory: WantedPulled): Own {
  const { name: _name, kind: _kind, domainPolicy: _policy, authoritativeDomains: _domains, ...rest } = directory;
  const { permissions: _permissions, firstRun: _first, every: _every, deltaEvery: _delta, ...own } = rest;
  return own;
}
