import { setTimeout as wait } from "node:timers/promises";
import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import type { OrganizationId } from "../db/id.ts";
import { networkOf } from "../http/failed-attempts.ts";
import { type Html, html, page } from "../http/html.ts";
import { askForAccess, type Stranger, signUp, useLink } from "../identity/joining.ts";
import { takenBy } from "../identity/link-costs.ts";
import { type FoundLink, findLink, getLink, type ShownLink } from "../identity/links.ts";
import { getOrganization, listOrganizations } from "../identity/organizations.ts";
import { getSignUp } from "../identity/sign-up.ts";
import { hashToken, tokenKind } from "../identity/token-form.ts";
import { requestIdOf } from "./post.ts";

/** The same to everybody who may, may not, or is there already: a page that strangers can ask tells nobody about anybody. */
const NEUTRAL = page(
  "Thank you",
  html`<p>If this address can be let in, you will hear from us: look into its mailbox in a few minutes. It may also be that an
administrator decides first.</p>`,
);

/** Milliseconds that every answer takes at least, and up to how many more. */
const SOONEST = 300;
const SPREAD = 100;

/** How long the work took tells about an address as much as words would: every answer comes after about the same time. */
async function evenly(work: Promise<void>): Promise<void> {
  const [done] = await Promise.allSettled([work, wait(SOONEST + Math.random() * SPREAD)]);
  if (done.status === "rejected") throw done.reason;
}

/** The head of the first page: how people come by themselves (R104). Of several organizations none is named to strangers. */
export async function waysIn(ctx: Context): Promise<Html> {
  const [only, ...others] = await listOrganizations(ctx.db);
  if (!only || others.length > 0) return html``;
  const { mode, requests } = await getSignUp(ctx.db.of(only.id));
  const ways = [
    ...(mode === "off" ? [] : [html`<a href="signup">Sign up</a> `]),
    ...(requests ? [html`<a href="request-access">Ask for access</a>`] : []),
  ];
  return ways.length === 0
    ? html``
    : html`<nav>${ways}</nav>
`;
}

/** GET /signup: the form, or why there is none (R93, R103). */
export async function showSignUpPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const organization = await organizationOf(ctx, request);
  if (!organization) return answerNoOrganization(response);
  const { mode, requests } = await getSignUp(ctx.db.of(organization.id));
  if (mode === "off") {
    response.status(404).send(page("Sign-up is off", signUpIsOff(organization.name, requests)));
    return;
  }
  response.send(page(`Sign up at ${organization.name}`, form("Sign up", { message: false })));
}

function signUpIsOff(name: string, requests: boolean): Html {
  return html`<p>Nobody can sign up at <strong>${name}</strong> by themselves. Somebody who is there can invite you.</p>
${requests ? html`<p>Or <a href="request-access">ask for access</a>.</p>` : html``}`;
}

/** POST /signup. */
export async function signUpPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const organization = await organizationOf(ctx, request);
  if (!organization) return answerNoOrganization(response);
  await evenly(signUp(ctx, organization.id, strangerOf(request, response)));
  response.status(202).send(NEUTRAL);
}

/** GET /request-access: the form, where the organization takes requests. */
export async function showRequestPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const organization = await organizationOf(ctx, request);
  if (!organization) return answerNoOrganization(response);
  if (!(await getSignUp(ctx.db.of(organization.id))).requests) {
    response
      .status(404)
      .send(page("No requests", html`<p><strong>${organization.name}</strong> takes no requests for access.</p>`));
    return;
  }
  response.send(page(`Ask for access to ${organization.name}`, form("Ask for access", { message: true })));
}

/** POST /request-access. */
export async function requestPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const organization = await organizationOf(ctx, request);
  if (!organization) return answerNoOrganization(response);
  await evenly(askForAccess(ctx, organization.id, strangerOf(request, response)));
  response.status(202).send(NEUTRAL);
}

/** GET /l/TOKEN: what the link gives, and the form (R93, R101). Changes nothing. */
export async function showLinkPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await openLink(ctx, request);
  if (!opened) return answerNoLink(response);
  response.send(
    page(
      `Join ${opened.organizationName}`,
      html`<p>This link lets you in to:</p>
${offerOf(opened.link)}
${form("Join", { message: opened.link.needsApproval })}`,
    ),
  );
}

/** POST /l/TOKEN. */
export async function useLinkPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await openLink(ctx, request);
  if (!opened) return answerNoLink(response);
  await evenly(useLink(ctx, opened.found, opened.tokenHash, strangerOf(request, response)));
  response.status(202).send(NEUTRAL);
}

type OpenedLink = { found: FoundLink; tokenHash: Buffer; link: ShownLink; organizationName: string };

async function openLink(ctx: Context, request: Request): Promise<OpenedLink | undefined> {
  const token = String(request.params.token ?? "");
  if (tokenKind(token) !== "lnk") return undefined;
  const tokenHash = hashToken(token);
  const found = await findLink(ctx.db, tokenHash);
  if (!found) return undefined;
  const db = ctx.db.of(found.organization);
  const link = await getLink(db, found.link);
  if (link.state !== "usable") return undefined;
  return { found, tokenHash, link, organizationName: (await getOrganization(db)).name };
}

/** The same for a link that is ended, used up or reset, and for one that never was. */
function answerNoLink(response: Response): void {
  response
    .status(404)
    .send(
      page(
        "This link does not work",
        html`<p>It may have been used up, replaced or ended. Ask whoever gave it to you for a new one.</p>`,
      ),
    );
}

function answerNoOrganization(response: Response): void {
  response
    .status(404)
    .send(page("Which organization?", html`<p>The address must name it, as in <code>?organization=acme</code>.</p>`));
}

/** The one that the address names by its key, or the only one. */
async function organizationOf(
  ctx: Context,
  request: Request,
): Promise<{ id: OrganizationId; name: string } | undefined> {
  const wanted = new URL(request.originalUrl, ctx.config.publicUrl).searchParams.get("organization");
  const all = await listOrganizations(ctx.db);
  const found = wanted === null ? (all.length === 1 ? all[0] : undefined) : all.find(({ key }) => key === wanted);
  return found && { id: found.id, name: (await getOrganization(ctx.db.of(found.id))).name };
}

function offerOf({ roles, spaces, needsApproval }: ShownLink): Html {
  const lines = [
    ...roles.map(
      ({ product, role }) =>
        html`<li>${product} (${role})${takenBy(role) === "seat" ? ", which takes a seat" : ", free of charge"}</li>`,
    ),
    ...spaces.map(({ product, space }) => html`<li>the space ${space} of ${product}</li>`),
  ];
  return html`${lines.length === 0 ? html`<p>nothing yet</p>` : html`<ul>${lines}</ul>`}
${needsApproval ? html`<p>An administrator decides first.</p>` : html``}`;
}

function form(button: string, { message }: { message: boolean }): Html {
  return html`<form method="post">
<p><label>E-mail address<br><input type="email" name="email" required maxlength="254" autocomplete="email"></label></p>
<p><label>Name<br><input type="text" name="name" maxlength="200" autocomplete="name"></label></p>
${message ? html`<p><label>Why you ask<br><textarea name="message" maxlength="2000" rows="4"></textarea></label></p>` : html``}
<p><button type="submit">${button}</button></p>
</form>`;
}

/** One more than an address may have: what is cut to fit would be another address. */
const LONGEST = { email: 255, name: 200, message: 2_000 };

function strangerOf(request: Request, response: Response): Stranger {
  const body: unknown = request.body;
  const field = (name: keyof typeof LONGEST): string => {
    const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" ? value.replaceAll("\0", "").toWellFormed().trim().slice(0, LONGEST[name]) : "";
  };
  return {
    email: field("email"),
    name: field("name") || null,
    message: field("message") || null,
    network: networkOf(request.ip),
    requestId: requestIdOf(response),
  };
}
