import express, { type RequestHandler } from "express";
import { MusterError } from "../errors.ts";

const JSON_TYPES = new Set(["application/scim+json", "application/json"]);
const UTF_8 = new Set(["utf-8", "utf8", '"utf-8"']);

/**
 * Reads a JSON body, after the authentication. A request without a media type is taken at its word; compressed bodies are
 * refused, because their size is known only when it is too late.
 * @throws MusterError `unsupported-media-type`; what the parser throws is put in words by the error handler.
 */
export function readBody(bodyBytes: number): RequestHandler[] {
  return [
    (request, _response, next) => {
      const [type, ...parameters] = (request.headers["content-type"] ?? "").toLowerCase().split(";");
      if (type !== undefined && type !== "" && !JSON_TYPES.has(type.trim()))
        throw new MusterError("unsupported-media-type", "the body must be application/scim+json or application/json");
      const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith("charset="));
      if (charset !== undefined && !UTF_8.has(charset.slice("charset=".length)))
        throw new MusterError("unsupported-media-type", "the body must be in UTF-8");
      next();
    },
    express.json({ type: () => true, limit: bodyBytes, inflate: false, strict: false }),
  ];
}

/** Whether the caller can read what this door writes (RFC 7644 §3.8). @throws MusterError `not-acceptable`. */
export const checkAccept: RequestHandler = (request, _response, next) => {
  if (request.headers.accept !== undefined && !request.accepts(["application/scim+json", "application/json"]))
    throw new MusterError("not-acceptable", "answers are application/scim+json");
  next();
};
