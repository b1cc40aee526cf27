import { type Command, Option } from "commander";
import type { ConnectorKind } from "../../connectors/index.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { addDirectory, type Directory } from "../identity/directories.ts";
import { PROFILES, type Profile } from "../identity/profiles.ts";
import { createToken } from "../identity/tokens.ts";
import { type Answer, facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { csvKind } from "./directory-add-csv.ts";
import { googleWorkspaceKind } from "./directory-add-google-workspace.ts";
import { ldapKind } from "./directory-add-ldap.ts";
import { flag, type PulledKind } from "./directory-add-pulled.ts";
import { checkDirectorySecret, checkDirectorySettings } from "./directory-settings.ts";
import { answerOrTell, type DryOption, dryable, shownOnce, writeOrTell } from "./dry-run.ts";
import { duration, readSecret, typedPath } from "./input.ts";
import { type Session, secretKey } from "./session.ts";

type AddOptions = DryOption & {
  kind: "scim" | ConnectorKind;
  domainPolicy?: true;
  profile?: Profile;
  firstRun?: "preview" | "apply";
  every?: number;
  deltaEvery?: number;
} & Record<string, unknown>;

const PULLED: Readonly<Record<ConnectorKind, PulledKind>> = {
  ldap: ldapKind,
  "google-workspace": googleWorkspaceKind,
  csv: csvKind,
};

/** `muster directory add`. */
export function registerDirectoryAdd(directory: Command, line: CommandLine): void {
  const command = directory
    .command("add <name>")
    .description("add a directory, before internal where that stands last")
    .addOption(
      new Option("--kind <kind>", "scim: pushed by an identity provider; the others: pulled")
        .choices(["scim", ...Object.keys(PULLED)])
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
    .optionsGroup("Options of what is pulled:")
    .option("--every <duration>", "how often it is read, as in 60m (default: 60m; csv: only when asked)", duration)
    .option("--delta-every <duration>", "how often only what changed is read, where the directory can tell", duration)
    .addOption(
      new Option("--first-run <how>", "whether the first run waits for approval").choices(["preview", "apply"]),
    );
  for (const kind of Object.values(PULLED)) kind.add(command);
  dryable(command.optionsGroup("Options:"));
  command.action(
    line.inOrganization((session, options: AddOptions, name: string) =>
      options.kind === "scim" ? addScim(session, options, name) : addPulled(session, options.kind, options, name),
    ),
  );
}

async function addScim(session: Session, options: AddOptions, name: string): Promise<Answer> {
  refuse(options, ["every", "deltaEvery", "firstRun", ...Object.values(PULLED).flatMap((kind) => kind.options)]);
  const work = async (tx: Tx) => {
    const { domainPolicy = false, profile = "generic" } = options;
    const made = await addDirectory(tx, { name, kind: "scim", domainPolicy, profile });
    const { token } = await createToken(tx, { directory: made.id });
    const view = {
      ...directoryView(made),
      baseUrl: scimBaseUrl(session, made),
      token: shownOnce(options, token),
    };
    return {
      json: view,
      text: `${facts(view)}\nThe token is shown this once; enter it and the base URL at the identity provider.`,
    };
  };
  return answerOrTell(session, options, work, "exclusive");
}

async function addPulled(session: Session, kind: ConnectorKind, options: AddOptions, name: string): Promise<Answer> {
  const own = PULLED[kind];
  refuse(options, ["profile", ...Object.values(PULLED).flatMap((other) => (other === own ? [] : other.options))]);
  const missing = own.needed(options).find((key) => options[key] === undefined);
  if (missing !== undefined)
    throw new MusterError("usage", `a directory of kind ${kind} needs ${flag(missing)}`, { at: flag(missing) });
  const { environment, ctx } = session;
  const where = { name: own.flagOf, at: own.flagOf };
  const settings = checkDirectorySettings(kind, own.settingsOf(options, environment), where);
  const from = own.secretOf(options);
  const secret = from && readSecret(typedPath(environment, from.file), from.flag);
  if (from && secret !== undefined) checkDirectorySecret(kind, secret, { name: from.flag, at: from.flag });
  const { domainPolicy = false, firstRun = "preview", every = own.every, deltaEvery = null } = options;
  const work = (tx: Tx) =>
    addDirectory(
      tx,
      { name, kind, settings, domainPolicy, firstRun, syncEvery: every, deltaEvery },
      secret === undefined ? undefined : { key: secretKey(ctx), text: secret },
    );
  const told = (made: Directory) => ({
    json: directoryView(made),
    text: `${facts(directoryView(made))}\nTry it with: muster directory test ${made.name}\nSee what it would bring with: muster directory sync ${made.name} --dry-run`,
  });
  return writeOrTell(session, options, work, told, "exclusive");
}

/** @throws MusterError `usage` when one of these options is given. */
function refuse(options: AddOptions, foreign: readonly string[]): void {
  const key = foreign.find((candidate) => options[candidate] !== undefined);
  if (key === undefined) return;
  throw new MusterError("usage", `a directory of kind ${options.kind} has no ${flag(key)}`, { at: flag(key) });
}

function directoryView({ id, name, kind, position }: Directory) {
  return { id, name, kind, position };
}

function scimBaseUrl({ ctx }: Session, { id }: Directory): string {
  return `${ctx.config.publicUrl}/scim/v2/${id}`;
}
