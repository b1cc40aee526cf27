import { z } from "zod";
import { idOut } from "./fields.ts";
import { bundle, scopeOut } from "./scope.ts";
import { role } from "./words.ts";

const user = z.object({ id: idOut, userName: z.string() });
const standing = z.object({ role: role.nullable(), allowed: z.boolean() });
const movement = z.object({ gained: z.int(), lost: z.int() });

function named<Row extends z.ZodType>(row: Row) {
  return z.object({ total: z.int(), named: z.array(row) });
}

/** What a change of the directories did to whom: `total` of each, 100 at most by name. */
export const consequencesAnswer = z
  .object({
    canonical: named(
      z.object({
        user,
        from: z.string().nullable(),
        to: z.string().nullable(),
        deactivated: z.boolean(),
        parked: z.boolean(),
      }),
    ),
    deactivated: z.int(),
    parked: z.int(),
    roles: named(z.object({ user, site: z.string(), product: z.string(), from: standing, to: standing })),
    products: z.array(z.object({ site: z.string(), product: z.string(), seats: movement, guestSlots: movement })),
    administrators: named(z.object({ user, bundle, scope: scopeOut, becomes: z.enum(["parked", "ended"]) })),
    locksOutCaller: z.boolean(),
  })
  .meta({ id: "Consequences" });
