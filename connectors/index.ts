import type { Connector } from "./connector.ts";
import { ldapConnector } from "./ldap/ldap-connector.ts";

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
