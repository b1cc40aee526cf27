import express, { type Router } from "express";
import type { Context } from "../../context.ts";
import { contentSecurityPolicy } from "../../http/html.ts";
import { etagOf, names } from "../etag.ts";
import { openApiDocument } from "../openapi/document.ts";
import { routes } from "../routes.ts";
import { docsPage, STYLE } from "./page.ts";

/** `/docs`: the reference of the administration API for people, made from its OpenAPI document. Open to anyone. */
export function docsRouter(ctx: Context): Router {
  const router = express.Router();
  const policy = contentSecurityPolicy(STYLE);
  let made: { text: string; etag: string } | undefined;
  router.get("/", (request, response) => {
    if (made === undefined) {
      const text = docsPage(openApiDocument(routes, `${ctx.config.publicUrl}/api/v1`));
      made = { text, etag: etagOf(text) };
    }
    response.set({ "Content-Security-Policy": policy, "Cache-Control": "no-cache", ETag: made.etag });
    const held = request.headers["if-none-match"];
    if (held !== undefined && names(held, made.etag)) response.status(304).end();
    else response.type("html").send(made.text);
  });
  return router;
}
