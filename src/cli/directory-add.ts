import { type Command, Option } from "commander";
import type { ConnectorKind } from "../../connectors/index.ts";
import type { Tx } from "../db/transaction.ts";
import { addDirectory, type Directory } from "../identity/directories.ts";
import { PROFILES, type Profile } from "../identity/profiles.ts";
import { createToken } from "../identity/tokens.ts";
import { type Answer, facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { scimBaseUrl } from "./directory-list.ts";
import type { PulledOptions } from "./directory-pulled.ts";
import {
  PULLED,
  refuseForeignOptions,
  requireNeeded,
  type ScheduleOptions,
  typedSchedule,
  typedSecret,
  withPulledOptions,
} from "./directory-pulled-options.ts";
import { checkDirectorySettings } from "./directory-settings.ts";
import { answerOrTell, type DryOption, dryable, shownOnce, writeOrTell } from "./dry-run.ts";
import type { Session } from "./session.ts";

type AddOptions = DryOption & {
  kind: "scim" | ConnectorKind;
  domainPolicy?: true;
  profile?: Profile;
} & ScheduleOptions &
  PulledOptions;

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
    );
  withPulledOptions(command);
  dryable(command.optionsGroup("Options:"));
  command.action(
    line.inOrganization((session, options: AddOptions, name: string) =>
      options.kind === "scim" ? addScim(session, options, name) : addPulled(session, options.kind, options, name),
    ),
  );
}

async function addScim(session: Session, options: AddOptions, name: string): Promise<Answer> {
  refuseForeignOptions("scim", options);
  const work = async (tx: Tx) => {
    const { domainPolicy = false, profile = "generic" } = options;
    const made = await addDirectory(tx, { name, kind: "scim", domainPolicy, profile });
    const { token } = await createToken(tx, { directory: made.id });
    const view = {
      ...addedView(made),
      baseUrl: scimBaseUrl(session.ctx, made.id),
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
  refuseForeignOptions(kind, options);
  requireNeeded(kind, options);
  const where = { name: own.flagOf, at: own.flagOf };
  const settings = checkDirectorySettings(kind, own.settingsOf(options, session.environment), where);
  const secret = typedSecret(kind, options, session);
  const { domainPolicy = false } = options;
  const schedule = { syncEvery: own.every, ...typedSchedule(options) };
  const work = (tx: Tx) => addDirectory(tx, { name, kind, settings, domainPolicy, ...schedule }, secret);
  const told = (made: Directory) => ({
    json: addedView(made),
    text: `${facts(addedView(made))}\nTry it with: muster directory test ${made.name}\nSee what it would bring with: muster directory sync ${made.name} --dry-run`,
  });
  return writeOrTell(session, options, work, told, "exclusive");
}

function addedView({ id, name, kind, position }: Directory) {
  return { id, name, kind, position };
}
