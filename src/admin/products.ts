import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId, ProductId } from "../db/id.ts";
import { accessTo } from "../identity/access/access-to.ts";
import {
  createProduct,
  getProduct,
  type ProductSettings,
  pageOfProducts,
  updateProduct,
} from "../identity/products.ts";
import { reach } from "../identity/rights/permissions.ts";
import { resolveSite } from "../identity/sites.ts";
import type { Caller } from "./caller.ts";
import { afterOf, idOut, instant, keyIn, listOf, newKey, pageOf, text } from "./fields.ts";
import { paging } from "./input.ts";
import { productFor, productTarget } from "./product-of.ts";
import { route } from "./route.ts";
import { siteTarget } from "./sites.ts";
import { role, status } from "./words.ts";

const enforcement = z.enum(["warn", "block"]);
const basis = z.enum(["unlimited", "fixed", "paid-seats", "members"]);
/** As many as a column of numbers holds. */
const count = z.int().min(0).max(2_147_483_647);

const productAnswer = z
  .object({
    id: idOut,
    key: z.string(),
    site: z.string(),
    name: z.string(),
    url: z.string().nullable(),
    hasGuests: z.boolean(),
    seats: z.int().nullable(),
    seatEnforcement: enforcement,
    guestBasis: basis,
    guestRatio: z.int(),
    guestEnforcement: enforcement,
  })
  .meta({ id: "Product" });

const settings = z.strictObject({
  name: text(256),
  url: text(2_048)
    .refine((value) => /^https?:\/\/[^\s]+$/.test(value) && URL.canParse(value), "it must be an http or https address")
    .nullable(),
  hasGuests: z.boolean(),
  seats: count.nullable(),
  seatEnforcement: enforcement,
  guestBasis: basis,
  guestRatio: count,
  guestEnforcement: enforcement,
});

const one = z.strictObject({ key: keyIn });
/** Needed where several sites have a product of the key. */
const ofSite = { site: keyIn.optional() };

type Named = { params: { key: string }; query: { site?: string | undefined } };
const named = ({ params, query }: Named) => ({ key: params.key, site: query.site });

/** The product that path and query name, as what a request is about. */
export function theProduct(permission: "products:read" | "products:write") {
  return async (db: Db, input: Named, caller: Caller) =>
    productTarget(await productFor(db, caller, permission, named(input)));
}

/** `/products`: what people get access to. */
export const productRoutes = [
  route({
    id: "products.list",
    method: "GET",
    path: "/products",
    summary: "List products",
    guard: { permission: "products:read", anywhere: true },
    query: z.strictObject({ ...paging, ...ofSite }),
    answer: listOf(productAnswer),
    read: async (db, { caller, query }) => {
      const within = reach(caller.held, "products:read");
      const page = { after: afterOf<ProductId>(query), limit: query.limit + 1, within, site: query.site };
      return pageOf(await pageOfProducts(db, page), query.limit, (product) => product.id);
    },
  }),
  route({
    id: "products.get",
    method: "GET",
    path: "/products/{key}",
    summary: "Show a product",
    guard: { permission: "products:read", on: theProduct("products:read") },
    params: one,
    query: z.strictObject(ofSite),
    answer: productAnswer,
    read: async (db, call) => getProduct(db, (await productFor(db, call.caller, "products:read", named(call))).id),
  }),
  route({
    id: "products.create",
    method: "POST",
    path: "/products",
    summary: "Make a product on a site; without one it is the only one",
    guard: {
      permission: "products:write",
      on: (db, { body }) => (body.site === undefined ? Promise.resolve(undefined) : siteTarget(db, body.site)),
    },
    body: settings.partial().extend({ key: newKey, site: keyIn.optional() }),
    answer: productAnswer,
    status: 201,
    location: (product) => `/products/${product.key}?site=${product.site}`,
    write: async (tx, { body: { site, key, ...given } }) =>
      createProduct(tx, await resolveSite(tx, site), { ...(given as Partial<ProductSettings>), key }),
  }),
  route({
    id: "products.update",
    method: "PATCH",
    path: "/products/{key}",
    summary: "Change a product's settings; access follows at once",
    guard: { permission: "products:write", on: theProduct("products:write") },
    params: one,
    query: z.strictObject(ofSite),
    body: settings.partial(),
    answer: productAnswer,
    current: "products.get",
    lock: "exclusive",
    write: async (tx, call) => {
      const { id } = await productFor(tx, call.caller, "products:write", named(call));
      const { key: _, site: __, id: ___, ...before } = await getProduct(tx, id);
      await updateProduct(tx, id, { ...before, ...(call.body as Partial<ProductSettings>) });
      return getProduct(tx, id);
    },
  }),
  route({
    id: "products.access",
    method: "GET",
    path: "/products/{key}/access",
    summary: "List everybody whom a grant reaches on a product",
    guard: { permission: "access:read", anywhere: true },
    params: one,
    query: z.strictObject({ ...paging, ...ofSite }),
    answer: listOf(
      z
        .object({
          user: z.object({ id: idOut, userName: z.string(), email: z.string().nullable(), status }),
          until: instant.nullable(),
          role: role.nullable(),
          allowed: z.boolean(),
          reason: z.string().nullable(),
        })
        .meta({ id: "PersonAccess" }),
    ),
    read: async (db, call) => {
      const { query } = call;
      const product = await productFor(db, call.caller, "access:read", named(call));
      const people = await accessTo(db, product.id, { after: afterOf<AccountId>(query), limit: query.limit + 1 });
      return pageOf(people, query.limit, ({ user }) => user.id);
    },
  }),
];
