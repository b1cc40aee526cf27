import type { Response } from "express";
import type { Context } from "../context.ts";
import type { Caller } from "./caller.ts";
import type { Reading } from "./dialect.ts";
import type { Document } from "./schema/document.ts";

/** A request as every operation sees it, whether it came by itself, inside a Bulk request or through `/Me`. */
export type ScimRequest = Reading & {
  caller: Caller;
  parameters: ReadonlyMap<string, string>;
  body: unknown;
  ifMatch: string | undefined;
  ifNoneMatch: string | undefined;
};

/**
 * What an operation answers: `body`, or its JSON as `text`, or neither. `contentLocation` is that of the resource in the
 * body (RFC 7643 §3.1 `meta.location`). `location` and `etag` become headers, or members of a Bulk answer
 * (RFC 7644 §3.7).
 */
export type ScimAnswer = {
  status: 200 | 201 | 204 | 304;
  body?: Document;
  text?: string;
  location?: string;
  contentLocation?: string;
  etag?: string;
};

/** One operation of the protocol. `id` is the last part of the path, unchecked, for a route that has one. */
export type Perform = (ctx: Context, request: ScimRequest, id: string) => Promise<ScimAnswer> | ScimAnswer;

export const MEDIA_TYPE = "application/scim+json; charset=utf-8";

export function sendAnswer(response: Response, answer: ScimAnswer): void {
  if (answer.location !== undefined) response.setHeader("Location", answer.location);
  if (answer.contentLocation !== undefined) response.setHeader("Content-Location", answer.contentLocation);
  if (answer.etag !== undefined) response.setHeader("ETag", answer.etag);
  response.status(answer.status);
  const text = answer.text ?? (answer.body === undefined ? undefined : JSON.stringify(answer.body));
  if (text !== undefined) response.setHeader("Content-Type", MEDIA_TYPE);
  response.end(text);
}
