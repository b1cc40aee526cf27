import express, { type Router } from "express";
import type { Context } from "../context.ts";
import { problemHandler } from "./problem.ts";
import { routes } from "./routes.ts";
import { serveRoutes } from "./serve.ts";

/**
 * The administration API, `/api/v1`. A caller is known before anything of the body is read; the token or session
 * decides the organization. Every failure is a problem document.
 */
export function adminRouter(ctx: Context): Router {
  const router = express.Router({ caseSensitive: true });
  router.use((_request, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });
  router.use(serveRoutes(ctx, routes));
  router.use(problemHandler(ctx));
  return router;
}
