import { type Command, InvalidArgumentError } from "commander";
import type { GroupId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import type { Role } from "../identity/grants.ts";
import { resolveGroup } from "../identity/groups.ts";
import type { Wish } from "../identity/invitations/offer.ts";
import { roleOrDefault } from "../identity/invitations/rules.ts";
import { resolveProduct } from "../identity/products.ts";
import { resolveSpace } from "../identity/spaces.ts";
import type { GlobalOptions } from "./command-line.ts";
import { type GuestStay, guestStay, stayOf } from "./guest-stay.ts";
import { collected } from "./input.ts";

/** What people are offered, as options say it. */
export type OfferOptions = GlobalOptions &
  GuestStay & {
    role: [product: string, role: Role | undefined][];
    group: string[];
    space: [product: string, space: string][];
  };

/** The options by which a command offers something. */
export function offering(command: Command): Command {
  const offer = command
    .option("--role <product=role>", "a role of a product, through its default group; may be repeated", role, [])
    .option("--group <group>", "a group, as DIRECTORY/NAME or local/NAME; may be repeated", collected, [])
    .option("--space <product/space>", "a guest's space; may be repeated for other products", space, []);
  return guestStay(offer);
}

/** What the options come to. @throws MusterError `usage`, `not-found`, `conflict`. */
export async function wishOf(tx: Tx, options: OfferOptions): Promise<Wish> {
  const roles: Wish["roles"][number][] = [];
  for (const [product, given] of options.role)
    roles.push({
      product: (await resolveProduct(tx, product, options.site)).id,
      role: await roleOrDefault(tx, given, "--role"),
    });
  const groups: GroupId[] = [];
  for (const name of options.group) {
    const group = await resolveGroup(tx, name);
    if (!("id" in group)) throw new MusterError("not-found", `there is no group ${name} yet`, { at: name });
    groups.push(group.id);
  }
  const stay = await stayOf(tx, options);
  const spaces: Wish["spaces"][number][] = [];
  for (const [key, name] of options.space) {
    const product = await resolveProduct(tx, key, options.site);
    spaces.push({ product: product.id, space: (await resolveSpace(tx, product.id, name)).id, ...stay });
  }
  return { roles, groups, spaces };
}

function role(text: string, before: OfferOptions["role"]): OfferOptions["role"] {
  const [, product, given] = /^([^=]+)(?:=(admin|user|guest))?$/.exec(text) ?? [];
  if (product === undefined) throw new InvalidArgumentError("it must be PRODUCT=admin, PRODUCT=user or PRODUCT=guest");
  return [...before, [product, given as Role | undefined]];
}

function space(text: string, before: OfferOptions["space"]): OfferOptions["space"] {
  const [, product, key] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (product === undefined || key === undefined) throw new InvalidArgumentError("it must be PRODUCT/SPACE");
  return [...before, [product, key]];
}
