import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Context } from "../context.ts";
import { type MailId, type OrganizationId, parseId } from "../db/id.ts";
import { type Actor, inTransaction } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { type AddressPurpose, addressToken } from "../identity/accounts/address-change-links.ts";
import { invitationToken, passwordToken } from "../identity/invitations/links.ts";
import { claimMail, type Delivery, type OutgoingMail, recordDelivery } from "../identity/mail-sending.ts";
import type { MailKind } from "../identity/mail-texts/wording.ts";
import type { SecretKey } from "../identity/secrets.ts";
import { hashToken } from "../identity/token-form.ts";
import { type Address, parseRecipient } from "../mail/address.ts";
import type { Attempt } from "../mail/delivery.ts";
import type { Send } from "../mail/transport.ts";
import { writeMail } from "../mail/write.ts";

/** Seconds for which a mail belongs to the sender that claimed it. More than one attempt can take. */
const HOLD_SECONDS = 300;
/** Seconds between attempts while our own settings are at fault. */
const MISCONFIGURED_DELAY = 300;

/** Milliseconds between tries to record an outcome. */
const RECORDING_WAITS = [200, 1_000, 5_000, 15_000, null];

/** What every mail needs, worked out once at start. */
export type Sender = {
  key: SecretKey;
  send: Send;
  from: Address;
  /** While our own settings are at fault nothing is tried, milliseconds since the epoch: the mails wait, and none loses an attempt. */
  haltedUntil: number;
};

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
  // `requeue-mails` gives it another job every minute.
  if (Date.now() < sender.haltedUntil) return;
  const token = (kind: MailKind) => tokenOfMail(sender.key, organization, id, kind);
  const claim = await inTransaction(
    ctx,
    actor,
    (tx) => claimMail(tx, id, { tokenHash: (kind) => hashToken(token(kind)), holdSeconds: HOLD_SECONDS }),
    { lock: "none" },
  );
  if (claim.outcome === "leave") return;
  if (claim.outcome !== "send") {
    ctx.logger.info(`mail ${claim.outcome}`, { ...log, detail: claim.reason });
    return;
  }
  const { retryDelays } = ctx.config.mail;
  const attempt = await attemptOnce(ctx, sender, claim.mail, token(claim.mail.words.kind));
  if (attempt.outcome === "misconfigured") sender.haltedUntil = Date.now() + MISCONFIGURED_DELAY * 1_000;
  const delivery = toDelivery(attempt, claim.mail.attempt, retryDelays);
  await recordPatiently(ctx, actor, claim.mail, delivery);
  // ERROR means that a person must act on this installation: its settings are wrong.
  const level =
    attempt.outcome === "misconfigured"
      ? "error"
      : delivery.outcome === "failed" || delivery.outcome === "bounced"
        ? "warn"
        : "info";
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
    locale: mail.locale,
    ...writeMail(mail, `${publicUrl}/${pageOf(mail.words.kind)}/${token}`),
  });
}

/** The page that the link of such a mail leads to. */
function pageOf(kind: MailKind): string {
  return kind === "password" ? "p" : kind in PURPOSE ? "address" : "i";
}

/** The mails with a link that is about an address. */
const PURPOSE: Readonly<Partial<Record<MailKind, AddressPurpose>>> = {
  "email-change-new": "confirm",
  "email-change-old": "revert",
};

function tokenOfMail(key: SecretKey, organization: OrganizationId, mail: MailId, kind: MailKind): string {
  if (kind === "password") return passwordToken(key, organization, mail);
  const purpose = PURPOSE[kind];
  return purpose ? addressToken(key, organization, mail, purpose) : invitationToken(key, organization, mail);
}

function toDelivery(attempt: Attempt, attempts: number, delays: readonly number[]): Delivery {
  const { reply } = attempt;
  switch (attempt.outcome) {
    case "sent":
      return { outcome: "sent", reply };
    case "bounced":
    case "failed":
      return { outcome: attempt.outcome, reply };
    case "misconfigured":
      return { outcome: "deferred", reply, retryAfter: MISCONFIGURED_DELAY, counts: false };
    case "deferred": {
      const due = delays[attempts - 1];
      if (due === undefined) return { outcome: "failed", reply };
      // Whoever lists in grey takes nothing for some minutes: the first delay is for other troubles.
      const delay = attempt.greylisted ? Math.max(due, delays[1] ?? due) : due;
      // A fifth either way, so that what failed together does not come back together.
      return { outcome: "deferred", reply, retryAfter: delay * (0.8 + 0.4 * Math.random()), counts: true };
    }
  }
}
