import { createPrivateKey } from "node:crypto";
import { z } from "zod";
import { ConnectorError } from "../connector.ts";

/** Who signs: what Muster needs of a service account's key file. */
export type ServiceAccount = { email: string; privateKey: string; keyId: string; clientId: string | null };

/** The key file as Google Cloud gives it out. Where it says to send the assertion is not heeded: that is Google's address. */
const keyFile = z.object({
  type: z.literal("service_account"),
  client_email: z.email(),
  private_key: z.string().refine(isRsaKey),
  private_key_id: z.string().min(1).max(200),
  client_id: z
    .string()
    .regex(/^\d{1,40}$/)
    .optional(),
  universe_domain: z.literal("googleapis.com").optional(),
});

/**
 * Reads the directory's secret: the text of the JSON key file.
 * @throws ConnectorError `configuration`; the message names keys of the file, never what they hold.
 */
export function parseServiceAccount(secret: string | null): ServiceAccount {
  if (secret === null || secret.trim() === "") throw refuse("is missing");
  let content: unknown;
  try {
    content = JSON.parse(secret);
  } catch {
    // The parser's own words would quote the file.
    throw refuse("is no JSON");
  }
  const result = keyFile.safeParse(content);
  if (!result.success) {
    const keys = [...new Set(result.error.issues.map((issue) => String(issue.path[0] ?? "content")))];
    throw refuse(`has no valid ${keys.join(" and no valid ")}`);
  }
  const { client_email, private_key, private_key_id, client_id } = result.data;
  return { email: client_email, privateKey: private_key, keyId: private_key_id, clientId: client_id ?? null };
}

function refuse(why: string): ConnectorError {
  return new ConnectorError("configuration", `Google Workspace settings: the key file of the service account ${why}`, {
    hint: "make a key of type JSON in the Google Cloud console under IAM & Admin, Service Accounts, Keys, and give the whole file",
  });
}

function isRsaKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === "rsa";
  } catch {
    return false;
  }
}
