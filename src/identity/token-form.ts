import { hash, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/**
 * What a token opens, readable from its prefix: a directory's SCIM endpoint, the administration API, an invitation, a
 * link; as the secret of an OAuth client, other tokens; a session of the console; the first set-up; a new address
 * (`adr`), the old one back (`rev`); a new password (`pwd`).
 */
export type TokenKind = "scim" | "api" | "inv" | "lnk" | "cli" | "ses" | "set" | "adr" | "rev" | "pwd";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
// 62^43 > 2^256 and 62^6 > 2^32: the shortest texts that hold the secret and its checksum.
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const FORM = /^mst_(scim|api|inv|lnk|cli|ses|set|adr|rev|pwd)_[0-9A-Za-z]{49}$/;

/**
 * A new token: prefix, 32 bytes in base62 (43 characters), CRC-32 of all before it in base62 (6 characters).
 * The text is nowhere at rest; keep only `hashToken` of it.
 * @param secret 32 bytes, random unless the caller must be able to make the same token again.
 */
export function newTokenText(kind: TokenKind, secret: Buffer = randomBytes(32)): string {
  const body = `mst_${kind}_${base62(BigInt(`0x${secret.toString("hex")}`), SECRET_LENGTH)}`;
  return body + checksum(body);
}

/**
 * The kind of a well-formed token, or undefined when prefix, length, characters or checksum are wrong. Asks no
 * database: a mistyped, cut or foreign token is refused before it costs a query.
 */
export function tokenKind(text: string): TokenKind | undefined {
  const kind = FORM.exec(text)?.[1] as TokenKind | undefined;
  if (kind === undefined) return undefined;
  return checksum(text.slice(0, -CHECKSUM_LENGTH)) === text.slice(-CHECKSUM_LENGTH) ? kind : undefined;
}

/** The length of a token's text, from its kind with the shortest name to the longest. */
const SHORTEST = "mst_api_".length + SECRET_LENGTH + CHECKSUM_LENGTH;
const LONGEST = SHORTEST + 1;

/** Whether a text could be a token at all: the cheapest look, before anything is computed of it. */
export function hasTokenLength(text: string): boolean {
  return text.length >= SHORTEST && text.length <= LONGEST;
}

/** SHA-256 of the whole text, as it is kept: enough for a secret of 256 random bits. */
export function hashToken(text: string): Buffer {
  return hash("sha256", text, "buffer");
}

/** The same as a text, for what is remembered in the process: the token itself stays in no map. */
export function tokenDigest(text: string): string {
  return hash("sha256", text, "base64");
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest /= 62n) text = ALPHABET[Number(rest % 62n)] + text;
  return text;
}
