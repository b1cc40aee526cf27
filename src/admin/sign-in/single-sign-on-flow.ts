import { z } from "zod";
import { type OrganizationId, parseId } from "../../db/id.ts";
import { isMusterError, MusterError } from "../../errors.ts";
import { openSecret, type SecretKey, type SecretPlace, sealSecret } from "../../identity/secrets.ts";
import type { Checks } from "./single-sign-on-provider.ts";

/** Seconds from the start of a sign-in at a provider until its answer must be here. */
export const FLOW_SECONDS = 600;

const flow = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  codeVerifier: z.string(),
  fresh: z.boolean(),
  until: z.number(),
});

function place(organization: string): SecretPlace {
  return { organization, table: "single_sign_on_flows", column: "cookie", row: organization };
}

/** What a browser keeps while its person is at the provider: nobody can read it or make another. */
export function sealFlow(key: SecretKey, organization: OrganizationId, checks: Checks): string {
  const text = JSON.stringify({ ...checks, until: Date.now() + FLOW_SECONDS * 1000 });
  return `${organization}.${sealSecret(key, place(organization), text).toString("base64url")}`;
}

/** @throws MusterError `unauthenticated` when there is none, it is too old, or it was not sealed here. */
export function openFlow(key: SecretKey, cookie: string | undefined): Checks & { organization: OrganizationId } {
  const [, id = "", sealed = ""] = /^([0-9a-f-]{36})\.([\w-]{1,2000})$/.exec(cookie ?? "") ?? [];
  const organization = parseId<OrganizationId>(id);
  try {
    if (organization === undefined) throw refused();
    const { until, ...checks } = flow.parse(
      JSON.parse(openSecret(key, place(organization), Buffer.from(sealed, "base64url"))),
    );
    if (Date.now() > until) throw refused();
    return { ...checks, organization };
  } catch (error) {
    throw isMusterError(error) && error.code === "unauthenticated" ? error : refused();
  }
}

function refused(): MusterError {
  return new MusterError("unauthenticated", "this sign-in did not begin in this browser, or too long ago; begin anew");
}
