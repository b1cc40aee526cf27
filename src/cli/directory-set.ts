import type { Command } from "commander";
import { type ConnectorKind, isConnectorKind, redirectingSettings } from "../../connectors/index.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { type Directory, resolveDirectory, updateDirectory } from "../identity/directories.ts";
import type { Answer } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DirectoryView, directoryText, directoryView } from "./directory-list.ts";
import { flag, type PulledOptions } from "./directory-pulled.ts";
import {
  PULLED,
  refuseForeignOptions,
  type ScheduleOptions,
  typedSchedule,
  typedSecret,
  withPulledOptions,
} from "./directory-pulled-options.ts";
import { checkDirectorySettings } from "./directory-settings.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import type { Session } from "./session.ts";

type SetOptions = DryOption & ScheduleOptions & PulledOptions;

/** `muster directory set`. */
export function registerDirectorySet(directory: Command, line: CommandLine): void {
  const command = directory
    .command("set <name>")
    .description(
      "change how and when a directory is read; what is left out stays, and an empty text takes a setting away",
    );
  withPulledOptions(command);
  dryable(command.optionsGroup("Options:"));
  command.action(
    line.inOrganization(async (session, options: SetOptions, name: string) => {
      const { id, kind } = await resolveDirectory(session.db, name);
      if (!isConnectorKind(kind))
        throw new MusterError(
          "invalid",
          `${name} is of kind ${kind}, which is read from nowhere; its settings: muster directory policy ${name}`,
          { at: name },
        );
      return setPulled(session, { id, kind }, options);
    }),
  );
}

async function setPulled(
  session: Session,
  { id, kind }: { id: Directory["id"]; kind: ConnectorKind },
  options: SetOptions,
): Promise<Answer> {
  refuseForeignOptions(kind, options);
  const own = PULLED[kind];
  const given = own.settingsOf(options, session.environment);
  const secret = typedSecret(kind, options, session);
  const work = async (tx: Tx) => {
    const before = await resolveDirectory(tx, id);
    const settings = withGiven(before.settings, given);
    // Older settings that would not be taken now keep nothing else from being changed.
    if (Object.keys(given).length > 0) {
      checkDirectorySettings(kind, settings, { name: own.flagOf, at: own.flagOf });
      if (secret === undefined) refuseRedirectedSecret(before, kind, settings);
    }
    const changed = await updateDirectory(tx, id, { settings, ...typedSchedule(options) }, secret);
    return { view: directoryView(session.ctx, await resolveDirectory(tx, id)), changed };
  };
  const told = ({ view, changed }: { view: DirectoryView; changed: boolean }) => ({
    json: { ...view, changed },
    text: `${directoryText(view)}\n${changed ? `Try it with: muster directory test ${view.name}` : "Nothing changed."}`,
  });
  return writeOrTell(session, options, work, told, "exclusive");
}

/** A secret that is held goes only where it was given for, whoever changes the way. @throws MusterError `invalid`. */
function refuseRedirectedSecret(
  { hasSecret, settings: before }: Directory,
  kind: ConnectorKind,
  settings: Record<string, unknown>,
): void {
  const { flagOf, secret } = PULLED[kind];
  if (!hasSecret || secret === null) return;
  const changed = redirectingSettings(kind, before, settings);
  if (changed.length === 0) return;
  const at = flag(secret);
  throw new MusterError(
    "invalid",
    `${at} must be given again with a change of ${changed.map(flagOf).join(", ")}: the secret that is held was not given for that`,
    { at },
  );
}

/** What is stored with what was given over it; an empty text, or a list of one, takes a setting away. */
function withGiven(stored: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...stored };
  for (const [key, value] of Object.entries(given)) {
    if (value === "" || (Array.isArray(value) && value.length === 1 && value[0] === "")) delete merged[key];
    else merged[key] = isGroup(value) ? withGiven(isGroup(merged[key]) ? merged[key] : {}, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
