import { Secret, TOTP } from "otpauth";
import { expect, test } from "vitest";
import { hashPassword, verifyPassword } from "../../../src/identity/sign-in/password-hash.ts";
import { checkPassword } from "../../../src/identity/sign-in/password-rules.ts";
import { stepOf } from "../../../src/identity/sign-in/totp.ts";

const NAMES = ["ada.lovelace@example.com", "Ada Lovelace", "acme"];
const accepted = (password: string) => {
  try {
    checkPassword(password, NAMES, "password");
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid-value", at: "password" });
    expect((error as Error).message).not.toContain(password);
    return false;
  }
};

test.each([
  "a lake between two hills",
  "correct horse battery",
  "жёлтый чемодан у окна",
  "ninjas & pirates",
  `${"x".repeat(128)}abcdefghij`,
  "password of the lighthouse",
  "😀 eleven emojis 😀",
])("%s is taken: no kind of character is asked for", (password) => {
  expect(accepted(password)).toBe(true);
});

test.each([
  ["eleven char", "short"],
  [`${"y".repeat(250)}abcdefg`, "long"],
  ["aaaaaaaaaaaa", "one character"],
  ["abcabcabcabcabc", "three characters"],
  ["123456789012", "digits in a row"],
  ["Password1234!", "the commonest word"],
  ["Welcome2026!!", "the commonest word and a year"],
  ["qwertyuiop123", "a row of keys"],
  ["ada.lovelace@example.com", "the address"],
  ["AdaLovelace1!", "the name"],
  ["lovelace-acme-1", "name and organization"],
  ["half a \ud800 character", "half a character"],
])("%s is refused: %s", (password) => {
  expect(accepted(password)).toBe(false);
});

test("a password is kept as argon2id with OWASP's parameters, and only it fits", async () => {
  const hash = await hashPassword("a lake between two hills");
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(await hashPassword("a lake between two hills")).not.toBe(hash);
  expect(await verifyPassword(hash, "a lake between two hills")).toEqual({ right: true, stale: false });
  expect((await verifyPassword(hash, "a lake between two hill")).right).toBe(false);
  expect((await verifyPassword(null, "a lake between two hills")).right).toBe(false);
});

test("the same characters are the same password, however they were composed; long ones are not cut", async () => {
  const hash = await hashPassword("caf\u00e9 at the corner");
  expect((await verifyPassword(hash, "cafe\u0301 at the corner")).right).toBe(true);
  const long = "z".repeat(255);
  const kept = await hashPassword(`${long}a`);
  expect((await verifyPassword(kept, `${long}b`)).right).toBe(false);
});

test("what was hashed by others is read by its own parameters, and told to be stale", async () => {
  // RFC 9106's reference code: argon2 somesalt -id -t 2 -k 256 -p 1 -l 32
  const hash = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  expect(await verifyPassword(hash, "password")).toEqual({ right: true, stale: true });
  await expect(verifyPassword("$2b$12$abc", "password")).rejects.toMatchObject({ code: "internal" });
});

test("a burst of guesses computes two at a time; those beyond a queue are turned away at once", async () => {
  const outcomes = await Promise.allSettled(
    Array.from({ length: 60 }, () => verifyPassword(null, "a guess among many")),
  );
  const refused = outcomes.filter((outcome) => outcome.status === "rejected");
  expect(refused).toHaveLength(60 - 2 - 32);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "unavailable", retryAfter: 2 });
  // Everybody has had their turn, so the next one has one too.
  expect((await verifyPassword(null, "another one")).right).toBe(false);
});

test("a code is taken one step before and after its own, never of a step that was used", () => {
  // Not drawn: of two steps of one secret in a million the codes are the same.
  const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
  const now = 1_800_000_015;
  const present = Math.floor(now / 30);
  const code = (steps: number) =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: (now + steps * 30) * 1000 });
  const taken = [-3, -2, -1, 0, 1, 2, 3].map((steps) => stepOf(secret, code(steps), now, null));
  expect(taken).toEqual([undefined, undefined, present - 1, present, present + 1, undefined, undefined]);
  expect(stepOf(secret, code(0), now, present)).toBeUndefined();
  expect(stepOf(secret, code(-1), now, present)).toBeUndefined();
  expect(stepOf(secret, code(1), now, present)).toBe(present + 1);
  for (const wrong of ["", "12345", "1234567", "12345a", "１２３４５６", ` ${code(0)}`])
    expect(stepOf(secret, wrong, now, null)).toBeUndefined();
});

test("RFC 6238, appendix B: the codes of its secret", () => {
  const secret = new Secret({ buffer: new TextEncoder().encode("12345678901234567890").buffer }).base32;
  for (const [now, code] of [
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_234_567_890, "005924"],
    [20_000_000_000, "353130"],
  ] as const)
    expect(stepOf(secret, code, now, null)).toBe(Math.floor(now / 30));
});
