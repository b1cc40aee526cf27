/** What an administrator can do about what a directory server says, as text. */
import type { VendorName } from "./vendors.ts";

/** Referrals are never followed: they would lead to servers that nobody named, with the reader's password. */
export const REFERRAL_HINT =
  "set base to what this server holds itself, or read a whole Active Directory forest from its Global Catalog (port 3269, or 3268 with startTls)";

/** Active Directory's right to see who is switched off, by the name that its tools give to the property set. */
export const RESTRICTIONS_HINT =
  "the reader lacks the right Read Account Restrictions (userAccountControl and accountExpires) on people: grant it, or make the reader a member of Pre-Windows 2000 Compatible Access";

/** Where the server is not known. */
export const LIMITS = "raise the limits of the reader";

/** What lets this reader see the whole directory. */
export function limitsHint(vendor: VendorName, reader: string): string {
  switch (vendor) {
    case "openldap":
      return `add to the database in slapd.conf: limits dn.exact="${reader}" size.prtotal=unlimited time=unlimited (in cn=config: olcLimits with what follows the word limits)`;
    case "389-directory-server":
    case "freeipa":
      return `set on the entry ${reader}: nsSizeLimit, nsLookThroughLimit, nsIDListScanLimit, nsTimeLimit, nsPagedSizeLimit, nsPagedLookThroughLimit and nsPagedIDListScanLimit, each -1`;
    case "active-directory":
      return "set pageSize to 1000 or less (MaxPageSize of the domain); if that is not it, raise MaxQueryDuration or MaxResultSetSize with ntdsutil";
    case "other":
      return LIMITS;
  }
}

/** Reasons that Active Directory gives behind `data` (Win32 codes in hex, [MS-ERREF] §2.2), and what to do. */
const REASONS: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  "525": ["there is no such account", "correct bindDn: user@domain or the account's distinguished name"],
  "52e": ["the name or the password is wrong", "correct bindDn (user@domain or a distinguished name) or the password"],
  "530": ["the account may not sign in at this time of day", "lift the logon hours of the account"],
  "531": ["the account may not sign in from this computer", "lift the list of computers of the account"],
  "532": ["the password has expired", "set a new password that does not expire"],
  "533": ["the account is disabled", "enable the account, or read with another"],
  "701": ["the account has expired", "let the account never expire, or read with another"],
  "773": ["the password must be changed before the first use", "set a password and take that demand away"],
  "775": [
    "the account is locked after too many wrong passwords",
    "unlock the account, and find out who uses an old password of it",
  ],
};

/** Why a bind was refused, where the server's words say it, and what to do. */
export function refusedReader(said: string): { why: string; hint: string } {
  const reason = REASONS[/\bdata ([0-9a-f]{3,8})\b/i.exec(said)?.[1]?.toLowerCase() ?? ""];
  if (reason !== undefined) return { why: `: ${reason[0]}`, hint: reason[1] };
  return { why: "", hint: "correct bindDn or the password; servers say the same of a name that they do not know" };
}
