import type { Db } from "../../db/connection.ts";
import type { ProductId, SiteId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { reconcileAll } from "../access/reconcile.ts";
import { recordChanges } from "../record.ts";
import { DEFAULT_GUEST_POLICY, type GuestPolicy } from "./guest-policy-form.ts";
import { differences, type SettingChange } from "./settings.ts";

/** What holds for guests of product `p` of organization `o`, as `jsonb` in SQL: the same inheritance as `guestPolicies`. */
export function policySql(name: keyof GuestPolicy): string {
  const otherwise = JSON.stringify(DEFAULT_GUEST_POLICY[name]).replaceAll("'", "''");
  return `coalesce(p.guest_policy -> '${name}', o.settings -> 'guestPolicy' -> '${name}', '${otherwise}')`;
}

/** A product with what holds for its guests. */
export type GuestProduct = { id: ProductId; key: string; site: SiteId; hasGuests: boolean; policy: GuestPolicy };

type Own = { [Name in keyof GuestPolicy]?: GuestPolicy[Name] | null | undefined };

/** What holds for guests of these products: the product's own word, else the organization's, else the default. */
export async function guestPolicies(db: Db, products: readonly ProductId[]): Promise<Map<ProductId, GuestProduct>> {
  const rows = await db.query<Omit<GuestProduct, "policy"> & { own: Own; ours: Own | null }>({
    text: `select p.id, p.key, p.site, p.has_guests as "hasGuests", p.guest_policy as own, o.settings -> 'guestPolicy' as ours
      from products p join organizations o on o.id = p.organization
      where p.organization = $1 and p.id = any ($2)`,
    values: [db.organization, products],
  });
  return new Map(
    rows.map(({ own, ours, ...product }) => [
      product.id,
      { ...product, policy: { ...DEFAULT_GUEST_POLICY, ...ours, ...own } as GuestPolicy },
    ]),
  );
}

/** What holds for guests of one product. @throws MusterError `not-found`. */
export async function getGuestPolicy(db: Db, product: ProductId): Promise<GuestPolicy> {
  const found = (await guestPolicies(db, [product])).get(product);
  if (!found) throw new MusterError("not-found", "there is no such product", { at: "product" });
  return found.policy;
}

/** A change of a product's policy: what is left out stays; `inherit` goes back to the organization's word. */
export type GuestPolicyChange = { [Name in keyof GuestPolicy]?: GuestPolicy[Name] | undefined } & {
  inherit?: readonly (keyof GuestPolicy)[] | undefined;
};

/**
 * Changes what holds for guests of a product. Before: the organization is locked exclusively. After: it holds for whatever comes
 * next, with an audit row; who is a guest already stays one. Returns what is another now.
 * @throws MusterError `not-found`.
 */
export async function changeGuestPolicy(
  tx: Tx,
  product: ProductId,
  { inherit = [], ...wanted }: GuestPolicyChange,
): Promise<SettingChange[]> {
  requireExclusive(tx);
  const before = await getGuestPolicy(tx, product);
  await tx.query({
    text: "update products set guest_policy = (guest_policy || $3::jsonb) - $4::text[] where organization = $1 and id = $2",
    values: [tx.organization, product, JSON.stringify(wanted), inherit],
  });
  const changes = differences(before, await getGuestPolicy(tx, product));
  if (changes.length === 0) return [];
  await recordChanges(tx, [
    { action: "guest-policy.changed", subjectKind: "product", subject: product, detail: { changes } },
  ]);
  if (changes.some(({ name }) => name === "countPending")) await reconcileAll(tx);
  return changes;
}
