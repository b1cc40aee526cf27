import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from "express";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { authenticate, callerOf, requireScope } from "./authenticate.ts";
import { checkAccept, readBody } from "./body.ts";
import { errorHandler, notFound, sendError } from "./errors.ts";
import { type ScimRequest, sendAnswer } from "./exchange.ts";
import { ExchangeLog } from "./exchange-log.ts";
import { readParameters } from "./query.ts";
import { allowed, findRoute, type Operation, operationOf } from "./routes.ts";

/**
 * Everything below `/scim`: the SCIM 2.0 endpoint of every directory, `/v2/<directory id>/…` (RFC 7644). Nothing of a
 * request is looked at before its token; every answer but 204 and 304 has a SCIM body.
 */
export function scimRouter(ctx: Context): express.Router {
  const router = express.Router();
  router.use("/v2/:directory", authenticate(ctx), endpoint(ctx));
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

/** One request to one directory: route, scope, body, operation, answer. */
function endpoint(ctx: Context): RequestHandler {
  const parse = readBody(ctx.config.limits.bodyBytes);
  return async (request, response) => {
    const log = new ExchangeLog();
    try {
      checkAccept(request);
      const found = findRoute(request.path);
      const operation = requireOperation(request, response, found);
      requireScope(response, operation.scope);
      const caller = callerOf(response);
      if (operation.readsBody) await parse(request, response, { dialect: caller.dialect, log });
      const asked: ScimRequest = {
        caller,
        dialect: caller.dialect,
        log,
        parameters: readParameters(request.url),
        body: request.body,
        ifMatch: request.headers["if-match"],
        ifNoneMatch: request.headers["if-none-match"],
      };
      sendAnswer(response, await operation.perform(ctx, asked, found.id));
    } catch (error) {
      sendError(ctx.logger, request, response, error);
    }
  };
}

function requireOperation(request: Request, response: Response, found: ReturnType<typeof findRoute>): Operation {
  const operation = operationOf(found, request.method);
  if (operation !== undefined) return operation;
  const methods = allowed(found);
  response.setHeader("Allow", methods);
  throw new MusterError("method-not-allowed", `this path takes ${methods}`);
}
