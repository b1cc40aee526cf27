import { ConnectorError } from "../connector.ts";
import type { LdapEntry } from "./entry.ts";
import { RESTRICTIONS_HINT } from "./hints.ts";
import { secondsOf } from "./timestamps.ts";

const ACCOUNT_DISABLED = 2;
/** Off when true. */
const SWITCHES = ["nsAccountLock", "ipaNSAccountLock", "msDS-UserAccountDisabled"];
const NEVER_EXPIRES = 0x7fffffffffffffffn;
/** 1601-01-01, where Active Directory's clock of 100 ns starts, in milliseconds of ours. */
const FILETIME_EPOCH = -11_644_473_600_000n;
const MILLISECONDS_PER_DAY = 86_400_000;

/**
 * Whether the directory lets this person in at `now` (milliseconds since 1970). Off are: Active Directory's disabled bit
 * (userAccountControl 2), msDS-UserAccountDisabled of AD LDS and a passed accountExpires; a passed shadowExpire (RFC 2307,
 * days since 1970); nsAccountLock and ipaNSAccountLock (389, FreeIPA) and a passed krbPrincipalExpiration (FreeIPA);
 * pwdAccountLockedTime at its permanent value 000001010000Z. A lock that wrong passwords brought about ends by itself
 * and anybody can cause it, so it is no reason to take a person's access away.
 */
export function isActive(entry: LdapEntry, now: number): boolean {
  const control = entry.text("userAccountControl");
  if (control !== null && (Number(control) & ACCOUNT_DISABLED) !== 0) return false;
  if (hasExpired(entry.text("accountExpires"), now)) return false;
  const shadowExpire = Number(entry.text("shadowExpire") ?? -1);
  if (shadowExpire > 0 && Math.floor(now / MILLISECONDS_PER_DAY) >= shadowExpire) return false;
  if (SWITCHES.some((attribute) => isTrue(entry.text(attribute)))) return false;
  const expires = secondsOf(entry.text("krbPrincipalExpiration"));
  // 1970, which is the number 0 in Kerberos, means never to FreeIPA.
  if (expires !== null && expires > 0 && expires * 1000 <= now) return false;
  return !entry.text("pwdAccountLockedTime")?.startsWith("000001010000");
}

/**
 * Active Directory hides what it may not show as if it were not there. Contacts, which are no users, never have it.
 * @throws ConnectorError `incomplete` when the reader may not see `attribute`: whoever was switched off would seem to be back.
 */
export function requireShown(entry: LdapEntry, attribute: string): void {
  if (entry.text(attribute) !== null) return;
  const classes = entry.texts("objectClass").map((name) => name.toLowerCase());
  if (classes.length > 0 && !classes.includes("user")) return;
  throw new ConnectorError(
    "incomplete",
    `${entry.dn} does not show the reader its ${attribute}, so nobody can tell whether it is switched off`,
    { hint: RESTRICTIONS_HINT },
  );
}

function isTrue(text: string | null): boolean {
  return text !== null && text.toLowerCase() === "true";
}

/** accountExpires: 0 and the largest value mean never. */
function hasExpired(text: string | null, now: number): boolean {
  if (text === null || !/^\d{1,19}$/.test(text)) return false;
  const ticks = BigInt(text);
  if (ticks === 0n || ticks >= NEVER_EXPIRES) return false;
  return ticks / 10_000n + FILETIME_EPOCH <= BigInt(now);
}
