import { randomInt } from "node:crypto";
import { hashPassword } from "./password-hash.ts";

/** A password that was made here, and as it is kept: hashed before the transaction that stores it, because that takes its time. */
export type GeneratedPassword = { password: string; hash: string };

/** Characters that nobody mistakes for others; 28 of them are 140 bits. */
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";
const LETTERS = 28;

/** In groups that can be read out. */
export async function generatePassword(): Promise<GeneratedPassword> {
  const letters = Array.from({ length: LETTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");
  const password = (letters.match(/.{4}/g) ?? []).join("-");
  return { password, hash: await hashPassword(password) };
}
