import { z } from "zod";
import type { AccountId, GroupId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { TO_INVITE } from "../identity/invitations/ceiling.ts";
import type { Wish } from "../identity/invitations/offer.ts";
import { roleOrDefault } from "../identity/invitations/rules.ts";
import { resolveSpace } from "../identity/spaces.ts";
import { endOf } from "../identity/time-zone.ts";
import type { Caller } from "./caller.ts";
import { idIn, keyIn, whenIn } from "./fields.ts";
import { inside } from "./place.ts";
import { productFor } from "./product-of.ts";
import { permission, role } from "./words.ts";

const named = { product: keyIn, site: keyIn.optional() };

/** The fields of a body by which something is offered to people who are invited. */
export const wishedFor = {
  products: z
    .array(z.strictObject({ ...named, role: role.optional() }))
    .max(50)
    .default([]),
  groups: z.array(idIn<GroupId>()).max(50).default([]),
  spaces: z
    .array(
      z.strictObject({
        ...named,
        space: keyIn,
        permission: permission.default("read-only"),
        sponsor: idIn<AccountId>().nullable().default(null),
        expiresAt: whenIn.nullable().default(null),
      }),
    )
    .max(50)
    .default([]),
};

const wished = z.object(wishedFor);

/** What a body wishes for, found within the caller's reach. @throws MusterError with the place of what is wrong. */
export async function wishOf(tx: Tx, caller: Caller, body: z.output<typeof wished>): Promise<Wish> {
  const roles: Wish["roles"][number][] = [];
  for (const [index, { product, site, role: said }] of body.products.entries())
    await inside(`/products/${index}`, async () => {
      const role = await roleOrDefault(tx, said, "role");
      roles.push({ product: (await productFor(tx, caller, TO_INVITE[role], { key: product, site })).id, role });
    });
  const spaces: Wish["spaces"][number][] = [];
  for (const [index, { product, site, space, ...given }] of body.spaces.entries())
    await inside(`/spaces/${index}`, async () => {
      const { id } = await productFor(tx, caller, "guests:write", { key: product, site });
      spaces.push({
        product: id,
        space: (await resolveSpace(tx, id, space)).id,
        ...given,
        expiresAt: await endOf(tx, given.expiresAt),
      });
    });
  return { roles, groups: body.groups, spaces };
}
