import { type Command, Option } from "commander";
import { simulate } from "../db/transaction.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { type DirectorySwitch, switchDirectory } from "../identity/directory-switch/switch.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

type Options = { match: string; groups: "none" | "by-name"; dryRun?: true };

/** `muster directory switch`: people move from one directory to another. */
export function registerDirectorySwitch(directory: Command, line: CommandLine): void {
  directory
    .command("switch <from> <to>")
    .description("move people to another directory that has them too; accounts and what hangs on them stay")
    .requiredOption("--match <what>", "by what both know a person: userName, email, or an attribute as in externalId")
    .addOption(
      new Option("--groups <how>", "by-name: copy what groups give to the other directory's groups of the same names")
        .choices(["none", "by-name"])
        .default("none"),
    )
    .option("--dry-run", "say who would be switched, who would lose what, and what is in conflict; change nothing")
    .action(
      line.inOrganization(
        async (session, { match, groups, dryRun }: Options, fromName: string, toName: string): Promise<Answer> => {
          const from = await resolveDirectory(session.db, fromName);
          const to = await resolveDirectory(session.db, toName);
          const request = { from: from.id, to: to.id, match, groups };
          const json = dryRun
            ? await simulate(session.ctx, session.actor, (tx) => switchDirectory(tx, request), { lock: "exclusive" })
            : await session.write((tx) => switchDirectory(tx, request), "exclusive");
          const isPartial = !dryRun && json.counts.conflicts > 0;
          return { json, text: words(json, dryRun === true), ...(isPartial && { exitCode: 8 }) };
        },
      ),
    );
}

function words(done: DirectorySwitch, dryRun: boolean): string {
  const { counts, from, to } = done;
  const what = (access: { site: string; product: string; role: string | null }[]) =>
    access.map(({ product, role }) => `${product} ${role ?? "-"}`).join(", ");
  const parts = [
    facts(counts),
    list(
      "People who are switched",
      counts.switched,
      [from.name, to.name, "rights"],
      done.switched.map((one) => [one.from, one.to, one.rights.join(", ")]),
    ),
    list(
      `Only in ${from.name}: they stay there, and lose this with it`,
      counts.unmatched,
      ["user", "e-mail", "access", "rights", "guest spaces", "local groups"],
      done.unmatched.map((one) => [
        one.userName,
        one.email,
        what(one.access),
        one.rights.join(", "),
        one.guestAssignments,
        one.localMemberships,
      ]),
    ),
    list(
      "Conflicts, left as they are",
      counts.conflicts,
      [from.name, to.name, "why"],
      done.conflicts.map((one) => [one.from.join(", "), one.to.join(", "), one.detail]),
    ),
    list(
      "Access that changes",
      counts.accessLost + counts.accessChanged + counts.accessGained,
      ["user", "product", "what", "before", "after"],
      done.access.map((one) => [one.userName, one.product, one.what, one.roleBefore, one.role]),
    ),
    list(
      "What groups get",
      counts.grantsCopied,
      ["group", "gets"],
      done.grants.map((one) => [one.group, "inside" in one ? `is in ${one.inside}` : `${one.role} on ${one.product}`]),
    ),
    list(
      "Somebody else has the user name now; what is local waits for a confirmation",
      counts.parked,
      ["user"],
      done.parked.map((one) => [one.userName]),
    ),
    dryRun
      ? "Nothing was changed. Without --dry-run it is."
      : done.changed
        ? `${from.name} rests now. The way back: muster directory switch ${to.name} ${from.name} --match ${done.match}`
        : counts.conflicts > 0
          ? "Nothing was changed: what is left is in conflict."
          : "Nothing was left to do.",
  ];
  return parts.filter(Boolean).join("\n\n");
}

function list(title: string, count: number, columns: string[], rows: (string | number | null)[][]): string {
  if (rows.length === 0) return "";
  const more = count > rows.length ? `\n… and ${count - rows.length} more` : "";
  return `${title} (${count}):\n${table(columns, rows)}${more}`;
}
