import { z } from "zod";
import { changeGuestPolicy, getGuestPolicy } from "../identity/settings/guest-policy.ts";
import { guestPolicyForm } from "../identity/settings/guest-policy-form.ts";
import { keyIn } from "./fields.ts";
import { productFor } from "./product-of.ts";
import { theProduct } from "./products.ts";
import { route } from "./route.ts";

const one = z.strictObject({ key: keyIn });
const ofSite = z.strictObject({ site: keyIn.optional() });
const answer = z.object(guestPolicyForm.shape);
const named = ({ params, query }: { params: { key: string }; query: { site?: string | undefined } }) => ({
  key: params.key,
  site: query.site,
});

/** `/products/{key}/guest-policy`: how guests of a product are let in, for how long, and what they are told of. */
export const guestPolicyRoutes = [
  route({
    id: "guestPolicy.get",
    method: "GET",
    path: "/products/{key}/guest-policy",
    summary: "Show what holds for guests of a product: its own word, else the organization's",
    guard: { permission: "products:read", on: theProduct("products:read") },
    params: one,
    query: ofSite,
    answer,
    read: async (db, call) => getGuestPolicy(db, (await productFor(db, call.caller, "products:read", named(call))).id),
  }),
  route({
    id: "guestPolicy.update",
    method: "PATCH",
    path: "/products/{key}/guest-policy",
    summary: "Change what holds for guests of a product; `inherit` goes back to the organization's word",
    guard: { permission: "products:write", on: theProduct("products:write") },
    params: one,
    query: ofSite,
    body: guestPolicyForm.partial().extend({ inherit: z.array(guestPolicyForm.keyof()).max(20).optional() }),
    answer,
    current: "guestPolicy.get",
    lock: "exclusive",
    write: async (tx, call) => {
      const { id } = await productFor(tx, call.caller, "products:write", named(call));
      await changeGuestPolicy(tx, id, call.body);
      return getGuestPolicy(tx, id);
    },
  }),
];
