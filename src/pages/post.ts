import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import { html, page } from "../http/html.ts";

/**
 * A browser says where a form was sent from; another site's form must not accept in the visitor's name. Our own form is
 * sent with the origin `null`, because the page it stands on sends no referrer.
 */
export function isFromElsewhere(ctx: Context, request: Request): boolean {
  const origin = request.get("origin") ?? "null";
  const ours = origin === "null" || origin === new URL(ctx.config.publicUrl).origin;
  return !ours || request.get("sec-fetch-site") === "cross-site";
}

export function refuseElsewhere(response: Response): void {
  response.status(403).send(page("Not from here", html`<p>Open the page itself and press the button there.</p>`));
}

/** The id of the request, as its answer carries it. */
export function requestIdOf(response: Response): string | null {
  const id = response.getHeader("x-request-id");
  return typeof id === "string" ? id : null;
}
