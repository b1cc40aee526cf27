import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { type Connector, ConnectorError, type TestStep } from "./connector.ts";
import { csvSettings } from "./csv/settings.ts";
import { parseServiceAccount } from "./google-workspace/service-account.ts";
import {
  googleWorkspaceSecretWay,
  googleWorkspaceSettings,
  parseGoogleWorkspaceSettings,
} from "./google-workspace/settings.ts";
import { ldapSecretWay, ldapSettings, parseLdapSettings } from "./ldap/settings.ts";

/** What a directory of each kind needs to be read: its settings as stored, and its secret in the clear. */
export type ConnectorKind = "csv" | "google-workspace" | "ldap";

/** What this machine lends to connectors. */
type Host = {
  /** The absolute path of the only folder whose files may be read; null: no files are read. */
  filesFolder: string | null;
};

type Kind = {
  /** Loads the connector's own code: whoever reads one kind need not hold the others'. */
  make(settings: unknown, secret: string | null, host: Host): Promise<Connector>;
  /** What may be stored. */
  settings: z.ZodType;
  /** Throws ConnectorError when this cannot be the secret of such a directory; null: the kind has none. */
  checkSecret: ((secret: string) => unknown) | null;
  /** Of settings what decides where the secret is sent and how safely, by the setting's name; null: it is sent nowhere. */
  secretWay(settings: unknown): Record<string, unknown> | null;
  /** What `test` tries, in this order. */
  steps: readonly TestStep["name"][];
};

const OVER_NETWORK = ["settings", "connect", "tls", "bind", "base", "users", "groups", "count", "members"] as const;

const KINDS: Readonly<Record<ConnectorKind, Kind>> = {
  csv: {
    make: async (settings, _secret, { filesFolder }) =>
      (await import("./csv/csv-connector.ts")).csvConnector(settings, filesFolder),
    settings: csvSettings,
    checkSecret: null,
    secretWay: () => null,
    steps: ["settings", "base", "users", "groups", "count", "members"],
  },
  "google-workspace": {
    make: async (settings, secret) =>
      (await import("./google-workspace/google-workspace-connector.ts")).googleWorkspaceConnector(settings, secret),
    // Where a stand-in for Google listens is for tests, which make their connectors themselves.
    settings: googleWorkspaceSettings.omit({ endpoint: true }),
    checkSecret: parseServiceAccount,
    secretWay: (settings) => googleWorkspaceSecretWay(parseGoogleWorkspaceSettings(settings)),
    steps: OVER_NETWORK,
  },
  ldap: {
    make: async (settings, secret) => (await import("./ldap/ldap-connector.ts")).ldapConnector(settings, secret),
    settings: ldapSettings,
    checkSecret: () => {},
    secretWay: (settings) => ldapSecretWay(parseLdapSettings(settings)),
    steps: OVER_NETWORK,
  },
};

export function isConnectorKind(kind: string): kind is ConnectorKind {
  return Object.hasOwn(KINDS, kind);
}

/**
 * The connector of a directory.
 * @param settings as the kind's schema describes them; checked here.
 * @throws ConnectorError `configuration` naming the setting that is wrong.
 */
export async function makeConnector(
  kind: ConnectorKind,
  settings: unknown,
  secret: string | null,
  host: Host = { filesFolder: null },
): Promise<Connector> {
  return KINDS[kind].make(settings, secret, host);
}

/** What is tried with the settings of this kind, in this order (`test` of connectors/connector.ts). */
export function testSteps(kind: ConnectorKind): readonly TestStep["name"][] {
  return KINDS[kind].steps;
}

/** What is wrong with settings before they are stored: where, and why; undefined when nothing is. */
export function settingsFault(
  kind: ConnectorKind,
  settings: unknown,
): { path: readonly PropertyKey[]; message: string } | undefined {
  const issue = KINDS[kind].settings.safeParse(settings).error?.issues[0];
  if (issue?.code === "unrecognized_keys")
    return { path: [...issue.path, ...issue.keys.slice(0, 1)], message: "there is no such setting" };
  return issue && { path: issue.path, message: issue.message };
}

/** What is wrong with a secret before it is stored, in words that hold nothing of it; undefined when nothing is. */
export function secretFault(kind: ConnectorKind, secret: string): string | undefined {
  try {
    const check = KINDS[kind].checkSecret;
    if (check === null) return "there is none";
    check(secret);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return error.message;
  }
}

/**
 * Which settings send a secret another way than it was given for: to another place, less safely or for somebody else.
 * @param before as they were when the secret was given; when they cannot be read any more, every way is another.
 * @throws ConnectorError `configuration` when `after` is no settings of the kind.
 */
export function redirectingSettings(kind: ConnectorKind, before: unknown, after: unknown): string[] {
  const { secretWay } = KINDS[kind];
  const way = secretWay(after);
  if (way === null) return [];
  const held = heldWay(() => secretWay(before));
  return Object.keys(way).filter((key) => !isDeepStrictEqual(way[key], held[key]));
}

function heldWay(read: () => Record<string, unknown> | null): Record<string, unknown> {
  try {
    return read() ?? {};
  } catch (error) {
    if (!(error instanceof ConnectorError)) throw error;
    return {};
  }
}
