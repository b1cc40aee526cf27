import type { Connector } from "./connector.ts";
import { ldapConnector } from "./ldap/ldap-connector.ts";
import { ldapSettings } from "./ldap/settings.ts";

/** What a directory of each kind needs to be read: its settings as stored, and its secret in the clear. */
export type ConnectorKind = "ldap";

const CONNECTORS: Record<ConnectorKind, (settings: unknown, secret: string | null) => Connector> = {
  ldap: ldapConnector,
};

export function isConnectorKind(kind: string): kind is ConnectorKind {
  return Object.hasOwn(CONNECTORS, kind);
}

/**
 * The connector of a directory.
 * @param settings as the kind's schema describes them; checked here.
 * @throws ConnectorError `configuration` naming the setting that is wrong.
 */
export function makeConnector(kind: ConnectorKind, settings: unknown, secret: string | null): Connector {
  return CONNECTORS[kind](settings, secret);
}

const SETTINGS = { ldap: ldapSettings };

/** What is wrong with settings before they are stored: where, and why; undefined when nothing is. */
export function settingsFault(
  kind: ConnectorKind,
  settings: unknown,
): { path: readonly PropertyKey[]; message: string } | undefined {
  const issue = SETTINGS[kind].safeParse(settings).error?.issues[0];
  if (issue?.code === "unrecognized_keys")
    return { path: [...issue.path, ...issue.keys.slice(0, 1)], message: "there is no such setting" };
  return issue && { path: issue.path, message: issue.message };
}
