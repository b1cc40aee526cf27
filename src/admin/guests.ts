import { z } from "zod";
import type { Db } from "../db/connection.ts";
import type { AccountId, AssignmentId } from "../db/id.ts";
import { convert } from "../identity/guest-conversion.ts";
import { GUEST_FIELDS, getGuest, pageOfGuests } from "../identity/guest-pages.ts";
import { assignGuest, changeGuestPermission, extendGuest, removeGuest } from "../identity/guests.ts";
import { productsByKey } from "../identity/products.ts";
import { reach } from "../identity/rights/permissions.ts";
import { guestPolicyForm } from "../identity/settings/guest-policy-form.ts";
import { resolveSpace } from "../identity/spaces.ts";
import { endOf } from "../identity/time-zone.ts";
import { afterOf, idIn, idOut, instant, instantIn, keyIn, listOf, pageOf, whenIn } from "./fields.ts";
import { filterOver } from "./filter.ts";
import { productIfNamed, productOfBody } from "./grants.ts";
import { paging } from "./input.ts";
import { productFor, productTarget } from "./product-of.ts";
import { route } from "./route.ts";
import { seatUse, seatUseAnswer } from "./seats.ts";
import { unlessUnknown } from "./unless-unknown.ts";
import { permission } from "./words.ts";

const person = z.object({ id: idOut, userName: z.string() });

const guestAnswer = z
  .object({
    id: idOut,
    user: person,
    site: z.string(),
    product: z.string(),
    space: z.string(),
    permission,
    sponsor: person.nullable(),
    expiresAt: instant.nullable(),
    parked: z.boolean(),
    overQuota: z.boolean(),
    clientLimits: guestPolicyForm.shape.clientLimits,
  })
  .meta({ id: "Guest" });

const one = z.strictObject({ id: idIn<AssignmentId>() });
const whom = { user: idIn<AccountId>(), product: keyIn, site: keyIn.optional() };

/** The product of the assignment that the path names. */
const itsProduct = async (db: Db, { params }: { params: { id: AssignmentId } }) => {
  const guest = await unlessUnknown(getGuest(db, params.id));
  const [product] = guest ? await productsByKey(db, guest.product, guest.site) : [];
  return product && productTarget(product);
};

/** `/guests`: which guest has which space, with which permission and until when. */
export const guestRoutes = [
  route({
    id: "guests.list",
    method: "GET",
    path: "/guests",
    summary: "List guests' spaces; of one product or person, or those that end soon",
    guard: { permission: "guests:read", anywhere: true },
    query: z.strictObject({
      ...paging,
      product: keyIn.optional(),
      site: keyIn.optional(),
      user: idIn<AccountId>().optional(),
      endsBefore: instantIn.optional(),
      filter: filterOver(GUEST_FIELDS, "guests"),
    }),
    answer: listOf(guestAnswer),
    read: async (db, { caller, query }) => {
      const found = await pageOfGuests(db, {
        after: afterOf<AssignmentId>(query),
        limit: query.limit + 1,
        within: reach(caller.held, "guests:read"),
        product: await productIfNamed(db, caller, "guests:read", query),
        account: query.user,
        endsBefore: query.endsBefore,
        filter: query.filter,
      });
      return pageOf(found, query.limit, (guest) => guest.id);
    },
  }),
  route({
    id: "guests.get",
    method: "GET",
    path: "/guests/{id}",
    summary: "Show a guest's space",
    guard: { permission: "guests:read", on: itsProduct },
    params: one,
    answer: guestAnswer,
    read: (db, { params }) => getGuest(db, params.id),
  }),
  route({
    id: "guests.assign",
    method: "POST",
    path: "/guests",
    summary: "Give a guest a space of a product",
    guard: { permission: "guests:write", on: productOfBody("guests:write") },
    body: z.strictObject({
      user: idIn<AccountId>(),
      product: keyIn,
      site: keyIn.optional(),
      space: keyIn,
      permission: permission.default("read-only"),
      expiresAt: whenIn.nullable().default(null),
      sponsor: idIn<AccountId>().nullable().default(null),
    }),
    answer: guestAnswer,
    status: 201,
    location: (guest) => `/guests/${guest.id}`,
    write: async (tx, { caller, body: { user, product, site, space, ...given } }) => {
      const { id } = await productFor(tx, caller, "guests:write", { key: product, site });
      const found = await resolveSpace(tx, id, space);
      return getGuest(
        tx,
        (
          await assignGuest(tx, {
            account: user,
            space: found.id,
            ...given,
            expiresAt: await endOf(tx, given.expiresAt),
          })
        ).id,
      );
    },
  }),
  route({
    id: "guests.convert",
    method: "POST",
    path: "/guests/convert",
    summary: "Make a guest a user of a product, or a user a guest; dryRun=true tells the seats and slots",
    guard: { permission: "guests:write", on: productOfBody("guests:write") },
    body: z.discriminatedUnion("to", [
      z.strictObject({ ...whom, to: z.literal("user") }),
      z.strictObject({
        ...whom,
        to: z.literal("guest"),
        space: keyIn,
        permission: permission.default("read-only"),
        expiresAt: whenIn.nullable().default(null),
        sponsor: idIn<AccountId>().nullable().default(null),
      }),
    ]),
    answer: z.object({ before: seatUseAnswer, after: seatUseAnswer }),
    write: async (tx, { caller, body }) => {
      const { id } = await productFor(tx, caller, "guests:write", { key: body.product, site: body.site });
      const wanted =
        body.to === "user"
          ? { to: body.to }
          : {
              to: body.to,
              space: (await resolveSpace(tx, id, body.space)).id,
              permission: body.permission,
              sponsor: body.sponsor,
              expiresAt: await endOf(tx, body.expiresAt),
            };
      const { before, after } = await convert(tx, body.user, id, wanted);
      return { before: seatUse(before), after: seatUse(after) };
    },
  }),
  route({
    id: "guests.update",
    method: "PATCH",
    path: "/guests/{id}",
    summary: "Change what a guest may do in the space",
    guard: { permission: "guests:write", on: itsProduct },
    params: one,
    body: z.strictObject({ permission }),
    answer: guestAnswer,
    current: "guests.get",
    write: async (tx, { params, body }) => {
      await changeGuestPermission(tx, params.id, body.permission);
      return getGuest(tx, params.id);
    },
  }),
  route({
    id: "guests.extend",
    method: "POST",
    path: "/guests/{id}/extend",
    summary: "Set anew when a guest's space ends; null: never",
    guard: { permission: "guests:write", on: itsProduct },
    params: one,
    body: z.strictObject({ expiresAt: whenIn.nullable() }),
    answer: guestAnswer,
    current: "guests.get",
    write: async (tx, { params, body }) => {
      await extendGuest(tx, params.id, await endOf(tx, body.expiresAt));
      return getGuest(tx, params.id);
    },
  }),
  route({
    id: "guests.remove",
    method: "DELETE",
    path: "/guests/{id}",
    summary: "Take a guest out of the space; the person and their groups stay",
    guard: { permission: "guests:write", on: itsProduct },
    params: one,
    current: "guests.get",
    write: (tx, { params }) => removeGuest(tx, params.id),
  }),
];
