import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import express, { type RequestHandler, type Router } from "express";
import sirv from "sirv";
import type { Context } from "../context.ts";
import { html, page } from "../http/html.ts";
import { SESSION_COOKIE } from "../http/session-cookie.ts";
import { OTHER_PATHS, SCREENS } from "./paths.ts";

/** Where `npm run build` puts the console: beside package.json, whatever the code runs from. */
const BUILT = join(dirname(findPackageJSON("..", import.meta.url) ?? "."), "dist", "console");

/** Stands in index.html where each answer has a nonce of its own. */
const NONCE = "__NONCE__";

/**
 * The administrators' console: files that a build made, and for every screen the one page that loads them. It has no other
 * way to Muster than the public API. The page's nonce is for the style sheets that components bring at run time; scripts come
 * from files alone.
 */
export function consoleRouter(ctx: Context): Router {
  const router = express.Router();
  const index = readIndex();
  if (index === undefined) ctx.logger.warn("the console is not built; npm run build makes it");
  const show: RequestHandler = (_request, response) => {
    response.set({ "Cache-Control": "no-store", "Content-Type": "text/html; charset=utf-8" });
    if (index === undefined) {
      response
        .status(503)
        .send(page("The console is not built", html`<p>Run <code>npm run build</code> and start Muster again.</p>`));
      return;
    }
    const nonce = randomBytes(18).toString("base64");
    response.set("Content-Security-Policy", contentSecurityPolicy(nonce)).send(index.replaceAll(NONCE, nonce));
  };
  if (index !== undefined)
    router.use("/console", sirv(join(BUILT, "console"), { brotli: true, gzip: true, setHeaders }));
  // Whoever is not signed in may be a person who looks for a product: `/` is theirs, with a way to here.
  router.get("/", (request, response, next) => {
    if (request.headers.cookie?.includes(SESSION_COOKIE)) response.redirect("/overview");
    else next();
  });
  for (const path of [...OTHER_PATHS, ...SCREENS]) router.get([`/${path}`, `/${path}/*rest`], show);
  return router;
}

/** What has the digest of its content in its name never changes. A page of help has a policy of its own: words and a style sheet. */
function setHeaders(response: ServerResponse, path: string): void {
  const isHelp = path.startsWith("/help/");
  const never = /-[\w-]{8}\.(?:js|css)$/.test(path);
  response.setHeader("Cache-Control", never ? "public, max-age=31536000, immutable" : "no-cache");
  if (isHelp)
    response.setHeader(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
}

/** Scripts, requests and pictures of our own; styles too, and those with this answer's nonce; frames for previews of mails. */
function contentSecurityPolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

function readIndex(): string | undefined {
  try {
    return readFileSync(join(BUILT, "index.html"), "utf8");
  } catch {
    return undefined;
  }
}
