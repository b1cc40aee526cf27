import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import { html, page } from "../http/html.ts";
import { type AddressAnswer, confirmAddress, revertAddress } from "../identity/accounts/address-answer.ts";
import {
  type AddressLinkState,
  type AddressPurpose,
  type FoundAddressChange,
  findAddressChange,
  purposeOf,
  type ShownAddressChange,
  showAddressChange,
} from "../identity/accounts/address-change-links.ts";
import { shownInstant } from "../identity/time-zone.ts";
import { hashToken, tokenKind } from "../identity/token-form.ts";
import { answerUnknown, maskAddress } from "./invitation.ts";
import { requestIdOf } from "./post.ts";

type Opened = {
  purpose: AddressPurpose;
  found: FoundAddressChange;
  tokenHash: Buffer;
  shown: ShownAddressChange;
};

/** What each link asks, and what its page says when it is done. The other mailbox and the person stay unnamed. */
const WORDS = {
  confirm: {
    title: "Is this mailbox yours?",
    ask: "wants to use this mailbox as the e-mail address of your account",
    button: "Yes, use this address",
    done: "Your address is confirmed",
    after: "This is the e-mail address of your account now. Whoever was signed in with it is signed out.",
    refused: "The mailbox is yours, and still it cannot be used; an administrator sees why.",
  },
  revert: {
    title: "Take the change back?",
    ask: "has given your account another e-mail address; this mailbox can be made its address again",
    button: "Take the change back",
    done: "The change was taken back",
    after: "This is the e-mail address of your account again. Whoever was signed in with it is signed out.",
    refused: "Somebody else has this address by now, so it cannot be given back; an administrator sees it.",
  },
} as const;

/** GET: shows what the link asks and changes nothing, because mail scanners open links before people do. */
export async function showAddressPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const { purpose, shown } = opened;
  if (shown.state !== "open") return answerClosed(response, shown.state);
  const { title, ask, button } = WORDS[purpose];
  response.send(
    page(
      title,
      html`<p><strong>${shown.organizationName}</strong> ${ask}.</p>
<dl>
<dt>Mailbox</dt><dd>${maskAddress(shown.recipient)}</dd>
<dt>Until</dt><dd>the link works until ${untilOf(shown.until)}</dd>
</dl>
<form method="post"><button type="submit">${button}</button></form>`,
    ),
  );
}

/** POST: once. A second press finds the link used and is told so. */
export async function useAddressPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const opened = await open(ctx, request);
  if (!opened) return answerUnknown(response);
  const { purpose, found, tokenHash, shown } = opened;
  if (shown.state !== "open") return answerClosed(response, shown.state);
  const use = purpose === "confirm" ? confirmAddress : revertAddress;
  answer(response, await use(ctx, found, tokenHash, requestIdOf(response)), WORDS[purpose]);
}

function answer(response: Response, outcome: AddressAnswer, words: (typeof WORDS)[AddressPurpose]): void {
  switch (outcome) {
    case "done":
      response.send(page(words.done, html`<p>${words.after}</p>`));
      return;
    case "refused":
      response.status(409).send(page("An administrator has to look", html`<p>${words.refused}</p>`));
      return;
    case "too-often":
      response
        .status(429)
        .send(page("Too often", html`<p>This link was used too often today. Try again tomorrow.</p>`));
      return;
    case "closed":
      answerClosed(response, "over");
  }
}

async function open(ctx: Context, request: Request): Promise<Opened | undefined> {
  const token = String(request.params.token ?? "");
  const purpose = purposeOf(tokenKind(token));
  if (purpose === undefined) return undefined;
  const tokenHash = hashToken(token);
  const found = await findAddressChange(ctx.db, tokenHash);
  const shown = found && (await showAddressChange(ctx.db.of(found.organization), found.change, purpose, tokenHash));
  return found && shown && { purpose, found, tokenHash, shown };
}

const CLOSED: Record<Exclude<AddressLinkState, "open">, { title: string; body: string }> = {
  replaced: {
    title: "There is a newer e-mail",
    body: "A newer e-mail has been sent to the same mailbox. Open the link in that one.",
  },
  used: { title: "This link has been used", body: "A link works once. If that was you, there is nothing to do." },
  expired: {
    title: "This link has expired",
    body: "Nothing was changed by it. If it is still wanted, ask an administrator.",
  },
  over: {
    title: "This link no longer holds",
    body: "Nothing is changed by it. If you need help, ask an administrator.",
  },
};

function answerClosed(response: Response, state: AddressLinkState): void {
  const { title, body } = CLOSED[state === "open" ? "over" : state];
  response.status(410).send(page(title, html`<p>${body}</p>`));
}

function untilOf(until: Date | null): string {
  return until === null ? "an unknown day" : shownInstant(until, "UTC");
}
