import { describe, expect, test } from "vitest";
import { simulate } from "../../src/db/transaction.ts";
import { confirmAccount } from "../../src/identity/accounts/confirm.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization } from "./access/organization.ts";
import { expectModel } from "./access/stored.ts";

const ctx = await testContext();
let count = 0;

/** Masking, so that the order decides about everything: C gives users of the wiki, P guests of it and users of desk. */
async function masked() {
  const org = await makeOrganization(ctx, `order-${++count}`, "masking");
  const [wiki, desk] = [await org.product("wiki", { hasGuests: true }), await org.product("desk")];
  const docs = await org.alone((tx) => createSpace(tx, wiki, { key: "docs" }));
  const [c, p] = [await org.directory("c"), await org.directory("p")];
  const [users, guests] = [await org.group(c, "users"), await org.group(p, "guests")];
  await org.grant(users, wiki, "user");
  await org.grant(guests, wiki, "guest");
  await org.grant(guests, desk, "user");
  const both = async (userName: string, facts = {}) => {
    const [inC, inP] = [await org.person(c, userName), await org.person(p, userName, facts)];
    await org.join(c, users, inC.id);
    await org.join(p, guests, inP.id);
    return inC.account;
  };
  const order = (...names: string[]) => org.alone((tx) => orderDirectories(tx, names));
  const preview = (actor: Partial<typeof org.actor>, ...names: string[]) =>
    simulate(ctx, { ...org.actor, ...actor }, (tx) => orderDirectories(tx, names), { lock: "exclusive" });
  return { org, c, p, docs, both, order, preview };
}

describe("another order", () => {
  test("R163: tells whose record, role, seat and guest slot changes; a dry run tells the very same and changes nothing", async () => {
    const { org, docs, both, order, preview, c } = await masked();
    const ada = await both("ada");
    const bob = await both("bob", { active: false });
    await org.person(c, "cyd");
    await org.alone((tx) =>
      assignGuest(tx, { account: ada, space: docs.id, permission: "read-only", expiresAt: null, sponsor: null }),
    );
    const before = await state(org);
    const would = await preview({}, "p", "c", "internal");
    expect(await state(org)).toEqual(before);
    expect(would.directories.map(({ name }) => name)).toEqual(["p", "c", "internal"]);
    expect(would.consequences).toEqual({
      canonical: {
        total: 2,
        named: [
          { user: { id: ada, userName: "ada" }, from: "c", to: "p", deactivated: false, parked: true },
          { user: { id: bob, userName: "bob" }, from: "c", to: "p", deactivated: true, parked: true },
        ],
      },
      deactivated: 1,
      parked: 2,
      roles: {
        total: 3,
        named: [
          {
            user: { id: ada, userName: "ada" },
            site: org.key,
            product: "desk",
            from: { role: null, allowed: false },
            to: { role: "user", allowed: true },
          },
          {
            user: { id: ada, userName: "ada" },
            site: org.key,
            product: "wiki",
            from: { role: "user", allowed: true },
            // Her space is parked with everything local.
            to: { role: "guest", allowed: false },
          },
          {
            user: { id: bob, userName: "bob" },
            site: org.key,
            product: "wiki",
            from: { role: "user", allowed: true },
            to: { role: null, allowed: false },
          },
        ],
      },
      products: [
        { site: org.key, product: "desk", seats: { gained: 1, lost: 0 }, guestSlots: { gained: 0, lost: 0 } },
        { site: org.key, product: "wiki", seats: { gained: 0, lost: 2 }, guestSlots: { gained: 0, lost: 0 } },
      ],
      administrators: { total: 0, named: [] },
      locksOutCaller: false,
    });
    const did = await order("p", "c", "internal");
    expect(did).toEqual(would);
    await org.alone((tx) => confirmAccount(tx, ada, [EVERYTHING]));
    const back = (await order("c", "p", "internal")).consequences;
    expect(back.products).toEqual([
      { site: org.key, product: "desk", seats: { gained: 0, lost: 1 }, guestSlots: { gained: 0, lost: 0 } },
      { site: org.key, product: "wiki", seats: { gained: 2, lost: 0 }, guestSlots: { gained: 0, lost: 1 } },
    ]);
    await expectModel(org.db, "there and back");
  });

  test("names 100 of each and counts all, in a few statements", async () => {
    const { org, both, order, preview } = await masked();
    for (let n = 0; n < 103; n++) await both(`user${String(n).padStart(3, "0")}`);
    const { consequences } = await preview({}, "p", "c", "internal");
    expect([consequences.canonical.total, consequences.canonical.named.length]).toEqual([103, 100]);
    expect([consequences.roles.total, consequences.roles.named.length]).toEqual([206, 100]);
    expect(consequences.canonical.named.map(({ user }) => user.userName)).toEqual(
      Array.from({ length: 100 }, (_, n) => `user${String(n).padStart(3, "0")}`),
    );
    const asked: string[] = [];
    await org.alone(async (tx) => {
      const counting = {
        ...tx,
        query: (statement: Parameters<typeof tx.query>[0]) => {
          asked.push(statement.text);
          return tx.query(statement);
        },
      };
      await orderDirectories(counting as typeof tx, ["p", "c", "internal"]);
    });
    expect(asked.length).toBeLessThan(25);
    expect((await order("p", "c", "internal")).consequences.canonical.total).toBe(0);
  });

  test("D20: tells which administrators would lose a right or have it parked, and whoever locks himself out", async () => {
    const { org, c, both, order, preview } = await masked();
    await org.person(c, "boss", { email: "boss@example.com" });
    const ada = await both("ada");
    await both("bob");
    await org.alone((tx) => addAdministrator(tx, "boss@example.com"));
    await org.alone((tx) => addAdministrator(tx, "ada@example.com"));
    const lost = {
      total: 1,
      named: [
        {
          user: { id: ada, userName: "ada" },
          bundle: "organization-administrator",
          scope: { kind: "organization" },
          becomes: "parked",
        },
      ],
    };
    const boss = await org.account("boss");
    for (const [actor, locksOutCaller] of [
      [{ kind: "session", id: ada }, true],
      [{ kind: "session", id: boss }, false],
      [{ kind: "command", id: ada }, false],
    ] as const)
      expect((await preview(actor, "p", "c", "internal")).consequences).toMatchObject({
        administrators: lost,
        locksOutCaller,
      });
    const { id } = await org.alone((tx) => createToken(tx, { administration: true, owner: ada }));
    expect((await preview({ kind: "api-token", id }, "p", "c", "internal")).consequences.locksOutCaller).toBe(true);
    expect((await order("p", "c", "internal")).consequences.administrators).toEqual(lost);
  });

  test("D20: is refused, also as a dry run, when no administrator would stay", async () => {
    const { org, both, order, preview } = await masked();
    await both("ada");
    await org.alone((tx) => addAdministrator(tx, "ada@example.com"));
    const before = await state(org);
    for (const ask of [preview({}, "p", "c", "internal"), order("p", "c", "internal")])
      await expect(ask).rejects.toMatchObject({ code: "conflict" });
    expect(await state(org)).toEqual(before);
  });

  test("the same order changes nothing and says so", async () => {
    const { org, both, order } = await masked();
    await both("ada");
    const before = await state(org);
    expect(await order("c", "p", "internal")).toMatchObject({
      changed: false,
      consequences: { canonical: { total: 0 }, roles: { total: 0 }, products: [] },
      writeTarget: { directory: "internal" },
    });
    expect(await state(org)).toEqual(before);
  });
});

/** Everything that an order may touch. */
async function state({ db, id }: Awaited<ReturnType<typeof makeOrganization>>) {
  const ask = (text: string) => db.query({ text, values: [id] });
  return [
    await ask("select id, position from directories where organization = $1 order by id"),
    await ask("select id, canonical, updated_at from accounts where organization = $1 order by id"),
    await ask("select account, product, role, state, updated_at from access where organization = $1 order by 1, 2"),
    await ask("select id, in_force, parked_at from rights where organization = $1 order by id"),
    await ask("select count(*) from audit where organization = $1"),
    await ask("select count(*) from outbox where organization = $1"),
  ];
}
