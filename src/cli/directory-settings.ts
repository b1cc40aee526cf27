import { type ConnectorKind, secretFault, settingsFault } from "../../connectors/index.ts";
import { MusterError } from "../errors.ts";

/**
 * The settings of a pulled directory as they are stored: checked by the connector's own schema, as they were given
 * (defaults are filled in whenever they are read).
 * @param where how a setting is called and where it was given: a flag, a place in a file.
 * @throws MusterError `invalid`.
 */
export function checkDirectorySettings(
  kind: ConnectorKind,
  settings: Record<string, unknown>,
  where: { name(path: string): string; at(path: string): string },
): Record<string, unknown> {
  const fault = settingsFault(kind, settings);
  if (fault === undefined) return settings;
  const path = fault.path.join(".");
  throw new MusterError("invalid", `${where.name(path)}: ${fault.message}`, { at: where.at(path) });
}

/** A secret that can be one of this kind; the message holds nothing of it. @throws MusterError `invalid`. */
export function checkDirectorySecret(kind: ConnectorKind, secret: string, where: { name: string; at: string }): void {
  const fault = secretFault(kind, secret);
  if (fault !== undefined) throw new MusterError("invalid", `${where.name}: ${fault}`, { at: where.at });
}
