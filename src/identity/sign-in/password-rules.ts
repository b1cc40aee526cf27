import { MusterError } from "../../errors.ts";
import { normalPassword } from "./password-hash.ts";

/** Characters of a password. NIST SP 800-63B §3.1.1.2 asks for 8 beside a second factor and 15 without. */
const SHORTEST = 12;
const LONGEST = 256;

/** What must be left of a password when names and the commonest words are taken out of it. */
const OWN = 6;
/** Different characters that it must have: `abcabcabcabc` has three. */
const DIFFERENT = 5;

/** The commonest pieces of passwords, the longest first, so that none hides in another. */
const COMMONEST = [
  "administrator",
  "1234567890",
  "qwertyuiop",
  "superman",
  "password",
  "passw0rd",
  "passwort",
  "baseball",
  "football",
  "sunshine",
  "trustno1",
  "whatever",
  "iloveyou",
  "princess",
  "changeme",
  "abcdefgh",
  "asdfghjk",
  "1q2w3e4r",
  "zxcvbnm",
  "letmein",
  "welcome",
  "charlie",
  "michael",
  "default",
  "batman",
  "monkey",
  "dragon",
  "shadow",
  "master",
  "secret",
  "summer",
  "winter",
  "autumn",
  "spring",
  "qwertz",
  "azerty",
  "qwerty",
  "asdfgh",
  "abc123",
  "123123",
  "111111",
  "123456",
  "000000",
  "654321",
  "muster",
  "admin",
  "hello",
  "login",
  "12345",
  "2024",
  "2025",
  "2026",
  "2027",
  "1234",
  "abcd",
  "4321",
  "test",
  "pass",
  "root",
  "123",
  "abc",
  "!!!",
];

/**
 * Refuses a password that is easily guessed; asks for no kinds of characters (NIST SP 800-63B §3.1.1.2).
 * @param names the person's own, and the organization's: user name, address, display name.
 * @throws MusterError `invalid-value`, which never repeats the password.
 */
export function checkPassword(password: string, names: readonly string[], at: string): void {
  const normal = normalPassword(password);
  const length = [...normal].length;
  const refuse = (why: string): never => {
    throw new MusterError("invalid-value", `this password ${why}; choose another one`, { at });
  };
  if (!normal.isWellFormed()) refuse("holds half a character");
  if (length < SHORTEST || length > LONGEST) refuse(`has not ${SHORTEST} to ${LONGEST} characters`);
  const folded = normal.toLowerCase();
  if (new Set(folded).size < DIFFERENT) refuse("repeats the same few characters");
  const own = pieces(names);
  if (isShort(without(folded, own))) refuse("is made of the person's own names");
  if (isShort(without(without(folded, COMMONEST), own))) refuse("is made of the commonest ones");
}

function without(text: string, words: readonly string[]): string {
  return words.reduce((rest, word) => rest.replaceAll(word, ""), text);
}

function isShort(rest: string): boolean {
  return [...rest].length < OWN;
}

/** The words of names that are long enough to mean somebody, the longest first. */
function pieces(names: readonly string[]): string[] {
  const words = names.flatMap((name) => {
    const folded = normalPassword(name).toLowerCase();
    return [folded, ...folded.split(/[^\p{L}\p{N}]+/u)];
  });
  return [...new Set(words)].filter((word) => word.length >= 3).sort((a, b) => b.length - a.length);
}
