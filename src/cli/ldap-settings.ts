import { ldapSettings } from "../../connectors/ldap/settings.ts";
import { MusterError } from "../errors.ts";

/**
 * The settings of an LDAP directory as they are stored: checked by the connector's own schema, as they were given
 * (defaults are filled in whenever they are read).
 * @param place says where a setting came from: a flag, a path in a file.
 * @throws MusterError `invalid`.
 */
export function checkLdapSettings(
  settings: Record<string, unknown>,
  place: (path: string) => string,
): Record<string, unknown> {
  const parsed = ldapSettings.safeParse(settings);
  if (parsed.success) return settings;
  const issue = parsed.error.issues[0];
  const unknown = issue?.code === "unrecognized_keys" ? [issue.keys[0] ?? ""] : [];
  const path = [...(issue?.path ?? []), ...unknown].join(".");
  const message = unknown.length > 0 ? "there is no such setting" : (issue?.message ?? "is not valid");
  throw new MusterError("invalid", `${place(path)}: ${message}`, { at: place(path) });
}
