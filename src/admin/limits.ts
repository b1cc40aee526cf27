import type { RequestHandler } from "express";
import type { Context } from "../context.ts";
import { limitRequests } from "../http/limit-requests.ts";
import { callerOf } from "./authenticate.ts";

/** Counts each request of a known caller; beyond the limits of one (`limits.api`) it waits, or is told to. */
export function inTurn(ctx: Context): RequestHandler {
  const letIn = limitRequests(ctx.config.limits.api);
  return async (_request, response, next) => {
    await letIn(response, callerOf(response).limitedAs);
    next();
  };
}
