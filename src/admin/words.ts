import { z } from "zod";
import { STATUSES } from "../identity/account-overview.ts";
import type { Role } from "../identity/grants.ts";
import type { Permission } from "../identity/guests.ts";
import type { Status } from "../identity/statuses.ts";

/** Words that several nouns use. */
export const status = z.enum(STATUSES as [Status, ...Status[]]).meta({ id: "Status" });
export const role = z.enum(["admin", "user", "guest"] satisfies Role[]).meta({ id: "Role" });
/** What a guest may do in a space. R135. */
export const permission = z.enum(["can-create-and-edit", "read-only"] satisfies Permission[]);
