import express, { type ErrorRequestHandler, type Request, type Response } from "express";
import type { Context } from "../context.ts";
import { parseId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { limitRequests } from "../http/limit-requests.ts";
import { authenticate, insufficientScope } from "./authenticate.ts";
import { checkAccept, readBody } from "./body.ts";
import type { Caller } from "./caller.ts";
import { errorHandler, notFound, sendError } from "./errors.ts";
import { type ScimRequest, sendAnswer } from "./exchange.ts";
import { ExchangeLog } from "./exchange-log.ts";
import { readParameters } from "./query.ts";
import { recordExchange } from "./request-log.ts";
import { allowed, findRoute, missingScope, type Operation, operationOf } from "./routes.ts";

/**
 * Everything below `/scim`: the SCIM 2.0 endpoint of every directory, `/v2/<directory id>/…` (RFC 7644). Nothing of a
 * request is looked at before its token; every answer but 204 and 304 has a SCIM body.
 */
export function scimRouter(ctx: Context): express.Router {
  const router = express.Router();
  const serve = endpoint(ctx);
  // The form in which Muster tells its URL. Express reads all others, and takes some time for it.
  router.use((request, response, next) => {
    const { url } = request;
    const end = "/v2/".length + 36;
    const named = url.startsWith("/v2/") && "/?".includes(url.charAt(end)) ? url.slice("/v2/".length, end) : "";
    if (parseId(named) === undefined) return next();
    request.url = url.charAt(end) === "/" ? url.slice(end) : `/${url.slice(end)}`;
    return serve(request, response, named);
  });
  router.use("/v2/:directory", (request, response) => serve(request, response, request.params.directory));
  router.use(() => {
    throw notFound();
  });
  router.use(scimErrors(ctx));
  return router;
}

/** Whatever goes wrong below `/scim`, also before the door is reached, as a SCIM error. */
export function scimErrors(ctx: Context): ErrorRequestHandler {
  return errorHandler(ctx.logger);
}

/** One request to one directory: route, scope, body, operation, answer; and what the request log keeps of it. */
function endpoint(ctx: Context): (request: Request, response: Response, named: string) => Promise<void> {
  const callerOf = authenticate(ctx);
  const letIn = limitRequests(ctx.config.limits.scim);
  const readBodyOf = readBody(ctx.config.limits.bodyBytes);
  return async (request, response, named) => {
    const caller = await callerOf(request, response, named);
    const startedAt = performance.now();
    const log = new ExchangeLog();
    let detail: string | null = null;
    try {
      const turn = letIn(response, caller.limitedAs);
      if (turn !== undefined) await turn;
      const { operation, id } = findOperation(request, response, caller);
      if (operation.readsBody) await readBodyOf(request, response, { dialect: caller.dialect, log });
      sendAnswer(response, await operation.perform(ctx, askedBy(request, caller, log), id));
    } catch (error) {
      detail = sendError(ctx.logger, request, response, error);
    }
    const { path, query } = splitUrl(request.url);
    recordExchange(ctx, {
      organization: caller.organization,
      directory: caller.directory,
      token: caller.actor.id,
      requestId: caller.actor.requestId,
      method: request.method,
      path,
      query,
      status: response.statusCode,
      startedAt,
      userAgent: request.headers["user-agent"],
      body: request.body,
      bytes: Number(request.headers["content-length"]) || undefined,
      log,
      detail,
    });
  };
}

function askedBy(request: Request, caller: Caller, log: ExchangeLog): ScimRequest {
  return {
    caller,
    dialect: caller.dialect,
    log,
    parameters: readParameters(request.url),
    body: request.body,
    ifMatch: request.headers["if-match"],
    ifNoneMatch: request.headers["if-none-match"],
  };
}

function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf("?");
  return mark === -1 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** The operation that the request may have, with the headers of its refusal set where it may not. */
function findOperation(request: Request, response: Response, caller: Caller): { operation: Operation; id: string } {
  checkAccept(request);
  const found = findRoute(request.path);
  const operation = operationOf(found, request.method);
  if (operation === undefined) {
    const methods = allowed(found);
    response.setHeader("Allow", methods);
    throw new MusterError("method-not-allowed", `this path takes ${methods}`);
  }
  // Not 404 for those who are gone from it: a provider would create them anew.
  if (caller.switched)
    throw new MusterError(
      "not-allowed",
      "the people of this directory were switched to another one; stop provisioning to it",
    );
  const missing = missingScope(caller, operation);
  if (missing !== undefined) throw insufficientScope(response, missing);
  return { operation, id: found.id };
}
