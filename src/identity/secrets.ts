import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { MusterError } from "../errors.ts";

declare const brand: unique symbol;
/** 32 bytes that encrypt the secrets of directories at rest. */
export type SecretKey = Buffer & { readonly [brand]: true };

/** Where a sealed secret stands. A row copied to any other place does not open. */
export type SecretPlace = { organization: string; table: string; column: string; row: string };

const VERSION = 1;
const NONCE = 12;
const TAG = 16;

/**
 * The key of this installation: of the named file, else of `secret.key` in the data directory, which is made (0600)
 * the first time. Of several that make it at once one wins and all get the same key.
 * @throws MusterError `configuration` when the named file is missing or is not 32 bytes in base64.
 */
export function loadSecretKey(where: { secretKeyFile?: string | undefined; dataDirectory: string }): SecretKey {
  if (where.secretKeyFile !== undefined) return readKey(where.secretKeyFile);
  const path = join(where.dataDirectory, "secret.key");
  try {
    return readKey(path);
  } catch (error) {
    if (!isMissing((error as MusterError).cause)) throw error;
  }
  makeKey(path);
  return readKey(path);
}

/**
 * The key that is there, and none is made.
 * @throws MusterError `configuration` when there is none, or it is not 32 bytes in base64.
 */
export function existingSecretKey(where: { secretKeyFile?: string | undefined; dataDirectory: string }): SecretKey {
  return readKey(where.secretKeyFile ?? join(where.dataDirectory, "secret.key"));
}

function readKey(path: string): SecretKey {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    throw new MusterError("configuration", `the key file ${path} cannot be read`, { at: "secretKeyFile", cause });
  }
  const key = Buffer.from(text, "base64");
  if (key.length !== 32 || key.toString("base64") !== text)
    throw new MusterError(
      "configuration",
      `the key file ${path} must hold 32 bytes in base64 (openssl rand -base64 32)`,
      {
        at: "secretKeyFile",
      },
    );
  return key as SecretKey;
}

/** Written beside its place and linked into it, so that nobody ever reads half a key and the first writer wins. */
function makeKey(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(draft, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600, flag: "wx", flush: true });
  chmodSync(draft, 0o600);
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    unlinkSync(draft);
  }
}

/** Tells two keys apart, and says nothing else of them: 32 random bytes cannot be found by trying. */
export function markOfKey(key: SecretKey): string {
  return createHash("sha256").update("muster secret key").update(key).digest("hex").slice(0, 24);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

/** Encrypts with AES-256-GCM under a fresh nonce; organization, table, column and row are authenticated with it. */
export function sealSecret(key: SecretKey, place: SecretPlace, text: string): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(placeBytes(place));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), sealed]);
}

/**
 * The secret in the clear.
 * @throws MusterError `configuration` when it was sealed for another place, with another key, or was changed.
 */
export function openSecret(key: SecretKey, place: SecretPlace, sealed: Buffer): string {
  try {
    if (sealed[0] !== VERSION || sealed.length < 1 + NONCE + TAG) throw new Error("unknown form");
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + NONCE))
      .setAAD(placeBytes(place))
      .setAuthTag(sealed.subarray(1 + NONCE, 1 + NONCE + TAG));
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE + TAG)), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new MusterError(
      "configuration",
      "a stored secret cannot be opened with this key; name the key file it was made with, or enter the secret again",
      { at: "secretKeyFile", cause },
    );
  }
}

function placeBytes(place: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify([VERSION, place.organization, place.table, place.column, place.row]));
}
