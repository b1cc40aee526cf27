import { expect, test } from "vitest";
import { newId } from "../../src/db/id.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createLocalGroup, nestGroups } from "../../src/identity/groups.ts";
import { createProduct } from "../../src/identity/products.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { testContext } from "../harness/postgres.ts";
import { company } from "../identity/inviting-company.ts";

const ctx = await testContext();
const c = await company(ctx);
const { tracker, more } = await c.write(async (tx) => {
  const product = await createProduct(tx, await resolveSite(tx, undefined), { key: "tracker", hasGuests: true });
  const groups: Record<string, Awaited<ReturnType<typeof createLocalGroup>>> = {};
  for (const name of ["inner", "both", "tracker users", "nothing"]) groups[name] = await createLocalGroup(tx, name);
  const id = (name: string) => groups[name]?.id ?? newId<never>();
  await nestGroups(tx, c.groups.user, [id("inner")]);
  await grantRole(tx, { group: id("both"), product: c.wiki, role: "guest" });
  await grantRole(tx, { group: id("both"), product: product.id, role: "guest" });
  await grantRole(tx, { group: id("tracker users"), product: product.id, role: "user" });
  return { tracker: product.id, more: id };
});

/** A: wiki admin, U: wiki user, I: in a group of U, G: wiki guest, B: guest of wiki and tracker, T: tracker user, N: nothing. */
const GROUPS = {
  A: c.groups.admin,
  U: c.groups.user,
  I: more("inner"),
  G: c.groups.guest,
  B: more("both"),
  T: more("tracker users"),
  N: more("nothing"),
};

/** By hand: the groups, the role on the wiki, that on the tracker, and that on the tracker with T besides. */
const TABLE = `
-      -      -      user
B      guest  guest  user
G      guest  -      user
GB     guest  guest  user
I      user   -      user
IB     user   guest  user
IG     user   -      user
IGB    user   guest  user
U      user   -      user
UB     user   guest  user
UG     user   -      user
UGB    user   guest  user
UI     user   -      user
UIB    user   guest  user
UIG    user   -      user
UIGB   user   guest  user
A      admin  -      user
AB     admin  guest  user
AG     admin  -      user
AGB    admin  guest  user
AI     admin  -      user
AIB    admin  guest  user
AIG    admin  -      user
AIGB   admin  guest  user
AU     admin  -      user
AUB    admin  guest  user
AUG    admin  -      user
AUGB   admin  guest  user
AUI    admin  -      user
AUIB   admin  guest  user
AUIG   admin  -      user
AUIGB  admin  guest  user
`
  .trim()
  .split("\n")
  .flatMap((line) => {
    const [letters = "", onWiki = "", without = "", withT = ""] = line.split(/\s+/);
    return [
      [letters, onWiki, without],
      [`${letters}TN`, onWiki, withT],
    ] as const;
  });

type Effects = Awaited<ReturnType<typeof c.ask>>["effects"];
const told = (effects: Effects) => effects.map(({ product, role }) => `${product} ${role}`).sort();

test.each(TABLE)(
  "R48 to R50: in the groups %s somebody is %s on the wiki and %s on the tracker, in the preview and in fact",
  async (letters, onWiki, onTracker) => {
    const groups = Object.entries(GROUPS).flatMap(([letter, group]) => (letters.includes(letter) ? group : []));
    const emails = [`${letters.toLowerCase().replace("-", "none")}@x.example`];
    const roles = [
      ...(onWiki === "-" ? [] : [`${c.wiki} ${onWiki}`]),
      ...(onTracker === "-" ? [] : [`${tracker} ${onTracker}`]),
    ].sort();
    expect(told((await c.preview({ emails, groups })).effects)).toEqual(roles);
    const { results, effects } = await c.ask({ emails, groups, notify: false });
    expect(told(effects)).toEqual(roles);
    expect(await c.open(await c.link(results[0]))).toBe("accepted");
    // A guest without a space has the role, and no access.
    const fact = (role: string) => (role === "-" ? "null false" : `${role} ${role !== "guest"}`);
    expect((await c.roleOf(results[0]?.account ?? null)).split(",").sort()).toEqual(
      [fact(onWiki), fact(onTracker)].sort(),
    );
  },
);
