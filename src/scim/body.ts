import express, { type Request, type Response } from "express";
import { MusterError } from "../errors.ts";
import { type Reading, tolerate } from "./dialect.ts";
import { requireModestShape } from "./shape.ts";

const JSON_TYPES = new Set(["application/scim+json", "application/json"]);
const UTF_8 = new Set(["utf-8", "utf8", '"utf-8"']);

/**
 * Reads a JSON body into `request.body`, after the authentication. A request without a media type is taken at its word;
 * compressed bodies are refused, because their size is known only when it is too late, and bodies announced too large
 * before a byte of them is read.
 * @throws MusterError `unsupported-media-type`, `too-large`; what the parser throws is put in words by the error handler.
 */
export function readBody(bodyBytes: number) {
  const parse = express.raw({ type: () => true, limit: bodyBytes, inflate: false });
  return async (request: Request, response: Response, reading: Reading): Promise<void> => {
    checkMediaType(request, reading);
    if (Number(request.headers["content-length"] ?? 0) > bodyBytes) {
      response.setHeader("Connection", "close");
      throw new MusterError("too-large", `the body is larger than the ${bodyBytes} bytes that this server takes`);
    }
    await new Promise<void>((resolve, reject) => {
      parse(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
    });
    request.body = parseJson(request.body);
  };
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** What is no UTF-8 is refused: a mended text would be stored as somebody else's name. */
function parseJson(bytes: unknown): unknown {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) throw new MusterError("invalid", "the body is empty");
  requireModestShape(bytes);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new MusterError("invalid", "the body is no JSON in UTF-8", { cause });
  }
}

function checkMediaType(request: Request, reading: Reading): void {
  const header = request.headers["content-type"];
  if (header === "application/scim+json") return;
  const [type = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  if (type === "") tolerate(reading, "media-type-missing", "Content-Type");
  else if (!JSON_TYPES.has(type.trim()))
    throw new MusterError("unsupported-media-type", "the body must be application/scim+json or application/json");
  const charset = parameters.map((each) => each.trim()).find((each) => each.startsWith("charset="));
  if (charset !== undefined && !UTF_8.has(charset.slice("charset=".length)))
    throw new MusterError("unsupported-media-type", "the body must be in UTF-8");
}

/** Whether the caller can read what this door writes (RFC 7644 §3.8). @throws MusterError `not-acceptable`. */
export function checkAccept(request: Request): void {
  const { accept } = request.headers;
  if (accept === undefined || accept === "application/scim+json" || accept === "*/*") return;
  // Parameters of a range (charset, version) ask for nothing that an answer could fail to be.
  const ranges = accept
    .toLowerCase()
    .split(",")
    .map((range) => range.split(";", 1)[0]?.trim());
  if (!ranges.some((range) => range === "*/*" || range === "application/*" || JSON_TYPES.has(range ?? "")))
    throw new MusterError("not-acceptable", "answers are application/scim+json");
}
