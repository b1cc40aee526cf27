import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { SiteId } from "../db/id.ts";
import type { Target } from "../identity/rights/permissions.ts";
import { reach } from "../identity/rights/permissions.ts";
import { createSite, getSite, pageOfSites, renameSite } from "../identity/sites.ts";
import { afterOf, idOut, keyIn, listOf, listQuery, newKey, pageOf, text } from "./fields.ts";
import { route } from "./route.ts";
import { unlessUnknown } from "./unless-unknown.ts";

const siteAnswer = z.object({ id: idOut, key: z.string(), name: z.string() }).meta({ id: "Site" });

const one = z.strictObject({ key: keyIn });

const theSite = (db: Db, { params }: { params: { key: string } }) => siteTarget(db, params.key);

/** The site with this key as what a request is about; undefined when there is none. */
export async function siteTarget(db: Db, key: string): Promise<Target | undefined> {
  const site = await unlessUnknown(getSite(db, key));
  return site && { kind: "site", id: site.id };
}

/** `/sites`: the installations of products inside the organization. */
export const siteRoutes = [
  route({
    id: "sites.list",
    method: "GET",
    path: "/sites",
    summary: "List sites",
    guard: { permission: "sites:read", anywhere: true },
    query: listQuery,
    answer: listOf(siteAnswer),
    read: async (db, { caller, query }) => {
      const page = { after: afterOf<SiteId>(query), limit: query.limit + 1, within: reach(caller.held, "sites:read") };
      return pageOf(await pageOfSites(db, page), query.limit, (site) => site.id);
    },
  }),
  route({
    id: "sites.get",
    method: "GET",
    path: "/sites/{key}",
    summary: "Show a site",
    guard: { permission: "sites:read", on: theSite },
    params: one,
    answer: siteAnswer,
    read: (db, { params }) => getSite(db, params.key),
  }),
  route({
    id: "sites.create",
    method: "POST",
    path: "/sites",
    summary: "Make a site",
    guard: { permission: "sites:write" },
    body: z.strictObject({ key: newKey, name: text(256).optional() }),
    answer: siteAnswer,
    status: 201,
    location: (site) => `/sites/${site.key}`,
    write: (tx, { body: { key, name } }) => createSite(tx, { key, ...(name !== undefined && { name }) }),
  }),
  route({
    id: "sites.update",
    method: "PATCH",
    path: "/sites/{key}",
    summary: "Give a site another name",
    guard: { permission: "sites:write", on: theSite },
    params: one,
    body: z.strictObject({ name: text(256) }),
    answer: siteAnswer,
    current: "sites.get",
    write: async (tx, { params, body }) => {
      const site = await getSite(tx, params.key);
      await renameSite(tx, site.id, body.name);
      return getSite(tx, params.key);
    },
  }),
];
