import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import { type Html, html, page } from "../http/html.ts";
import { type Acceptance, acceptInvitation } from "../identity/invitations/accept.ts";
import {
  type FoundInvitation,
  findInvitation,
  type LinkState,
  type Offer,
  type ShownInvitation,
  showInvitation,
} from "../identity/invitations/links.ts";
import { askForRenewal } from "../identity/invitations/renewal.ts";
import { hashToken, tokenKind } from "../identity/token-form.ts";
import { isFromElsewhere, refuseElsewhere, requestIdOf } from "./post.ts";

type Opened = { found: FoundInvitation; tokenHash: Buffer; shown: ShownInvitation };

/** GET: shows what the link gives and changes nothing, because mail scanners open links before people do (R98). */
export async function showInvitationPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const { shown } = opened;
  if (shown.state !== "open") return answerClosed(response, shown);
  response.send(
    page(
      "You have been invited",
      html`<p><strong>${shown.organizationName}</strong> has invited you.</p>
<dl>
<dt>For</dt><dd>${maskAddress(shown.email)}</dd>
<dt>You get access to</dt><dd>${offerList(shown.offers, false)}</dd>
<dt>Until</dt><dd>the invitation can be accepted until ${instant(shown.expiresAt)}</dd>
</dl>
<form method="post"><button type="submit">Accept the invitation</button></form>`,
    ),
  );
}

/** POST: accepts, once (R96). A second press finds the invitation accepted and is told so. */
export async function acceptInvitationPage(ctx: Context, request: Request, response: Response): Promise<void> {
  if (isFromElsewhere(ctx, request)) return refuseElsewhere(response);
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const outcome = await acceptInvitation(ctx, opened.found, opened.tokenHash, requestIdOf(response));
  await answerAcceptance(outcome, opened.shown.organizationName, () => open(ctx, request), response);
}

async function answerAcceptance(
  outcome: Acceptance,
  organization: string,
  again: () => Promise<Opened | undefined>,
  response: Response,
): Promise<void> {
  const now = await again();
  switch (outcome) {
    case "closed":
      if (now) answerClosed(response, now.shown);
      else answerUnknown(response);
      return;
    case "review":
      response.send(
        page(
          "Thank you",
          html`<p>You have accepted the invitation of <strong>${organization}</strong>.</p>
<p>An administrator has to confirm what it gives before you can use it; it stands in their list.</p>`,
        ),
      );
      return;
    case "accepted":
      response.send(
        page(
          "Welcome",
          html`<p>You have accepted the invitation of <strong>${organization}</strong>.</p>
<p>Sign in at:</p>${offerList(now?.shown.offers ?? [], true)}`,
        ),
      );
  }
}

/** POST to an expired link: administrators are asked for a new one (R73). The answer is the same however often. */
export async function renewInvitationPage(ctx: Context, request: Request, response: Response): Promise<void> {
  if (isFromElsewhere(ctx, request)) return refuseElsewhere(response);
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  if (opened.shown.state !== "expired") return answerClosed(response, opened.shown);
  await askForRenewal(ctx, opened.found, opened.tokenHash, requestIdOf(response));
  response.send(
    page(
      "A new invitation was asked for",
      html`<p>The administrators of <strong>${opened.shown.organizationName}</strong> see that you need a new one. When they send
it, it comes to ${maskAddress(opened.shown.email)}.</p>`,
    ),
  );
}

async function open(ctx: Context, request: Request): Promise<Opened | undefined> {
  const token = String(request.params.token ?? "");
  if (tokenKind(token) !== "inv") return undefined;
  const tokenHash = hashToken(token);
  const found = await findInvitation(ctx.db, tokenHash);
  const shown = found && (await showInvitation(ctx.db.of(found.organization), found.invitation, tokenHash));
  return found && shown && { found, tokenHash, shown };
}

/** The same for a mistyped, a foreign and a never issued link. */
export function answerUnknown(response: Response): void {
  response.status(404).send(
    page(
      "This link is not known",
      html`<p>Check that the whole link was copied from the e-mail. If it still does not work, ask the person who
invited you to send the invitation again.</p>`,
    ),
  );
}

const CLOSED: Record<Exclude<LinkState, "open">, { title: string; body: (shown: ShownInvitation) => Html }> = {
  accepted: {
    title: "This invitation has been accepted",
    body: (shown) => html`<p>It was accepted on ${instant(shown.acceptedAt)}; a link works once.</p>
<p>If that was you, sign in at:</p>${offerList(shown.offers, true)}`,
  },
  expired: {
    title: "This invitation has expired",
    body: (
      shown,
    ) => html`<p>The link of <strong>${shown.organizationName}</strong> expired on ${instant(shown.expiresAt)}.</p>
<form method="post" action="?renew"><button type="submit">Ask for a new one</button></form>`,
  },
  replaced: {
    title: "There is a newer invitation",
    body: () => html`<p>A newer e-mail has been sent to the same address. Open the link in that one.</p>`,
  },
  withdrawn: {
    title: "This invitation no longer holds",
    body: (shown) => html`<p>It has been withdrawn. If you still need access, ask an administrator of
<strong>${shown.organizationName}</strong> to invite you again.</p>`,
  },
};

function answerClosed(response: Response, shown: ShownInvitation): void {
  const { title, body } = CLOSED[shown.state === "open" ? "withdrawn" : shown.state];
  response.status(410).send(page(title, body(shown)));
}

function offerList(offers: readonly Offer[], linked: boolean): Html {
  if (offers.length === 0) return html`<p>nothing yet: an administrator still has to give you access</p>`;
  return html`<ul>${offers.map((offer) => html`<li>${name(offer, linked)} (${offer.role})${limitsOf(offer)}</li>`)}</ul>`;
}

/** R9. */
function limitsOf({ clientLimits }: Offer): Html {
  if (!clientLimits || clientLimits.length === 0) return html``;
  return html`<ul>${clientLimits.map(
    ({ client, limit, url }) =>
      html`<li>${client}: ${limit}${url === null ? html`` : html` (<a href="${url}" rel="noreferrer">more</a>)`}</li>`,
  )}</ul>`;
}

function name(offer: Offer, linked: boolean): Html {
  if (!linked || offer.url === null || !/^https?:\/\//i.test(offer.url)) return html`${offer.product}`;
  return html`<a href="${offer.url}" rel="noreferrer">${offer.product}</a>`;
}

/** To the minute, in the one zone that nobody has to guess. */
export function instant(date: Date | null): string {
  return date === null ? "an unknown day" : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Enough to recognise one's own address, too little to learn another's: `a…@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return `${address.slice(0, 1)}…${address.slice(at)}`;
}
