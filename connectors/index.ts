import type { Connector } from "./connector.ts";
import { csvConnector } from "./csv/csv-connector.ts";
import { csvSettings } from "./csv/settings.ts";
import { googleWorkspaceConnector } from "./google-workspace/google-workspace-connector.ts";
import { googleWorkspaceSettings } from "./google-workspace/settings.ts";
import { ldapConnector } from "./ldap/ldap-connector.ts";
import { ldapSettings } from "./ldap/settings.ts";

/** What a directory of each kind needs to be read: its settings as stored, and its secret in the clear. */
export type ConnectorKind = "csv" | "google-workspace" | "ldap";

/** What this machine lends to connectors. */
type Host = {
  /** The absolute path of the only folder whose files may be read; null: no files are read. */
  filesFolder: string | null;
};

const CONNECTORS: Record<ConnectorKind, (settings: unknown, secret: string | null, host: Host) => Connector> = {
  csv: (settings, _secret, { filesFolder }) => csvConnector(settings, filesFolder),
  "google-workspace": googleWorkspaceConnector,
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
export function makeConnector(
  kind: ConnectorKind,
  settings: unknown,
  secret: string | null,
  host: Host = { filesFolder: null },
): Connector {
  return CONNECTORS[kind](settings, secret, host);
}

const SETTINGS = { csv: csvSettings, "google-workspace": googleWorkspaceSettings, ldap: ldapSettings };

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
