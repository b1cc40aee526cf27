import { type Argon2Parameters, argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { MusterError } from "../../errors.ts";

/** What OWASP's Password Storage Cheat Sheet asks of argon2id at least: 19 MiB, two passes, one lane (RFC 9106). */
const COST = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT = 16;
const TAG = 32;

/** Computations at the same moment: each takes 19 MiB, and one of the few threads that files and look-ups of names need too. */
const AT_ONCE = 2;
/** Computations that wait for their turn; more are turned away. */
const WAITING = 32;

let running = 0;
const waiting: (() => void)[] = [];

/** As it is hashed (NIST SP 800-63B §3.1.1.2): the same characters, however a keyboard put them together. */
export function normalPassword(text: string): string {
  return text.normalize("NFKC");
}

/**
 * A password as it is kept: argon2id with a salt of its own, as a PHC string that names its parameters.
 * @throws MusterError `unavailable` when too many wait already.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT);
  const tag = await compute(password, salt, COST, TAG);
  return `$argon2id$v=19$m=${COST.memory},t=${COST.passes},p=${COST.parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** What takes as long as a real one and that no password fits. */
const NOBODYS = { salt: randomBytes(SALT), tag: randomBytes(TAG) };

/**
 * Whether the password is the one that was hashed; `stale`: it was hashed with other parameters than would be used today.
 * Without a hash the same is computed for nobody, so that the time tells nothing.
 * @throws MusterError `unavailable` when too many wait already.
 */
export async function verifyPassword(
  hash: string | null,
  password: string,
): Promise<{ right: boolean; stale: boolean }> {
  const known = hash === null ? undefined : parsePhc(hash);
  const { salt, tag, cost } = known ?? { ...NOBODYS, cost: COST };
  const right = timingSafeEqual(await compute(password, salt, cost, tag.length), tag);
  return {
    right: right && known !== undefined,
    stale: cost.memory !== COST.memory || cost.passes !== COST.passes || cost.parallelism !== COST.parallelism,
  };
}

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

function parsePhc(hash: string) {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(hash) ?? [];
  if (salt === undefined || tag === undefined)
    throw new MusterError("internal", "a stored password has an unknown form");
  return {
    cost: { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) },
    salt: Buffer.from(salt, "base64"),
    tag: Buffer.from(tag, "base64"),
  };
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

async function compute(password: string, salt: Buffer, cost: typeof COST, tagLength: number): Promise<Buffer> {
  if (running < AT_ONCE) running++;
  else {
    if (waiting.length >= WAITING)
      throw new MusterError("unavailable", "too many people sign in at this moment; try again", { retryAfter: 2 });
    // Whoever ends hands on the place, so nobody who comes meanwhile can take it.
    await new Promise<void>((turn) => waiting.push(turn));
  }
  const parameters: Argon2Parameters = { message: normalPassword(password), nonce: salt, tagLength, ...cost };
  try {
    return await new Promise<Buffer>((done, failed) =>
      argon2("argon2id", parameters, (error, tag) => (error ? failed(error) : done(tag))),
    );
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
