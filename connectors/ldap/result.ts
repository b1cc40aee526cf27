import { ConnectorError } from "../connector.ts";

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
  /** Active Directory's reason for refusing a bind, as in `52e`; null when there is none. */
  readonly reason: string | null;
  constructor(code: ConnectorError["code"], message: string, result: number, reason: string | null) {
    super(code, message);
    this.result = result;
    this.reason = reason;
  }
}

/** Reasons that Active Directory gives behind `data` ([MS-ERREF] §2.2, Win32 codes in hex), in words. */
const REASONS: Readonly<Record<string, string>> = {
  "525": "there is no such account",
  "52e": "the name or the password is wrong",
  "530": "the account may not sign in at this time of day",
  "531": "the account may not sign in from this computer",
  "532": "the password has expired",
  "533": "the account is disabled",
  "701": "the account has expired",
  "773": "the password must be changed before the first use",
  "775": "the account is locked after too many wrong passwords",
};

/**
 * What a result other than success means for a read, in words for the administrator.
 * @param doing what was asked, for the message: `searching ou=people,dc=example,dc=com`.
 * @param diagnostics the server's own words, shown in part and without control characters.
 */
export function resultError(code: number, doing: string, diagnostics: string): LdapRefusal {
  const said = diagnostics
    .replace(/[\p{Cc}\p{Cf}]+/gu, " ")
    .trim()
    .slice(0, 200);
  const words = said === "" ? `LDAP result ${code}` : `LDAP result ${code}: ${said}`;
  const reason =
    code === Result.invalidCredentials ? (/\bdata ([0-9a-f]+)\b/i.exec(said)?.[1]?.toLowerCase() ?? null) : null;
  const error = (kind: ConnectorError["code"], text: string): LdapRefusal =>
    new LdapRefusal(kind, `${text} (${doing}; ${words})`, code, reason);
  switch (code) {
    case Result.sizeLimitExceeded:
    case Result.adminLimitExceeded:
      return error(
        "limit",
        "the server stopped at a limit on how many entries this reader may see, so the directory was read only in part; " +
          'raise it for the reader (OpenLDAP: limits dn.exact="…" size.prtotal=unlimited; 389: nsSizeLimit and nsLookThroughLimit of its entry)',
      );
    case Result.timeLimitExceeded:
      return error(
        "limit",
        "the server stopped at its time limit, so the directory was read only in part; raise it for the reader",
      );
    case Result.strongerAuthRequired:
    case Result.confidentialityRequired:
      return error("tls", "the server demands encryption: use ldaps:// or startTls");
    case Result.inappropriateAuthentication:
    case Result.invalidCredentials:
      return error(
        "credentials",
        `the server refused the name or the password of the reader${REASONS[reason ?? ""] ? `: ${REASONS[reason ?? ""]}` : ""}`,
      );
    case Result.insufficientAccessRights:
      return error("credentials", "the reader is not allowed to read here");
    case Result.referral:
      return error("configuration", "another server holds this part of the directory; point the URL at that one");
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
