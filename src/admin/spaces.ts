import { z } from "zod";
import type { SpaceId } from "../db/id.ts";
import { createSpace, pageOfSpaces, renameSpace, resolveSpace } from "../identity/spaces.ts";
import { afterOf, idOut, keyIn, listOf, newKey, pageOf, text } from "./fields.ts";
import { paging } from "./input.ts";
import { productFor } from "./product-of.ts";
import { theProduct } from "./products.ts";
import { route } from "./route.ts";

const spaceAnswer = z.object({ id: idOut, key: z.string(), name: z.string() }).meta({ id: "Space" });

const ofProduct = z.strictObject({ key: keyIn });
const one = z.strictObject({ key: keyIn, space: keyIn });
const ofSite = { site: keyIn.optional() };

/** `/products/{key}/spaces`: the parts of a product that a guest can be given. */
export const spaceRoutes = [
  route({
    id: "spaces.list",
    method: "GET",
    path: "/products/{key}/spaces",
    summary: "List a product's spaces",
    guard: { permission: "products:read", on: theProduct("products:read") },
    params: ofProduct,
    query: z.strictObject({ ...paging, ...ofSite }),
    answer: listOf(spaceAnswer),
    read: async (db, { caller, params, query }) => {
      const product = await productFor(db, caller, "products:read", { key: params.key, site: query.site });
      const spaces = await pageOfSpaces(db, product.id, { after: afterOf<SpaceId>(query), limit: query.limit + 1 });
      return pageOf(spaces, query.limit, (space) => space.id);
    },
  }),
  route({
    id: "spaces.get",
    method: "GET",
    path: "/products/{key}/spaces/{space}",
    summary: "Show a space",
    guard: { permission: "products:read", on: theProduct("products:read") },
    params: one,
    query: z.strictObject(ofSite),
    answer: spaceAnswer,
    read: async (db, { caller, params, query }) => {
      const product = await productFor(db, caller, "products:read", { key: params.key, site: query.site });
      return resolveSpace(db, product.id, params.space);
    },
  }),
  route({
    id: "spaces.create",
    method: "POST",
    path: "/products/{key}/spaces",
    summary: "Make a space",
    guard: { permission: "products:write", on: theProduct("products:write") },
    params: ofProduct,
    query: z.strictObject(ofSite),
    body: z.strictObject({ key: newKey, name: text(256).optional() }),
    answer: spaceAnswer,
    status: 201,
    location: (space, { params, query }) =>
      `/products/${params.key}/spaces/${space.key}${query.site === undefined ? "" : `?site=${query.site}`}`,
    write: async (tx, { caller, params, query, body: { key, name } }) => {
      const product = await productFor(tx, caller, "products:write", { key: params.key, site: query.site });
      return createSpace(tx, product.id, { key, ...(name !== undefined && { name }) });
    },
  }),
  route({
    id: "spaces.update",
    method: "PATCH",
    path: "/products/{key}/spaces/{space}",
    summary: "Give a space another name",
    guard: { permission: "products:write", on: theProduct("products:write") },
    params: one,
    query: z.strictObject(ofSite),
    body: z.strictObject({ name: text(256) }),
    answer: spaceAnswer,
    current: "spaces.get",
    write: async (tx, { caller, params, query, body }) => {
      const product = await productFor(tx, caller, "products:write", { key: params.key, site: query.site });
      await renameSpace(tx, (await resolveSpace(tx, product.id, params.space)).id, body.name);
      return resolveSpace(tx, product.id, params.space);
    },
  }),
];
