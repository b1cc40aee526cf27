import { ConnectorError } from "../connector.ts";
import { LIMITS, REFERRAL_HINT, refusedReader } from "./hints.ts";

/** Result codes of RFC 4511 §A.1 that a reader can meet. */
export const Result = {
  success: 0,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  strongerAuthRequired: 8,
  referral: 10,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  noSuchObject: 32,
  invalidDnSyntax: 34,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
} as const;

/** What the server answered in place of success. */
export class LdapRefusal extends ConnectorError {
  readonly result: number;
  constructor(code: ConnectorError["code"], message: string, hint: string | null, result: number) {
    super(code, message, { hint });
    this.result = result;
  }
}

/**
 * What a result other than success means for a read, in words for the administrator.
 * @param doing what was asked, for the message: `searching ou=people,dc=example,dc=com`.
 * @param diagnostics the server's own words, shown in part and without control characters.
 * @param limits what to do about a limit, where the server is known.
 */
export function resultError(code: number, doing: string, diagnostics: string, limits = LIMITS): LdapRefusal {
  const said = diagnostics
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, 200);
  const words = said === "" ? `LDAP result ${code}` : `LDAP result ${code}: ${said}`;
  const error = (kind: ConnectorError["code"], text: string, hint: string | null = null): LdapRefusal =>
    new LdapRefusal(kind, `${text} (${doing}; ${words})`, hint, code);
  switch (code) {
    case Result.sizeLimitExceeded:
    case Result.adminLimitExceeded:
      return error(
        "limit",
        "the server stopped at a limit on how many entries this reader may see, so the directory was read only in part",
        limits,
      );
    case Result.timeLimitExceeded:
      return error("limit", "the server stopped at its time limit, so the directory was read only in part", limits);
    case Result.strongerAuthRequired:
    case Result.confidentialityRequired:
      return error("tls", "the server demands encryption", "use ldaps:// or startTls");
    case Result.inappropriateAuthentication:
    case Result.invalidCredentials: {
      const { why, hint } = refusedReader(said);
      return error("credentials", `the server refused the name or the password of the reader${why}`, hint);
    }
    case Result.insufficientAccessRights:
      return error(
        "credentials",
        "the reader is not allowed to read here",
        "let the reader read people and groups here",
      );
    case Result.referral:
      return error("configuration", "another server holds this part of the directory", REFERRAL_HINT);
    case Result.unavailableCriticalExtension:
      return error(
        "configuration",
        "the server has no paged results (RFC 2696), without which a complete read cannot be proven",
      );
    case Result.noSuchObject:
      return error("configuration", "this base does not exist, or the reader may not see it");
    case Result.invalidDnSyntax:
      return error("configuration", "the server takes this for no name");
    case Result.busy:
    case Result.unavailable:
      return error("unreachable", "the server is busy or shutting down");
    default:
      return error("incomplete", "the server broke off");
  }
}
