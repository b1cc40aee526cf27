import { z } from "zod";
import type { LinkId } from "../db/id.ts";
import { withCost, withCosts } from "../identity/link-costs.ts";
import {
  createLink,
  disableLink,
  getLink,
  LINK_STATES,
  pageOfLinks,
  resetLink,
  usesOfLink,
} from "../identity/links.ts";
import { endOf } from "../identity/time-zone.ts";
import { afterOf, idIn, idOut, instant, listOf, listQuery, pageOf, text, whenIn } from "./fields.ts";
import { keyOfCursor } from "./input.ts";
import { route } from "./route.ts";
import { wishedFor, wishOf } from "./wish.ts";
import { role } from "./words.ts";

const linkAnswer = z
  .object({
    id: idOut,
    label: z.string(),
    state: z.enum(LINK_STATES),
    uses: z.int(),
    maxUses: z.int().nullable(),
    expiresAt: instant.nullable(),
    allowedDomains: z.array(z.string()).readonly(),
    email: z.string().nullable(),
    needsApproval: z.boolean(),
    groups: z.array(z.object({ id: idOut, name: z.string() })),
    spaces: z.array(z.object({ site: z.string(), product: z.string(), space: z.string() })),
    roles: z.array(
      z.object({
        site: z.string(),
        product: z.string(),
        role,
        takes: z.enum(["seat", "guest-slot"]),
        left: z.int().nullable(),
      }),
    ),
    maker: z.object({ kind: z.string(), id: z.string().nullable() }),
    resetAt: instant.nullable(),
    createdAt: instant,
  })
  .meta({ id: "Link" });

const withUrl = z.object({ url: z.string(), link: linkAnswer });
const one = z.strictObject({ id: idIn<LinkId>() });

/** `/links`: sign-up URLs that are passed on. */
export const linkRoutes = [
  route({
    id: "links.list",
    method: "GET",
    path: "/links",
    summary: "List links, the newest first",
    guard: { permission: "invitations:read" },
    query: listQuery,
    answer: listOf(linkAnswer),
    read: async (db, { query }) => {
      const found = await pageOfLinks(db, { after: afterOf<LinkId>(query), limit: query.limit + 1 });
      return pageOf(await withCosts(db, found), query.limit, (link) => link.id);
    },
  }),
  route({
    id: "links.get",
    method: "GET",
    path: "/links/{id}",
    summary: "Show a link, what it gives and what is left of it",
    guard: { permission: "invitations:read" },
    params: one,
    answer: linkAnswer,
    read: async (db, { params }) => withCost(db, await getLink(db, params.id)),
  }),
  route({
    id: "links.create",
    method: "POST",
    path: "/links",
    summary: "Make a link by which people let themselves in; its URL is shown once",
    guard: { permission: "invitations:write" },
    body: z.strictObject({
      label: text(200),
      maxUses: z.int().min(1).max(1_000_000).nullable().default(null),
      /** Left out: as long as the organization's links do (C7). */
      expiresAt: whenIn.nullable().optional(),
      allowedDomains: z.array(text(253)).max(100).default([]),
      email: text(254).nullable().default(null),
      needsApproval: z.boolean().default(false),
      ...wishedFor,
    }),
    answer: withUrl,
    status: 201,
    location: ({ link }) => `/links/${link.id}`,
    write: async (tx, { ctx, caller, body }) => {
      const expiresAt = body.expiresAt === undefined ? undefined : await endOf(tx, body.expiresAt);
      const wish = await wishOf(tx, caller, body);
      const { id, token } = await createLink(tx, caller.held, { ...body, expiresAt }, wish);
      return { url: `${ctx.config.publicUrl}/l/${token}`, link: await withCost(tx, await getLink(tx, id)) };
    },
  }),
  route({
    id: "links.reset",
    method: "POST",
    path: "/links/{id}/reset",
    summary: "Give a link another URL; the former one is unusable at once",
    guard: { permission: "invitations:write" },
    params: one,
    answer: withUrl,
    lock: "none",
    write: async (tx, { ctx, caller, params }) => {
      const token = await resetLink(tx, caller.held, params.id);
      return { url: `${ctx.config.publicUrl}/l/${token}`, link: await withCost(tx, await getLink(tx, params.id)) };
    },
  }),
  route({
    id: "links.disable",
    method: "POST",
    path: "/links/{id}/disable",
    summary: "End a link; what was given by it stays",
    guard: { permission: "invitations:write" },
    params: one,
    answer: linkAnswer,
    current: "links.get",
    lock: "none",
    write: async (tx, { params }) => {
      await disableLink(tx, params.id);
      return withCost(tx, await getLink(tx, params.id));
    },
  }),
  route({
    id: "links.uses",
    method: "GET",
    path: "/links/{id}/uses",
    summary: "List who used a link, in the order of addresses",
    guard: { permission: "invitations:read" },
    params: one,
    query: listQuery,
    answer: listOf(
      z.object({ email: z.string(), invitation: idOut.nullable(), usedAt: instant }).meta({ id: "UseOfLink" }),
    ),
    read: async (db, { params, query }) => {
      await getLink(db, params.id);
      const after = keyOfCursor(query.cursor, /^([^\0]{1,254})$/, "cursor")?.[1] ?? null;
      const found = await usesOfLink(db, params.id, { after, limit: query.limit + 1 });
      return pageOf(found, query.limit, (use) => use.email);
    },
  }),
];
