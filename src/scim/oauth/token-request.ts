import { type OAuthClientId, parseId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";

/** What a client asks for. Its id and secret are not proven yet. */
export type TokenRequest = {
  id: OAuthClientId;
  secret: string;
  grantType: string | undefined;
  /** Empty: all that the client has. */
  scopes: readonly string[];
};

/**
 * Reads a token request: a form (RFC 6749 §4.4.2), the client's id and secret in the Authorization header or in the form
 * (§2.3.1), never in both. What stands in the URL is never read. Parameters that nobody knows are ignored, those without a
 * value are as left out (§3.2).
 * @throws MusterError `invalid` for a form that contradicts itself; `unauthenticated` without a usable id and secret.
 */
export function readTokenRequest(authorization: string | undefined, form: string): TokenRequest {
  const parameters = readForm(form);
  const [id, secret] = readClient(authorization, parameters);
  const client = parseId<OAuthClientId>(id);
  if (client === undefined) throw invalidClient();
  return {
    id: client,
    secret,
    grantType: parameters.get("grant_type"),
    scopes: readScopes(parameters.get("scope")),
  };
}

/** One text for whatever is wrong with a client, so that nobody learns which part of a guess was right. */
export function invalidClient(): MusterError {
  return new MusterError("unauthenticated", "this needs the id and the secret of a live client of this directory");
}

function readForm(form: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(form)) {
    if (value === "") continue;
    if (parameters.has(name)) throw new MusterError("invalid", "a parameter stands there more than once");
    parameters.set(name, value);
  }
  return parameters;
}

function readClient(authorization: string | undefined, parameters: ReadonlyMap<string, string>): [string, string] {
  const [id, secret] = [parameters.get("client_id"), parameters.get("client_secret")];
  if (authorization === undefined) {
    if (id === undefined || secret === undefined) throw invalidClient();
    return [id, secret];
  }
  if (secret !== undefined)
    throw new MusterError(
      "invalid",
      "the client's secret belongs in the Authorization header or in the form, not in both",
    );
  const [, encoded = ""] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const pair = Buffer.from(encoded, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  if (colon < 0) throw invalidClient();
  const [basicId, basicSecret] = [formDecoded(pair.slice(0, colon)), formDecoded(pair.slice(colon + 1))];
  if (id !== undefined && id !== basicId)
    throw new MusterError("invalid", "the form names another client than the header");
  return [basicId, basicSecret];
}

/** RFC 6749 §2.3.1 wants id and secret encoded as in a form before they are joined. @throws MusterError `unauthenticated` */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw invalidClient();
  }
}

/** RFC 6749 §3.3: names with single blanks between. */
function readScopes(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(" ").filter((scope) => scope !== "");
}
