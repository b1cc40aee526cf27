import type { PulledMembers } from "../connector.ts";
import { note } from "../oddities.ts";
import { faultAt, placeText } from "./place.ts";
import type { Row } from "./rows.ts";
import type { CsvSettings } from "./settings.ts";
import type { Snapshot } from "./snapshot.ts";

type Found = { group: string; kind: "users" | "groups"; member: string };

/**
 * Whom a row makes a member of what; null, and noted, when it names what the other files do not hold. Nothing is noted
 * of people who were withheld.
 */
export function memberOf(
  { line, cells }: Row<keyof CsvSettings["columns"]["members"]>,
  file: string,
  columns: CsvSettings["columns"]["members"],
  snapshot: Snapshot,
): Found | null {
  const { group = "", user, subgroup } = cells;
  if (!user === !subgroup)
    throw faultAt(
      { file, line, column: columns.user },
      `a row names either a user or, as ${columns.subgroup ?? "subgroup"}, a group`,
    );
  const unresolved = (column: string, what: string, id: string): null => {
    note(snapshot, {
      code: "unresolved-member",
      location: placeText({ file, line, column }),
      detail: `no ${what} has the id ${id.slice(0, 200)}`,
    });
    return null;
  };
  if (group === null || !snapshot.groups.has(group)) return unresolved(columns.group, "group", group ?? "");
  if (subgroup) {
    if (!snapshot.groups.has(subgroup)) return unresolved(columns.subgroup ?? "", "group", subgroup);
    return { group, kind: "groups", member: subgroup };
  }
  if (user === null || !snapshot.users.has(user)) return unresolved(columns.user, "user", user ?? "");
  return snapshot.withheld.has(user) ? null : { group, kind: "users", member: user };
}

/** Members by their groups, in the order in which they came. */
export function byGroup(found: readonly Found[]): PulledMembers[] {
  const groups = new Map<string, { group: string; users: string[]; groups: string[] }>();
  for (const { group, kind, member } of found) {
    const members = groups.get(group) ?? { group, users: [], groups: [] };
    members[kind].push(member);
    groups.set(group, members);
  }
  return [...groups.values()];
}
