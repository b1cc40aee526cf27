import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type AccessQuestion, checkAccess } from "../identity/access/check.ts";
import { actorOf, callerOf, readsOf } from "./authenticate.ts";
import { bodyOf, parseInput } from "./input.ts";
import { onlyMethods } from "./methods.ts";
import { productFor } from "./product-of.ts";

// What PostgreSQL's text cannot hold is nobody's name.
const text = z
  .string()
  .min(1)
  .max(512)
  .refine((value) => !value.includes("\0") && value.isWellFormed(), "it holds a character that cannot be stored");

const question = z.strictObject({
  product: text,
  site: text.optional(),
  user: z
    .strictObject({
      id: text.optional(),
      userName: text.optional(),
      email: text.optional(),
      externalId: text.optional(),
    })
    .refine(
      (user) => Object.keys(user).length === 1,
      "name the person by exactly one of id, userName, email, externalId",
    ),
  space: text.optional(),
  seen: z.boolean().default(false),
});

/** `/access/check`: may this person use the product now? Products ask it at every visit. */
export function checkRouter(ctx: Context): Router {
  const router = Router();
  router
    .route("/")
    .post(async (request, response) => {
      const { product, site, user, space, seen } = parseInput(question, bodyOf(request), "body");
      const id = await productFor(readsOf(ctx, response), callerOf(response), product, site);
      response.json(
        await checkAccess(ctx, actorOf(response), {
          product: id,
          user: user as AccessQuestion["user"],
          seen,
          ...(space === undefined ? {} : { space }),
        }),
      );
    })
    .all(onlyMethods("POST"));
  return router;
}
