import { z } from "zod";
import type { AccessRequestId } from "../db/id.ts";
import {
  approveRequest,
  denyRequest,
  getRequest,
  pageOfRequests,
  REQUEST_STATES,
  snoozeRequest,
  unblockRequest,
} from "../identity/access-requests.ts";
import { instantOf } from "../identity/time-zone.ts";
import { afterOf, idIn, idOut, instant, listOf, pageOf, text, whenIn } from "./fields.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";
import { wishedFor, wishOf } from "./wish.ts";

const state = z.enum(REQUEST_STATES);

const requestAnswer = z
  .object({
    id: idOut,
    email: z.string(),
    name: z.string().nullable(),
    message: z.string().nullable(),
    source: z.enum(["form", "link", "sign-up"]),
    product: z.object({ site: z.string(), key: z.string() }).nullable(),
    role: z.enum(["user", "guest"]).nullable(),
    state,
    snoozedUntil: instant.nullable(),
    decidedAt: instant.nullable(),
    answer: z.string().nullable(),
    blocks: z.boolean(),
    invitation: idOut.nullable(),
    createdAt: instant,
  })
  .meta({ id: "AccessRequest" });

const one = z.strictObject({ id: idIn<AccessRequestId>() });

/** `/requests`: people who ask to be let in. */
export const accessRequestRoutes = [
  route({
    id: "requests.list",
    method: "GET",
    path: "/requests",
    summary: "List access requests, the newest first; state=open leaves out those that were put off",
    guard: { permission: "invitations:read" },
    query: z.strictObject({ ...paging, state: state.optional() }),
    answer: listOf(requestAnswer),
    read: async (db, { query }) => {
      const page = { after: afterOf<AccessRequestId>(query), limit: query.limit + 1, state: query.state };
      return pageOf(await pageOfRequests(db, page), query.limit, (request) => request.id);
    },
  }),
  route({
    id: "requests.get",
    method: "GET",
    path: "/requests/{id}",
    summary: "Show an access request",
    guard: { permission: "invitations:read" },
    params: one,
    answer: requestAnswer,
    read: (db, { params }) => getRequest(db, params.id),
  }),
  route({
    id: "requests.approve",
    method: "POST",
    path: "/requests/{id}/approve",
    summary:
      "Let somebody in who asked: an invitation goes to their address, for this, or, without any, for what they asked for",
    guard: { permission: "invitations:write" },
    params: one,
    body: z.strictObject(wishedFor),
    answer: requestAnswer,
    current: "requests.get",
    write: async (tx, { ctx, caller, params, body }) => {
      const asked = body.products.length + body.groups.length + body.spaces.length === 0;
      const wish = asked ? null : await wishOf(tx, caller, body);
      await approveRequest(tx, ctx.config.invitations, caller.held, params.id, wish);
      return getRequest(tx, params.id);
    },
  }),
  route({
    id: "requests.deny",
    method: "POST",
    path: "/requests/{id}/deny",
    summary: "Say no, for this once or for good; nobody is mailed",
    guard: { permission: "invitations:write" },
    params: one,
    body: z.strictObject({ answer: text(2_000).nullable().default(null), blocks: z.boolean().default(false) }),
    answer: requestAnswer,
    current: "requests.get",
    lock: "none",
    write: async (tx, { params, body }) => {
      await denyRequest(tx, params.id, body);
      return getRequest(tx, params.id);
    },
  }),
  route({
    id: "requests.snooze",
    method: "POST",
    path: "/requests/{id}/snooze",
    summary: "Put a decision off until then",
    guard: { permission: "invitations:write" },
    params: one,
    body: z.strictObject({ until: whenIn }),
    answer: requestAnswer,
    current: "requests.get",
    lock: "none",
    write: async (tx, { params, body }) => {
      await snoozeRequest(tx, params.id, await instantOf(tx, body.until));
      return getRequest(tx, params.id);
    },
  }),
  route({
    id: "requests.unblock",
    method: "POST",
    path: "/requests/{id}/unblock",
    summary: "Let an address that was shut out ask again",
    guard: { permission: "invitations:write" },
    params: one,
    answer: requestAnswer,
    current: "requests.get",
    lock: "none",
    write: async (tx, { params }) => {
      await unblockRequest(tx, params.id);
      return getRequest(tx, params.id);
    },
  }),
];
