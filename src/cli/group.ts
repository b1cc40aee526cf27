import type { Command } from "commander";
import type { GroupId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { removeGroup, renameGroup } from "../identity/group-edits.ts";
import { type MembersRemoved, removeMembers } from "../identity/group-members.ts";
import { addLocalMembers, createLocalGroup, nestGroups, resolveGroup, unnestGroups } from "../identity/groups.ts";
import { facts, printable, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryable, dryRunOption, writeOrTell } from "./dry-run.ts";
import { registerGroupShow } from "./group-show.ts";
import { typedNames } from "./input.ts";
import { resolvePeople } from "./people.ts";

/** `muster group …`: groups of the organization itself, and what an administrator adds to a directory's. */
export function registerGroup(program: Command, line: CommandLine): void {
  const group = program.command("group").description("groups of the organization, and local members of any group");
  registerGroupShow(group, line);
  group
    .command("create <name>")
    .description("make a group of the organization itself, local/NAME")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) => {
        const work = (tx: Tx) => createLocalGroup(tx, name);
        return writeOrTell(session, options, work, (made) => ({
          json: made,
          text: facts({ group: `local/${made.name}`, id: made.id }),
        }));
      }),
    );
  dryable(
    group
      .command("add <group> <people...>")
      .description("put people into a group; no sync takes them out; - reads names from standard input"),
  ).action(
    line.inOrganization((session, options: DryOption, text: string, people: string[]) => {
      const names = typedNames(people);
      const work = async (tx: Tx) => {
        const id = await existingGroup(tx, text);
        return { group: id, added: await addLocalMembers(tx, id, await resolvePeople(tx, names)) };
      };
      return writeOrTell(session, options, work, (view) => ({ json: view, text: `${view.added} added` }));
    }),
  );
  dryable(
    group
      .command("remove <group> <people...>")
      .description(
        "take people out; says what they still have through other groups; - reads names from standard input",
      ),
  ).action(
    line.inOrganization((session, options: DryOption, text: string, people: string[]) => {
      const names = typedNames(people);
      const work = async (tx: Tx) => {
        const id = await existingGroup(tx, text);
        return { group: id, ...(await removeMembers(tx, id, await resolvePeople(tx, names))) };
      };
      return writeOrTell(session, options, work, (view) => ({ json: view, text: removedText(view) }));
    }),
  );
  group
    .command("rename <group> <name>")
    .description("give a group another name: a local one, or one of a directory that may be written to")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, text: string, name: string) => {
        const work = async (tx: Tx) => {
          const id = await existingGroup(tx, text);
          return { group: id, name, changed: await renameGroup(tx, id, name) };
        };
        return writeOrTell(session, options, work, (view) => ({ json: view, text: facts(view) }));
      }),
    );
  dryable(
    group
      .command("delete <group>")
      .description(
        "take a group away with its members and grants: a local one, or one of a directory that may be written to",
      ),
  ).action(
    line.inOrganization((session, options: DryOption, text: string) => {
      const work = async (tx: Tx) => {
        const id = await existingGroup(tx, text);
        await removeGroup(tx, id);
        return { group: id };
      };
      return writeOrTell(session, options, work, (view) => ({ json: view, text: facts(view) }), "exclusive");
    }),
  );
  dryable(
    group
      .command("nest <parent> <children...>")
      .description("put groups into a local group: their members get what it gives"),
  ).action(
    line.inOrganization((session, options: DryOption, parent: string, children: string[]) => {
      const work = async (tx: Tx) => {
        const id = await existingGroup(tx, parent);
        return { group: id, added: await nestGroups(tx, id, await groupsOf(tx, children)) };
      };
      const told = (view: Awaited<ReturnType<typeof work>>) => ({ json: view, text: `${view.added} added` });
      return writeOrTell(session, options, work, told, "exclusive");
    }),
  );
  dryable(group.command("unnest <parent> <children...>").description("take groups out of a local group")).action(
    line.inOrganization((session, options: DryOption, parent: string, children: string[]) => {
      const work = async (tx: Tx) => {
        const id = await existingGroup(tx, parent);
        return { group: id, removed: await unnestGroups(tx, id, await groupsOf(tx, children)) };
      };
      const told = (view: Awaited<ReturnType<typeof work>>) => ({ json: view, text: `${view.removed} removed` });
      return writeOrTell(session, options, work, told, "exclusive");
    }),
  );
}

function removedText({ removed, kept, remaining }: MembersRemoved): string {
  const rows = remaining.map(({ user, site, product, role, directory, group }) => [
    user.userName,
    `${site}/${product}`,
    role,
    `${directory}/${group}`,
  ]);
  return [
    `${removed} removed`,
    ...kept.map(({ user, directory }) => `${directory} itself keeps ${printable(user.userName)} in its group`),
    ...(rows.length === 0 ? [] : ["still effective:", table(["user name", "product", "role", "through"], rows)]),
  ].join("\n");
}

async function existingGroup(tx: Tx, text: string): Promise<GroupId> {
  const group = await resolveGroup(tx, text);
  if (!("id" in group)) throw new MusterError("not-found", `there is no group ${text}`, { at: text });
  return group.id;
}

async function groupsOf(tx: Tx, texts: readonly string[]): Promise<GroupId[]> {
  const ids: GroupId[] = [];
  for (const text of texts) ids.push(await existingGroup(tx, text));
  return ids;
}
