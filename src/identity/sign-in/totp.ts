import { Secret, TOTP } from "otpauth";

/** Seconds of a time step, and how many digits a code has: what every authenticator app takes for granted. */
const PERIOD = 30;
const DIGITS = 6;
/** Bytes of a secret: the length of the digest (RFC 4226 §4). */
const SIZE = 20;

/** The secret of a second factor in base32, as apps take it, and as a URI for their camera. */
export type TotpSecret = { secret: string; uri: string };

/** A new random secret. @param whose what the app shows: who signs in, and where. */
export function newTotpSecret(whose: { name: string; organization: string }): TotpSecret {
  const secret = new Secret({ size: SIZE });
  return {
    secret: secret.base32,
    uri: generator(secret.base32, { label: whose.name, issuer: `Muster ${whose.organization}` }).toString(),
  };
}

/**
 * The time step to which a code belongs, or undefined when it is wrong: the present step, the one before and the one after
 * (RFC 6238 §5.2). None that is not later than `last`, so that a code works once.
 * @param now seconds since 1970, by the database's clock.
 */
export function stepOf(secret: string, code: string, now: number, last: number | null): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const delta = generator(secret).validate({ token: code, timestamp: now * 1000, window: 1 });
  if (delta === null) return undefined;
  const step = Math.floor(now / PERIOD) + delta;
  return last !== null && step <= last ? undefined : step;
}

function generator(secret: string, whose: { label?: string; issuer?: string } = {}): TOTP {
  return new TOTP({ secret: Secret.fromBase32(secret), period: PERIOD, digits: DIGITS, algorithm: "SHA1", ...whose });
}
