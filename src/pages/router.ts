import express, {
  type ErrorRequestHandler,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from "express";
import type { Context } from "../context.ts";
import { MusterError } from "../errors.ts";
import { contentSecurityPolicy, html, page } from "../http/html.ts";
import { showAddressPage, useAddressPage } from "./address-change.ts";
import {
  acceptInvitationPage,
  answerUnknown,
  neverPage,
  renewInvitationPage,
  showInvitationPage,
  showNeverPage,
} from "./invitation.ts";
import {
  requestPage,
  showLinkPage,
  showRequestPage,
  showSignUpPage,
  signUpPage,
  useLinkPage,
  waysIn,
} from "./joining.ts";
import { showPasswordPage, usePasswordPage } from "./password.ts";
import { isFromElsewhere, refuseElsewhere } from "./post.ts";

/**
 * The pages for people who have no account at an administrator's screens: accepting an invitation, and where to go.
 * Plain HTML without scripts. A link's token stands in the path, so nothing here is cached, referred to or logged.
 */
export function pagesRouter(ctx: Context): Router {
  const router = express.Router();
  router.get("/", guard, landing(ctx));
  router
    .route("/i/:token")
    .all(guard)
    .get((request, response) =>
      request.url.endsWith("?never")
        ? showNeverPage(ctx, request, response)
        : showInvitationPage(ctx, request, response),
    )
    .post((request, response) => pressed(request)(ctx, request, response))
    .all(notLikeThis);
  const body = express.urlencoded({ extended: false, limit: "16kb", parameterLimit: 10 });
  const joining = (path: string, show: Page, use: Page): void => {
    router
      .route(path)
      .all(guard)
      .get((request, response) => show(ctx, request, response))
      .post(body, (request, response) => {
        if (isFromElsewhere(ctx, request)) refuseElsewhere(response);
        else return use(ctx, request, response);
      })
      .all(notLikeThis);
  };
  joining("/l/:token", showLinkPage, useLinkPage);
  joining("/p/:token", showPasswordPage, usePasswordPage);
  joining("/address/:token", showAddressPage, useAddressPage);
  joining("/signup", showSignUpPage, signUpPage);
  joining("/request-access", showRequestPage, requestPage);
  router.use(pageErrors(ctx));
  return router;
}

/** What the button of an invitation's page does. */
function pressed({ url }: Request): Page {
  if (url.endsWith("?renew")) return renewInvitationPage;
  return url.endsWith("?never") ? neverPage : acceptInvitationPage;
}

type Page = (ctx: Context, request: Request, response: Response) => Promise<void>;

const notLikeThis: RequestHandler = (_request, response) => {
  response
    .status(405)
    .set("Allow", "GET, HEAD, POST")
    .send(page("Not like this", html`<p>Open the link in a browser.</p>`));
};

const CONTENT_SECURITY_POLICY = contentSecurityPolicy();

const guard: RequestHandler = (_request, response, next) => {
  response.set({
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
  });
  next();
};

function landing(ctx: Context): RequestHandler {
  return async (_request, response) => {
    const { publicUrl } = ctx.config;
    response.send(
      page(
        "Muster",
        html`${await waysIn(ctx)}<p>SCIM provisioning and identity sync. This server is running.</p>
<p><a href="/sign-in">Sign in to the console</a></p>
<ul>
<li>Identity providers: <code>${publicUrl}/scim/v2/DIRECTORY-ID</code>, as <code>muster directory add</code> prints it</li>
<li>Administration: <code>${publicUrl}/api/v1</code>, all of it described at <a href="/docs">/docs</a></li>
<li>Health: <a href="/livez">/livez</a>, <a href="/readyz">/readyz</a></li>
</ul>`,
      ),
    );
  };
}

/** Pages that people come to by a link or a form. */
const OF_PEOPLE = /^\/(?:$|i\/|l\/|p\/|address\/|signup$|request-access$)/;

/** A person gets a page, also when something is wrong; the detail is in the log under the request id. */
export function pageErrors(ctx: Context): ErrorRequestHandler {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent || !OF_PEOPLE.test(request.path)) {
      next(error);
      return;
    }
    guard(request, response, () => {});
    const known = error instanceof MusterError ? error : undefined;
    const status = (error as { status?: unknown }).status;
    // The path could not be decoded: no link of ours looks like that.
    if (!known && status === 400) {
      answerUnknown(response);
      return;
    }
    if (!known && (status === 413 || status === 415)) {
      response.status(status).send(page("Too much", html`<p>The form was filled with more than it takes.</p>`));
      return;
    }
    const requestId = response.getHeader("x-request-id");
    ctx.logger[known?.code === "unavailable" ? "warn" : "error"]("page failed", {
      requestId: typeof requestId === "string" ? requestId : undefined,
      path: `/${request.path.split("/")[1]}/…`,
      code: known?.code ?? "internal",
      error: (error as Error).message,
    });
    if (known?.retryAfter !== undefined) response.set("Retry-After", String(known.retryAfter));
    response
      .status(known?.code === "unavailable" ? 503 : 500)
      .send(page("Not at the moment", html`<p>The page cannot be shown now. Try again in a minute.</p>`));
  };
}
