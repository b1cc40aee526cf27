import { ConnectorError, type Page, type PulledUser } from "../connector.ts";
import { note } from "../oddities.ts";
import { type GoogleUser, USERS } from "./answers.ts";
import { capped, eachPage, type List, otherWay, twice, wholeList } from "./pages.ts";
import { locationOf, pulledUser } from "./people.ts";
import { type Place, wrong } from "./place.ts";
import type { Selection } from "./selection.ts";
import type { GoogleSession } from "./session.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import { domainOf, isKnown, type Snapshot } from "./snapshot.ts";

/**
 * Gives out everybody who is wanted. All people of the customer are listed, since whoever is left out by a setting must
 * be told from whoever is missing.
 */
export async function* readUsers(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  place: Place,
  selection: Selection,
): AsyncGenerator<Page> {
  const addresses = settings.deletedUsers === "inactive" ? new Set<string>() : undefined;
  const take = (user: GoogleUser): PulledUser[] => {
    if (isKnown(snapshot.users, user.id)) throw twice(user.id, "listing people");
    snapshot.domains.add(domainOf(user.primaryEmail));
    addresses?.add((user.primaryEmail ?? "").toLowerCase());
    // Somebody whose unit is hidden would look as if they had left it.
    if (place.units.size > 0 && !user.orgUnitPath)
      throw new ConnectorError("incomplete", `Google does not say in which organizational unit ${user.id} is`);
    const isWanted = selection.wantsUser(user);
    const pulled = isWanted ? pulledUser(user, settings) : null;
    if (isWanted && pulled === null)
      note(snapshot, { code: "no-user-name", location: locationOf(user), detail: "has no primaryEmail", id: user.id });
    snapshot.users[pulled === null ? "others" : "given"].add(user.id);
    if (snapshot.users.given.size + snapshot.users.others.size > settings.maxUsers)
      throw capped("maxUsers", settings.maxUsers, "listing people");
    return pulled === null ? [] : [pulled];
  };

  const before = snapshot.pages;
  for await (const page of eachPage(session, snapshot, peopleOf(place, settings, "ASCENDING"))) {
    const users = page.flatMap(take);
    if (users.length > 0) yield { users };
  }
  const calls = snapshot.pages - before;
  const isNew = ({ creationTime }: GoogleUser): boolean => Date.parse(creationTime ?? "") >= session.began();
  await otherWay(session, snapshot, peopleOf(place, settings, "DESCENDING"), snapshot.users, calls, isNew);
  if (place.adminId !== null && !isKnown(snapshot.users, place.adminId))
    throw new ConnectorError("incomplete", `${settings.admin} was not among the people that Google listed`);
  if (addresses === undefined) return;
  const deleted = await readDeleted(session, settings, snapshot, place);
  const users = deleted.flatMap((user) => {
    const address = (user.primaryEmail ?? "").toLowerCase();
    if (address === "" || addresses.has(address)) return [];
    addresses.add(address);
    const pulled = selection.wantsUser(user) && !isKnown(snapshot.users, user.id) ? pulledUser(user, settings) : null;
    if (pulled === null) return [];
    snapshot.users.given.add(user.id);
    return [{ ...pulled, active: false }];
  });
  for (let at = 0; at < users.length; at += settings.userPageSize)
    yield { users: users.slice(at, at + settings.userPageSize) };
}

/** All people of the customer by their addresses; in descending order nothing of them but who they are. */
export function peopleOf(
  { customer }: Place,
  settings: GoogleWorkspaceSettings,
  sortOrder: "ASCENDING" | "DESCENDING",
): List<GoogleUser> {
  const unknownCustomer = {
    status: [400, 403, 404],
    error: wrong("customer", `there is no ${customer}, or ${settings.admin} may not read it`),
  };
  return {
    of: "people",
    pageSize: settings.userPageSize,
    page: (at) => ({
      request: (api) =>
        api.users.list({
          ...{ customer, orderBy: "email", sortOrder, ...at },
          ...{ projection: "basic", viewType: "admin_view" },
          fields: sortOrder === "ASCENDING" ? USERS.fields : USERS.fewFields,
        }),
      shape: USERS.shape,
      ...(settings.customer === "my_customer" ? {} : { unless: unknownCustomer }),
    }),
  };
}

/** Deleted people whom Google can still restore, the latest first: an address can have been given away again. */
async function readDeleted(
  session: GoogleSession,
  settings: GoogleWorkspaceSettings,
  snapshot: Snapshot,
  { customer }: Place,
): Promise<GoogleUser[]> {
  const list: List<GoogleUser> = {
    of: "deleted people",
    pageSize: settings.userPageSize,
    page: (at) => ({
      request: (api) =>
        api.users.list({
          ...{ customer, showDeleted: "true", ...at },
          ...{ projection: "basic", viewType: "admin_view", fields: USERS.fields },
        }),
      shape: USERS.shape,
    }),
  };
  const cap = { setting: "maxUsers", most: settings.maxUsers };
  const deleted = await wholeList(session, snapshot, list, (user: GoogleUser) => user.id, cap);
  return [...deleted.values()].sort((a, b) => (b.deletionTime ?? "").localeCompare(a.deletionTime ?? ""));
}
