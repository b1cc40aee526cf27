import express, { type Router } from "express";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { authenticate } from "./authenticate.ts";
import { checkRouter } from "./check.ts";
import { eventsRouter } from "./events.ts";
import { problemHandler } from "./problem.ts";
import { productsRouter } from "./products.ts";
import { scimRequestsRouter } from "./scim-requests.ts";
import { usersRouter } from "./users.ts";

/**
 * The administration API, `/api/v1`. A caller is known by a bearer token before anything of the body is read; the
 * token decides the organization. Every failure is a problem document.
 */
export function adminRouter(ctx: Context): Router {
  const router = express.Router();
  router.use((_request, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });
  router.use(authenticate(ctx));
  router.use(express.json({ limit: ctx.config.limits.bodyBytes, strict: false, type: ["json", "+json"] }));
  router.use("/users", usersRouter(ctx));
  router.use("/access/check", checkRouter(ctx));
  router.use("/products", productsRouter(ctx));
  router.use("/events", eventsRouter(ctx));
  router.use("/directories/:directory/scim-requests", scimRequestsRouter(ctx));
  router.use(() => {
    throw new MusterError("not-found", "there is nothing at this path");
  });
  router.use(problemHandler(ctx));
  return router;
}
