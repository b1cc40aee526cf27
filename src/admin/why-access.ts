import { z } from "zod";
import type { AccountId } from "../db/id.ts";
import { whyAccess } from "../identity/access/why-access.ts";
import { idIn, idOut, instant, keyIn } from "./fields.ts";
import { groupAnswer } from "./groups.ts";
import { productFor } from "./product-of.ts";
import { route } from "./route.ts";
import { bundle, permission, scopeOut } from "./scope.ts";
import { role, status } from "./words.ts";

const holder = z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), bundle, scope: scopeOut });

/** What must hold, whether it does, who set it, and who could change it by what; `directory`: only there. */
const condition = z
  .object({
    condition: z.enum([
      "active",
      "not-suspended",
      "record-active",
      "record-counts",
      "person-confirmed",
      "grant-confirmed",
      "domain",
      "group",
      "space",
      "not-expired",
      "seat",
      "guest-slot",
    ]),
    met: z.boolean(),
    because: z.string(),
    directory: z.string().nullable(),
    setBy: z
      .object({ kind: z.string(), id: z.string().nullable(), userName: z.string().nullable(), at: instant })
      .nullable(),
    remedy: z.object({ permission, operation: z.string(), command: z.string(), heldBy: z.array(holder) }).nullable(),
  })
  .meta({ id: "Condition" });

const way = z
  .object({
    role,
    through: z.string().nullable(),
    memberOf: z.string(),
    group: groupAnswer,
    grant: idOut,
    counts: z.boolean(),
    conditions: z.array(condition),
  })
  .meta({ id: "AccessWay" });

/** `/users/{id}/why`: why somebody may use a product, or may not. */
export const whyAccessRoutes = [
  route({
    id: "users.why",
    method: "GET",
    path: "/users/{id}/why",
    summary:
      "Show why a person may use a product or may not: every condition, who set what is missing, and who could change it",
    guard: { permission: "access:read" },
    params: z.strictObject({ id: idIn<AccountId>() }),
    query: z.strictObject({ product: keyIn, site: keyIn.optional() }),
    answer: z
      .object({
        account: z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), status }),
        site: z.string(),
        product: z.string(),
        role: role.nullable(),
        allowed: z.boolean(),
        reason: z.string().nullable(),
        person: z.array(condition),
        ways: z.array(way),
        place: z.array(condition),
      })
      .meta({ id: "WhyAccess" }),
    read: async (db, { caller, params, query }) =>
      whyAccess(db, params.id, await productFor(db, caller, "access:read", { key: query.product, site: query.site })),
  }),
];
