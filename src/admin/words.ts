import { z } from "zod";
import { KINDS, type Kind, STATUSES } from "../identity/account-overview.ts";
import type { Role } from "../identity/grants.ts";
import type { Permission } from "../identity/guests.ts";
import { SITE_STATUSES, type SiteStatus, type Status } from "../identity/statuses.ts";

/** Words that several nouns use. */
export const status = z.enum(STATUSES as [Status, ...Status[]]).meta({ id: "Status" });
/** The same of one site. R74 to R77. */
export const siteStatus = z.enum(SITE_STATUSES as [SiteStatus, ...SiteStatus[]]).meta({ id: "SiteStatus" });
/** Member or guest: what somebody is in the organization. */
export const userKind = z.enum(KINDS as [Kind, ...Kind[]]).meta({ id: "UserKind" });
export const role = z.enum(["admin", "user", "guest"] satisfies Role[]).meta({ id: "Role" });
/** What a guest may do in a space. R135. */
export const permission = z.enum(["can-create-and-edit", "read-only"] satisfies Permission[]);
