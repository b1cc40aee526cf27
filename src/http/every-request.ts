import type { RequestHandler } from "express";
import helmet from "helmet";
import type { Context } from "../context.ts";
import { logAccess } from "./access-log.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import { giveId } from "./request-id.ts";

/**
 * What happens to every request, whatever door it goes to: it gets its id, its answer the protective headers; once it is
 * answered or cut off it is counted and logged. One middleware, because a busy provider pays for each.
 */
export function everyRequest(ctx: Context, health: Health, metrics: Metrics): RequestHandler {
  const protect = protectiveHeaders(ctx);
  return (request, response, next) => {
    const started = performance.now();
    const id = giveId(request, response);
    if (health.draining) response.setHeader("Connection", "close");
    response.once("close", () => {
      const duration = performance.now() - started;
      metrics.measure(request, response, duration / 1_000);
      logAccess(ctx.logger, request, response, id, duration);
    });
    protect(request, response, next);
  };
}

/**
 * What forbids to guess, run, frame and embed an answer that is data. The others are about what a page does; X-Frame-Options
 * counts for nothing beside `frame-ancestors`. Each costs both sides on every request.
 */
const OF_DATA: readonly (readonly [string, string])[] = [
  ["Content-Security-Policy", "default-src 'none';frame-ancestors 'none';base-uri 'none';form-action 'self'"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["X-Content-Type-Options", "nosniff"],
];
const OF_DATA_BY_TLS = [...OF_DATA, ["Strict-Transport-Security", "max-age=31536000; includeSubDomains"]] as const;

/** A door that serves pages widens the content policy for them. */
function protectiveHeaders(ctx: Context): RequestHandler {
  const isSecure = ctx.config.publicUrl.startsWith("https:");
  const ofData = isSecure ? OF_DATA_BY_TLS : OF_DATA;
  const all = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"], baseUri: ["'none'"], formAction: ["'self'"] },
    },
    referrerPolicy: { policy: "no-referrer" },
    strictTransportSecurity: isSecure,
  });
  return (request, response, next) => {
    if (!request.url.startsWith("/scim/")) return all(request, response, next);
    for (const [name, value] of ofData) response.setHeader(name, value);
    next();
  };
}
