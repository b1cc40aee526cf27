import { ldapSettings } from "../../connectors/ldap/settings.ts";
import { MusterError } from "../errors.ts";

/**
 * The settings of an LDAP directory as they are stored: checked by the connector's own schema, as they were given
 * (defaults are filled in whenever they are read).
 * @param where how a setting is called and where it was given: a flag, a place in a file.
 * @throws MusterError `invalid`.
 */
export function checkLdapSettings(
  settings: Record<string, unknown>,
  where: { name(path: string): string; at(path: string): string },
): Record<string, unknown> {
  const parsed = ldapSettings.safeParse(settings);
  if (parsed.success) return settings;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === "unrecognized_keys" ? [issue.keys[0] ?? ""] : [];
  const path = [...(issue?.path ?? []), ...unknown].join(".");
  const message = unknown.length > 0 ? "there is no such setting" : (issue?.message ?? "is not valid");
  throw new MusterError("invalid", `${where.name(path)}: ${message}`, { at: where.at(path) });
}
