import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { type Address, resolveTarget } from "./webhook-target.ts";

/** What a receiver said: its status, the beginning of its body, and for how many seconds it wants to be left alone. */
export type Reply = { status: number; text: string; retryAfter: number | null };

/** Bytes that are read of an answer at most, and characters that are kept of it. */
const READ = 16_384;
const KEPT = 500;
/** Seconds beyond which nobody is left alone. */
const LONGEST_REST = 86_400;

/**
 * One POST to a webhook's receiver: to an address that may be dialled, over a connection of its own, through no proxy; no
 * redirect is followed; an answer is read for at most `timeout` milliseconds and 16 KiB.
 * @throws Error in our own words when there was no answer; nothing of the host's inside is told.
 */
export async function postToWebhook(
  to: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: { timeout: number; allowPrivate: boolean },
): Promise<Reply> {
  const end = AbortSignal.timeout(options.timeout);
  const url = new URL(to);
  try {
    return await send(url, await inTime(resolveTarget(url, options.allowPrivate), end), headers, body, end);
  } catch (error) {
    throw end.aborted ? new Error(`no answer within ${options.timeout} ms`) : error;
  }
}

/** What cannot be interrupted is left behind. */
function inTime<T>(work: Promise<T>, end: AbortSignal): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    end.addEventListener("abort", () => reject(end.reason as Error), { once: true });
  });
  return Promise.race([work, late]);
}

function send(
  url: URL,
  addresses: readonly Address[],
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<Reply> {
  const secure = url.protocol === "https:";
  // An agent of its own: no connection is shared, and no proxy of the environment stands in between.
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  return new Promise((resolve, reject) => {
    const request = (secure ? requestHttps : requestHttp)(url, {
      method: "POST",
      agent,
      signal,
      lookup: pinned(addresses),
      maxHeaderSize: READ,
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
    });
    request.on("error", (error) => reject(new Error(failureOf(error))));
    request.on("response", (response) => {
      // The status has decided: what becomes of the rest changes nothing.
      request.removeAllListeners("error").on("error", () => {});
      void readAnswer(response).then((text) => {
        resolve({ status: response.statusCode ?? 0, text, retryAfter: retryAfterOf(response) });
        request.destroy();
      });
    });
    request.end(body);
  });
}

/** Answers every question for the host's addresses with those that were looked at. */
function pinned(addresses: readonly Address[]): LookupFunction {
  return (_host, { all }, answer) => {
    const [first] = addresses;
    if (all) answer(null, [...addresses]);
    else answer(null, first?.address ?? "", first?.family ?? 4);
  };
}

/** An answer that breaks off, or is too long, is read as far as it came. */
async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= READ) break;
    }
  } catch {
    // Read as far as it came.
  }
  return excerpt(Buffer.concat(chunks).subarray(0, READ).toString("utf8"));
}

/** Text that can be stored and shown: well-formed, without control characters, bounded. */
function excerpt(text: string): string {
  return Array.from(text.toWellFormed().replaceAll(/[\u0000-\u001f\u007f-\u009f]+/g, " "))
    .slice(0, KEPT)
    .join("")
    .trim();
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function retryAfterOf({ headers }: IncomingMessage): number | null {
  const text = headers["retry-after"];
  if (text === undefined) return null;
  const seconds = /^\d{1,9}$/.test(text)
    ? Number(text)
    : / GMT$/.test(text)
      ? (Date.parse(text) - Date.now()) / 1_000
      : Number.NaN;
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), LONGEST_REST) : null;
}

/** What can be said of a failed request: the kind of failure, never the address behind the name. */
function failureOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return `no answer${typeof code === "string" ? ` (${code})` : ""}`;
}
