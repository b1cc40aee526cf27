import { InvalidArgumentError } from "commander";
import type { PulledKind } from "./directory-pulled.ts";

type Column = { kind: string; field: string; heading: string | null };

const OPTIONS = ["users", "groups", "members", "sums", "delimiter", "column"] as const;

/** Options of a directory of kind csv; all but `column` are keys of its settings. */
export const csvKind: PulledKind = {
  options: OPTIONS,
  needed: () => ["users"],
  every: null,
  add: (command) =>
    command
      .optionsGroup(
        "Options of kind csv (docs/directories/csv.md); files are named from the folder that is set aside for them:",
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
      ),
  settingsOf(options) {
    const given = OPTIONS.filter((key) => key !== "column" && options[key] !== undefined);
    const settings: Record<string, unknown> = Object.fromEntries(given.map((key) => [key, options[key]]));
    const columns = new Map<string, Record<string, string | null>>();
    for (const { kind, field, heading } of (options.column ?? []) as Column[])
      columns.set(kind, { ...columns.get(kind), [field]: heading });
    return columns.size > 0 ? { ...settings, columns: Object.fromEntries(columns) } : settings;
  },
  flagOf: (path) => (path.startsWith("columns.") ? `--column ${path.slice("columns.".length)}` : `--${path}`),
  secret: null,
};

/** `users.email=Mail`, collected; `users.email=` says that the file has no such column. */
function columnOption(text: string, before: readonly Column[] = []): Column[] {
  const [, kind, field, heading] = /^(users|groups|members)\.([A-Za-z]+)=(.*)$/s.exec(text) ?? [];
  if (kind === undefined || field === undefined || heading === undefined)
    throw new InvalidArgumentError("It is written FILE.FIELD=HEADING, as in users.email=Mail.");
  return [...before, { kind, field, heading: heading === "" ? null : heading }];
}
