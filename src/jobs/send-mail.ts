import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type MailId, type OrganizationId, parseId } from "../db/id.ts";
import { type Actor, inTransaction } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { type AddressPurpose, addressToken } from "../identity/accounts/address-change-links.ts";
import { invitationToken } from "../identity/invitations/links.ts";
import { claimMail, type Delivery, type NewMail, type OutgoingMail, recordDelivery } from "../identity/mails.ts";
import type { SecretKey } from "../identity/secrets.ts";
import { hashToken } from "../identity/token-form.ts";
import { type Address, parseRecipient } from "../mail/address.ts";
import { writeAddressNotice, writeAddressQuestion } from "../mail/address-change.ts";
import { writeBreakGlassNotice } from "../mail/break-glass-notice.ts";
import type { Attempt } from "../mail/delivery.ts";
import { writeGuestEnding } from "../mail/guest-ending.ts";
import { writeInvitation } from "../mail/invitation.ts";
import { writeRemovalNotice } from "../mail/removal-notice.ts";
import { writeRequestNotice, writeSignUpNotice } from "../mail/sign-up-notice.ts";
import type { Written } from "../mail/template.ts";
import type { Send } from "../mail/transport.ts";

/** Seconds for which a mail belongs to the sender that claimed it. More than one attempt can take. */
const HOLD_SECONDS = 300;
/** Seconds between attempts while our own settings are at fault. */
const MISCONFIGURED_DELAY = 300;

/** Milliseconds between tries to record an outcome. */
const RECORDING_WAITS = [200, 1_000, 5_000, 15_000, null];

/** What every mail needs, worked out once at start. */
export type Sender = { key: SecretKey; send: Send; from: Address };

const payloadSchema = z.object({ organization: z.uuid(), mail: z.uuid() });

/**
 * One attempt at one mail: claim, send, record, each in a step of its own, so that no network call happens inside a
 * transaction. Whoever dies in between has left a mail that is claimed again when its hold ends, with the same
 * Message-ID and the same link.
 */
export async function sendMail(ctx: Context, sender: Sender, payload: unknown): Promise<void> {
  const { organization, mail: id } = parsePayload(payload);
  const actor: Actor = { organization, kind: "job", id: null, requestId: null };
  const log = { organization, mail: id, job: "send-mail" };
  const tokenOf = (kind: NewMail["kind"]) => tokenOfMail(sender.key, organization, id, kind);
  const claim = await inTransaction(
    ctx,
    actor,
    (tx) => claimMail(tx, id, { tokenHash: (kind) => hashToken(tokenOf(kind)), holdSeconds: HOLD_SECONDS }),
    { lock: "none" },
  );
  if (claim.outcome === "leave") return;
  if (claim.outcome === "cancelled") {
    ctx.logger.info("mail cancelled", { ...log, detail: claim.reason });
    return;
  }
  const { retryDelays } = ctx.config.mail;
  const attempt = await attemptOnce(ctx, sender, claim.mail, tokenOf(claim.mail.words.kind));
  const delivery = toDelivery(attempt, claim.mail.attempt, retryDelays);
  await recordPatiently(ctx, actor, claim.mail, delivery);
  // ERROR means that a person must act on this installation: its settings are wrong.
  const level = attempt.outcome === "misconfigured" ? "error" : delivery.outcome === "failed" ? "warn" : "info";
  ctx.logger.log(level, `mail ${delivery.outcome}`, { ...log, detail: delivery.reply });
}

/** What was sent and not recorded is sent again: worth waiting for a database that is away for a moment. */
async function recordPatiently(ctx: Context, actor: Actor, mail: OutgoingMail, delivery: Delivery): Promise<void> {
  for (const wait of RECORDING_WAITS) {
    try {
      await inTransaction(ctx, actor, (tx) => recordDelivery(tx, mail, delivery), { lock: "none" });
      return;
    } catch (error) {
      if (wait === null || !isMusterError(error) || error.code !== "unavailable") throw error;
      await sleep(wait);
    }
  }
}

function parsePayload(payload: unknown): { organization: OrganizationId; mail: MailId } {
  const parsed = payloadSchema.safeParse(payload);
  const organization = parseId<OrganizationId>(parsed.data?.organization ?? "");
  const mail = parseId<MailId>(parsed.data?.mail ?? "");
  if (!organization || !mail) throw new MusterError("internal", "a job to send a mail names no mail");
  return { organization, mail };
}

async function attemptOnce(ctx: Context, { send, from }: Sender, mail: OutgoingMail, token: string): Promise<Attempt> {
  if (mail.attempt > ctx.config.mail.retryDelays.length + 1)
    return { outcome: "failed", reply: "given up: no attempt was ever seen to end" };
  const to = parseRecipient(mail.recipient);
  if (to === undefined) return { outcome: "bounced", reply: "not exactly one plain address" };
  const { publicUrl } = ctx.config;
  return send({
    id: mail.id,
    from,
    to,
    messageId: `<${mail.id}@${new URL(publicUrl).hostname}>`,
    ...write(mail, `${publicUrl}/${mail.words.kind in PURPOSE ? "address" : "i"}/${token}`),
  });
}

/** The mails with a link that is about an address. */
const PURPOSE: Readonly<Partial<Record<NewMail["kind"], AddressPurpose>>> = {
  "email-change-new": "confirm",
  "email-change-old": "revert",
};

function tokenOfMail(key: SecretKey, organization: OrganizationId, mail: MailId, kind: NewMail["kind"]): string {
  const purpose = PURPOSE[kind];
  return purpose ? addressToken(key, organization, mail, purpose) : invitationToken(key, organization, mail);
}

/** @param link opens the invitation or the change of address, where the mail is about one. */
function write(mail: OutgoingMail, link: string): Written {
  const { words } = mail;
  switch (words.kind) {
    case "invitation":
      return writeInvitation(mail, words, link);
    case "removals":
      return writeRemovalNotice(mail, words);
    case "break-glass":
      return writeBreakGlassNotice(mail, words);
    case "sign-up":
      return writeSignUpNotice(mail, words);
    case "request":
      return writeRequestNotice(mail, words);
    case "guest-ending":
      return writeGuestEnding(mail, words);
    case "email-change-new":
      return writeAddressQuestion(mail, words.until, link);
    case "email-change-old":
      return writeAddressNotice(mail, words.until, link);
  }
}

function toDelivery(attempt: Attempt, attempts: number, delays: readonly number[]): Delivery {
  const { reply } = attempt;
  switch (attempt.outcome) {
    case "sent":
      return { outcome: "sent", reply };
    case "bounced":
      return { outcome: "failed", reply, bounced: true };
    case "failed":
      return { outcome: "failed", reply, bounced: false };
    case "misconfigured":
      return { outcome: "deferred", reply, retryAfter: MISCONFIGURED_DELAY, counts: false };
    case "deferred": {
      const delay = delays[attempts - 1];
      if (delay === undefined) return { outcome: "failed", reply, bounced: false };
      // A fifth either way, so that what failed together does not come back together.
      return { outcome: "deferred", reply, retryAfter: delay * (0.8 + 0.4 * Math.random()), counts: true };
    }
  }
}
