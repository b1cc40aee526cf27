import { expect } from "vitest";
import type { Db } from "../../../src/db/connection.ts";
import type { AccountId } from "../../../src/db/id.ts";
import { accessOf } from "../../../src/identity/access/access-of.ts";
import { explain } from "../../../src/identity/access/explain.ts";
import { type WhyAccess, whyAccess } from "../../../src/identity/access/why-access.ts";
import { listProducts, productsByKey } from "../../../src/identity/products.ts";

/** The reconciler's word for a way's first failing condition. */
const FAILING: Readonly<Record<string, string>> = {
  active: "deactivated",
  "not-suspended": "suspended",
  "record-active": "inactive",
  "record-counts": "masked",
  "person-confirmed": "parked",
  "grant-confirmed": "unconfirmed",
  domain: "domain",
};

/** What the conditions by themselves come to, in the reconciler's words. */
function decided({ person, ways, place }: WhyAccess) {
  const own = person.filter(({ condition }) => condition !== "group");
  const counts = (way: WhyAccess["ways"][number]) => [...own, ...way.conditions].every(({ met }) => met);
  return { allowed: ways.some(counts) && place.every(({ met }) => met), ways: ways.map(counts) };
}

/**
 * Fails unless of every person and product the conditions come to the access that stands, and each way's first unmet condition
 * is the one for which the reconciler left it out. Returns the conditions that were unmet somewhere.
 */
export async function expectExplained(db: Db, accounts: readonly AccountId[], hint: string): Promise<Set<string>> {
  const unmet = new Set<string>();
  const apart = [];
  for (const account of [...accounts].sort()) apart.push(...(await explain(db, [account])));
  expect(await explain(db, accounts), `all together, ${hint}`).toEqual(apart);
  for (const { key } of await listProducts(db)) {
    const [product] = await productsByKey(db, key);
    if (!product) throw new Error(`no product ${key}`);
    for (const account of accounts) {
      const why = await whyAccess(db, account, product);
      const stands = (await accessOf(db, account)).access.find((one) => one.product === key);
      const { role, allowed, reason } = why;
      expect({ role, allowed, reason }, `what stands, ${hint}`).toEqual({
        role: stands?.role,
        allowed: stands?.allowed,
        reason: stands?.reason,
      });
      const found = decided(why);
      expect(found, `the conditions of ${why.account.userName} on ${key}, ${hint}`).toEqual({
        allowed,
        ways: why.ways.map(({ counts }) => counts),
      });
      const paths = await explain(db, [account], { product: product.id });
      const first = why.ways.map(({ conditions }) => {
        const failing = [...why.person, ...conditions].find(({ met }) => !met);
        return failing === undefined ? null : FAILING[failing.condition];
      });
      expect(first, `the ways of ${why.account.userName} on ${key}, ${hint}`).toEqual(
        paths.map(({ failing }) => failing),
      );
      expect(paths, `the paths of ${why.account.userName} on ${key}, ${hint}`).toMatchObject(
        why.ways.map(({ role, through, memberOf, group, grant }) => ({
          ...{ account, product: product.id },
          ...{ role, through, memberOf, group, grant },
        })),
      );
      if (!allowed)
        expect(
          [...why.person, ...why.place, ...why.ways.flatMap((way) => way.conditions)].some(({ met }) => !met),
        ).toBe(true);
      for (const { condition, met } of [...why.person, ...why.place, ...why.ways.flatMap((way) => way.conditions)])
        if (!met) unmet.add(condition);
    }
  }
  return unmet;
}
