import { type Command, InvalidArgumentError, Option } from "commander";
import type { ConnectorKind } from "../../connectors/index.ts";
import { MusterError } from "../errors.ts";
import type { DirectoryKind } from "../identity/directories.ts";
import type { SecretKey } from "../identity/secrets.ts";
import { flag, type PulledKind, type PulledOptions } from "./directory-pulled.ts";
import { csvKind } from "./directory-pulled-csv.ts";
import { googleWorkspaceKind } from "./directory-pulled-google-workspace.ts";
import { ldapKind } from "./directory-pulled-ldap.ts";
import { checkDirectorySecret } from "./directory-settings.ts";
import { parseDuration, readSecret, typedPath } from "./input.ts";
import { type Session, secretKey } from "./session.ts";

export const PULLED: Readonly<Record<ConnectorKind, PulledKind>> = {
  ldap: ldapKind,
  "google-workspace": googleWorkspaceKind,
  csv: csvKind,
};

type Interval = number | "none";

/** When a pulled directory is read, in seconds; `none`: only when somebody asks. */
export type ScheduleOptions = { firstRun?: "preview" | "apply"; every?: Interval; deltaEvery?: Interval };

/** The schedule that was typed, as a directory has it; what was not said is left out. */
export function typedSchedule({ firstRun, every, deltaEvery }: ScheduleOptions) {
  return {
    ...(firstRun !== undefined && { firstRun }),
    ...(every !== undefined && { syncEvery: every === "none" ? null : every }),
    ...(deltaEvery !== undefined && { deltaEvery: deltaEvery === "none" ? null : deltaEvery }),
  };
}

/** What a directory that is pulled from can be given: when it is read, and how, by its kind. */
export function withPulledOptions(command: Command): Command {
  command
    .optionsGroup("Options of what is pulled:")
    .option(
      "--every <duration>",
      "how often it is read, as in 60m; none: only when asked (a new one: 60m, csv: none)",
      interval,
    )
    .option(
      "--delta-every <duration>",
      "how often only what changed is read, where the directory can tell; none: never (default)",
      interval,
    )
    .addOption(
      new Option("--first-run <how>", "whether the first run waits for approval").choices(["preview", "apply"]),
    );
  for (const kind of Object.values(PULLED)) kind.add(command);
  return command;
}

/** @throws MusterError `usage` when an option of another kind than this is given. */
export function refuseForeignOptions(kind: Exclude<DirectoryKind, "internal">, options: PulledOptions): void {
  const foreign =
    kind === "scim" ? ["every", "deltaEvery", "firstRun", ...optionsBut()] : ["profile", ...optionsBut(PULLED[kind])];
  const key = foreign.find((candidate) => options[candidate] !== undefined);
  if (key === undefined) return;
  throw new MusterError("usage", `a directory of kind ${kind} has no ${flag(key)}`, { at: flag(key) });
}

function optionsBut(own?: PulledKind): string[] {
  return Object.values(PULLED).flatMap((kind) => (kind === own ? [] : kind.options));
}

/** The secret out of the file that was named, with the key to seal it; undefined when none was. @throws MusterError `invalid`. */
export function typedSecret(
  kind: ConnectorKind,
  options: PulledOptions,
  { environment, ctx }: Session,
): { key: SecretKey; text: string } | undefined {
  const option = PULLED[kind].secret;
  const file = option === null ? undefined : options[option];
  if (option === null || typeof file !== "string") return undefined;
  const text = readSecret(typedPath(environment, file), flag(option));
  checkDirectorySecret(kind, text, { name: flag(option), at: flag(option) });
  return { key: secretKey(ctx), text };
}

/** @throws MusterError `usage` naming what a directory of this kind cannot do without. */
export function requireNeeded(kind: ConnectorKind, given: PulledOptions): void {
  const missing = PULLED[kind].needed(given).find((key) => given[key] === undefined);
  if (missing === undefined) return;
  throw new MusterError("usage", `a directory of kind ${kind} needs ${flag(missing)}`, { at: flag(missing) });
}

// Commander makes an empty text of a null.
function interval(text: string): Interval {
  if (text === "none") return text;
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError("it is a number with s, m, h or d, as in 60m, or none");
  return seconds;
}
