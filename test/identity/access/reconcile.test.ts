import { expect, test } from "vitest";
import type { AccountId } from "../../../src/db/id.ts";
import { simulate } from "../../../src/db/transaction.ts";
import { accessOf } from "../../../src/identity/access/access-of.ts";
import { explain } from "../../../src/identity/access/explain.ts";
import { reconcile } from "../../../src/identity/access/reconcile.ts";
import { grantRole } from "../../../src/identity/grants.ts";
import { testContext } from "../../harness/postgres.ts";
import { makeOrganization, type Organization } from "./organization.ts";

const ctx = await testContext();

async function traces(org: Organization, account: AccountId) {
  const rows = (table: string, word: string) =>
    org.db.query<{ word: string; body: object }>({
      text: `select ${word} as word, ${table === "audit" ? "detail" : "data"} as body from ${table}
        where organization = $1 and subject = $2 and ${word} like 'access.%' order by id`,
      values: [org.id, account],
    });
  return { audit: await rows("audit", "action"), outbox: await rows("outbox", "kind") };
}

test("each difference is one audit row and one event of the change's own transaction; a change of path alone is none", async () => {
  const org = await makeOrganization(ctx, "reconcile");
  const wiki = await org.product("wiki");
  const directory = await org.directory("c");
  const [one, two] = [await org.group(directory, "one"), await org.group(directory, "two")];
  await org.grant(one, wiki, "user");
  await org.grant(two, wiki, "user");
  const ada = await org.person(directory, "ada");
  const path = async () => {
    const [row] = await org.db.query<{ group: string }>({
      text: `select group_id as "group" from access where organization = $1 and account = $2`,
      values: [org.id, ada.account],
    });
    return row?.group;
  };
  await org.join(directory, one, ada.id);
  await org.join(directory, two, ada.id);
  expect(await path()).toBe(one);
  await org.leave(directory, one, ada.id);
  expect(await path()).toBe(two);
  await org.grant(two, wiki, "admin");
  await org.leave(directory, two, ada.id);
  const { audit, outbox } = await traces(org, ada.account);
  expect(audit.map((row) => row.word)).toEqual(["access.granted", "access.changed", "access.revoked"]);
  expect(outbox).toEqual(audit);
  expect(audit.map((row) => row.body)).toMatchObject([
    { product: wiki, role: "user", state: "live", before: null },
    { product: wiki, role: "admin", state: "live", before: { role: "user", state: "live", liveUntil: null } },
    { product: wiki, role: null, state: null, before: { role: "admin", state: "live" } },
  ]);
});

test("tells who lost his last live access, not who lost one of two", async () => {
  const org = await makeOrganization(ctx, "reconcile-lost");
  const [wiki, tracker] = [await org.product("wiki"), await org.product("tracker")];
  const directory = await org.directory("c");
  const [one, two] = [await org.group(directory, "one"), await org.group(directory, "two")];
  await org.grant(one, wiki, "user");
  await org.grant(two, tracker, "user");
  const [ada, grace] = [await org.person(directory, "ada"), await org.person(directory, "grace")];
  for (const person of [ada, grace]) await org.join(directory, one, person.id);
  await org.join(directory, two, grace.id);
  const result = await org.shared(async (tx) => {
    await tx.query({
      text: "delete from remote_memberships where organization = $1 and group_id = $2",
      values: [tx.organization, one],
    });
    return reconcile(tx, [ada.account, grace.account, ada.account]);
  });
  expect(result).toEqual({ lost: [ada.account], changed: 2 });
  expect(await org.shared((tx) => reconcile(tx, [ada.account, grace.account]))).toEqual({ lost: [], changed: 0 });
  expect(await org.shared((tx) => reconcile(tx, []))).toEqual({ lost: [], changed: 0 });
});

test("simulated, a change shows the access that it would give, and nothing stays", async () => {
  const org = await makeOrganization(ctx, "reconcile-simulate");
  const wiki = await org.product("wiki");
  const directory = await org.directory("c");
  const group = await org.group(directory, "staff");
  const ada = await org.person(directory, "ada");
  await org.join(directory, group, ada.id);
  const would = await simulate(
    ctx,
    org.actor,
    async (tx) => {
      await grantRole(tx, { group, product: wiki, role: "admin" });
      return (await accessOf(tx, ada.account)).access[0];
    },
    { lock: "exclusive" },
  );
  expect(would).toMatchObject({ role: "admin", allowed: true });
  expect(await org.access(ada.account, "wiki")).toMatchObject({ role: null, reason: "no-grant", trace: [] });
  expect((await traces(org, ada.account)).audit).toEqual([]);
});

test("explain names the first condition that fails, path by path, through nested groups", async () => {
  const org = await makeOrganization(ctx, "explain", "masking");
  const wiki = await org.product("wiki", { hasGuests: true });
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  const [outer, inner, masked] = [
    await org.group(c, "outer"),
    await org.group(c, "inner"),
    await org.group(p, "masked"),
  ];
  await org.nest(c, outer, inner);
  await org.grant({ directory: c, name: "later" }, wiki, "admin");
  const later = await org.group(c, "later");
  await org.grant(outer, wiki, "user");
  await org.grant(masked, wiki, "admin");
  const [inC, inP] = [await org.person(c, "ada"), await org.person(p, "ada")];
  await org.join(c, inner, inC.id);
  await org.join(c, later, inC.id);
  await org.join(p, masked, inP.id);
  const told = async () =>
    (await explain(org.db, [inC.account])).map((row) => [
      row.through,
      row.memberOf,
      row.group.name,
      row.role,
      row.failing,
    ]);
  expect(await told()).toEqual([
    ["c", "inner", "outer", "user", null],
    ["c", "later", "later", "admin", "unconfirmed"],
    ["p", "masked", "masked", "admin", "masked"],
  ]);
  await org.update(inC, { active: false });
  expect((await told()).map((row) => row.at(-1))).toEqual(["deactivated", "deactivated", "deactivated"]);
});
