import { hash as digestOf } from "node:crypto";
import type { PulledGroup, PulledUser } from "../../connectors/connector.ts";
import { emailKey, userNameKey } from "../identity/keys.ts";

/** A record's whole content as a plan keeps it, before and after. */
export type PlannedUser = {
  immutableId: string | null;
  externalId: string | null;
  userName: string;
  active: boolean;
  email: string | null;
  displayName: string | null;
  resource: Record<string, unknown>;
  /** Hexadecimal; null where no sync wrote it. */
  contentHash: string | null;
};

/** A pulled person in the columns of staging. `conflict` says why it cannot be written as it is. */
export type StagedUser = {
  next: PlannedUser;
  userNameKey: string;
  emailKey: string | null;
  location: string;
  conflict: string | null;
};

export type StagedGroup = { immutableId: string; name: string; location: string; contentHash: Buffer };

/** Goes into every hash: a mapping that comes to say more makes each record differ once. */
const MAPPING = 1;

/** Bytes of UTF-8: longer keys fit no index; nobody's real name is near it. */
const LONGEST_KEY = 1000;
/** Characters of a group's name that are kept; four bytes each still fit. */
const LONGEST_GROUP_NAME = 250;

type Content = Record<"email" | "displayName" | "givenName" | "familyName", string | null> & {
  userName: string;
  active: boolean;
};

function contentOf(user: PulledUser): Content {
  return {
    userName: storable(user.userName),
    active: user.active,
    email: storableOrNull(user.email),
    displayName: storableOrNull(user.displayName),
    givenName: storableOrNull(user.givenName),
    familyName: storableOrNull(user.familyName),
  };
}

/** What a directory says of a person, as the record that Muster will hold (RFC 7643 §4.1). Where the entry stands is no content: a move alone changes nothing. */
export function mapUser(user: PulledUser): StagedUser {
  const content = contentOf(user);
  const { userName, active, email, displayName, givenName, familyName } = content;
  return {
    next: {
      immutableId: user.id,
      // The directory's unchanging id is also what its other readers know the person by (RFC 7643 §3.1).
      externalId: user.id,
      userName,
      active,
      email,
      displayName,
      resource: {
        ...(displayName === null ? {} : { displayName }),
        ...(givenName === null && familyName === null
          ? {}
          : { name: { ...(givenName === null ? {} : { givenName }), ...(familyName === null ? {} : { familyName }) } }),
        ...(email === null ? {} : { emails: [{ value: email, type: "work", primary: true }] }),
      },
      contentHash: hash(hashedOf(content)).toString("hex"),
    },
    userNameKey: userNameKey(userName),
    emailKey: email === null ? null : emailKey(email),
    location: storable(user.location),
    conflict: faultOf(user, userName),
  };
}

/**
 * What the content hash of `mapUser` is made of: the SHA-256 of its JSON. Null for an entry that cannot be written as it
 * is.
 */
export function hashedContent(user: PulledUser): readonly unknown[] | null {
  const content = contentOf(user);
  return faultOf(user, content.userName) === null ? hashedOf(content) : null;
}

function hashedOf({ userName, active, email, displayName, givenName, familyName }: Content): readonly unknown[] {
  return [MAPPING, "user", userName, active, email, displayName, givenName, familyName];
}

/** One hash for the same set of members, in whatever order they came. */
export function hashMembers(users: readonly string[], groups: readonly string[]): Buffer {
  return hash([MAPPING, "members", users.toSorted(), groups.toSorted()]);
}

/** What a directory says of a group. Names may repeat inside one directory; the id tells twins apart. Overlong names are cut. */
export function mapGroup(group: PulledGroup): StagedGroup {
  const name = storable(storable(group.name).slice(0, LONGEST_GROUP_NAME));
  return {
    immutableId: group.id,
    name,
    location: storable(group.location),
    contentHash: hash([MAPPING, "group", name]),
  };
}

/** An id that cannot be stored as it is would be another id: such a snapshot cannot be trusted at all. */
export function isStorableId(id: string): boolean {
  return id !== "" && Buffer.byteLength(id) <= LONGEST_KEY && storable(id) === id;
}

function faultOf(user: PulledUser, userName: string): string | null {
  const place = (): string => `${storable(user.location)} (id ${user.id})`;
  if (userName !== user.userName) return `${place()} has a user name with a character that cannot be stored`;
  if (userName.trim() === "") return `${place()} has no user name`;
  // No fold makes a character that long; most names need not be folded for it.
  if (userName.length > LONGEST_KEY / 20 && Buffer.byteLength(userNameKey(userName)) > LONGEST_KEY)
    return `${place()} has a user name longer than ${LONGEST_KEY} bytes`;
  return null;
}

/** The text without what PostgreSQL cannot hold: NUL and half of a surrogate pair. */
export function storable(text: string): string {
  return text.includes("\0") || !text.isWellFormed() ? text.replaceAll("\0", "").toWellFormed() : text;
}

function storableOrNull(text: string | null): string | null {
  const kept = text === null ? "" : storable(text);
  return kept === "" ? null : kept;
}

function hash(content: readonly unknown[]): Buffer {
  return digestOf("sha256", JSON.stringify(content), "buffer");
}
