import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId, InvitationId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import {
  DELIVERIES,
  getInvitation,
  INVITATION_FIELDS,
  INVITATION_STATES,
  pageOfInvitations,
  productOfInvitation,
} from "../identity/invitation-pages.ts";
import {
  approveInvitation,
  copyInvitationLink,
  extendInvitation,
  revokeInvitation,
} from "../identity/invitations/change.ts";
import { correctInvitation } from "../identity/invitations/correct.ts";
import { type InviteAnswer, invite } from "../identity/invitations/invite.ts";
import { resendInvitation } from "../identity/invitations/resend.ts";
import { signUpOffers } from "../identity/invitations/sign-up-offer.ts";
import { VERDICTS } from "../identity/invitations/verdicts.ts";
import { WARNING_CODES } from "../identity/invitations/warnings.ts";
import { LOCALES } from "../identity/locales.ts";
import { reach } from "../identity/rights/permissions.ts";
import { instantOf } from "../identity/time-zone.ts";
import { afterOf, idIn, idOut, instant, listOf, pageOf, text, whenIn } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";
import { seatUseAnswer } from "./seats.ts";
import { wishedFor, wishOf } from "./wish.ts";
import { permission, role } from "./words.ts";

const invitationAnswer = z
  .object({
    id: idOut,
    email: z.string(),
    user: z.object({ id: idOut, userName: z.string() }).nullable(),
    state: z.enum(INVITATION_STATES),
    delivery: z.enum(DELIVERIES),
    sentCount: z.int(),
    sentAt: instant.nullable(),
    expiresAt: instant.nullable(),
    acceptedAt: instant.nullable(),
    grantedAt: instant.nullable(),
    renewalAskedAt: instant.nullable(),
    review: z.string().nullable(),
    message: z.string().nullable(),
    locale: z.enum(LOCALES).nullable(),
    inviter: z.object({ kind: z.string(), id: z.string().nullable() }).nullable(),
    groups: z.array(z.object({ id: idOut, name: z.string() })),
    spaces: z.array(
      z.object({
        site: z.string(),
        product: z.string(),
        space: z.string(),
        permission,
        expiresAt: z.string().meta({ format: "date-time" }).nullable(),
      }),
    ),
    createdAt: instant,
  })
  .meta({ id: "Invitation" });

const answer = z.object({
  results: z.array(
    z.object({
      typed: z.string(),
      email: z.string().nullable(),
      verdict: z.enum(VERDICTS),
      code: z.string().nullable(),
      message: z.string().nullable(),
      user: idOut.nullable(),
      invitation: idOut.nullable(),
      mail: idOut.nullable(),
      warnings: z
        .array(z.object({ code: z.enum(WARNING_CODES), message: z.string(), suggestion: z.string() }))
        .readonly(),
    }),
  ),
  effects: z.array(
    seatUseAnswer
      .extend({
        role,
        /** Those of the offered groups that give the role. */
        groups: z.array(z.object({ id: idOut, name: z.string() })),
      })
      .meta({ id: "EffectOfInvitation" }),
  ),
  /** Whose other users could be let sign up: `POST /settings/sign-up/domains`. */
  signUpOffer: z.array(z.object({ domain: z.string(), people: z.int() })),
});

const invited = z.strictObject({
  /** Each may hold several, separated by commas, blanks or line ends. */
  emails: z.array(text(20_000)).min(1).max(200),
  ...wishedFor,
  /** Left out: as the organization has it (C11). */
  notify: z.boolean().optional(),
  /** Left out: what the organization prefills (R60). */
  message: text(500).nullable().optional(),
  locale: z.enum(LOCALES).nullable().default(null),
});

const one = z.strictObject({ id: idIn<InvitationId>() });

const itsProduct = (db: Db, { params }: { params: { id: InvitationId } }) => productOfInvitation(db, params.id);

/** `/invitations`: who was asked in, to what, and what became of it. */
export const invitationRoutes = [
  route({
    id: "invitations.list",
    method: "GET",
    path: "/invitations",
    summary: "List invitations, the newest first",
    guard: { permission: "invitations:read", anywhere: true },
    query: z.strictObject({ ...paging, filter: filterOver(INVITATION_FIELDS, "invitations") }),
    answer: listOf(invitationAnswer),
    read: async (db, { caller, query }) => {
      const found = await pageOfInvitations(db, {
        after: afterOf<InvitationId>(query),
        limit: query.limit + 1,
        within: reach(caller.held, "invitations:read"),
        filter: query.filter,
      });
      return pageOf(found, query.limit, (invitation) => invitation.id);
    },
  }),
  route({
    id: "invitations.get",
    method: "GET",
    path: "/invitations/{id}",
    summary: "Show an invitation",
    guard: { permission: "invitations:read", on: itsProduct },
    params: one,
    answer: invitationAnswer,
    read: (db, { params }) => getInvitation(db, params.id),
  }),
  route({
    id: "invitations.create",
    method: "POST",
    path: "/invitations",
    summary: "Invite people by address; dryRun=true tells each verdict, the resulting roles, seats and mails",
    guard: { permission: "invitations:write", anywhere: true },
    body: invited,
    answer,
    write: async (tx, { ctx, caller, body }) => {
      const { emails, notify, message, locale } = body;
      const wish = { ...(await wishOf(tx, caller, body)), emails, notify, message, locale };
      const invited = await invite(tx, ctx.config.invitations, caller.held, wish);
      const keys = invited.results.map(({ email }) => email);
      return { ...shown(invited), signUpOffer: await signUpOffers(tx, caller.held, keys) };
    },
  }),
  route({
    id: "invitations.resend",
    method: "POST",
    path: "/invitations/{id}/resend",
    summary: "Send an invitation once more, with a new link; earlier links are dead",
    guard: { permission: "invitations:write", on: itsProduct },
    params: one,
    answer: z.object({ mail: idOut, invitation: invitationAnswer }),
    status: 202,
    lock: "none",
    write: async (tx, { ctx, params }) => {
      const { user, state } = await getInvitation(tx, params.id);
      if (user === null || (state !== "pending" && state !== "expired"))
        throw new MusterError("conflict", `the invitation is ${state}; invite the address anew`, { at: "id" });
      const { mailId } = await resendInvitation(tx, ctx.config.invitations, user.id);
      return { mail: mailId, invitation: await getInvitation(tx, params.id) };
    },
  }),
  route({
    id: "invitations.copyLink",
    method: "POST",
    path: "/invitations/{id}/copy-link",
    summary: "Make a new link to pass on by hand; earlier links are dead and no mail goes out",
    guard: { permission: "invitations:write", on: itsProduct },
    dangerous: true,
    params: one,
    answer: z.object({ link: z.string(), invitation: invitationAnswer }),
    lock: "none",
    write: async (tx, { ctx, caller, params }) => {
      const token = await copyInvitationLink(tx, ctx.config.invitations, caller.held, params.id);
      return { link: `${ctx.config.publicUrl}/i/${token}`, invitation: await getInvitation(tx, params.id) };
    },
  }),
  route({
    id: "invitations.extend",
    method: "POST",
    path: "/invitations/{id}/extend",
    summary: "Set anew until when an invitation can be accepted",
    guard: { permission: "invitations:write", on: itsProduct },
    params: one,
    body: z.strictObject({ expiresAt: whenIn }),
    answer: invitationAnswer,
    current: "invitations.get",
    lock: "none",
    write: async (tx, { params, body }) => {
      await extendInvitation(tx, params.id, await instantOf(tx, body.expiresAt));
      return getInvitation(tx, params.id);
    },
  }),
  route({
    id: "invitations.correct",
    method: "POST",
    path: "/invitations/{id}/correct",
    summary: "Give an open invitation another address; no second person arises, and no mail goes out",
    guard: { permission: "invitations:write" },
    params: one,
    body: z.strictObject({ email: text(254) }),
    answer: invitationAnswer,
    current: "invitations.get",
    write: async (tx, { caller, params, body }) => {
      await correctInvitation(tx, caller.held, params.id, body.email);
      return getInvitation(tx, params.id);
    },
  }),
  route({
    id: "invitations.revoke",
    method: "POST",
    path: "/invitations/{id}/revoke",
    summary: "Take an invitation back; its link opens nothing any more",
    guard: { permission: "invitations:write", on: itsProduct },
    params: one,
    answer: invitationAnswer,
    current: "invitations.get",
    write: async (tx, { params }) => {
      await revokeInvitation(tx, params.id);
      return getInvitation(tx, params.id);
    },
  }),
  route({
    id: "invitations.approve",
    method: "POST",
    path: "/invitations/{id}/approve",
    summary: "Give what an invitation that needs a review offers, to the person who is meant",
    guard: { permission: "invitations:write", on: itsProduct },
    params: one,
    body: z.strictObject({ user: idIn<AccountId>().optional() }),
    answer: invitationAnswer,
    current: "invitations.get",
    write: async (tx, { caller, params, body }) => {
      await approveInvitation(tx, caller.held, params.id, body.user ?? null);
      return getInvitation(tx, params.id);
    },
  }),
];

function shown({ results, effects }: InviteAnswer) {
  return {
    results: results.map(({ account, ...result }) => ({ code: null, message: null, ...result, user: account })),
    effects: effects.map(({ role, groups, use: { site, key, seats, guests } }) => ({
      site,
      product: key,
      role,
      groups,
      seats,
      guests,
    })),
  };
}
