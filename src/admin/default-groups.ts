import { z } from "zod";
import type { GroupId } from "../db/id.ts";
import { listDefaultGroups, setDefaultGroup } from "../identity/default-groups.ts";
import { idIn, idOut, keyIn, listOf, wholeList } from "./fields.ts";
import { productFor } from "./product-of.ts";
import { theProduct } from "./products.ts";
import { route } from "./route.ts";
import { role } from "./words.ts";

const defaultGroup = z.object({ role, group: z.object({ id: idOut, name: z.string() }) }).meta({ id: "DefaultGroup" });

const ofSite = z.strictObject({ site: keyIn.optional() });

/** `/products/{key}/default-groups`: the group that an invitation to a role leads into. */
export const defaultGroupRoutes = [
  route({
    id: "products.defaultGroups",
    method: "GET",
    path: "/products/{key}/default-groups",
    summary: "List the groups that invitations to the roles of a product lead into",
    guard: { permission: "products:read", on: theProduct("products:read") },
    params: z.strictObject({ key: keyIn }),
    query: ofSite,
    answer: listOf(defaultGroup),
    read: async (db, { caller, params, query }) => {
      const { id } = await productFor(db, caller, "products:read", { key: params.key, site: query.site });
      return wholeList(await listDefaultGroups(db, id));
    },
  }),
  route({
    id: "products.setDefaultGroup",
    method: "PUT",
    path: "/products/{key}/default-groups/{role}",
    summary: "Set the group that invitations to a role of a product lead into; null: none",
    guard: { permission: "products:write", on: theProduct("products:write") },
    params: z.strictObject({ key: keyIn, role }),
    query: ofSite,
    body: z.strictObject({ group: idIn<GroupId>().nullable() }),
    answer: z.object({ changed: z.boolean() }),
    lock: "exclusive",
    write: async (tx, { caller, params, query, body }) => {
      const { id } = await productFor(tx, caller, "products:write", { key: params.key, site: query.site });
      return { changed: await setDefaultGroup(tx, id, params.role, body.group) };
    },
  }),
];
