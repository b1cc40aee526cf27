import { z } from "zod";
import type { ConnectorErrorCode } from "../connector.ts";

/** Who reads, for messages. */
export type Reader = {
  admin: string;
  serviceAccount: string;
  keyId: string;
  /** What to do about a missing scope, and where. */
  delegation: string;
};

/** RFC 6749 §5.2; RFC 7521 §4.1.1. */
const oauthError = z.object({ error: z.string(), error_description: z.string().catch("") });

/** Which of two clocks is wrong cannot be known, but by how much they differ can: seconds of no interest are left out. */
const NOTABLE_SKEW = 60_000;

/**
 * What the token endpoint means when it refuses the signed assertion; null when the answer is none of its refusals.
 * Google tells most causes apart by the description alone.
 */
export function tokenRefusal(
  status: number,
  data: unknown,
  reader: Reader,
  skew: number | null,
): { code: ConnectorErrorCode; text: string; hint?: string } | null {
  const refusal = oauthError.safeParse(data).data;
  if (refusal === undefined || status < 400) return null;
  const { error, error_description: description } = refusal;
  if (error === "unauthorized_client" || error === "access_denied" || error === "invalid_scope")
    return {
      code: "credentials",
      text: `the service account may not act for ${reader.admin}, or not with all scopes`,
      hint: reader.delegation,
    };
  if (/short-lived|timeframe|iat|expired/i.test(description))
    return {
      code: "configuration",
      text: `the time of this machine is wrong${skewWords(skew)}`,
      hint: "set its clock by NTP",
    };
  if (/signature|key/i.test(description))
    return {
      code: "credentials",
      text: `the key ${reader.keyId} of ${reader.serviceAccount} is not valid any more`,
      hint: "make a new one in the Google Cloud console under IAM & Admin, Service Accounts, Keys, and give it as the directory's secret",
    };
  if (/email|user id|subject|account/i.test(description) && error === "invalid_grant")
    return {
      code: "configuration",
      text: `Google knows no ${reader.admin} to act as, or no ${reader.serviceAccount}`,
      hint: "admin must be the primary address of an active administrator, and the key that of a service account that is still there",
    };
  if (error === "invalid_client" || error === "disabled_client" || error === "deleted_client")
    return {
      code: "credentials",
      text: `the service account ${reader.serviceAccount} is switched off or deleted`,
      hint: "see IAM & Admin, Service Accounts in the Google Cloud console",
    };
  return {
    code: "credentials",
    text: `Google does not take the service account ${reader.serviceAccount} acting as ${reader.admin}`,
  };
}

function skewWords(skew: number | null): string {
  if (skew === null || Math.abs(skew) < NOTABLE_SKEW) return "";
  const minutes = Math.round(Math.abs(skew) / 60_000);
  return `: ${minutes} ${minutes === 1 ? "minute" : "minutes"} ${skew > 0 ? "ahead of" : "behind"} Google's`;
}
