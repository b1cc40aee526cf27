import express, { type ErrorRequestHandler, type RequestHandler } from "express";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { authenticate } from "./authenticate.ts";
import { checkAccept, readBody } from "./body.ts";
import { resourceType, resourceTypes, schema, schemas, serviceProviderConfig } from "./discovery.ts";
import { errorHandler, notFound } from "./errors.ts";
import { createGroup, deleteGroup, getGroup, listGroups, patchGroup, replaceGroup } from "./groups.ts";
import { createUser, deleteUser, getUser, listUsers, patchUser, replaceUser } from "./users.ts";

/**
 * Everything below `/scim`: the SCIM 2.0 endpoint of every directory, `/v2/<directory id>/…` (RFC 7644). Nothing of a
 * request is looked at before its token; every answer but 204 and 304 has a SCIM body.
 */
export function scimRouter(ctx: Context): express.Router {
  const directory = express.Router();
  const body = readBody(ctx.config.limits.bodyBytes);
  directory.use(checkAccept);

  directory
    .route("/ServiceProviderConfig")
    .get(serviceProviderConfig(ctx.config.limits.bodyBytes))
    .all(only("GET, HEAD"));
  directory.route("/ResourceTypes").get(resourceTypes).all(only("GET, HEAD"));
  directory.route("/ResourceTypes/:id").get(resourceType).all(only("GET, HEAD"));
  directory.route("/Schemas").get(schemas).all(only("GET, HEAD"));
  directory.route("/Schemas/:id").get(schema).all(only("GET, HEAD"));

  directory.route("/Users").get(listUsers(ctx)).post(body, createUser(ctx)).all(only("GET, HEAD, POST"));
  directory
    .route("/Users/:id")
    .get(getUser(ctx))
    .put(body, replaceUser(ctx))
    .patch(body, patchUser(ctx))
    .delete(deleteUser(ctx))
    .all(only("GET, HEAD, PUT, PATCH, DELETE"));
  directory.route("/Groups").get(listGroups(ctx)).post(body, createGroup(ctx)).all(only("GET, HEAD, POST"));
  directory
    .route("/Groups/:id")
    .get(getGroup(ctx))
    .put(body, replaceGroup(ctx))
    .patch(body, patchGroup(ctx))
    .delete(deleteGroup(ctx))
    .all(only("GET, HEAD, PUT, PATCH, DELETE"));

  directory.all(["/Me", "/Bulk", "/.search"], () => {
    throw new MusterError("not-implemented", "this server does not offer this endpoint");
  });
  directory.use(() => {
    throw notFound();
  });

  const router = express.Router();
  router.use("/v2/:directory", authenticate(ctx), directory);
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

/** RFC 7231 §6.5.5: what the path would take instead. */
function only(methods: string): RequestHandler {
  return (_request, response) => {
    response.setHeader("Allow", methods);
    throw new MusterError("method-not-allowed", `this path takes ${methods}`);
  };
}
