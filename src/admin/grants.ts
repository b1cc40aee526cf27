import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { GrantId, GroupId, ProductId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { getGrant, pageOfGrants } from "../identity/grant-pages.ts";
import { confirmGrant, grantRole, revokeGrant } from "../identity/grants.ts";
import { resolveGroup } from "../identity/groups.ts";
import { productsByKey } from "../identity/products.ts";
import { type Permission, reach } from "../identity/rights/permissions.ts";
import type { Caller } from "./caller.ts";
import { afterOf, idIn, idOut, keyIn, listOf, pageOf, text } from "./fields.ts";
import { paging } from "./input.ts";
import { productFor, productTarget } from "./product-of.ts";
import { route } from "./route.ts";
import { unlessUnknown } from "./unless-unknown.ts";
import { role } from "./words.ts";

const state = z.enum(["in-force", "waiting"]);
const group = z.object({ id: idOut.nullable(), name: z.string() });

/** `directory` is null for a local group, `group.id` while the group does not exist yet. */
const grantAnswer = z
  .object({
    id: idOut,
    group,
    directory: z.string().nullable(),
    site: z.string(),
    product: z.string(),
    role,
    state,
  })
  .meta({ id: "Grant" });

const one = z.strictObject({ id: idIn<GrantId>() });

/** The product of the grant that the path names. */
const itsProduct = async (db: Db, { params }: { params: { id: GrantId } }) => {
  const grant = await unlessUnknown(getGrant(db, params.id));
  const [product] = grant ? await productsByKey(db, grant.product, grant.site) : [];
  return product && productTarget(product);
};

/** The product that a body names by key and site. */
export function productOfBody(permission: Permission) {
  return async (db: Db, { body }: { body: { product: string; site?: string | undefined } }, caller: Caller) =>
    productTarget(await productFor(db, caller, permission, { key: body.product, site: body.site }));
}

/** `/grants`: which group has which role on which product. */
export const grantRoutes = [
  route({
    id: "grants.list",
    method: "GET",
    path: "/grants",
    summary: "List grants; of one product, or of one group",
    guard: { permission: "grants:read", anywhere: true },
    query: z.strictObject({
      ...paging,
      product: keyIn.optional(),
      site: keyIn.optional(),
      group: idIn<GroupId>().optional(),
    }),
    answer: listOf(grantAnswer),
    read: async (db, { caller, query }) => {
      const product = await productIfNamed(db, caller, "grants:read", query);
      const within = reach(caller.held, "grants:read");
      const page = { after: afterOf<GrantId>(query), limit: query.limit + 1, within, product, group: query.group };
      return pageOf(await pageOfGrants(db, page), query.limit, (grant) => grant.id);
    },
  }),
  route({
    id: "grants.get",
    method: "GET",
    path: "/grants/{id}",
    summary: "Show a grant",
    guard: { permission: "grants:read", on: itsProduct },
    params: one,
    answer: grantAnswer,
    read: (db, { params }) => getGrant(db, params.id),
  }),
  route({
    id: "grants.create",
    method: "POST",
    path: "/grants",
    summary: "Give a group a role on a product; dryRun=true tells whom it would reach",
    guard: { permission: "grants:write", on: productOfBody("grants:write") },
    body: z.strictObject({
      group: text(1_100).describe("DIRECTORY/NAME, local/NAME or id:UUID"),
      product: keyIn,
      site: keyIn.optional(),
      role,
    }),
    answer: z
      .object({ id: idOut, group, product: z.string(), role, state, accountsChanged: z.int() })
      .meta({ id: "Granted" }),
    status: 201,
    location: (grant) => `/grants/${grant.id}`,
    lock: "exclusive",
    write: async (tx, { caller, body }) => {
      const product = await productFor(tx, caller, "grants:write", { key: body.product, site: body.site });
      const found = await resolveGroup(tx, body.group);
      return grantRole(tx, { group: "id" in found ? found.id : found, product: product.id, role: body.role });
    },
  }),
  route({
    id: "grants.confirm",
    method: "POST",
    path: "/grants/{id}/confirm",
    summary: "Confirm that a waiting grant of admin found the right group",
    guard: { permission: "grants:write", on: itsProduct },
    params: one,
    answer: z.object({ accountsChanged: z.int() }),
    current: "grants.get",
    lock: "exclusive",
    write: async (tx, { params }) => ({ accountsChanged: await confirmGrant(tx, params.id) }),
  }),
  route({
    id: "grants.delete",
    method: "DELETE",
    path: "/grants/{id}",
    summary: "Take a grant away; access follows at once",
    guard: { permission: "grants:write", on: itsProduct },
    params: one,
    answer: z.object({ accountsChanged: z.int() }),
    current: "grants.get",
    lock: "exclusive",
    write: async (tx, { params }) => ({ accountsChanged: await revokeGrant(tx, params.id) }),
  }),
];

/** The product to which a list is narrowed. @throws MusterError `usage` when only a site is named. */
export async function productIfNamed(
  db: Db,
  caller: Caller,
  permission: Permission,
  { product, site }: { product?: string | undefined; site?: string | undefined },
): Promise<ProductId | undefined> {
  if (product !== undefined) return (await productFor(db, caller, permission, { key: product, site })).id;
  if (site !== undefined) throw new MusterError("usage", "a site is named beside its product", { at: "site" });
  return undefined;
}
