import { createHash } from "node:crypto";
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientError,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  type CustomFetchOptions,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  fetchUserInfo,
  type IDToken,
  None,
  ResponseBodyError,
} from "openid-client";
import { MusterError } from "../../errors.ts";
import { isProviderUrl, type SingleSignOn } from "../../identity/single-sign-on.ts";
import type { ProvidersWord } from "../../identity/single-sign-on-bindings.ts";

type Setting = SingleSignOn & { clientSecret: string };

/** What a browser has to bring back with the provider's answer. */
export type Checks = {
  state: string;
  nonce: string;
  codeVerifier: string;
  /** The person was asked to prove anew who they are. */
  fresh: boolean;
};

/** Seconds that a provider has for one answer, and bytes of it. */
const TIMEOUT = 5;
const MOST_BYTES = 1024 * 1024;
/** Milliseconds for which what was discovered of a provider, or that nothing was, is believed. */
const BELIEVED = 600_000;
const FAILURE_BELIEVED = 5_000;
const MOST_PROVIDERS = 100;
/** Seconds that may pass between a proof at the provider and its answer here, where a fresh one was asked for. */
const FRESH = 300;

const providers = new Map<string, { configuration: Promise<Configuration>; until: number }>();

/** One answer of a provider: in time, of bounded length, without redirects, from an address that Muster may talk to. */
async function boundedFetch(url: string, { body, ...options }: CustomFetchOptions): Promise<Response> {
  if (!isProviderUrl(url)) throw new TypeError("the provider names an address that is no https URL");
  const response = await fetch(url, {
    ...options,
    body: (body ?? null) as NonNullable<RequestInit["body"]> | null,
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT * 1000),
  });
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MOST_BYTES) throw new TypeError("the provider's answer is too long");
    parts.push(part);
  }
  const empty = response.status === 204 || response.status === 304;
  return new Response(empty ? null : Buffer.concat(parts), { status: response.status, headers: response.headers });
}

function configurationOf(setting: Setting): Promise<Configuration> {
  const key = createHash("sha256")
    .update(JSON.stringify([setting.issuer, setting.clientId, setting.clientSecret]))
    .digest("hex");
  const now = performance.now();
  const known = providers.get(key);
  if (known && now < known.until) return known.configuration;
  const entry = { configuration: discover(setting), until: now + BELIEVED };
  entry.configuration.catch(() => {
    entry.until = performance.now() + FAILURE_BELIEVED;
  });
  providers.delete(key);
  providers.set(key, entry);
  if (providers.size > MOST_PROVIDERS) providers.delete(providers.keys().next().value as string);
  return entry.configuration;
}

async function discover({ issuer, clientId, clientSecret }: Setting): Promise<Configuration> {
  const plain = issuer.startsWith("http:");
  const found = await discovery(new URL(issuer), clientId, undefined, None(), {
    timeout: TIMEOUT,
    [customFetch]: boundedFetch,
    // Only ever loopback, as every single address is looked at before it is asked.
    ...(plain && { execute: [allowInsecureRequests] }),
  });
  const server = found.serverMetadata();
  const post = server.token_endpoint_auth_methods_supported?.includes("client_secret_basic") === false;
  const configuration = new Configuration(
    server,
    clientId,
    clientSecret,
    post ? ClientSecretPost(clientSecret) : ClientSecretBasic(clientSecret),
  );
  configuration.timeout = TIMEOUT;
  configuration[customFetch] = boundedFetch;
  if (plain) allowInsecureRequests(configuration);
  // The signature too, not only the connection over which the ID token came.
  enableNonRepudiationChecks(configuration);
  return configuration;
}

/**
 * Where the browser goes to sign in: authorization code with PKCE, state and nonce (RFC 9700 §2.1).
 * @throws MusterError `unavailable` when the provider cannot be reached.
 */
export async function authorizationUrl(setting: Setting, callback: string, checks: Checks): Promise<string> {
  return asked(async () => {
    const url = buildAuthorizationUrl(await configurationOf(setting), {
      redirect_uri: callback,
      scope: "openid email",
      state: checks.state,
      nonce: checks.nonce,
      code_challenge: await calculatePKCECodeChallenge(checks.codeVerifier),
      code_challenge_method: "S256",
      ...(checks.fresh && { prompt: "login", max_age: "0" }),
    });
    if (!isProviderUrl(url.href)) throw new TypeError("the provider names an address that is no https URL");
    return url.href;
  });
}

/**
 * Who the provider says that came back. Its code is turned in once, and no token of it is kept.
 * @param answer the URL at which the browser arrived.
 * @throws MusterError `unauthenticated` when anything of the answer is not right; `unavailable` when the provider is away.
 */
export async function redeem(setting: Setting, answer: URL, checks: Checks): Promise<ProvidersWord> {
  return asked(async () => {
    const configuration = await configurationOf(setting);
    const tokens = await authorizationCodeGrant(configuration, answer, {
      expectedState: checks.state,
      expectedNonce: checks.nonce,
      pkceCodeVerifier: checks.codeVerifier,
      idTokenExpected: true,
      ...(checks.fresh && { maxAge: FRESH }),
    });
    const claims = tokens.claims();
    if (!claims || claims.sub.length > 255)
      throw new MusterError("unauthenticated", "the provider says nothing of who signed in");
    if (Object.hasOwn(claims, setting.emailClaim) || !configuration.serverMetadata().userinfo_endpoint)
      return wordOf(setting, claims, claims);
    // Where an access token comes too, providers may tell addresses there alone (OpenID Connect Core §5.4).
    return wordOf(setting, claims, await fetchUserInfo(configuration, tokens.access_token, claims.sub));
  });
}

function wordOf(setting: SingleSignOn, claims: IDToken, told: Readonly<Record<string, unknown>>): ProvidersWord {
  const claim = (name: string): unknown => (Object.hasOwn(told, name) ? told[name] : undefined);
  const email = claim(setting.emailClaim);
  // An address is worth something only where the provider says outright that it was verified.
  const verified = claim(setting.verifiedClaim) === true && typeof email === "string" && email.length <= 254;
  return {
    issuer: setting.issuer,
    subject: claims.sub,
    verifiedEmail: verified ? email : null,
    authenticatedAt: typeof claims.auth_time === "number" ? new Date(claims.auth_time * 1000) : null,
  };
}

/** What goes wrong with a provider in Muster's words; nothing of its answer is shown to the browser. */
async function asked<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof MusterError) throw cause;
    if (cause instanceof AuthorizationResponseError || cause instanceof ResponseBodyError)
      throw new MusterError("unauthenticated", "the provider did not let this person in", { cause });
    if (
      cause instanceof ClientError &&
      cause.code !== "OAUTH_TIMEOUT" &&
      cause.code !== "OAUTH_RESPONSE_IS_NOT_CONFORM"
    )
      throw new MusterError("unauthenticated", "the provider's answer is not right", { cause });
    throw new MusterError("unavailable", "the provider of single sign-on cannot be reached", { cause, retryAfter: 10 });
  }
}
