import { createHash } from "node:crypto";
import { z } from "zod";
import type { Context } from "../context.ts";
import type { PagePosition } from "../db/page.ts";
import { MusterError } from "../errors.ts";
import { loadSecretKey, openSecret, type SecretKey, type SecretPlace, sealSecret } from "../identity/secrets.ts";
import type { Caller } from "./caller.ts";
import { CURSOR_TIMEOUT } from "./limits.ts";

/** A page of a cursor walk: where it begins, its length, and how many matched when the walk began. */
const walk = z.strictObject({
  position: z.strictObject({ key: z.string().nullable(), id: z.uuid(), kind: z.enum(["User", "Group"]).optional() }),
  count: z.int(),
  total: z.int().nullable(),
  /** Seconds since 1970 from which on the cursor is none. */
  expires: z.int(),
});

export type Position = PagePosition & { kind?: "User" | "Group" | undefined };
export type Walk = { position: Position; count: number; total: number | null };

const FORM = /^[A-Za-z0-9_-]{1,4096}$/;

/**
 * A cursor (RFC 9865 §2): the position behind the last row of a page, sealed with the installation's key. Nobody can read
 * or make one, and one of another directory or another query opens nothing.
 * @param query what must be the same on every page: path, filter, order.
 */
export function sealCursor(ctx: Context, caller: Caller, query: string, next: Walk): string {
  const expires = Math.floor(Date.now() / 1000) + CURSOR_TIMEOUT;
  const { position, count, total } = next;
  const text = JSON.stringify({ position, count, total, expires });
  return sealSecret(keyOf(ctx), placeOf(caller, query), text).toString("base64url");
}

/** @throws MusterError `invalid-cursor`, `expired-cursor`. */
export function openCursor(ctx: Context, caller: Caller, query: string, cursor: string): Walk {
  const { expires, ...rest } = readCursor(ctx, caller, query, cursor);
  if (expires <= Date.now() / 1000)
    throw new MusterError("expired-cursor", `a cursor is good for ${CURSOR_TIMEOUT} s; begin again without one`, {
      at: "cursor",
    });
  return rest;
}

function readCursor(ctx: Context, caller: Caller, query: string, cursor: string): z.output<typeof walk> {
  try {
    if (!FORM.test(cursor)) throw new Error("other characters");
    const text = openSecret(keyOf(ctx), placeOf(caller, query), Buffer.from(cursor, "base64url"));
    return walk.parse(JSON.parse(text));
  } catch (cause) {
    throw new MusterError(
      "invalid-cursor",
      "this is no cursor of this query; leave it empty for the first page and repeat all other parameters",
      { at: "cursor", cause },
    );
  }
}

/** The key is read from its file once for each installation that runs in this process. */
const keys = new WeakMap<Context, SecretKey>();

function keyOf(ctx: Context): SecretKey {
  let key = keys.get(ctx);
  if (key === undefined) {
    key = loadSecretKey(ctx.config);
    keys.set(ctx, key);
  }
  return key;
}

function placeOf(caller: Caller, query: string): SecretPlace {
  const row = createHash("sha256").update(query).digest("base64url");
  return { organization: caller.organization, table: "cursor", column: caller.directory, row };
}
