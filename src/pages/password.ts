import type { Request, Response } from "express";
import type { Context } from "../context.ts";
import { isMusterError } from "../errors.ts";
import { html } from "../http/html.ts";
import { findPasswordLink, type PasswordLink, setPasswordByLink } from "../identity/account-mail.ts";
import { shownInstant } from "../identity/time-zone.ts";
import { hashToken, tokenKind } from "../identity/token-form.ts";
import { answerUnknown } from "./invitation.ts";
import { pageIn } from "./page-in.ts";
import { requestIdOf } from "./post.ts";
import { PAGE_WORDS, sentence } from "./words.ts";

/** GET /p/TOKEN: the form of a new password, or when the link ended (R72, R73). Changes nothing. */
export async function showPasswordPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const link = await open(ctx, request);
  if (!link) return answerUnknown(response);
  if (link.state !== "open") return answerOver(response, link);
  response.send(form(link, null));
}

/** POST: sets the password, once (R71). */
export async function usePasswordPage(ctx: Context, request: Request, response: Response): Promise<void> {
  const link = await open(ctx, request);
  if (!link) return answerUnknown(response);
  if (link.state !== "open") return answerOver(response, link);
  const typed: unknown = (request.body as Record<string, unknown> | undefined)?.password;
  try {
    const token = hashToken(String(request.params.token));
    if (await setPasswordByLink(ctx, token, typeof typed === "string" ? typed : "", requestIdOf(response))) {
      const words = PAGE_WORDS[link.locale];
      response.send(pageIn(link.locale, words.passwordSet, sentence(words.passwordSetBody)));
      return;
    }
  } catch (error) {
    if (!isMusterError(error) || error.code !== "invalid-value") throw error;
    response.status(422).send(form(link, error.message));
    return;
  }
  answerOver(response, { ...link, state: "used" });
}

async function open(ctx: Context, request: Request): Promise<PasswordLink | undefined> {
  const token = String(request.params.token ?? "");
  return tokenKind(token) === "pwd" ? findPasswordLink(ctx.db, hashToken(token)) : undefined;
}

function form({ locale, organizationName, userName }: PasswordLink, problem: string | null): string {
  const words = PAGE_WORDS[locale];
  return pageIn(
    locale,
    words.passwordTitle,
    html`${words.passwordFor(organizationName, userName)}
${problem === null ? html`` : html`<p role="alert">${problem}</p>`}
<form method="post">
<p><label>${words.password}<br><input type="password" name="password" required minlength="12" maxlength="256" autocomplete="new-password"></label></p>
<p><button type="submit">${words.passwordTitle}</button></p>
</form>`,
  );
}

function answerOver(response: Response, { locale, state, expiresAt, timeZone }: PasswordLink): void {
  const words = PAGE_WORDS[locale];
  const why =
    state === "expired" ? words.passwordExpired(shownInstant(expiresAt, timeZone)) : sentence(words.passwordUsed);
  response.status(410).send(pageIn(locale, words.passwordOver, why));
}
