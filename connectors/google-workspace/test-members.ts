import type { TestStep } from "../connector.ts";
import { SAMPLES, type Seen } from "../test-steps.ts";
import type { GoogleGroup, GoogleMember } from "./answers.ts";
import { membersOf } from "./members.ts";
import { eachPage } from "./pages.ts";
import type { Place } from "./place.ts";
import type { GoogleSession } from "./session.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import { domainOf, type Snapshot } from "./snapshot.ts";

/** A member that a sync would take, would leave out, does not know; or one beyond what a test has read. */
type Standing = "taken" | "left" | "stranger" | "unread";

/** The first members of these groups, and how many of them a sync would take. @param isWhole all people and groups are known. */
export async function membersSeen(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  place: Place,
  groups: readonly GoogleGroup[],
  isWhole: boolean,
): Promise<Seen> {
  const found: Record<Standing, number> = { taken: 0, left: 0, stranger: 0, unread: 0 };
  const samples: TestStep["samples"][number][] = [];
  for (const group of groups) {
    const source = { id: group.id, address: group.email, count: 0 };
    const pages = eachPage(session, snapshot, membersOf(source, settings));
    const first = await pages.next();
    await pages.return();
    for (const member of first.value ?? []) {
      const standing = standingOf(member, snapshot, place, isWhole);
      found[standing] += 1;
      if (standing === "stranger" && samples.length < SAMPLES)
        samples.push({
          id: member.id ?? "",
          name: member.email ?? member.type,
          location: `a member of ${group.email}`,
        });
    }
  }
  const all = found.taken + found.left + found.stranger + found.unread;
  const many = groups.length === 1 ? "1 group" : `${groups.length} groups`;
  if (all === 0) return { detail: `no member was met in ${many}` };
  const more = [
    found.left > 0 ? `${found.left} are left out by the settings` : "",
    found.stranger > 0 ? `${found.stranger} are not of this customer` : "",
    found.unread > 0 ? `${found.unread} are beyond what a test reads` : "",
  ].filter((words) => words !== "");
  const detail = [`of ${all} members of ${many} ${found.taken} would be taken`, ...more].join(", ");
  if (found.taken >= found.left + found.stranger) return { detail, samples };
  return {
    verdict: "warned",
    detail,
    hint: "groups hold people whom a sync does not take: see domains, organizationalUnits and customer",
    samples,
  };
}

function standingOf(member: GoogleMember, snapshot: Snapshot, place: Place, isWhole: boolean): Standing {
  const id = member.id ?? "";
  if (member.type === "CUSTOMER") return id === place.customer ? "taken" : "stranger";
  if (member.type === "EXTERNAL") return "stranger";
  // What stands in a group that is left out counts as held by the groups around it.
  if (member.type === "GROUP" && snapshot.groups.others.has(id)) return "taken";
  const known = member.type === "GROUP" ? snapshot.groups : snapshot.users;
  if (known.given.has(id)) return "taken";
  if (known.others.has(id)) return "left";
  return isWhole || !snapshot.domains.has(domainOf(member.email)) ? "stranger" : "unread";
}
