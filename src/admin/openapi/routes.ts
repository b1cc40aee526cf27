import { z } from "zod";
import { etagOf, names } from "../etag.ts";
import { type Route, route } from "../route.ts";
import { openApiDocument } from "./document.ts";

/**
 * `/openapi.json`: the document of the whole API, for anyone. Made once, at the first request.
 * @param all the routes of the API, this one among them.
 */
export function openApiRoutes(all: () => readonly Route[]): Route[] {
  let made: { url: string; text: string; etag: string } | undefined;
  return [
    route({
      id: "openapi.get",
      method: "GET",
      path: "/openapi.json",
      summary: "Show this document",
      guard: "anyone",
      answer: z.record(z.string(), z.unknown()),
      open: async ({ ctx, request, response }) => {
        const url = `${ctx.config.publicUrl}/api/v1`;
        if (made?.url !== url) {
          const text = JSON.stringify(openApiDocument(all(), url));
          made = { url, text, etag: etagOf(text) };
        }
        const { text, etag } = made;
        response.set({ ETag: etag, "Cache-Control": "no-cache" });
        const held = request.headers["if-none-match"];
        if (held !== undefined && names(held, etag)) response.status(304).end();
        else response.type("json").send(text);
        return {};
      },
    }),
  ];
}
