import type { RequestHandler } from "express";
import { MusterError } from "../errors.ts";
import type { Method } from "./route.ts";

/** The end of a route: every other method is refused, naming those that work (RFC 9110 §15.5.6). */
export function onlyMethods(...methods: readonly Method[]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method])).join(", ");
  return (_request, response) => {
    response.set("Allow", allowed);
    throw new MusterError("method-not-allowed", `here only ${allowed}`);
  };
}
