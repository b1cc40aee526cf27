import { beforeAll, describe, expect, test } from "vitest";
import { type AccountId, type GroupId, newId, type ProductId, type RightId, type SiteId } from "../../src/db/id.ts";
import { confirmAccount } from "../../src/identity/accounts/confirm.ts";
import { restoreAccount, suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { removeAdministrator } from "../../src/identity/administrators.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { createProduct } from "../../src/identity/products.ts";
import { BUNDLES, type Bundle, PERMISSIONS_OF, SCOPE_OF } from "../../src/identity/rights/bundles.ts";
import { EVERYTHING, heldByAccount } from "../../src/identity/rights/held.ts";
import { type Held, holds, PERMISSIONS, type RightScope } from "../../src/identity/rights/permissions.ts";
import { getRight, giveRight, listRights, takeRight } from "../../src/identity/rights/rights.ts";
import { holdersOf, listAdministrators } from "../../src/identity/rights/who.ts";
import { listSiteMembers, type SiteMember } from "../../src/identity/site-memberships.ts";
import { createSite, resolveSite } from "../../src/identity/sites.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization } from "./access/organization.ts";

const ctx = await testContext();
const org = await makeOrganization(ctx, "acme");
const directory = await org.directory("okta");
const person = async (name: string) => (await org.person(directory, name)).account;
const [near, far] = await org.alone(async (tx) => {
  const place = async (key: string) => {
    const site = await (key === "acme" ? resolveSite(tx, key) : createSite(tx, { key }));
    const product = await createProduct(tx, site, { key: `${key}-wiki` });
    const group = await createLocalGroup(tx, `${key}-people`);
    return { site: site.id, product: product.id, group: group.id };
  };
  return [await place("acme"), await place("south")] as const;
});
const EVERYWHERE: RightScope = { kind: "organization" };
const site = (id: SiteId): RightScope => ({ kind: "site", id });
const product = (id: ProductId): RightScope => ({ kind: "product", id });
const group = (id: GroupId): RightScope => ({ kind: "group", id });

const give = (account: AccountId, bundle: Bundle, scope: RightScope, held: readonly Held[] = [EVERYTHING]) =>
  org.alone((tx) => giveRight(tx, held, { account, bundle, scope }));
const take = (id: RightId, held: readonly Held[] = [EVERYTHING]) => org.alone((tx) => takeRight(tx, held, id));
const all = () => listRights(org.db, { within: null, after: null, limit: 1_000 });

/** A scope of the kind that the bundle is for, at a place. */
function scopeFor(bundle: Bundle, place: typeof near): RightScope {
  return {
    organization: EVERYWHERE,
    site: site(place.site),
    product: product(place.product),
    group: group(place.group),
  }[SCOPE_OF[bundle]];
}

let boss: AccountId;
beforeAll(async () => {
  boss = await person("boss");
  await give(boss, "organization-administrator", EVERYWHERE);
});

describe("bundles", () => {
  test("only an organization administrator has every permission; an auditor has every one that reads and no other", () => {
    for (const bundle of BUNDLES) {
      const allowed = PERMISSIONS_OF[bundle];
      if (bundle !== "organization-administrator") expect(allowed.size, bundle).toBeLessThan(PERMISSIONS.length);
      expect([...allowed].every((one) => PERMISSIONS.includes(one))).toBe(true);
    }
    expect([...PERMISSIONS_OF.auditor].sort()).toEqual(PERMISSIONS.filter((one) => one.endsWith(":read")).sort());
    expect([...PERMISSIONS_OF["organization-administrator"]]).toEqual(PERMISSIONS);
  });

  test("guests are let in by organization and site administrators alone (R11), people made by the former (R13, R18)", () => {
    const having = (permission: (typeof PERMISSIONS)[number]) =>
      BUNDLES.filter((bundle) => PERMISSIONS_OF[bundle].has(permission));
    expect(having("guests:write")).toEqual(["organization-administrator", "site-administrator"]);
    expect(having("users:write")).toEqual(["organization-administrator"]);
    expect(having("settings:write")).toEqual(["organization-administrator"]);
    expect(having("users:read")).toEqual(["organization-administrator", "auditor"]);
    // R14, R15
    expect(PERMISSIONS_OF.basic.size).toBe(0);
    expect(having("invitations:write")).toContain("trusted");
    expect(having("products:write")).toContain("trusted");
    // R16: whatever one may on the site or a product of it, its administrator may.
    for (const bundle of ["trusted", "basic", "user-access-administrator"] as const)
      for (const permission of PERMISSIONS_OF[bundle])
        expect(PERMISSIONS_OF["site-administrator"].has(permission), `${bundle} ${permission}`).toBe(true);
  });
});

describe("giving and taking", () => {
  test.each(BUNDLES)("%s is given for its own kind of scope, found, and taken", async (bundle) => {
    const account = await person(`holder of ${bundle}`);
    for (const wrong of [EVERYWHERE, site(near.site), product(near.product), group(near.group)])
      if (wrong.kind !== SCOPE_OF[bundle])
        await expect(give(account, bundle, wrong)).rejects.toMatchObject({ code: "invalid", at: "scope" });
    const scope = scopeFor(bundle, near);
    const right = await give(account, bundle, scope);
    expect(right).toMatchObject({ account: { id: account }, bundle, scope, inForce: true, parkedAt: null });
    expect(await getRight(org.db, right.id)).toEqual(right);
    expect(await heldByAccount(org.db, account)).toMatchObject([{ scope, permissions: PERMISSIONS_OF[bundle] }]);
    await expect(give(account, bundle, scope)).rejects.toMatchObject({ code: "uniqueness" });
    await take(right.id);
    expect(await heldByAccount(org.db, account)).toEqual([]);
    await expect(take(right.id)).rejects.toMatchObject({ code: "not-found" });
  });

  test("what is not there gets nothing: people, sites, products, groups, also another organization's", async () => {
    const other = await makeOrganization(ctx, "other");
    const account = await person("lonely");
    const theirs = await other.alone((tx) => createLocalGroup(tx, "theirs"));
    for (const scope of [site(newId()), product(newId()), group(newId()), group(theirs.id)]) {
      const bundle = BUNDLES.find((one) => SCOPE_OF[one] === scope.kind) as Bundle;
      await expect(give(account, bundle, scope)).rejects.toMatchObject({ code: "not-found", at: "scope" });
    }
    await expect(give(newId(), "auditor", EVERYWHERE)).rejects.toMatchObject({ code: "not-found", at: "account" });
    const [right] = await all();
    await expect(other.alone((tx) => takeRight(tx, [EVERYTHING], right!.id))).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("a right leaves an audit row and an event, with who and what", async () => {
    const account = await person("noted");
    const { id } = await give(account, "trusted", site(near.site));
    await take(id);
    const rows = (table: "audit" | "outbox", what: string) =>
      org.db.query({
        text: `select ${what} from ${table} where organization = $1 and subject = $2 and ${table === "audit" ? "action" : "kind"} like 'right.%' order by id`,
        values: [org.id, account],
      });
    const detail = { id, bundle: "trusted", scope: site(near.site) };
    expect(await rows("audit", "action, detail, actor_kind as by")).toEqual([
      { action: "right.given", detail, by: "command" },
      { action: "right.taken", detail, by: "command" },
    ]);
    expect(await rows("outbox", "kind, data")).toEqual([
      { kind: "right.given", data: detail },
      { kind: "right.taken", data: detail },
    ]);
  });

  test("a right is in force while its holder is active and unsuspended, also one given in between", async () => {
    const account = await person("absent");
    await org.alone((tx) => suspendAccount(tx, account, null));
    const { id, inForce } = await give(account, "auditor", EVERYWHERE);
    expect(inForce).toBe(false);
    expect(await heldByAccount(org.db, account)).toEqual([]);
    await org.alone((tx) => restoreAccount(tx, account));
    expect((await getRight(org.db, id)).inForce).toBe(true);
    expect(await heldByAccount(org.db, account)).toHaveLength(1);
  });
});

describe("nobody gives or takes more than they hold", () => {
  const scopes = [near, far];

  test.each(BUNDLES)("whoever is %s", async (giver) => {
    const held: Held[] = [{ permissions: PERMISSIONS_OF[giver], scope: scopeFor(giver, near) }];
    for (const place of scopes)
      for (const bundle of BUNDLES) {
        const scope = scopeFor(bundle, place);
        const target = scope.kind === "product" ? { ...scope, site: place.site } : scope;
        const may = ["rights:write" as const, ...PERMISSIONS_OF[bundle]].every((one) => holds(held, one, target));
        const account = await person(`${giver} ${bundle} ${place === near}`);
        const given = give(account, bundle, scope, held);
        if (may) await take((await given).id, held);
        else {
          await expect(given).rejects.toMatchObject({ code: "not-allowed" });
          const right = await give(account, bundle, scope);
          await expect(take(right.id, held)).rejects.toMatchObject({ code: "not-allowed" });
          await take(right.id);
        }
      }
  });

  test("a site administrator gives what is the site's, there and nowhere else", async () => {
    const held: Held[] = [{ permissions: PERMISSIONS_OF["site-administrator"], scope: site(near.site) }];
    const account = await person("newcomer");
    for (const bundle of ["site-administrator", "trusted", "basic", "user-access-administrator"] as const) {
      await give(account, bundle, scopeFor(bundle, near), held);
      await expect(give(account, bundle, scopeFor(bundle, far), held)).rejects.toMatchObject({ code: "not-allowed" });
    }
    for (const bundle of ["organization-administrator", "auditor", "group-manager"] as const)
      await expect(give(account, bundle, scopeFor(bundle, near), held)).rejects.toMatchObject({ code: "not-allowed" });
  });

  test("rights:write alone gives only what allows nothing", async () => {
    const held: Held[] = [{ permissions: new Set(["rights:write"]), scope: EVERYWHERE }];
    const account = await person("nobody");
    for (const bundle of BUNDLES)
      if (bundle === "basic") await give(account, bundle, site(near.site), held);
      else
        await expect(give(account, bundle, scopeFor(bundle, near), held)).rejects.toMatchObject({
          code: "not-allowed",
        });
  });
});

describe("lists", () => {
  test("a site's scope holds its own rights and those of its products, nothing else", async () => {
    const account = await person("everywhere");
    for (const place of scopes())
      for (const bundle of BUNDLES)
        if (SCOPE_OF[bundle] !== "organization") await give(account, bundle, scopeFor(bundle, place));
    const of = async (within: RightScope[] | null) =>
      (await listRights(org.db, { account, within, after: null, limit: 100 })).map((right) => [
        right.bundle,
        right.scopeName,
      ]);
    expect(await of([site(near.site)])).toEqual([
      ["site-administrator", "acme"],
      ["trusted", "acme"],
      ["basic", "acme"],
      ["user-access-administrator", "acme/acme-wiki"],
    ]);
    expect(await of([product(far.product), group(far.group)])).toEqual([
      ["user-access-administrator", "south/south-wiki"],
      ["group-manager", "south-people"],
    ]);
    expect(await of(null)).toHaveLength(10);
    expect(await of([])).toEqual([]);
    expect(
      (await listAdministrators(org.db, { within: [group(near.group)], after: null, limit: 10 })).map(
        (one) => one.rights,
      ),
    ).toEqual([[{ bundle: "group-manager", scope: group(near.group) }]]);
  });

  const scopes = () => [near, far];

  test("who could do it: those near by first, nobody whose right is not in force", async () => {
    const [local, away] = [await person("local"), await person("away")];
    await give(local, "site-administrator", site(far.site));
    await give(away, "site-administrator", site(far.site));
    await org.alone((tx) => suspendAccount(tx, away, null));
    const target = { kind: "product", id: far.product, site: far.site } as const;
    const holders = (await holdersOf(org.db, "guests:write", target)).map((one) => one.userName);
    expect(holders).toContain("local");
    expect(holders).not.toContain("away");
    expect(holders.at(-1)).toBe("boss");
    expect((await holdersOf(org.db, "users:write", target)).map((one) => one.userName)).toEqual(["boss"]);
  });

  test("site memberships: the highest right for the site, basic for whoever has live access there (R14 to R16)", async () => {
    const [given, both, implied] = [await person("given"), await person("both"), await person("implied")];
    await org.grant(far.group, far.product, "user");
    await org.alone((tx) => addLocalMembers(tx, far.group, [both, implied]));
    await give(given, "basic", site(far.site));
    await give(both, "trusted", site(far.site));
    const members = async () =>
      Object.fromEntries(
        (await listSiteMembers(org.db, far.site, { after: null, limit: 100 })).map((one) => [
          one.user.userName,
          [one.level, one.given],
        ]),
      );
    expect(await members()).toMatchObject({
      given: ["basic", true],
      both: ["trusted", true],
      implied: ["basic", false],
      local: ["administrator", true],
    });
    const whole = await listSiteMembers(org.db, far.site, { after: null, limit: 100 });
    // Found by the site's products, and among all people.
    for (const most of [1_000, 1]) {
      const pages = [];
      for (let after: AccountId | null = null; ; ) {
        const page: SiteMember[] = await listSiteMembers(org.db, far.site, { after, limit: 1 }, most);
        pages.push(...page);
        after = page.at(-1)?.user.id ?? null;
        if (after === null) break;
      }
      expect(pages).toEqual(whole);
    }
    await org.alone((tx) => suspendAccount(tx, both, null));
    expect(Object.keys(await members())).not.toContain("both");
    expect(Object.keys(await members())).not.toContain("away");
  });
});

describe("the last organization administrator", () => {
  /** An organization with so many administrators. */
  async function administrators(key: string, count: number) {
    const own = await makeOrganization(ctx, key);
    const okta = await own.directory("okta");
    const people: AccountId[] = [];
    for (let each = 0; each < count; each++) people.push((await own.person(okta, `admin-${each}`)).account);
    const rights = await own.alone(async (tx) => {
      const given = [];
      for (const account of people)
        given.push(
          await giveRight(tx, [EVERYTHING], { account, bundle: "organization-administrator", scope: EVERYWHERE }),
        );
      return given.map((right) => right.id);
    });
    const left = async () =>
      (
        await listRights(own.db, { bundle: "organization-administrator", within: null, after: null, limit: 1_000 })
      ).filter((right) => right.inForce);
    return { ...own, people, rights, left };
  }

  const LAST = {
    code: "conflict",
    message: expect.stringMatching(/make somebody else an organization administrator first/),
  };

  test("cannot lose the right, be removed or be suspended; with another one that works", async () => {
    const own = await administrators("one", 1);
    const [account, right] = [own.people[0]!, own.rights[0]!];
    await expect(own.alone((tx) => takeRight(tx, [EVERYTHING], right))).rejects.toMatchObject(LAST);
    await expect(own.alone((tx) => removeAdministrator(tx, account))).rejects.toMatchObject(LAST);
    await expect(own.alone((tx) => suspendAccount(tx, account, null))).rejects.toMatchObject(LAST);
    const second = (await own.person(await own.directory("entra"), "second")).account;
    await own.alone((tx) =>
      giveRight(tx, [EVERYTHING], { account: second, bundle: "organization-administrator", scope: EVERYWHERE }),
    );
    await own.alone((tx) => suspendAccount(tx, account, null));
    // A right that is not in force is nobody's last.
    await expect(own.alone((tx) => takeRight(tx, [EVERYTHING], right))).resolves.toBeUndefined();
    await expect(own.alone((tx) => suspendAccount(tx, second, null))).rejects.toMatchObject(LAST);
  });

  test("is looked for under the exclusive lock alone", async () => {
    const own = await administrators("two", 2);
    await expect(own.shared((tx) => suspendAccount(tx, own.people[0]!, null))).rejects.toMatchObject({
      code: "internal",
    });
    expect(await own.left()).toHaveLength(2);
  });

  test("does not lose the right in passing, when the order of directories makes it wait for a confirmation", async () => {
    const own = await administrators("order", 1);
    const entra = await own.directory("entra");
    await own.person(entra, "admin-0");
    const first = () => own.order("entra", "okta", "internal");
    await expect(first()).rejects.toMatchObject({ code: "conflict" });
    expect(await own.left()).toHaveLength(1);
    const second = (await own.person(entra, "second")).account;
    await own.alone((tx) =>
      giveRight(tx, [EVERYTHING], { account: second, bundle: "organization-administrator", scope: EVERYWHERE }),
    );
    await first();
    expect((await own.left()).map((right) => right.account.id)).toEqual([second]);
    // To confirm a person is to give their rights.
    const account = own.people[0]!;
    const weak: Held[] = [{ permissions: new Set(["users:write", "rights:write"]), scope: EVERYWHERE }];
    await expect(own.alone((tx) => confirmAccount(tx, account, weak))).rejects.toMatchObject({ code: "not-allowed" });
    expect(await own.alone((tx) => confirmAccount(tx, account, [EVERYTHING]))).toBe(1);
    expect(await own.left()).toHaveLength(2);
  });

  test("stays under 50 racers who take, remove and suspend all of them at once", async () => {
    const own = await administrators("race", 50);
    const ends = await Promise.allSettled(
      own.people.map((account, at) =>
        own.alone(async (tx) => {
          if (at % 3 === 0) await takeRight(tx, [EVERYTHING], own.rights[at]!);
          else if (at % 3 === 1) await removeAdministrator(tx, account);
          else await suspendAccount(tx, account, null);
        }),
      ),
    );
    const refused = ends.filter((end) => end.status === "rejected");
    expect(refused).toEqual([{ status: "rejected", reason: expect.objectContaining(LAST) }]);
    expect(await own.left()).toHaveLength(1);
  });
});
