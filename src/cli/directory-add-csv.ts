import { InvalidArgumentError } from "commander";

/** Options of a directory of kind csv; all but `column` are keys of its settings. */
export const CSV_OPTIONS = ["users", "groups", "members", "sums", "delimiter", "column"] as const;

type Column = { kind: string; field: string; heading: string | null };

/** `users.email=Mail`, collected; `users.email=` says that the file has no such column. */
export function columnOption(text: string, before: readonly Column[] = []): Column[] {
  const [, kind, field, heading] = /^(users|groups|members)\.([A-Za-z]+)=(.*)$/s.exec(text) ?? [];
  if (kind === undefined || field === undefined || heading === undefined)
    throw new InvalidArgumentError("It is written FILE.FIELD=HEADING, as in users.email=Mail.");
  return [...before, { kind, field, heading: heading === "" ? null : heading }];
}

/** The settings as they are stored; what was not said is left out. */
export function csvSettingsOf(options: Record<string, unknown>): Record<string, unknown> {
  const given = CSV_OPTIONS.filter((key) => key !== "column" && options[key] !== undefined);
  const settings: Record<string, unknown> = Object.fromEntries(given.map((key) => [key, options[key]]));
  const columns = new Map<string, Record<string, string | null>>();
  for (const { kind, field, heading } of (options.column ?? []) as Column[])
    columns.set(kind, { ...columns.get(kind), [field]: heading });
  return columns.size > 0 ? { ...settings, columns: Object.fromEntries(columns) } : settings;
}

/** Which option a setting came by. */
export function csvFlagOf(path: string): string {
  return path.startsWith("columns.") ? `--column ${path.slice("columns.".length)}` : `--${path}`;
}
