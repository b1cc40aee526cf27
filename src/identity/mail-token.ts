import { hkdfSync } from "node:crypto";
import type { MailId, OrganizationId } from "../db/id.ts";
import type { SecretKey } from "./secrets.ts";
import { newTokenText } from "./token-form.ts";

/**
 * The token in the link of one mail (docs/decisions/0007). It follows from the installation's key and the mail's id, so every
 * attempt at the same mail carries the same link, although nothing but its hash is kept; a newer mail has another.
 * @param purpose what it opens, so that no token opens anything else.
 */
export function mailToken(
  key: SecretKey,
  organization: OrganizationId,
  mail: MailId,
  kind: Parameters<typeof newTokenText>[0],
  purpose: string,
): string {
  const secret = hkdfSync("sha256", key, Buffer.from(organization + mail), `muster ${purpose} token`, 32);
  return newTokenText(kind, Buffer.from(secret));
}
