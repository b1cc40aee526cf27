import type { CookieOptions, Request, Response } from "express";
import { MusterError } from "../../errors.ts";
import { SESSION_COOKIE } from "../../http/session-cookie.ts";

/** What a sign-in at a provider has to come back with. */
export const FLOW_COOKIE = "__Host-muster-flow";

const OPTIONS: CookieOptions = { secure: true, httpOnly: true, path: "/", encode: String };

/** Goes to this site's own pages alone: no other site can make a request that carries it. */
export function setSessionCookie(response: Response, token: string): void {
  response.cookie(SESSION_COOKIE, token, { ...OPTIONS, sameSite: "strict" });
}

export function clearSessionCookie(response: Response): void {
  response.clearCookie(SESSION_COOKIE, { ...OPTIONS, sameSite: "strict" });
}

/** The provider sends the browser back from another site, so it has to be `Lax`. @param seconds that it lives. */
export function setFlowCookie(response: Response, sealed: string, seconds: number): void {
  response.cookie(FLOW_COOKIE, sealed, { ...OPTIONS, sameSite: "lax", maxAge: seconds * 1000 });
}

export function clearFlowCookie(response: Response): void {
  response.clearCookie(FLOW_COOKIE, { ...OPTIONS, sameSite: "lax" });
}

/** The value of a cookie. @throws MusterError `usage` when it came twice: nobody could say which one is meant. */
export function cookieOf(request: Request, name: string): string | undefined {
  const values = (request.headers.cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  if (values.length > 1) throw new MusterError("usage", `the cookie ${name} came twice`, { at: "Cookie" });
  return values[0];
}
