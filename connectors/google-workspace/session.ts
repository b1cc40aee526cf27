import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { admin_directory_v1 } from "googleapis/build/src/apis/admin/index.js";
import PQueue from "p-queue";
import type { z } from "zod";
import { ConnectorError } from "../connector.ts";
import { tokenBucket } from "./bucket.ts";
import { type Refusal, readRefusal, serverTime } from "./refusal.ts";
import type { ServiceAccount } from "./service-account.ts";
import type { GoogleWorkspaceSettings } from "./settings.ts";
import type { Reader } from "./token-refusal.ts";

type DirectoryApi = admin_directory_v1.Admin;

export type Ask<Answer> = {
  /** For messages: `listing people, page 3`. */
  doing: string;
  request(api: DirectoryApi): Promise<{ data: unknown }>;
  /** What the answer must look like; anything else ends the read. */
  shape: z.ZodType<Answer>;
  /** What a refusal with one of these statuses means here. */
  unless?: { status: readonly number[]; error: ConnectorError };
};

export type GoogleSession = {
  /** Fetches an access token, which the first call would else do. @throws ConnectorError */
  authorize(): Promise<void>;
  /** One call, repeated while that can help. @throws ConnectorError */
  call<Answer>(ask: Ask<Answer>): Promise<Answer>;
  /** The same, but what is not there or not to be seen (403, 404) is null. */
  find<Answer>(ask: Ask<Answer>): Promise<Answer | null>;
  /** @throws ConnectorError `cancelled` when it was. */
  check(): void;
  /** Google's time of its first answer, in milliseconds since 1970. */
  began(): number;
  /** Who reads, for messages. */
  reader: Reader;
  /** Ends whatever is under way and every connection. */
  close(): void;
};

/** Of the quota; the rest is for other programs that act as the same administrator. */
export const SHARE = 0.8;
/**
 * Seconds whose tokens are saved up while the caller writes what came, or one list is read page after page. In the worst
 * minute that is 84 % of the quota.
 */
const SAVED_SECONDS = 3;
/** Bytes; the longest page that Google gives has a few hundred thousand. */
const LONGEST_ANSWER = 32 * 1024 * 1024;
const LONGEST_PAUSE = 32_000;
const TOKEN_ORIGIN = "https://oauth2.googleapis.com";
const API_ORIGIN = "https://admin.googleapis.com";
/** The client's mark for a token that is to be fetched. */
const NO_TOKEN = { refresh_token: "jwt-placeholder", expiry_date: 1 };

/**
 * Prepares to read as the administrator; nothing is connected yet. Calls share one bucket of tokens and one bound on
 * how many are under way. The client library's own retries are switched off: they know neither Google's 403 nor Retry-After.
 */
export async function openSession(
  settings: GoogleWorkspaceSettings,
  account: ServiceAccount,
  scopes: readonly string[],
  signal: AbortSignal,
): Promise<GoogleSession> {
  // 170 ms that a command that reads no directory does not spend.
  const { admin, auth } = await import("googleapis/build/src/apis/admin/index.js");
  const ending = new AbortController();
  const agent = new (settings.endpoint === undefined ? HttpsAgent : HttpAgent)({
    keepAlive: true,
    maxSockets: settings.concurrency,
  });
  const close = (): void => {
    signal.removeEventListener("abort", close);
    ending.abort();
    agent.destroy();
  };
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });

  let began: number | null = null;
  const redirect = (url: URL): URL => {
    if (settings.endpoint === undefined) return url;
    if (url.origin !== TOKEN_ORIGIN && url.origin !== API_ORIGIN) throw new Error("an unknown address");
    return new URL(url.pathname + url.search, settings.endpoint);
  };
  const client = new auth.JWT({
    email: account.email,
    key: account.privateKey,
    keyId: account.keyId,
    subject: settings.admin,
    scopes: [...scopes],
    // Its interceptors would write the token to a debug log.
    useAuthRequestParameters: false,
    transporterOptions: {
      agent,
      signal: ending.signal,
      timeout: settings.answerSeconds * 1000,
      maxContentLength: LONGEST_ANSWER,
      redirect: "manual",
      retryConfig: { retry: 0, noResponseRetries: 0 },
      adapter: async (options, send) => {
        ending.signal.throwIfAborted();
        // The library passes its bound on to the reading of an answer only when each request says it.
        const response = await send({ ...options, url: redirect(options.url), size: LONGEST_ANSWER });
        began ??= serverTime(response.headers);
        return response;
      },
    },
  });
  // Set, so that an environment variable cannot send the token elsewhere.
  const api = admin({ version: "directory_v1", auth: client, universeDomain: "googleapis.com", retry: false });

  const perSecond = (settings.quotaPerMinute * SHARE) / 60;
  const bucket = tokenBucket(perSecond, perSecond * SAVED_SECONDS);
  const queue = new PQueue({ concurrency: settings.concurrency });
  const reader: Reader = {
    admin: settings.admin,
    serviceAccount: account.email,
    keyId: account.keyId,
    delegation:
      "in the Admin console (admin.google.com) under Security, Access and data control, API controls, Manage domain-wide delegation, " +
      `give the client ID ${account.clientId ?? `of ${account.email}`} the scopes ${scopes.join(",")}`,
  };

  const cancelled = (): ConnectorError => new ConnectorError("cancelled", "the read was cancelled");

  const takeToken = async (doing: string): Promise<void> => {
    const { token } = await client.getAccessToken();
    if (typeof token === "string" && token !== "") return;
    client.setCredentials(NO_TOKEN);
    throw new Truncated(`asking for a token for ${doing}`);
  };

  const attempt = async <Answer>(ask: Ask<Answer>): Promise<Answer> => {
    await takeToken(ask.doing);
    await bucket.take(ending.signal);
    const { data } = await ask.request(api);
    if (typeof data !== "object") throw notJson(data, ask.doing);
    const answer = ask.shape.safeParse(data);
    if (answer.success) return answer.data;
    const where = answer.error.issues[0]?.path.join(".") ?? "";
    throw new ConnectorError(
      "protocol",
      `Google's answer is not of the form that its API has, at ${where} (${ask.doing})`,
    );
  };

  /** Attempts until one succeeds or none can; null when a refusal says that it is not there. */
  const persist = async <Answer>(
    ask: Pick<Ask<Answer>, "doing" | "unless">,
    attempt: () => Promise<Answer>,
    isAbsent: (refusal: Refusal) => boolean,
  ): Promise<Answer | null> => {
    const until = performance.now() + settings.retrySeconds * 1000;
    let renewed = false;
    for (let number = 1; ; number++) {
      if (ending.signal.aborted) throw cancelled();
      let refusal: Refusal;
      try {
        return await attempt();
      } catch (error) {
        if (ending.signal.aborted) throw cancelled();
        if (error instanceof ConnectorError) throw error;
        refusal = error instanceof Truncated ? error.refusal : readRefusal(error, reader, ask.doing);
      }
      if (isAbsent(refusal)) return null;
      if (refusal.isToken && !renewed) {
        renewed = true;
        client.setCredentials(NO_TOKEN);
        continue;
      }
      // A quota says nothing of what was asked for, though its status may be the same.
      const isForeseen =
        refusal.error.code !== "limit" && ask.unless?.status.some((status) => status === refusal.status);
      if (!refusal.again) throw isForeseen ? ask.unless?.error : refusal.error;
      const pause = Math.max(pauseAfter(number, settings.retryDelaySeconds), refusal.after ?? 0);
      if (number >= settings.maxAttempts || performance.now() + pause > until) throw givenUp(refusal, number);
      if (refusal.isQuota) bucket.pause(pause);
      await sleep(pause, undefined, { signal: ending.signal }).catch(() => {});
    }
  };

  const run = async <Answer>(ask: Ask<Answer>, isAbsent: (refusal: Refusal) => boolean): Promise<Answer | null> => {
    const result = await queue.add(() => persist(ask, () => attempt(ask), isAbsent), {});
    return result ?? null;
  };
  return {
    async authorize() {
      const doing = "asking for a token";
      await persist(
        { doing },
        () => takeToken(doing),
        () => false,
      );
    },
    async call(ask) {
      const answer = await run(ask, () => false);
      if (answer === null) throw new ConnectorError("protocol", `Google gave no answer (${ask.doing})`);
      return answer;
    },
    find: (ask) => run(ask, ({ status, again }) => !again && (status === 403 || status === 404)),
    check() {
      if (ending.signal.aborted) throw cancelled();
    },
    began: () => began ?? Date.now(),
    reader,
    close,
  };
}

/** An answer that broke off in the middle, which a second attempt may give whole. */
class Truncated extends Error {
  readonly refusal: Refusal;
  constructor(doing: string) {
    super("truncated");
    const error = new ConnectorError("protocol", `Google's answer broke off in the middle, or is no JSON (${doing})`);
    this.refusal = { error, again: true, after: null, isQuota: false, isToken: false, status: null };
  }
}

/** The client library gives the text of what it cannot parse, and something else for another content type. */
function notJson(data: unknown, doing: string): Error {
  if (typeof data === "string" && /^\s*\{/.test(data)) return new Truncated(doing);
  return new ConnectorError(
    "protocol",
    `the answer is no JSON: somebody else answered in Google's place, perhaps a proxy that wants a login (${doing})`,
  );
}

/** Full jitter: any time up to a bound that doubles, so that those who were refused together do not come back together. */
function pauseAfter(attempts: number, firstSeconds: number): number {
  return Math.random() * Math.min(LONGEST_PAUSE, firstSeconds * 1000 * 2 ** (attempts - 1));
}

function givenUp(refusal: Refusal, attempts: number): ConnectorError {
  const wait = refusal.after === null ? "" : `; it wants to be asked again in ${Math.ceil(refusal.after / 1000)} s`;
  const times = attempts === 1 ? "after one attempt" : `after ${attempts} attempts`;
  const { code, detail, hint } = refusal.error;
  return new ConnectorError(code, `${detail}; given up ${times}${wait}`, { hint });
}
