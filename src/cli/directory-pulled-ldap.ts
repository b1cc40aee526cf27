import { Option } from "commander";
import { VENDOR_NAMES } from "../../connectors/ldap/vendors.ts";
import { flag, HOUR, type PulledKind, type PulledOptions } from "./directory-pulled.ts";
import { collected, readInput, typedPath } from "./input.ts";

/** Options → keys of the settings. */
const KEYS: Record<string, readonly [key: string, inside?: "attributes"]> = {
  url: ["url"],
  bindDn: ["bindDn"],
  clientCertificateFile: ["clientCertificateFile"],
  clientKeyFile: ["clientKeyFile"],
  base: ["base"],
  userBase: ["userBase"],
  groupBase: ["groupBase"],
  userFilter: ["userFilter"],
  groupFilter: ["groupFilter"],
  startTls: ["startTls"],
  allowPlaintext: ["allowPlaintext"],
  serverName: ["serverName"],
  vendor: ["vendor"],
  idAttribute: ["id", "attributes"],
  userNameAttribute: ["userName", "attributes"],
  emailAttribute: ["email", "attributes"],
  displayNameAttribute: ["displayName", "attributes"],
  givenNameAttribute: ["givenName", "attributes"],
  familyNameAttribute: ["familyName", "attributes"],
  groupNameAttribute: ["groupName", "attributes"],
  memberAttribute: ["member", "attributes"],
};

const OPTIONS = Object.keys(KEYS);

export const ldapKind: PulledKind = {
  options: ["bindPasswordFile", "ca", ...OPTIONS],
  needed: ({ clientCertificateFile, bindDn, bindPasswordFile }) => {
    if (clientCertificateFile === undefined) return ["url", "bindDn", "bindPasswordFile", "base"];
    const password = bindDn === undefined && bindPasswordFile === undefined ? [] : ["bindDn", "bindPasswordFile"];
    return ["url", "clientKeyFile", ...password, "base"];
  },
  every: HOUR,
  add: (command) =>
    command
      .optionsGroup("Options of kind ldap (docs/directories/ldap.md):")
      .option(
        "--url <url>",
        "ldap://host[:port] or ldaps://host[:port]; repeatable, the first that answers is read",
        collected,
      )
      .option("--bind-dn <dn>", "who reads")
      .option("--bind-password-file <file>", "the reader's password")
      .option("--client-certificate-file <file>", "the reader's certificate (PEM), in place of a password or beside it")
      .option("--client-key-file <file>", "the key of that certificate (PEM); both are read at every sync")
      .option("--base <dn>", "where people and groups are")
      .option("--ca <file>", "certificates to trust in place of the system's (PEM)")
      .option("--start-tls", "encrypt an ldap:// connection before anything is said")
      .option("--no-start-tls", "it is encrypted from the first byte, or not at all")
      .option("--allow-plaintext", "send the password unencrypted to another machine")
      .option("--no-allow-plaintext", "it goes to this machine only, or encrypted")
      .option("--server-name <name>", "the name that the certificate must have, if it is not the host of --url")
      .addOption(vendor())
      .option("--user-base <dn>", "where people are, if elsewhere than --base")
      .option("--group-base <dn>", "where groups are, if elsewhere than --base")
      .option("--user-filter <filter>", "which entries are people")
      .option("--group-filter <filter>", "which entries are groups")
      .option("--id-attribute <name>", "holds the id that never changes")
      .option("--user-name-attribute <name>", "holds the user name")
      .option("--email-attribute <name>", "holds the e-mail address")
      .option("--display-name-attribute <name>", "holds the name that people read")
      .option("--given-name-attribute <name>", "holds the given name")
      .option("--family-name-attribute <name>", "holds the family name")
      .option("--group-name-attribute <name>", "holds a group's name")
      .option("--member-attribute <name>", "names the members of a group; repeatable", collected),
  settingsOf(options, environment) {
    const settings: Record<string, unknown> = {};
    const attributes: Record<string, unknown> = {};
    for (const [option, [key, inside]] of Object.entries(KEYS))
      if (options[option] !== undefined) (inside ? attributes : settings)[key] = given(option, options, environment);
    return {
      ...settings,
      ...(Object.keys(attributes).length > 0 && { attributes }),
      // A certificate to trust becomes part of the settings, so that every machine that syncs has it.
      ...(options.ca === undefined
        ? {}
        : { ca: options.ca && readInput(typedPath(environment, String(options.ca)), "--ca") }),
    };
  },
  flagOf(path) {
    const option = OPTIONS.find((candidate) => {
      const [key, inside] = KEYS[candidate] ?? [""];
      return path === (inside ? `${inside}.${key}` : key) || path.startsWith(`${key}.`);
    });
    return option ? flag(option) : path === "ca" ? "--ca" : path;
  },
  secret: "bindPasswordFile",
};

function given(option: string, options: PulledOptions, environment: NodeJS.ProcessEnv): unknown {
  const value = options[option];
  if (value && (option === "clientCertificateFile" || option === "clientKeyFile"))
    return typedPath(environment, String(value));
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

/** One of the names; empty too, which takes a vendor that was said away. */
function vendor(): Option {
  const option = new Option("--vendor <name>", "told by the server when left out").choices([...VENDOR_NAMES]);
  const one = option.parseArg;
  return option.argParser((text, before: unknown) => (text === "" ? text : one?.(text, before)));
}
