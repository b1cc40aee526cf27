import type { Page } from "../connector.ts";
import { type GoogleGroup, GROUPS } from "./answers.ts";
import type { MemberSource } from "./members.ts";
import { capped, eachPage, type List, otherWay, twice } from "./pages.ts";
import { pulledGroup } from "./people.ts";
import type { Place } from "./place.ts";
import type { Selection } from "./selection.ts";
import type { GoogleSession } from "./session.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import { domainOf, isKnown, type Snapshot } from "./snapshot.ts";

/** Where the members of each group are to be found. */
export type Sources = { wanted: MemberSource[]; unwanted: Map<string, MemberSource> };

/** Gives out the groups that are wanted and fills `sources` with all. */
export async function* readGroups(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  place: Place,
  selection: Selection,
  sources: Sources,
): AsyncGenerator<Page> {
  const isWanted = (group: GoogleGroup): boolean => {
    if (isKnown(snapshot.groups, group.id)) throw twice(group.id, "listing groups");
    const wanted = selection.wantsGroup(group);
    const count = Number(group.directMembersCount ?? 0);
    const source = { id: group.id, address: group.email, count: Number.isSafeInteger(count) ? count : 0 };
    snapshot.domains.add(domainOf(group.email));
    snapshot.groups[wanted ? "given" : "others"].add(group.id);
    if (wanted) sources.wanted.push(source);
    else sources.unwanted.set(group.id, source);
    if (sources.wanted.length + sources.unwanted.size > settings.maxGroups)
      throw capped("maxGroups", settings.maxGroups, "listing groups");
    return wanted;
  };
  const before = snapshot.pages;
  for await (const page of eachPage(session, snapshot, groupsOf(place, settings, "ASCENDING"))) {
    const groups = page.filter(isWanted).map((group) => pulledGroup(group, settings));
    if (groups.length > 0) yield { groups };
  }
  const calls = snapshot.pages - before;
  await otherWay(session, snapshot, groupsOf(place, settings, "DESCENDING"), snapshot.groups, calls);
}

/** All groups of the customer by their addresses. */
export function groupsOf(
  { customer }: Place,
  settings: GoogleWorkspaceSettings,
  sortOrder: "ASCENDING" | "DESCENDING",
): List<GoogleGroup> {
  return {
    of: "groups",
    pageSize: settings.groupPageSize,
    page: (at) => ({
      request: (api) => api.groups.list({ customer, orderBy: "email", sortOrder, ...at, fields: GROUPS.fields }),
      shape: GROUPS.shape,
    }),
  };
}
