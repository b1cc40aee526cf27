import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import { type Html, html, page } from "../http/html.ts";
import { acceptInvitation } from "../identity/invitations/accept.ts";
import {
  type FoundInvitation,
  findInvitation,
  type Offer,
  type ShownInvitation,
  showInvitation,
} from "../identity/invitations/links.ts";
import { neverInviteAgain } from "../identity/invitations/never.ts";
import { askForRenewal } from "../identity/invitations/renewal.ts";
import { shownInstant } from "../identity/time-zone.ts";
import { hashToken, tokenKind } from "../identity/token-form.ts";
import { pageIn } from "./page-in.ts";
import { isFromElsewhere, refuseElsewhere, requestIdOf } from "./post.ts";
import { PAGE_WORDS, sentence } from "./words.ts";

type Opened = { found: FoundInvitation; tokenHash: Buffer; shown: ShownInvitation };

/** GET: shows what the link gives and changes nothing, because mail scanners open links before people do (R98). */
export async function showInvitationPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const { shown } = opened;
  if (shown.state !== "open") return answerClosed(response, shown);
  const words = PAGE_WORDS[shown.locale];
  response.send(
    pageIn(
      shown.locale,
      words.invited,
      html`${words.hasInvited(shown.organizationName)}
<dl>
<dt>${words.for}</dt><dd>${maskAddress(shown.email)}</dd>
<dt>${words.getAccess}</dt><dd>${offerList(shown, false)}</dd>
<dt>${words.until}</dt><dd>${words.acceptUntil(instant(shown, shown.expiresAt))}</dd>
</dl>
<form method="post"><button type="submit">${words.accept}</button></form>
${shown.mailedTo === null ? html`` : html`<p>${words.neverAsk} <a href="?never">${words.never}</a></p>`}`,
    ),
  );
}

/** GET ?never: asks first, because mail scanners open this link too. */
export async function showNeverPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await open(ctx, request);
  if (!opened || opened.shown.mailedTo === null) return answerUnknown(response);
  const { locale, organizationName, mailedTo } = opened.shown;
  const words = PAGE_WORDS[locale];
  response.send(
    pageIn(
      locale,
      words.neverTitle,
      html`${words.neverBody(organizationName, maskAddress(mailedTo))}
<form method="post" action="?never"><button type="submit">${words.never}</button></form>`,
    ),
  );
}

/** POST ?never: no invitation goes to this mailbox any more. */
export async function neverPage(ctx: Context, request: Request, response: Response): Promise<void> {
  if (isFromElsewhere(ctx, request)) return refuseElsewhere(response);
  const opened = await open(ctx, request);
  const done = opened && (await neverInviteAgain(ctx, opened.found, opened.tokenHash, requestIdOf(response)));
  if (!opened || !done) return answerUnknown(response);
  const { locale, organizationName, mailedTo } = opened.shown;
  const words = PAGE_WORDS[locale];
  const body = words.neverDoneBody(organizationName, maskAddress(mailedTo ?? ""));
  response.send(pageIn(locale, words.neverDone, body));
}

/** POST: accepts, once (R96). A second press finds the invitation accepted and is told so. */
export async function acceptInvitationPage(ctx: Context, request: Request, response: Response): Promise<void> {
  if (isFromElsewhere(ctx, request)) return refuseElsewhere(response);
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const outcome = await acceptInvitation(ctx, opened.found, opened.tokenHash, requestIdOf(response));
  const { shown } = (await open(ctx, request)) ?? opened;
  const words = PAGE_WORDS[shown.locale];
  const accepted = words.accepted(shown.organizationName);
  switch (outcome) {
    case "closed":
      return answerClosed(response, shown);
    case "review":
      response.send(pageIn(shown.locale, words.thanks, html`${accepted}\n<p>${words.review}</p>`));
      return;
    case "accepted":
      response.send(
        pageIn(shown.locale, words.welcome, html`${accepted}\n<p>${words.signIn}</p>${offerList(shown, true)}`),
      );
  }
}

/** POST to an expired link: administrators are asked for a new one (R73). The answer is the same however often. */
export async function renewInvitationPage(ctx: Context, request: Request, response: Response): Promise<void> {
  if (isFromElsewhere(ctx, request)) return refuseElsewhere(response);
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const { shown } = opened;
  if (shown.state !== "expired") return answerClosed(response, shown);
  await askForRenewal(ctx, opened.found, opened.tokenHash, requestIdOf(response));
  const words = PAGE_WORDS[shown.locale];
  const body = words.renewal(shown.organizationName, maskAddress(shown.email));
  response.send(pageIn(shown.locale, words.renewalTitle, body));
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

function answerClosed(response: Response, shown: ShownInvitation): void {
  const { title, body } = closed(shown);
  response.status(410).send(pageIn(shown.locale, title, body));
}

function closed(shown: ShownInvitation): { title: string; body: Html } {
  const words = PAGE_WORDS[shown.locale];
  switch (shown.state) {
    case "accepted":
      return {
        title: words.acceptedTitle,
        body: html`${words.acceptedOn(instant(shown, shown.acceptedAt))}
<p>${words.ifThatWasYou}</p>${offerList(shown, true)}`,
      };
    case "expired":
      return {
        title: words.expiredTitle,
        body: html`${words.expired(shown.organizationName, instant(shown, shown.expiresAt))}
<form method="post" action="?renew"><button type="submit">${words.askForNew}</button></form>`,
      };
    case "replaced":
      return { title: words.replacedTitle, body: sentence(words.replaced) };
    case "open":
    case "withdrawn":
      return { title: words.withdrawnTitle, body: words.withdrawn(shown.organizationName) };
  }
}

function offerList({ offers, locale }: ShownInvitation, linked: boolean): Html {
  const words = PAGE_WORDS[locale];
  if (offers.length === 0) return sentence(words.nothing);
  return html`<ul>${offers.map((offer) => html`<li>${name(offer, linked)} (${words.roles[offer.role]})${limitsOf(offer)}</li>`)}</ul>`;
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

function instant({ locale, timeZone }: ShownInvitation, date: Date | null): string {
  return date === null ? PAGE_WORDS[locale].unknownDay : shownInstant(date, timeZone);
}

/** Enough to recognise one's own address, too little to learn another's: `a…@example.com`. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf("@");
  return `${address.slice(0, 1)}…${address.slice(at)}`;
}
