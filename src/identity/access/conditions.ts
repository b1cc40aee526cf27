import type { Role } from "../grants.ts";
import type { Permission } from "../rights/permissions.ts";
import { shellWord } from "../shell-word.ts";

/**
 * What must hold so that somebody may use a product (F31): of the person, of each way to a role, and of the place that the role
 * takes. The conditions of a way stand in the order in which the reconciler asks them.
 */
type ConditionName =
  | "active"
  | "not-suspended"
  | "record-active"
  | "record-counts"
  | "person-confirmed"
  | "grant-confirmed"
  | "domain"
  | "group"
  | "space"
  | "not-expired"
  | "seat"
  | "guest-slot";

/** How a condition comes to be met: by whom (who has the permission for what), with which operation and command. */
type Remedy = {
  permission: Permission;
  on: "organization" | "product";
  operation: string;
  command: string;
};

/** Who set it: whoever the latest audit row of the subject with one of these actions names. */
export type SetIn = { subject: string; actions: readonly string[] };

export type Check = {
  condition: ConditionName;
  met: boolean;
  /** In a sentence. */
  because: string;
  /** null: in Muster nobody can, only in `directory`. */
  remedy: Remedy | null;
  directory: string | null;
  setIn: SetIn | null;
};

export type PersonFacts = {
  id: string;
  userName: string;
  organization: string;
  /** The directory of the canonical record; null: no directory holds the person any more. */
  directory: string | null;
  deactivated: boolean;
  suspended: boolean;
};

export type WayFacts = {
  role: Role;
  /** The directory of the record whose membership it is; null for a local membership. */
  through: string | null;
  inactive: boolean;
  masked: boolean;
  parked: boolean;
  unconfirmed: boolean;
  /** Whether the record's directory gives this role only to addresses in the sign-up domains, and this is none. */
  outside: boolean;
  grant: string;
};

/** What the person's own state says: `active`, `not-suspended`. R74 to R88. */
export function checksOfPerson({ id, userName, directory, deactivated, suspended }: PersonFacts): Check[] {
  const who = shellWord(userName);
  return [
    {
      condition: "active",
      met: !deactivated,
      because: deactivated
        ? directory === null
          ? "no directory holds the person any more"
          : `${directory} says that the person is not active`
        : `${directory} says that the person is active`,
      remedy: null,
      directory,
      setIn: { subject: id, actions: ["account.deactivated", "account.canonical-changed"] },
    },
    {
      condition: "not-suspended",
      met: !suspended,
      because: suspended ? "an administrator suspended the person" : "nobody suspended the person",
      remedy: by("users:write", "organization", "users.restore", `muster user restore -- ${who}`),
      directory: null,
      setIn: { subject: id, actions: ["account.suspended"] },
    },
  ];
}

/** What one way to a role needs, after the person's own state. */
export function checksOfWay(way: WayFacts, { id, userName, organization }: PersonFacts): Check[] {
  const { role, through, inactive, masked, parked, unconfirmed, outside, grant } = way;
  const who = shellWord(userName);
  const checks: Check[] = [];
  if (through !== null) {
    checks.push(
      {
        condition: "record-active",
        met: !inactive,
        because: `${through} marks its record ${inactive ? "inactive" : "active"}`,
        remedy: null,
        directory: through,
        setIn: null,
      },
      {
        condition: "record-counts",
        met: !masked,
        because: masked
          ? `groups of ${through} do not count: another directory stands before it, and memberships mask`
          : `groups of ${through} count`,
        remedy: by("directories:write", "organization", "directories.order", "muster directory order NAMES"),
        directory: null,
        setIn: { subject: organization, actions: ["directories.ordered"] },
      },
    );
  } else
    checks.push({
      condition: "person-confirmed",
      met: !parked,
      because: parked
        ? "another record stands for the person since, and nobody confirmed that it is the same human"
        : "the membership stands",
      remedy: by("users:write", "organization", "users.confirm", `muster user confirm -- ${who}`),
      directory: null,
      setIn: { subject: id, actions: ["account.canonical-changed"] },
    });
  checks.push({
    condition: "grant-confirmed",
    met: !unconfirmed,
    because: unconfirmed ? "the grant of admin waited for its group and is not confirmed" : "the grant counts",
    remedy: by("grants:write", "product", "grants.confirm", `muster grant confirm ${grant}`),
    directory: null,
    setIn: { subject: grant, actions: ["grant.bound"] },
  });
  if (through !== null)
    checks.push({
      condition: "domain",
      met: !outside,
      because: outside
        ? `${through} gives the role ${role} only to addresses in the sign-up domains, and this is none`
        : "the domain of the address is no obstacle",
      remedy: by("settings:write", "organization", "signUpDomains.set", "muster domain set DOMAINS"),
      directory: null,
      setIn: { subject: organization, actions: ["sign-up-domains.changed"] },
    });
  return checks;
}

export type PlaceFacts = {
  product: { id: string; key: string };
  /** Spaces that the guest has, parked ones left out, and whether all of them have ended. */
  spaces: number;
  expired: boolean;
  /** Whether a seat (of a guest: a slot) is missing, and what is taken. */
  full: boolean;
  taken: string;
};

/** What the place needs that a role takes: a seat, or a guest's space, its time and a slot. R129, R143, R153. */
export function checksOfPlace(role: Role, place: PlaceFacts, { id, userName }: PersonFacts): Check[] {
  const { product, spaces, expired, full, taken } = place;
  const who = shellWord(userName);
  const room: Check = {
    condition: role === "guest" ? "guest-slot" : "seat",
    met: !full,
    because: taken,
    remedy: by("products:write", "product", "products.update", "muster product seats"),
    directory: null,
    setIn: { subject: product.id, actions: ["product.updated", "product.created"] },
  };
  if (role !== "guest") return [room];
  return [
    {
      condition: "space",
      met: spaces > 0,
      because: spaces > 0 ? "the guest has a space" : "a guest without a space has no access",
      remedy: by(
        "guests:write",
        "product",
        "guests.assign",
        `muster guest assign --product ${product.key} -- ${who} SPACE`,
      ),
      directory: null,
      setIn: { subject: id, actions: ["guest.removed", "account.canonical-changed"] },
    },
    {
      condition: "not-expired",
      met: !expired,
      because: expired ? "the guest's time has run out" : "the guest's time has not run out",
      remedy: by(
        "guests:write",
        "product",
        "guests.extend",
        `muster guest extend --product ${product.key} --for 30d -- ${who}`,
      ),
      directory: null,
      setIn: { subject: id, actions: ["guest.assigned", "guest.extended"] },
    },
    room,
  ];
}

/** That somebody is in no group that has a role on the product. R52, R53, R55. */
export function checkOfGroup(userName: string, product: string, givers: readonly string[]): Check {
  return {
    condition: "group",
    met: false,
    because:
      givers.length === 0
        ? `no group has a role on ${product}`
        : `the person is in no group that has a role on ${product}; ${givers.join(", ")} would do`,
    remedy: by(
      "members:write",
      "organization",
      "groups.addMembers",
      `muster group add -- GROUP ${shellWord(userName)}`,
    ),
    directory: null,
    setIn: null,
  };
}

function by(permission: Permission, on: Remedy["on"], operation: string, command: string): Remedy {
  return { permission, on, operation, command };
}
