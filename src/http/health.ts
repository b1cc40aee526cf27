import { Router } from "express";
import type { Context } from "../context.ts";
import { isMigrated } from "../db/migrate.ts";

/** What the process itself knows of its state. */
export type Health = { draining: boolean };

/**
 * `/livez`: the process answers, whatever the database does. `/readyz`: send requests here; the database answers,
 * its schema is this version's, and nobody has asked the process to stop.
 */
export function healthRouter(ctx: Context, health: Health): Router {
  const router = Router();
  router.get("/livez", (_request, response) => {
    response.set("Cache-Control", "no-store").json({ status: "ok" });
  });
  router.get("/readyz", async (_request, response) => {
    const reason = await notReady(ctx, health);
    response.set("Cache-Control", "no-store").status(reason === null ? 200 : 503);
    if (reason !== null) response.set("Retry-After", "5");
    response.json(reason === null ? { status: "ok" } : { status: "unavailable", reason });
  });
  return router;
}

async function notReady(ctx: Context, health: Health): Promise<string | null> {
  if (health.draining) return "draining";
  try {
    return (await isMigrated(ctx.db)) ? null : "migrations";
  } catch {
    return "database";
  }
}
