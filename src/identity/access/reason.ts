import { unreachable } from "../../errors.ts";
import type { Status } from "../statuses.ts";

type Role = "admin" | "user" | "guest";

/** Why access is refused, or (`domain-not-allowed` beside a role) why it is less than the groups would give. Design §10. */
export type Reason =
  | "no-grant"
  | "deactivated"
  | "suspended"
  | "domain-not-allowed"
  | "no-space"
  | "over-quota"
  | "no-seat"
  | "expired";

/** One row of `access`; all null where the reconciler has none. */
export type AccessFacts = {
  role: Role | null;
  state: "live" | "no-space" | "over-quota" | "no-seat" | "domain" | null;
  domainLimited: boolean | null;
  /** Whether `live_until` has passed, by the database's clock. */
  expired: boolean;
};

export type Decision = { role: Role | null; allowed: boolean; reason: Reason | null };

/**
 * The answer that every face gives (design §10): the person first (deactivated, suspended), then what stands on the product. The
 * role is null without a grant and for the deactivated and suspended; it stands where only a space, a slot, a seat or
 * time is missing. A person whose higher role the domains refused keeps what remains, and is told.
 */
export function decide(status: Status, facts: AccessFacts): Decision {
  if (status === "deactivated" || status === "suspended") return { role: null, allowed: false, reason: status };
  switch (facts.state) {
    case null:
      return { role: null, allowed: false, reason: "no-grant" };
    case "domain":
      return { role: null, allowed: false, reason: "domain-not-allowed" };
    case "no-space":
    case "over-quota":
    case "no-seat":
      return { role: facts.role, allowed: false, reason: facts.expired ? "expired" : facts.state };
    case "live":
      if (facts.expired) return { role: facts.role, allowed: false, reason: "expired" };
      return { role: facts.role, allowed: true, reason: facts.domainLimited ? "domain-not-allowed" : null };
    default:
      return unreachable(facts.state);
  }
}
