import type { Db } from "../db/connection.ts";
import { type AccessRequestId, type InvitationId, type LinkId, newId, type ProductId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { Role } from "./grants.ts";
import { settleGuests } from "./guest-rules.ts";
import { openBudget } from "./invitations/budget.ts";
import { refuseOfferBeyond } from "./invitations/ceiling.ts";
import { type InvitationSettings, inviteTo } from "./invitations/invite.ts";
import { type Offer, offerOf, readOffer, type Wish } from "./invitations/offer.ts";
import { recordChanges } from "./record.ts";
import type { Held } from "./rights/permissions.ts";
import { tellOfRequest } from "./sign-up-notice.ts";
import { binding } from "./within.ts";

export const REQUEST_STATES = ["open", "approved", "denied"] as const;

/** Somebody who asks to be let in. The address is not proven: the invitation that follows an approval does that. */
export type AccessRequest = {
  id: AccessRequestId;
  email: string;
  name: string | null;
  message: string | null;
  source: "form" | "link" | "sign-up";
  /** What is asked for, where it was said. */
  product: { site: string; key: string } | null;
  role: Exclude<Role, "admin"> | null;
  state: (typeof REQUEST_STATES)[number];
  snoozedUntil: Date | null;
  decidedAt: Date | null;
  answer: string | null;
  blocks: boolean;
  invitation: InvitationId | null;
  createdAt: Date;
};

export type NewRequest = Pick<AccessRequest, "email" | "name" | "message" | "source"> & {
  link: LinkId | null;
  product: ProductId | null;
  role: AccessRequest["role"];
};

/** Open requests of an organization: who floods it gets no further. */
const MOST_OPEN = 10_000;

/**
 * Notes that somebody asks for access (R100). A second one of the same address is the same.
 * Before: `email` is canonical. After: it is open, with an event, and administrators are told; or nothing, where a denial shuts
 * the address out or too many are open.
 */
export async function fileRequest(tx: Tx, request: NewRequest): Promise<void> {
  const { email, name, message, source, link, product, role } = request;
  const [row] = await tx.query<{ id: AccessRequestId }>({
    text: `insert into access_requests (organization, id, email, email_key, name, message, source, link, product, role)
      select $1, $2, $3, $3, $4, $5, $6, $7, $8, $9
      where not exists (select from access_requests b where b.organization = $1 and b.email_key = $3 and b.blocks)
        and (select count(*) from (select from access_requests o where o.organization = $1 and o.state = 'open'
          limit ${MOST_OPEN}) o) < ${MOST_OPEN}
      on conflict (organization, email_key) where state = 'open' do nothing
      returning id`,
    values: [tx.organization, newId<AccessRequestId>(), email, name, message, source, link, product, role],
  });
  if (!row) return;
  await recordChanges(tx, [
    { action: "access-request.filed", subjectKind: "access-request", subject: row.id, detail: { source }, event: true },
  ]);
  await tellOfRequest(tx, email, product);
}

/**
 * Lets somebody in who asked: an invitation goes to the address that they asked with, by itself (R100).
 * Before: the request is open. After: it is approved, and the invitation stands with its mail.
 * @param wish what is given in place of what was asked for; null: that.
 * @throws MusterError `not-found`; `conflict` when it is decided, or seats or slots are blocked; as `invite` for the wish.
 */
export async function approveRequest(
  tx: Tx,
  settings: InvitationSettings,
  held: readonly Held[],
  id: AccessRequestId,
  wish: Wish | null,
): Promise<InvitationId | null> {
  const budget = await openBudget(tx);
  const request = await lockOpen(tx, id);
  const asked = wish === null ? await askedFor(tx, request) : await offerOf(tx, wish);
  const roles = await refuseOfferBeyond(tx, held, asked);
  const offer = await settleGuests(tx, held, asked, roles);
  const { results } = await inviteTo(tx, settings, [{ typed: request.email, key: request.email }], {
    offer,
    roles,
    notify: true,
    message: null,
    inviter: tx.actor,
    source: "request",
    budget,
  });
  const [result] = results;
  if (!result || result.verdict === "refused")
    throw new MusterError("conflict", result && "message" in result ? result.message : "nobody was invited", {
      at: "id",
    });
  await decide(tx, id, "approved", { invitation: result.invitation, answer: null, blocks: false });
  return result.invitation;
}

/**
 * Says no. Before: the request is open. After: it is denied; the next one of the address is noted again unless `blocks`. Nobody is
 * mailed: an address that was never proven gets nothing but an invitation.
 * @throws MusterError `not-found`; `conflict` when it is decided.
 */
export async function denyRequest(
  tx: Tx,
  id: AccessRequestId,
  { answer, blocks }: { answer: string | null; blocks: boolean },
): Promise<void> {
  await lockOpen(tx, id);
  await decide(tx, id, "denied", { invitation: null, answer, blocks });
}

/** Puts a decision off. Before: the request is open. After: it is, and lists that leave out the snoozed show it again then. */
export async function snoozeRequest(tx: Tx, id: AccessRequestId, until: Date): Promise<void> {
  await lockOpen(tx, id);
  await tx.query({
    text: "update access_requests set snoozed_until = $3 where organization = $1 and id = $2",
    values: [tx.organization, id, until],
  });
  await note(tx, "access-request.snoozed", id, { until });
}

/** Lets an address that was shut out ask again. @throws MusterError `not-found`; `conflict` when it is not shut out. */
export async function unblockRequest(tx: Tx, id: AccessRequestId): Promise<void> {
  const rows = await tx.query({
    text: "update access_requests set blocks = false where organization = $1 and id = $2 and blocks returning id",
    values: [tx.organization, id],
  });
  if (rows.length === 0) {
    await getRequest(tx, id);
    throw new MusterError("conflict", "this request shuts nobody out", { at: "id" });
  }
  await note(tx, "access-request.unblocked", id, {});
}

type Open = { email: string; link: LinkId | null; product: ProductId | null; role: AccessRequest["role"] };

async function lockOpen(tx: Tx, id: AccessRequestId): Promise<Open> {
  const [row] = await tx.query<Open & { state: string }>({
    text: `select email, link, product, role, state from access_requests where organization = $1 and id = $2
      for no key update`,
    values: [tx.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such access request", { at: "id" });
  if (row.state !== "open") throw new MusterError("conflict", `the request is ${row.state} already`, { at: "id" });
  return row;
}

async function askedFor(tx: Tx, { link, product, role }: Open): Promise<Offer> {
  if (link !== null) return readOffer(tx, "link", link);
  const roles = product === null || role === null ? [] : [{ product, role }];
  return offerOf(tx, { roles, groups: [], spaces: [] });
}

async function decide(
  tx: Tx,
  id: AccessRequestId,
  state: "approved" | "denied",
  { invitation, answer, blocks }: { invitation: InvitationId | null; answer: string | null; blocks: boolean },
): Promise<void> {
  await tx.query({
    text: `update access_requests set state = $3, invitation = $4, answer = $5, blocks = $6, decider_kind = $7, decider = $8,
        decided_at = statement_timestamp(), snoozed_until = null
      where organization = $1 and id = $2`,
    values: [tx.organization, id, state, invitation, answer, blocks, tx.actor.kind, tx.actor.id],
  });
  await note(tx, `access-request.${state}`, id, { invitation, answer, blocks });
}

async function note(tx: Tx, action: string, id: AccessRequestId, detail: object): Promise<void> {
  await recordChanges(tx, [{ action, subjectKind: "access-request", subject: id, detail, event: true }]);
}

const COLUMNS = `r.id, r.email, r.name, r.message, r.source, r.role, r.state, r.answer, r.blocks, r.invitation,
  case when p.id is not null then json_build_object('site', s.key, 'key', p.key) end as product,
  r.snoozed_until as "snoozedUntil", r.decided_at as "decidedAt", r.created_at as "createdAt"`;
const TABLES = `access_requests r
  left join products p on p.organization = r.organization and p.id = r.product
  left join sites s on s.organization = p.organization and s.id = p.site`;

/** A page of the requests, the newest first. @param page.state `open` leaves out those that are put off. */
export async function pageOfRequests(
  db: Db,
  page: { after: AccessRequestId | null; limit: number; state?: AccessRequest["state"] | undefined },
): Promise<AccessRequest[]> {
  const values: unknown[] = [db.organization];
  const bind = binding(values);
  const conditions = [
    "r.organization = $1",
    ...(page.after === null ? [] : [`r.id < ${bind(page.after)}`]),
    ...(page.state === undefined ? [] : [`r.state = ${bind(page.state)}`]),
    ...(page.state === "open" ? ["(r.snoozed_until is null or r.snoozed_until <= statement_timestamp())"] : []),
  ];
  return db.query<AccessRequest>({
    text: `select ${COLUMNS} from ${TABLES} where ${conditions.join(" and ")}
      order by r.id desc limit ${Math.trunc(page.limit)}`,
    values,
  });
}

/** One request. @throws MusterError `not-found`. */
export async function getRequest(db: Db, id: AccessRequestId): Promise<AccessRequest> {
  const [row] = await db.query<AccessRequest>({
    text: `select ${COLUMNS} from ${TABLES} where r.organization = $1 and r.id = $2`,
    values: [db.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such access request", { at: "id" });
  return row;
}
