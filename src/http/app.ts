import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from "express";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { everyRequest } from "./every-request.ts";
import { type Health, healthRouter } from "./health.ts";
import { makeMetrics } from "./metrics.ts";
import { lastErrorHandler, sendProblem } from "./problem.ts";
import { unreadable } from "./unreadable.ts";

/**
 * A door: what it serves below its path. It authenticates, parses bodies and answers its own errors; `errors` says in
 * its words too what is refused before the door is reached, `unreadable` the media type and the body for what is no request
 * at all. Without them these answers are problem documents.
 */
export type Door = {
  path: string;
  router(ctx: Context): Router;
  errors?(ctx: Context): ErrorRequestHandler;
  unreadable?(status: number, detail: string): { type: string; body: object };
};

/** Requests that may wait for a database connection before new ones are turned away at once. */
const WAITING_LIMIT = 256;

/** Everything that HTTP callers can reach. */
export function makeApp(ctx: Context, doors: readonly Door[], health: Health): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  // Doors read their query strings themselves.
  app.set("query parser", false);
  trustProxies(app, ctx.config.trustedProxies);
  const metrics = makeMetrics(ctx);
  app.use(everyRequest(ctx, health, metrics));
  const open = (door: Door): void => {
    app.use(door.path, entrance(ctx, door));
    if (door.errors) app.use(door.path, door.errors(ctx));
  };
  // What most requests are for is not compared with every other path first.
  for (const door of doors) if (door.path !== "/") open(door);
  app.use(healthRouter(ctx, health), metrics.router);
  for (const door of doors) if (door.path === "/") open(door);
  app.use((_request, response) =>
    sendProblem(response, 404, "not-found", "Not Found", "there is nothing at this path"),
  );
  app.use(lastErrorHandler(ctx.logger));
  return app;
}

/** @throws MusterError `configuration` when one is neither an address, a CIDR nor a name such as `loopback`. */
export function trustProxies(app: Express, proxies: readonly string[]): void {
  try {
    app.set("trust proxy", [...proxies]);
  } catch (error) {
    throw new MusterError("configuration", `trustedProxies (MUSTER_TRUSTED_PROXIES): ${(error as Error).message}`, {
      at: "trustedProxies",
      cause: error,
    });
  }
}

/** The door's router, for what has a host (RFC 9112 §3.2), unless too many wait already. */
function entrance(ctx: Context, door: Door): RequestHandler {
  const router = door.router(ctx);
  return (request, response, next) => {
    if (request.headers.host === undefined && request.httpVersion === "1.1") {
      const { type, text } = unreadable(door, 400, String(response.getHeader("x-request-id")));
      response.status(400).setHeader("Content-Type", type).setHeader("Connection", "close").end(text);
    } else if (ctx.db.pool.waitingCount < WAITING_LIMIT) router(request, response, next);
    else next(new MusterError("unavailable", "too many requests wait for the database; try again", { retryAfter: 2 }));
  };
}
