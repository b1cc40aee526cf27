import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId, RightId } from "../db/id.ts";
import { reach } from "../identity/rights/permissions.ts";
import { getRight, giveRight, listRights, type Right, takeRight, targetOfRight } from "../identity/rights/rights.ts";
import { targetOf } from "../identity/rights/scope.ts";
import { listAdministrators } from "../identity/rights/who.ts";
import { listSiteMembers } from "../identity/site-memberships.ts";
import { getSite } from "../identity/sites.ts";
import { afterOf, idIn, idOut, instant, keyIn, listOf, listQuery, pageOf } from "./fields.ts";
import { paging } from "./input.ts";
import { route } from "./route.ts";
import { bundle, scopeIn, scopeOut } from "./scope.ts";
import { siteTarget } from "./sites.ts";
import { status } from "./words.ts";

const rightAnswer = z
  .object({
    id: idOut,
    user: z.object({ id: idOut, userName: z.string(), email: z.string().nullable() }),
    bundle,
    scope: scopeOut,
    scopeName: z.string().nullable(),
    inForce: z.boolean(),
    parkedAt: instant.nullable(),
    createdAt: instant,
  })
  .meta({ id: "Right" });

const one = z.strictObject({ id: idIn<RightId>() });

const ofRight = (db: Db, { params }: { params: { id: RightId } }) => targetOfRight(db, params.id);

function answerOf({ account, ...right }: Right) {
  return { ...right, user: account };
}

/** `/rights`: who has which bundle of permissions, for what. R11 to R18. */
export const rightRoutes = [
  route({
    id: "rights.list",
    method: "GET",
    path: "/rights",
    summary: "List who has which rights, for what",
    guard: { permission: "rights:read", anywhere: true },
    query: z.strictObject({ ...paging, user: idIn<AccountId>().optional(), bundle: bundle.optional() }),
    answer: listOf(rightAnswer),
    read: async (db, { caller, query }) => {
      const rights = await listRights(db, {
        account: query.user,
        bundle: query.bundle,
        within: reach(caller.held, "rights:read"),
        after: afterOf<RightId>(query),
        limit: query.limit + 1,
      });
      return pageOf(rights.map(answerOf), query.limit, (right) => right.id);
    },
  }),
  route({
    id: "rights.get",
    method: "GET",
    path: "/rights/{id}",
    summary: "Show a right",
    guard: { permission: "rights:read", on: ofRight },
    params: one,
    answer: rightAnswer,
    read: async (db, { params }) => answerOf(await getRight(db, params.id)),
  }),
  route({
    id: "rights.give",
    method: "POST",
    path: "/rights",
    summary: "Give a person a right; nobody gives more than they have",
    guard: { permission: "rights:write", on: (db, { body }) => targetOf(db, body.scope) },
    dangerous: true,
    body: z.strictObject({ user: idIn<AccountId>(), bundle, scope: scopeIn }),
    status: 201,
    location: (right) => `/rights/${right.id}`,
    answer: rightAnswer,
    write: async (tx, { caller, body: { user, ...right } }) =>
      answerOf(await giveRight(tx, caller.held, { ...right, account: user })),
  }),
  route({
    id: "rights.take",
    method: "DELETE",
    path: "/rights/{id}",
    summary: "Take a right away; the last organization administrator stays",
    guard: { permission: "rights:write", on: ofRight },
    dangerous: true,
    params: one,
    current: "rights.get",
    lock: "exclusive",
    write: (tx, { caller, params }) => takeRight(tx, caller.held, params.id),
  }),
  route({
    id: "administrators.list",
    method: "GET",
    path: "/administrators",
    summary: "List the people whose rights are in force",
    guard: { permission: "rights:read", anywhere: true },
    query: listQuery,
    answer: listOf(
      z
        .object({
          id: idOut,
          userName: z.string(),
          email: z.string().nullable(),
          rights: z.array(z.object({ bundle, scope: scopeOut })),
        })
        .meta({ id: "Administrator" }),
    ),
    read: async (db, { caller, query }) => {
      const people = await listAdministrators(db, {
        within: reach(caller.held, "rights:read"),
        after: afterOf<AccountId>(query),
        limit: query.limit + 1,
      });
      return pageOf(people, query.limit, (person) => person.id);
    },
  }),
  route({
    id: "sites.members",
    method: "GET",
    path: "/sites/{key}/members",
    summary: "List the people of a site: who has a right for it, or access to one of its products",
    guard: { permission: "access:read", on: async (db, { params }) => siteTarget(db, params.key) },
    params: z.strictObject({ key: keyIn }),
    query: listQuery,
    answer: listOf(
      z
        .object({
          user: z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), status }),
          level: z.enum(["basic", "trusted", "administrator"]),
          given: z.boolean(),
        })
        .meta({ id: "SiteMember" }),
    ),
    read: async (db, { params, query }) => {
      const site = await getSite(db, params.key);
      const members = await listSiteMembers(db, site.id, {
        after: afterOf<AccountId>(query),
        limit: query.limit + 1,
      });
      return pageOf(members, query.limit, ({ user }) => user.id);
    },
  }),
];
