import type { Argument, Command, Option } from "commander";

/** What can stand somewhere, for a shell: fixed words, names of the database, a file, or anything. */
type Spec = `=${string}` | `@${NameKind}` | ":" | "?";

/** Names that are few enough to be asked for while somebody types. */
export const NAME_KINDS = ["organization", "site", "product", "directory", "group", "webhook", "break-glass"] as const;
export type NameKind = (typeof NAME_KINDS)[number];

/**
 * What a shell needs to know of all commands, by where the cursor stands: `user` has the words that follow, `user list -` the
 * options, `user list --status` what the option takes, `user show #0` what the first argument is; `#*` is any that follows.
 */
export function completionTable(program: Command): Map<string, string> {
  const rows = new Map<string, string>();
  add(rows, program, [], program.options);
  return rows;
}

function add(
  rows: Map<string, string>,
  command: Command,
  path: readonly string[],
  everywhere: readonly Option[],
): void {
  const at = path.join(" ");
  const shown = command.commands.filter((inner) => !isHidden(inner));
  const help = path.length === 0 ? ["help"] : [];
  if (shown.length > 0) rows.set(at, [...shown.map((inner) => inner.name()), ...help].join(" "));
  const options = [...new Set([...command.options, ...everywhere])].filter(({ hidden }) => !hidden);
  rows.set(`${at} -`, [...options.map(flagOf), "--help"].join(" "));
  for (const option of options) {
    const spec = specOfOption(option);
    if (spec === undefined) continue;
    for (const flag of [option.short, option.long]) if (flag !== undefined) rows.set(`${at} ${flag}`, spec);
  }
  for (const [place, argument] of command.registeredArguments.entries())
    rows.set(`${at} #${argument.variadic ? "*" : place}`, specOfArgument(path, argument));
  for (const inner of shown) add(rows, inner, [...path, inner.name()], everywhere);
}

/** Commander has no public word for it. */
function isHidden(command: Command): boolean {
  return "_hidden" in command && command._hidden === true;
}

function flagOf({ long, short }: Option): string {
  return long ?? short ?? "";
}

function specOfOption(option: Option): Spec | undefined {
  if (!option.required && !option.optional) return undefined;
  if (option.argChoices) return `=${option.argChoices.join(" ")}`;
  const kind = option.long === "--org" ? "organization" : NAME_KINDS.find((one) => option.long === `--${one}`);
  if (kind !== undefined) return `@${kind}`;
  return /<(file|path)>/.test(option.flags) ? ":" : "?";
}

const KIND_OF_ARGUMENT: Readonly<Record<string, NameKind>> = {
  product: "product",
  group: "group",
  parent: "group",
  children: "group",
  webhook: "webhook",
};

/** Arguments whose own name does not say what they name, by the words before them. */
const KIND_OF_PLACE: readonly [pattern: RegExp, kind: NameKind][] = [
  [/^directory (?!add |token revoke|client revoke)/, "directory"],
  [/^scim log name$/, "directory"],
  [/^site (rename|members) key$/, "site"],
  [/^break-glass (reset|revoke) name$/, "break-glass"],
];

function specOfArgument(path: readonly string[], argument: Argument): Spec {
  if (argument.argChoices) return `=${argument.argChoices.join(" ")}`;
  const name = argument.name();
  if (name === "file") return ":";
  const place = [...path, name].join(" ");
  const kind = KIND_OF_ARGUMENT[name] ?? KIND_OF_PLACE.find(([pattern]) => pattern.test(place))?.[1];
  return kind === undefined ? "?" : `@${kind}`;
}
