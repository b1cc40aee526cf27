import type { PulledGroup, PulledUser } from "../connector.ts";
import type { GoogleGroup, GoogleUser } from "./answers.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";

/** A person as Muster wants them, or null when they have no primary address, which is the user name. */
export function pulledUser(user: GoogleUser, settings: GoogleWorkspaceSettings): PulledUser | null {
  const address = user.primaryEmail ?? "";
  if (address === "") return null;
  const isArchived = user.archived === true && settings.archivedIsInactive;
  return {
    id: user.id,
    userName: address,
    active: user.suspended !== true && !isArchived,
    email: address,
    displayName: user.name?.fullName || null,
    givenName: user.name?.givenName || null,
    familyName: user.name?.familyName || null,
    location: locationOf(user),
  };
}

/** The unit's path with the address behind it. */
export function locationOf(user: GoogleUser): string {
  const unit = user.orgUnitPath ?? "/";
  return `${unit.endsWith("/") ? unit : `${unit}/`}${user.primaryEmail || user.id}`;
}

export function pulledGroup(group: GoogleGroup, settings: GoogleWorkspaceSettings): PulledGroup {
  const name = settings.groupName === "name" ? group.name : null;
  return { id: group.id, name: name || group.email, location: group.email };
}
