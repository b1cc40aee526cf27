import { z } from "zod";
import { ConnectorError, type ConnectorErrorCode } from "../connector.ts";
import { type Reader, tokenRefusal } from "./token-refusal.ts";

/** What an attempt that failed says. */
export type Refusal = {
  error: ConnectorError;
  /** The same call may succeed later. */
  again: boolean;
  /** Milliseconds that Google wants to be left alone for. */
  after: number | null;
  /** Google counts too many calls. */
  isQuota: boolean;
  /** The access token is not taken (any more). */
  isToken: boolean;
  status: number | null;
};

/** The client library brings a class of its own for these. */
type ReadHeaders = { get(name: string): string | null };

/** What the client library throws, as far as it is looked at. Its requests and answers hold the token: nothing of them is kept. */
const thrown = z.object({
  code: z.unknown().optional(),
  cause: z.object({ type: z.string().optional(), code: z.unknown().optional() }).optional().catch(undefined),
  response: z
    .object({ status: z.number(), headers: z.custom<ReadHeaders>(isHeaders) })
    .optional()
    .catch(undefined),
});

/** https://developers.google.com/workspace/admin/directory/v1/guides/troubleshoot-error-codes */
const refused = z.object({
  error: z.object({
    message: z.string().catch(""),
    errors: z.array(z.object({ reason: z.string().catch("") })).catch([]),
    details: z.array(z.object({ reason: z.string().catch("") })).catch([]),
  }),
});

/** All that the client library refuses in an answer that is none of its own: it is longer than a page can be. */
const TOO_LONG = "an answer was far too long";
const QUOTA_REASONS = ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED"];
const DAILY_REASONS = ["dailyLimitExceeded", "limitExceeded", "dailyLimitExceededUnreg"];
const SCOPE_REASONS = ["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"];
const SERVICE_REASONS = ["accessNotConfigured", "SERVICE_DISABLED"];
const POLICY_REASONS = ["domainCannotUseApis", "domainPolicy", "adminPolicyEnforced"];

/**
 * What a failed attempt means, in words for the administrator.
 * @param doing what was asked, for the message: `listing people, page 3`.
 */
export function readRefusal(error: unknown, reader: Reader, doing: string): Refusal {
  const { code, cause, response } = thrown.catch({}).parse(error);
  if (response === undefined) return connectionRefusal(String(code ?? cause?.code ?? ""), cause?.type, doing);
  const { status, headers } = response;
  const data = dataOf(error);
  const after = retryAfter(headers);
  const make = (
    kind: ConnectorErrorCode,
    text: string,
    { hint = null, ...more }: Partial<Refusal> & { hint?: string | null } = {},
  ): Refusal => ({
    ...{ again: false, isQuota: false, isToken: false, after, status },
    error: new ConnectorError(kind, `${text} (${doing}; Google answered ${status}${said(data)})`, { hint }),
    ...more,
  });
  const reasons = reasonsOf(data);
  const is = (known: readonly string[]): boolean => reasons.some((reason) => known.includes(reason));

  if (status < 300) return make("protocol", TOO_LONG);
  if (status === 429 || (status === 403 && is(QUOTA_REASONS)))
    return make("limit", "Google allows no more calls for now", {
      hint: "another program may use the same project, or quotaPerMinute is above the quota of the project",
      again: true,
      isQuota: true,
    });
  if (status === 408 || status >= 500) return make("unreachable", "Google cannot answer at present", { again: true });
  const token = tokenRefusal(status, data, reader, clockSkew(headers));
  if (token !== null) return make(token.code, token.text, { hint: token.hint ?? null });
  if (status === 401)
    return make("credentials", "Google does not take the access token that it gave", { isToken: true });
  if (status === 403 && is(DAILY_REASONS)) return make("limit", "the quota of the project is used up for today");
  if (status === 403 && is(SERVICE_REASONS))
    return make(
      "configuration",
      "the Admin SDK API is not enabled in the Google Cloud project of the service account",
      { hint: "enable it in the Google Cloud console under APIs & Services, Library" },
    );
  if (status === 403 && is(SCOPE_REASONS))
    return make("credentials", "a scope is missing", { hint: reader.delegation });
  if (status === 403 && is(POLICY_REASONS))
    return make("configuration", "the customer does not let programs use its directory", {
      hint: "see the Admin console (admin.google.com) under Security, Access and data control, API controls",
    });
  if (status === 403)
    return make("credentials", `${reader.admin} may not read this`, {
      hint:
        "in the Admin console (admin.google.com) under Account, Admin roles, give them a role for the whole organization with the Admin API " +
        "privileges Users: Read, Groups: Read and, when people are chosen by unit, Organizational Units: Read",
    });
  if (status === 404) return make("configuration", "Google does not know what was asked for");
  if (status >= 300 && status < 400)
    return make("protocol", "somebody else answered in Google's place, perhaps a proxy that wants a login");
  return make("incomplete", "Google broke off");
}

/** No answer, or none to its end. */
function connectionRefusal(code: string, type: string | undefined, doing: string): Refusal {
  const base = { isQuota: false, isToken: false, after: null, status: null };
  if (type === "max-size")
    return {
      ...base,
      again: false,
      error: new ConnectorError("protocol", `${TOO_LONG} (${doing})`),
    };
  const words = code === "" ? doing : `${doing}; ${code.slice(0, 60)}`;
  if (/^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/.test(code))
    return {
      ...base,
      again: false,
      error: new ConnectorError("tls", `no encrypted connection to a server that proves to be Google's (${words})`),
    };
  return { ...base, again: true, error: new ConnectorError("unreachable", `Google gave no whole answer (${words})`) };
}

function reasonsOf(data: unknown): string[] {
  const body = refused.safeParse(data).data;
  return body === undefined ? [] : [...body.error.errors, ...body.error.details].map((part) => part.reason);
}

/** Google's own words, in part, without control characters and without anything as long as a token. */
function said(data: unknown): string {
  const text = z
    .union([
      refused.transform((body) => body.error.message),
      z
        .object({ error: z.string(), error_description: z.string().catch("") })
        .transform((body) => `${body.error} ${body.error_description}`),
    ])
    .safeParse(data).data;
  const words = (text ?? "")
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .split(" ")
    .map((word) => (word.length > 60 ? "…" : word))
    .join(" ")
    .trim()
    .slice(0, 200);
  return words === "" ? "" : `: ${words}`;
}

/** RFC 9110 §10.2.3: seconds, or a date, which is meant by the clock of the answer. In milliseconds. */
function retryAfter(headers: ReadHeaders): number | null {
  const value = headers.get("retry-after");
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - (serverTime(headers) ?? Date.now()));
}

/** By how much this machine's clock is ahead of Google's, in milliseconds. */
function clockSkew(headers: ReadHeaders): number | null {
  const server = serverTime(headers);
  return server === null ? null : Date.now() - server;
}

export function serverTime(headers: ReadHeaders): number | null {
  const at = Date.parse(headers.get("date") ?? "");
  return Number.isNaN(at) ? null : at;
}

/** The body of an answer. Where none was read, asking for it would only make the library warn. */
function dataOf(error: unknown): unknown {
  if (typeof error !== "object" || error === null || !("response" in error)) return undefined;
  const { response } = error;
  return typeof response === "object" && response !== null && Object.hasOwn(response, "data") && "data" in response
    ? response.data
    : undefined;
}

function isHeaders(value: unknown): value is ReadHeaders {
  return typeof value === "object" && value !== null && "get" in value && typeof value.get === "function";
}
