import { z } from "zod";
import { type AccessQuestion, checkAccess } from "../identity/access/check.ts";
import { text } from "./fields.ts";
import { productFor } from "./product-of.ts";
import { route } from "./route.ts";
import { role, status } from "./words.ts";

const question = z.strictObject({
  product: text(512),
  site: text(512).optional(),
  user: z
    .strictObject({
      id: text(512).optional(),
      userName: text(512).optional(),
      email: text(512).optional(),
      externalId: text(512).optional(),
    })
    .refine(
      (user) => Object.keys(user).length === 1,
      "name the person by exactly one of id, userName, email, externalId",
    ),
  space: text(512).optional(),
  seen: z.boolean().default(false),
});

/** `/access/check`: may this person use the product now? Products ask it at every visit. */
export const checkRoutes = [
  route({
    id: "access.check",
    method: "POST",
    path: "/access/check",
    summary: "Ask whether a person may use a product now",
    guard: { permission: "access:check", anywhere: true },
    body: question,
    answer: z.object({
      allowed: z.boolean(),
      role: role.nullable(),
      permission: z.enum(["can-create-and-edit", "read-only"]).nullable(),
      status: status.nullable(),
      reason: z.string().nullable(),
      until: z.string().meta({ format: "date-time" }).nullable(),
    }),
    act: async ({ ctx, caller, body, dryRun }) => {
      const named = { key: body.product, site: body.site };
      const product = await productFor(ctx.db.of(caller.organization), caller, "access:check", named);
      return checkAccess(ctx, caller.actor, {
        product: product.id,
        user: body.user as AccessQuestion["user"],
        seen: body.seen && !dryRun,
        ...(body.space === undefined ? {} : { space: body.space }),
      });
    },
  }),
];
