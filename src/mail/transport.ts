import { randomBytes } from "node:crypto";
import { chmod, mkdir, open, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import type { Config } from "../config.ts";
import type { Address } from "./address.ts";
import { type Attempt, readFailure } from "./delivery.ts";

/** A finished mail to exactly one address. */
type Message = {
  id: string;
  from: Address;
  to: Address;
  /** The same for every attempt, so that a mail that arrives twice can be recognised. */
  messageId: string;
  /** The language that it is in. */
  locale: string;
  subject: string;
  text: string;
  html: string;
};

/** Sends one message; a refusal is an answer, not an error. */
export type Send = (message: Message) => Promise<Attempt>;

/** Milliseconds for one whole attempt. Below `HOLD_SECONDS` of the job, so that nobody else starts meanwhile. */
const ATTEMPT_TIMEOUT = 120_000;

/** To the SMTP server of the settings, or into files `<data directory>/mail/<id>.eml` where there is none. */
export function makeSend(config: Pick<Config, "mail" | "dataDirectory">): Send {
  return config.mail.smtpUrl === undefined
    ? (message) => writeFile(join(config.dataDirectory, "mail"), message)
    : sendBySmtp(config.mail.smtpUrl);
}

/**
 * The way to a mail server, which reads no files and fetches no addresses. One connection a mail: a pool would try again by
 * itself, and attempts are ours to count.
 * @param patience milliseconds for each step until the server listens, and for each pause of it afterwards.
 */
export function smtpTransport(url: string, patience: { untilItListens: number; pause: number }) {
  return createTransport({
    url,
    connectionTimeout: patience.untilItListens,
    greetingTimeout: patience.untilItListens,
    dnsTimeout: patience.untilItListens,
    socketTimeout: patience.pause,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
}

function sendBySmtp(url: string): Send {
  const transport = smtpTransport(url, { untilItListens: 15_000, pause: 60_000 });
  return async (message) => {
    try {
      const info = await withDeadline(transport.sendMail(toMail(message)));
      return { outcome: "sent", reply: info.response };
    } catch (error) {
      return readFailure(error);
    }
  };
}

async function withDeadline<T>(sending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the mail server did not finish in time")), ATTEMPT_TIMEOUT);
  });
  try {
    return await Promise.race([sending, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Written beside its place and renamed into it: whoever watches the folder never reads half a mail. */
async function writeFile(folder: string, message: Message): Promise<Attempt> {
  const composer = createTransport({
    streamTransport: true,
    buffer: true,
    newline: "windows",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const draft = join(folder, `.${message.id}.${randomBytes(4).toString("hex")}`);
  try {
    const { message: content } = await composer.sendMail(toMail(message));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = await open(draft, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await chmod(draft, 0o600);
    await rename(draft, join(folder, `${message.id}.eml`));
    return { outcome: "sent", reply: `written to mail/${message.id}.eml` };
  } catch (error) {
    await unlink(draft).catch(() => {});
    return { outcome: "deferred", reply: `the mail cannot be written: ${(error as Error).message}` };
  }
}

function toMail(message: Message) {
  return {
    from: message.from,
    to: message.to,
    // The envelope stands by itself: what the headers are parsed to decides nothing about who gets the mail.
    envelope: { from: message.from.address, to: [message.to.address] },
    messageId: message.messageId,
    subject: message.subject,
    text: message.text,
    html: message.html,
    headers: {
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "Content-Language": message.locale,
    },
    xMailer: false as const,
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
