import { pipeline } from "node:stream/promises";
import express, { type Request, type RequestHandler, type Response, type Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { AccountId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { refuseMerged } from "../identity/accounts/merged.ts";
import { holds } from "../identity/rights/permissions.ts";
import { authenticate, callerOf } from "./authenticate.ts";
import { type Caller, lacking, require, requireFresh } from "./caller.ts";
import { etagOf, names, weakly } from "./etag.ts";
import { parseInput, queryOf } from "./input.ts";
import { inTurn } from "./limits.ts";
import { onlyMethods } from "./methods.ts";
import { inPlace } from "./place.ts";
import { InvalidInput } from "./problem.ts";
import { type Call, type File, type Input, type Route, statusOf } from "./route.ts";
import { type Answer, change } from "./write.ts";

const NOTHING = z.strictObject({});

/** An Express router of these routes. Every request but to an open one needs a live token or session. */
export function serveRoutes(ctx: Context, routes: readonly Route[]): Router {
  const router = express.Router({ caseSensitive: true });
  const known = [authenticate(ctx), inTurn(ctx)];
  const byPath = [...Map.groupBy(routes, (route) => route.path)]
    .sort(([a], [b]) => namesFirst(a, b))
    .map(([path, siblings]) => ({ path: path.replaceAll(/\{(\w+)\}/g, ":$1"), siblings }));
  for (const { path, siblings } of byPath) {
    const place = router.route(path);
    for (const route of siblings) {
      if ("open" in route) place[expressMethod(route)](serveOpen(ctx, route));
      else place[expressMethod(route)](...known, serve(ctx, route, routes));
    }
  }
  // After all of them: a directory may be called `order`, and is shown where directories are ordered by another method.
  for (const { path, siblings } of byPath)
    router.route(path).all(...known, onlyMethods(...siblings.map((route) => route.method)));
  router.use(...known, () => {
    throw new MusterError("not-found", "there is nothing at this path");
  });
  return router;
}

/** `/users/duplicates` is no person's id: a segment that is a name stands before one that is a parameter. */
function namesFirst(a: string, b: string): number {
  return a.replaceAll("{", "~") < b.replaceAll("{", "~") ? -1 : 1;
}

function expressMethod({ method }: Route) {
  return method.toLowerCase() as Lowercase<Route["method"]>;
}

type Open = Extract<Route, { open: unknown }>;
type Closed = Exclude<Route, Open>;

/** One request of somebody who need not be known. */
function serveOpen(ctx: Context, route: Open): RequestHandler {
  const readBody = bodyReader(ctx, route);
  return async (request, response) => {
    const input = await readInput(route, request, queryOf(request), () => readBody(request, response));
    const body = await route.open({ ...input, ctx, request, response });
    if (!response.headersSent) send(response, route, input, { status: statusOf(route), body });
  };
}

async function readInput(
  route: Route,
  request: Request,
  parameters: Record<string, string>,
  readBody: () => Promise<unknown>,
): Promise<Input<unknown, unknown, unknown>> {
  return {
    params: route.params ? parseInput(route.params, request.params, "path") : {},
    query: parseInput(route.query ?? NOTHING, parameters, "query"),
    body: await readBody(),
  };
}

/** One request: may the caller at all, what came in, may the caller this, then the operation. */
function serve(ctx: Context, route: Closed, routes: readonly Route[]): RequestHandler {
  const readBody = bodyReader(ctx, route);
  return async (request, response) => {
    const caller = callerOf(response);
    refuseWithout(response, route, caller);
    if (route.dangerous) requireFresh(caller);
    const parameters = queryOf(request);
    const dryRun = isDryRun(route, parameters);
    const input = await readInput(route, request, parameters, () => readBody(request, response));
    const call: Call<unknown, unknown, unknown> = { ...input, ctx, caller };
    try {
      await refuseElsewhere(ctx, response, route, call);
      if (route.path.startsWith("/users/{id}") && route.id !== "users.unmerge")
        await refuseMerged(ctx.db.of(caller.organization), (input.params as { id: AccountId }).id);
      if ("read" in route) sendRead(request, response, route, await route.read(ctx.db.of(caller.organization), call));
      else if ("send" in route) await sendFile(response, await route.send(ctx.db.of(caller.organization), call));
      else if ("act" in route)
        send(response, route, input, {
          status: dryRun ? 200 : statusOf(route),
          body: await route.act({ ...call, dryRun }),
        });
      else send(response, route, input, await change(request, route, routes, call, dryRun));
    } catch (error) {
      throw inPlace(error, input);
    }
  };
}

/** Whoever could not do this to anything is told so before anything else is read. */
function refuseWithout(response: Response, { guard }: Route, caller: Caller): void {
  if (typeof guard === "string" || holds(caller.held, guard.permission)) return;
  challenge(response, guard.permission);
  throw lacking(caller, guard.permission);
}

/** What is there but not within the caller's reach answers as what is not there. */
async function refuseElsewhere(
  ctx: Context,
  response: Response,
  { guard }: Route,
  call: Call<unknown, unknown, unknown>,
): Promise<void> {
  if (typeof guard === "string" || guard.anywhere) return;
  const everywhere = { kind: "organization" } as const;
  if (holds(call.caller.held, guard.permission, everywhere)) return;
  challenge(response, guard.permission);
  const target = await guard.on?.(ctx.db.of(call.caller.organization), call, call.caller);
  require(call.caller, guard.permission, target ?? everywhere);
  response.removeHeader("WWW-Authenticate");
}

/** RFC 6750 §3.1. */
function challenge(response: Response, permission: string): void {
  response.set("WWW-Authenticate", `Bearer realm="muster", error="insufficient_scope", scope="${permission}"`);
}

function isDryRun(route: Route, parameters: Record<string, string>): boolean {
  if (route.method === "GET") return false;
  const { dryRun = "false" } = parameters;
  if (dryRun !== "true" && dryRun !== "false")
    throw new InvalidInput([{ pointer: "dryRun", code: "invalid", message: "it must be true or false" }]);
  delete parameters.dryRun;
  return dryRun === "true";
}

function bodyReader(
  ctx: Context,
  { body: schema, csv }: Route,
): (request: Request, response: Response) => Promise<unknown> {
  const json = express.json({ limit: ctx.config.limits.bodyBytes, strict: false, type: ["json", "+json"] });
  const text = express.text({ limit: ctx.config.limits.bodyBytes, type: "text/csv", defaultCharset: "utf-8" });
  return async (request, response) => {
    if (!schema) return undefined;
    if (csv && request.is("text/csv")) {
      await new Promise<void>((resolve, reject) =>
        text(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error))),
      );
      return parseInput(schema, { csv: request.body }, "body");
    }
    if (!request.is("json") && !request.is("+json"))
      throw new MusterError("unsupported-media-type", "send the body as application/json");
    await new Promise<void>((resolve, reject) =>
      json(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error))),
    );
    return parseInput(schema, request.body, "body");
  };
}

/** A file to be kept, never to be shown: what it holds came from people. */
async function sendFile(response: Response, { type, name, bytes, pieces }: File): Promise<void> {
  response.set({
    "Content-Type": type,
    "Content-Length": String(bytes),
    "Content-Disposition": `attachment; filename="${name}"`,
    "X-Content-Type-Options": "nosniff",
  });
  await pipeline(pieces, response);
}

function sendRead(
  request: Request,
  response: Response,
  { madeAt }: Extract<Route, { read: unknown }>,
  body: object,
): void {
  const text = JSON.stringify(body);
  const etag = madeAt === undefined ? etagOf(text) : weakly(etagOf(JSON.stringify({ ...body, [madeAt]: undefined })));
  response.set("ETag", etag);
  if (request.headers["if-none-match"] !== undefined && names(request.headers["if-none-match"], etag)) {
    response.status(304).end();
    return;
  }
  response.type("json").send(text);
}

function send(
  response: Response,
  route: Route,
  input: Input<unknown, unknown, unknown>,
  { status, body, headers }: Answer,
): void {
  if (route.location && (status === 201 || status === 202))
    response.set("Location", `${response.req.baseUrl}${route.location(body as never, input)}`);
  if (headers) response.set(headers);
  response.status(status);
  if (body === undefined) response.end();
  else response.type("json").send(JSON.stringify(body));
}
