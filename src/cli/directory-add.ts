import { type Command, Option } from "commander";
import { VENDOR_NAMES } from "../../connectors/ldap/vendors.ts";
import { MusterError } from "../errors.ts";
import { addDirectory, type Directory } from "../identity/directories.ts";
import { PROFILES, type Profile } from "../identity/profiles.ts";
import { createToken } from "../identity/tokens.ts";
import { type Answer, facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { CSV_OPTIONS, columnOption, csvFlagOf, csvSettingsOf } from "./directory-add-csv.ts";
import { checkDirectorySettings } from "./directory-settings.ts";
import { duration, readInput, readSecret, typedPath } from "./input.ts";
import { type Session, secretKey } from "./session.ts";

type AddOptions = {
  kind: "scim" | "ldap" | "csv";
  domainPolicy?: true;
  profile?: Profile;
  firstRun?: "preview" | "apply";
  every?: number;
  bindPasswordFile?: string;
  ca?: string;
} & Record<string, unknown>;

/** Options of an LDAP directory → keys of its settings. */
const LDAP_OPTIONS: Record<string, readonly [key: string, inside?: "attributes"]> = {
  url: ["url"],
  bindDn: ["bindDn"],
  base: ["base"],
  userBase: ["userBase"],
  groupBase: ["groupBase"],
  userFilter: ["userFilter"],
  groupFilter: ["groupFilter"],
  startTls: ["startTls"],
  allowPlaintext: ["allowPlaintext"],
  vendor: ["vendor"],
  idAttribute: ["id", "attributes"],
  userNameAttribute: ["userName", "attributes"],
  emailAttribute: ["email", "attributes"],
  displayNameAttribute: ["displayName", "attributes"],
  groupNameAttribute: ["groupName", "attributes"],
};

const LDAP_ONLY = ["bindPasswordFile", "ca", ...Object.keys(LDAP_OPTIONS)];

const EVERY = 3600;

/** `muster directory add`. */
export function registerDirectoryAdd(directory: Command, line: CommandLine): void {
  directory
    .command("add <name>")
    .description("add a directory, before internal where that stands last")
    .addOption(
      new Option("--kind <kind>", "scim: pushed by an identity provider; ldap, csv: pulled")
        .choices(["scim", "ldap", "csv"])
        .makeOptionMandatory(),
    )
    .option("--domain-policy", "user and admin roles by synced groups only for addresses in the sign-up domains")
    .optionsGroup("Options of kind scim:")
    .addOption(
      new Option(
        "--profile <name>",
        "how the identity provider speaks SCIM (default: generic, which understands all)",
      ).choices([...PROFILES]),
    )
    .optionsGroup("Options of kind ldap and csv:")
    .option("--every <duration>", "how often it is read, as in 60m (default: 60m; csv: only when asked)", duration)
    .addOption(
      new Option("--first-run <how>", "whether the first run waits for approval").choices(["preview", "apply"]),
    )
    .optionsGroup("Options of kind ldap:")
    .option("--url <url>", "ldap://host[:port] or ldaps://host[:port]")
    .option("--bind-dn <dn>", "who reads")
    .option("--bind-password-file <file>", "the reader's password")
    .option("--base <dn>", "where people and groups are")
    .option("--ca <file>", "certificates to trust in place of the system's (PEM)")
    .option("--start-tls", "encrypt an ldap:// connection before anything is said")
    .option("--allow-plaintext", "send the password unencrypted to another machine")
    .addOption(new Option("--vendor <name>", "told by the server when left out").choices([...VENDOR_NAMES]))
    .option("--user-base <dn>", "where people are, if elsewhere than --base")
    .option("--group-base <dn>", "where groups are, if elsewhere than --base")
    .option("--user-filter <filter>", "which entries are people")
    .option("--group-filter <filter>", "which entries are groups")
    .option("--id-attribute <name>", "holds the id that never changes")
    .option("--user-name-attribute <name>", "holds the user name")
    .option("--email-attribute <name>", "holds the e-mail address")
    .option("--display-name-attribute <name>", "holds the name that people read")
    .option("--group-name-attribute <name>", "holds a group's name")
    .optionsGroup(
      "Options of kind csv (docs/connectors.md); files are named from the folder that is set aside for them:",
    )
    .option("--users <file>", "people")
    .option("--groups <file>", "groups")
    .option("--members <file>", "who is in which group")
    .option("--sums <file>", "what sha256sum says of the files; proves that they arrived whole")
    .option("--delimiter <character>", "what stands between cells: , ; | or a tab (default: ,)")
    .option(
      "--column <place=heading>",
      "as in users.email=Mail, repeatable; nothing after = when there is none",
      columnOption,
    )
    .action(
      line.inOrganization((session, options: AddOptions, name: string) => ADD[options.kind](session, options, name)),
    );
}

const ADD = { scim: addScim, ldap: addLdap, csv: addCsv };

async function addScim(session: Session, options: AddOptions, name: string): Promise<Answer> {
  refuseForeign(options, [...LDAP_ONLY, ...CSV_OPTIONS, "every", "firstRun"], "scim is pushed");
  const { made, token } = await session.write(async (tx) => {
    const { domainPolicy = false, profile = "generic" } = options;
    const made = await addDirectory(tx, { name, kind: "scim", domainPolicy, profile });
    return { made, token: await createToken(tx, { directory: made.id }) };
  }, "exclusive");
  const view = { ...directoryView(made), baseUrl: scimBaseUrl(session, made), token: token.token };
  return {
    json: view,
    text: `${facts(view)}\nThe token is shown this once; enter it and the base URL at the identity provider.`,
  };
}

async function addLdap(session: Session, options: AddOptions, name: string): Promise<Answer> {
  refuseForeign(options, ["profile", ...CSV_OPTIONS], "ldap is pulled from a server");
  for (const key of ["url", "bindDn", "bindPasswordFile", "base"])
    if (options[key] === undefined)
      throw new MusterError("usage", `a directory of kind ldap needs ${flag(key)}`, { at: flag(key) });
  const { environment } = session;
  const ca = options.ca === undefined ? {} : { ca: readInput(typedPath(environment, options.ca), "--ca") };
  const settings = checkDirectorySettings("ldap", { ...ldapSettingsOf(options), ...ca }, { name: flagOf, at: flagOf });
  const password = readSecret(typedPath(environment, options.bindPasswordFile ?? ""), "--bind-password-file");
  const made = await session.write(
    (tx) =>
      addDirectory(
        tx,
        {
          name,
          kind: "ldap",
          settings,
          domainPolicy: options.domainPolicy ?? false,
          firstRun: options.firstRun ?? "preview",
          syncEvery: options.every ?? EVERY,
        },
        { key: secretKey(session.ctx), text: password },
      ),
    "exclusive",
  );
  return pulledAnswer(made);
}

async function addCsv(session: Session, options: AddOptions, name: string): Promise<Answer> {
  refuseForeign(options, ["profile", ...LDAP_ONLY], "csv is read from files");
  if (options.users === undefined)
    throw new MusterError("usage", "a directory of kind csv needs --users", { at: "--users" });
  const settings = checkDirectorySettings("csv", csvSettingsOf(options), { name: csvFlagOf, at: csvFlagOf });
  const { domainPolicy = false, firstRun = "preview", every = null } = options;
  return pulledAnswer(
    await session.write(
      (tx) => addDirectory(tx, { name, kind: "csv", settings, domainPolicy, firstRun, syncEvery: every }),
      "exclusive",
    ),
  );
}

function pulledAnswer(made: Directory): Answer {
  const view = directoryView(made);
  return {
    json: view,
    text: `${facts(view)}\nSee what it would bring with: muster directory sync ${made.name} --dry-run`,
  };
}

/** @throws MusterError `usage` */
function refuseForeign(options: AddOptions, foreign: readonly string[], what: string): void {
  const key = foreign.find((candidate) => options[candidate] !== undefined);
  if (key === undefined) return;
  throw new MusterError("usage", `a directory of kind ${what}: it has no ${flag(key)}`, { at: flag(key) });
}

function ldapSettingsOf(options: AddOptions): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  const attributes: Record<string, unknown> = {};
  for (const [option, [key, inside]] of Object.entries(LDAP_OPTIONS))
    if (options[option] !== undefined) (inside ? attributes : settings)[key] = options[option];
  return Object.keys(attributes).length > 0 ? { ...settings, attributes } : settings;
}

function flagOf(path: string): string {
  if (path === "ca") return "--ca";
  const found = Object.entries(LDAP_OPTIONS).find(([, [key, inside]]) => (inside ? `${inside}.${key}` : key) === path);
  return found ? flag(found[0]) : path;
}

function flag(option: string): string {
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function directoryView({ id, name, kind, position }: Directory) {
  return { id, name, kind, position };
}

function scimBaseUrl({ ctx }: Session, { id }: Directory): string {
  return `${ctx.config.publicUrl}/scim/v2/${id}`;
}
