import type { Command } from "commander";
import type { AccountId, GroupId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import {
  GROUP_FIELDS,
  getGroup,
  type Member,
  pageOfGroups,
  pageOfMembers,
  pageOfNested,
} from "../identity/group-pages.ts";
import { type Group, resolveGroup } from "../identity/groups.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type FilterOptions, filtered, filterOf, type ListOptions, listed, whole } from "./list.ts";
import type { Session } from "./session.ts";

/** `muster group list`, `show` and `members`. */
export function registerGroupShow(group: Command, line: CommandLine): void {
  filtered(whole(group.command("list").description("all groups")), 'directory eq "local"').action(
    line.inOrganization(async ({ db }, options: FilterOptions) => {
      const filter = filterOf(options, GROUP_FIELDS, "groups");
      const all = await listed<Group>(options, (page) => pageOfGroups(db, { ...page, within: null, filter }), "whole");
      all.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
      return {
        json: all,
        text: table(
          ["group", "id"],
          all.map((one) => [nameOf(one), one.id]),
        ),
      };
    }),
  );
  group
    .command("show <group>")
    .description("one group and the groups inside it")
    .action(
      line.inOrganization(async ({ db }, _options: object, text: string) => {
        const found = await getGroup(db, await groupId(db, text));
        const nested = await listed<Group>({}, (page) => pageOfNested(db, found.id, page), "whole");
        return {
          json: { ...found, groups: nested },
          text: facts({ group: nameOf(found), id: found.id, "groups inside": nested.map(nameOf).join(", ") || "none" }),
        };
      }),
    );
  whole(group.command("members <group>").description("the people of the group itself, and who put them there")).action(
    line.inOrganization(async ({ db }, options: ListOptions, text: string) => {
      const id = await groupId(db, text);
      const read = async (page: { after: AccountId | null; limit: number }) =>
        (await pageOfMembers(db, id, page)).map((member) => ({ id: member.user.id, ...member }));
      const all = await listed<Member & { id: AccountId }>(options, read, "whole");
      return {
        json: all,
        text: table(
          ["person", "by", "counts", "id"],
          all.map((one) => [
            one.user.userName,
            [one.remote ? "directory" : "", one.local ? "administrator" : ""].filter(Boolean).join(" + "),
            one.counts ? "yes" : "waits for confirmation",
            one.id,
          ]),
        ),
      };
    }),
  );
}

function nameOf({ directory, name }: Group): string {
  return `${directory ?? "local"}/${name}`;
}

async function groupId(db: Session["db"], text: string): Promise<GroupId> {
  const found = await resolveGroup(db, text);
  if (!("id" in found)) throw new MusterError("not-found", `there is no group ${text}`, { at: text });
  return found.id;
}
