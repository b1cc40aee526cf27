import { domainToASCII } from "node:url";

/** Texts that composing leaves as they are. */
const ASCII = /^[\0-\x7f]*$/;

/** Letters of full and half width, and the wide space. */
const OF_OTHER_WIDTH = /[\u3000\uff01-\uffef]+/g;

/**
 * The form under which two spellings of a user name are the same name (RFC 7643 §4.1.1: `userName` is not case exact):
 * as `nameKey`, after letters of other width became the usual ones (RFC 7644 §5, RFC 7613 §3.2). Look-ups, uniqueness and
 * filters all use this one function; SQL never folds.
 */
export function userNameKey(userName: string): string {
  if (ASCII.test(userName)) return userName.toLowerCase();
  return nameKey(userName.replace(OF_OTHER_WIDTH, (letters) => letters.normalize("NFKC")));
}

/**
 * The form under which two spellings of a group's name, or of any case-insensitive text, are the same: composed,
 * lower-cased, composed again, so that folding twice changes nothing.
 */
export function nameKey(name: string): string {
  return ASCII.test(name) ? name.toLowerCase() : name.normalize("NFC").toLowerCase().normalize("NFC");
}

const LOCAL_PART = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;

/**
 * The canonical address: lower case, domain as A-labels without a final dot; null when the text is not exactly one
 * plain addr-spec (RFC 5321 dot-atom), so that nothing a mail library could read differently ever gets further.
 */
export function emailKey(email: string): string | null {
  if (email.length > 254) return null;
  const at = email.lastIndexOf("@");
  const local = email.slice(0, at).toLowerCase();
  if (at < 1 || local.length > 64 || !LOCAL_PART.test(local)) return null;
  const domain = canonicalDomain(email.slice(at + 1));
  return domain === null ? null : `${local}@${domain}`;
}

/** The domain of a canonical address. */
export function emailDomain(key: string): string {
  return key.slice(key.lastIndexOf("@") + 1);
}

/** A domain name as lower-case A-labels without a final dot, or null when it is none. */
export function canonicalDomain(domain: string): string | null {
  // Only letters, digits, hyphens, dots and non-ASCII reach the IDNA mapping, which is lenient about the rest.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(domain)) return null;
  const ascii = domainToASCII(domain.endsWith(".") ? domain.slice(0, -1) : domain);
  return DOMAIN.test(ascii) ? ascii : null;
}
