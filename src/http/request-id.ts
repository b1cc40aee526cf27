import type { IncomingMessage, ServerResponse } from "node:http";
import type { RequestHandler } from "express";
import { newId } from "../db/id.ts";

/** What begins like a token of Muster's must not get into a log, whoever put it there. */
const SANE = /^(?!.*mst_)[A-Za-z0-9._~+/=@:-]{1,128}$/i;

/**
 * Gives a request an id: the caller's X-Request-Id when it is one, else a new one. It stands in the answer's header,
 * where doors read it, and in the request's, so that nothing downstream sees another.
 */
export function giveId(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers["x-request-id"];
  const id = typeof given === "string" && SANE.test(given) ? given : newId();
  request.headers["x-request-id"] = id;
  response.setHeader("X-Request-Id", id);
  return id;
}

/** The same for a door that is served by itself. */
export const requestId: RequestHandler = (request, response, next) => {
  giveId(request, response);
  next();
};
