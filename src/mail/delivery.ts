import { oneLine } from "./address.ts";

/**
 * What an attempt came to. `bounced`: the recipient's address is refused for good. `failed`: the server refuses the
 * mail for good, for another reason. `deferred`: it may work later. `misconfigured`: our own settings are at fault
 * (credentials, TLS), which is nobody's attempt.
 */
export type Attempt = {
  outcome: "sent" | "bounced" | "failed" | "deferred" | "misconfigured";
  reply: string;
  /** The server takes mail of strangers at a second try alone, some minutes later. */
  greylisted?: true;
};

type SendError = { code?: unknown; command?: unknown; responseCode?: unknown; response?: unknown; message?: unknown };

const AUTHENTICATION = new Set([530, 534, 535, 538]);
const SETTINGS = new Set(["EAUTH", "ENOAUTH", "ETLS", "EREQUIRETLS", "EOAUTH2", "ECONFIG"]);
const RECIPIENT = new Set([550, 551, 553]);

/**
 * Reads a failed attempt by reply code, enhanced status (RFC 3463) and command. The library's own error code is the
 * same for "try later" and "never" (451 and 550 both come as EENVELOPE), so it decides only where there is no reply.
 */
export function readFailure(error: unknown): Attempt {
  const { code, command, responseCode, response, message } = (error ?? {}) as SendError;
  const reply = shorten(typeof response === "string" && response !== "" ? response : String(message ?? error));
  if (typeof responseCode !== "number" || responseCode < 400)
    return { outcome: typeof code === "string" && SETTINGS.has(code) ? "misconfigured" : "deferred", reply };
  if (AUTHENTICATION.has(responseCode) || (code === "EAUTH" && responseCode >= 500))
    return { outcome: "misconfigured", reply };
  if (responseCode < 500)
    return { outcome: "deferred", reply, ...(/gr[ae]y-?list/i.test(reply) && { greylisted: true }) };
  return { outcome: refusesRecipient(responseCode, reply, command) ? "bounced" : "failed", reply };
}

function refusesRecipient(code: number, reply: string, command: unknown): boolean {
  const enhanced = /^\d{3}[ -](5\.\d{1,3}\.\d{1,3})\b/.exec(reply)?.[1];
  if (enhanced !== undefined) return enhanced.startsWith("5.1.") && command !== "MAIL FROM";
  return RECIPIENT.has(code) && command === "RCPT TO";
}

function shorten(text: string): string {
  return oneLine(text.slice(0, 400));
}
