import { createVerify, generateKeyPairSync, randomBytes } from "node:crypto";

const AUDIENCE = "https://oauth2.googleapis.com/token";
const GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/** Seconds that Google's clock and the signer's may differ. */
const LEEWAY = 300;

export const SERVICE_ACCOUNT = "muster@sync-project.iam.gserviceaccount.com";
export const CLIENT_ID = "104857600000000000001";

let pair: { publicKey: string; privateKey: string } | undefined;

/** One pair for all fakes of a process: making one takes a while. */
export function keyPair(): { publicKey: string; privateKey: string } {
  pair ??= generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  return pair;
}

/** The key file that an administrator would download. */
export function keyFile(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    type: "service_account",
    project_id: "sync-project",
    private_key_id: "0a1b2c3d4e5f",
    private_key: keyPair().privateKey,
    client_email: SERVICE_ACCOUNT,
    client_id: CLIENT_ID,
    auth_uri: "https://accounts.google.com/o/oauth2/auth",
    token_uri: AUDIENCE,
    ...changes,
  });
}

export type TokenOptions = {
  /** Administrators that the service account may act as. */
  admins: readonly string[];
  /** What the Admin console's delegation lists for the client. */
  scopes: readonly string[];
  publicKey: string;
  /** Seconds that this clock is ahead of the machine's. */
  clockAhead: number;
  /** Seconds that a token is good for, as said with it. */
  lifetime: number;
};

export type Token = { sub: string; scopes: readonly string[]; token: string };
type Refused = { status: number; body: { error: string; error_description: string } };

function refuse(error: string, error_description: string, status = 400): Refused {
  return { status, body: { error, error_description } };
}

/** Checks a signed assertion as Google's token endpoint does (RFC 7523), in Google's words. */
export function grantToken(form: URLSearchParams, options: TokenOptions): Token | Refused {
  if (form.get("grant_type") !== GRANT) return refuse("unsupported_grant_type", "Invalid grant_type");
  const [head = "", body = "", signature = "", ...more] = (form.get("assertion") ?? "").split(".");
  const header = parse(head);
  const claims = parse(body);
  if (header?.alg !== "RS256" || claims === null || more.length > 0) return refuse("invalid_grant", "Bad Request");
  if (claims.iss !== SERVICE_ACCOUNT) return refuse("invalid_grant", "Invalid grant: account not found");
  const verify = createVerify("RSA-SHA256").update(`${head}.${body}`);
  if (!verify.verify(options.publicKey, signature, "base64url"))
    return refuse("invalid_grant", "Invalid JWT Signature.");
  if (claims.aud !== AUDIENCE) return refuse("invalid_grant", "Invalid JWT: Failed audience check.");
  const now = Date.now() / 1000 + options.clockAhead;
  const { iat, exp } = claims;
  if (
    typeof iat !== "number" ||
    typeof exp !== "number" ||
    exp - iat > 3600 ||
    iat > now + LEEWAY ||
    exp < now - LEEWAY
  )
    return refuse(
      "invalid_grant",
      "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.",
    );
  const scopes = String(claims.scope ?? "").split(" ");
  if (!scopes.every((scope) => options.scopes.includes(scope)))
    return refuse(
      "unauthorized_client",
      "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.",
      401,
    );
  const sub = String(claims.sub ?? "");
  if (!options.admins.includes(sub)) return refuse("invalid_grant", "Invalid email or User ID");
  return { sub, scopes, token: `ya29.${randomBytes(60).toString("base64url")}` };
}

function parse(part: string): Record<string, unknown> | null {
  try {
    return JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
  } catch {
    return null;
  }
}
