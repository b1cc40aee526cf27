import { randomFillSync } from "node:crypto";

declare const brand: unique symbol;
type Id<Noun extends string> = string & { readonly [brand]: Noun };

export type OrganizationId = Id<"organization">;
export type SiteId = Id<"site">;
export type ProductId = Id<"product">;
export type SpaceId = Id<"space">;
export type DirectoryId = Id<"directory">;
export type DirectoryUserId = Id<"directory user">;
/** A group's id; a directory group and the group that roles are granted to share it. */
export type GroupId = Id<"group">;
export type AccountId = Id<"account">;
export type GrantId = Id<"grant">;
export type InvitationId = Id<"invitation">;
export type AddressChangeId = Id<"address change">;
export type LinkId = Id<"link">;
export type AccessRequestId = Id<"access request">;
export type MailId = Id<"mail">;
export type TokenId = Id<"token">;
export type OAuthClientId = Id<"OAuth client">;
export type SyncRunId = Id<"sync run">;
export type AssignmentId = Id<"guest assignment">;
export type RightId = Id<"right">;
export type SessionId = Id<"session">;
export type BreakGlassId = Id<"break-glass administrator">;
export type WebhookId = Id<"webhook">;
export type WebhookDeliveryId = Id<"webhook delivery">;
export type JobId = Id<"job">;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id in its canonical lower-case form, or undefined when the text is no UUID (such an id is simply unknown). */
export function parseId<T extends Id<string>>(text: string): T | undefined {
  const lower = text.length === 36 ? text.toLowerCase() : "";
  return UUID.test(lower) ? (lower as T) : undefined;
}

/** Random bytes for the next ids: asked for by the page, because each asking costs more than the id. */
const random = Buffer.alloc(4_096);
let used = random.length;

/** Milliseconds by which the clock may step back before ids follow it. */
const STEP_BACK = 10_000;

/** The time of the latest id in milliseconds, and its number within that. */
let [moment, number] = [0, 0];

/**
 * A new UUIDv7 (RFC 9562 §5.7): made here, because PostgreSQL has `uuidv7()` from 18 on only and Muster runs on 15. Each is
 * greater than the one before, within a millisecond too and while a clock that is corrected steps back (§6.2, method 1): lists
 * that are ordered by id show what one process made in the order in which it was made.
 */
export function newId<T extends Id<string>>(): T {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  const bytes = random.subarray(used, used + 16);
  used += 16;
  const now = Date.now();
  const first = bytes.readUInt16BE(6) & 0x7ff;
  if (now > moment || now < moment - STEP_BACK) {
    moment = now;
    number = first;
  } else if (number < 0xfff) number += 1;
  else {
    // This millisecond has had all its numbers: the next begins early.
    moment += 1;
    number = first;
  }
  bytes.writeUIntBE(moment, 0, 6);
  bytes.writeUInt16BE(0x7000 | number, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as T;
}
