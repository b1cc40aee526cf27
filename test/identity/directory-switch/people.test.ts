import { describe, expect, test } from "vitest";
import type { AccountId } from "../../../src/db/id.ts";
import { suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { addLocalMembers, createLocalGroup } from "../../../src/identity/groups.ts";
import { assignGuest } from "../../../src/identity/guests.ts";
import { resendInvitation } from "../../../src/identity/invitations/resend.ts";
import { EVERYTHING } from "../../../src/identity/rights/held.ts";
import { giveRight } from "../../../src/identity/rights/rights.ts";
import { beginSession, findSession } from "../../../src/identity/sessions.ts";
import { createSpace } from "../../../src/identity/spaces.ts";
import { testContext } from "../../harness/postgres.ts";
import { expectModel } from "../access/stored.ts";
import { company } from "./company.ts";

const ctx = await testContext();

type Company = Awaited<ReturnType<typeof company>>;

const guestOf = (c: Company, account: AccountId, space: Parameters<typeof assignGuest>[1]["space"]) =>
  c.org.shared((tx) => assignGuest(tx, { account, space, permission: "read-only", expiresAt: null, sponsor: account }));
const auditor = (c: Company, account: AccountId, bundle: "auditor" | "organization-administrator" = "auditor") =>
  c.org.alone((tx) => giveRight(tx, [EVERYTHING], { account, bundle, scope: { kind: "organization" } }));

/** A product with guests and two spaces, and local groups that give its roles. */
async function wiki(c: Company) {
  const id = await c.org.product("wiki", { hasGuests: true });
  const docs = await c.org.alone((tx) => createSpace(tx, id, { key: "docs" }));
  const plans = await c.org.alone((tx) => createSpace(tx, id, { key: "plans" }));
  const [guests, users] = await c.org.alone(async (tx) => [
    await createLocalGroup(tx, "guests"),
    await createLocalGroup(tx, "users"),
  ]);
  await c.org.grant(guests.id, id, "guest");
  await c.org.grant(users.id, id, "user");
  const put = (group: typeof users, ...accounts: AccountId[]) =>
    c.org.shared((tx) => addLocalMembers(tx, group.id, accounts));
  return { id, docs: docs.id, plans: plans.id, guests, users, put };
}

describe("a person with the same user name on both sides", () => {
  test("keeps the account and everything local; the profile is the other directory's, and nothing waits", async () => {
    const c = await company(ctx);
    const { docs, guests, put } = await wiki(c);
    const old = await c.org.person(c.corp, "ada", { email: "ada@old.example", displayName: "Ada (LDAP)" });
    await put(guests, old.account);
    await guestOf(c, old.account, docs);
    await auditor(c, old.account);
    await c.use(old.account, "2026-01-02T03:04:05Z");
    await c.org.shared((tx) => resendInvitation(tx, ctx.config.invitations, old.account));
    const session = await c.org.shared((tx) =>
      beginSession(
        tx,
        { account: old.account, record: old.id },
        { method: "single-sign-on", authenticated: "now", address: null },
        { idle: 600, longest: 600 },
      ),
    );
    await c.org.shared((tx) =>
      tx.query({
        text: `insert into single_sign_on_bindings (organization, issuer, subject, account, record)
          values ($1, 'https://id.example.com', 'ada', $2, $3)`,
        values: [c.org.id, old.account, old.id],
      }),
    );
    const fresh = await c.org.person(c.entra, "Ada", { email: "ada@new.example", displayName: "Ada" });
    const before = await c.org.access(old.account, "wiki");

    const done = await c.switch("userName");
    expect(done).toMatchObject({
      changed: true,
      counts: { switched: 1, renamed: 0, joined: 0, unmatched: 0, conflicts: 0, accessLost: 0, parked: 0 },
      switched: [{ account: old.account, from: "ada", to: "Ada", joined: null, rights: ["auditor"] }],
    });
    expect(await c.account("ada")).toMatchObject({
      id: old.account,
      userName: "Ada",
      email: "ada@new.example",
      directory: "entra",
      first: new Date("2026-01-02T03:04:05Z"),
    });
    expect(await c.org.access(old.account, "wiki")).toEqual(before);
    expect(before).toMatchObject({ role: "guest", allowed: true });
    expect(await c.parked()).toEqual([]);
    expect(await c.names(c.corp)).toEqual([]);
    expect(await findSession(ctx.db, session.token)).toMatchObject({ account: old.account });
    const [bound] = await c.org.db.query({ text: "select record from single_sign_on_bindings", values: [] });
    expect(bound).toEqual({ record: fresh.id });
    const [invited] = await c.org.db.query({ text: "select state from invitations", values: [] });
    expect(invited).toEqual({ state: "pending" });
    expect(await c.mails()).toBe(1);
    await expectModel(c.org.db, "switched");
  });

  test("whose record is inactive in the other directory is out, and that is told before", async () => {
    const c = await company(ctx);
    const { users, put } = await wiki(c);
    const old = await c.org.person(c.corp, "ada");
    await put(users, old.account);
    await c.org.person(c.entra, "ada", { active: false });
    const preview = await c.preview("userName");
    expect(preview.access).toMatchObject([
      { account: old.account, product: "wiki", what: "lost", roleBefore: "user", role: null },
    ]);
    expect((await c.org.access(old.account, "wiki")).allowed).toBe(true);
    expect(await c.switch("userName")).toEqual(preview);
    expect(await c.org.access(old.account, "wiki")).toMatchObject({ allowed: false, reason: "deactivated" });
  });
});

describe("a person with another user name on the other side", () => {
  test("keeps the account under the new name; what hangs on the other one's account is carried over", async () => {
    const c = await company(ctx);
    const { docs, guests, users, put } = await wiki(c);
    const tracker = await c.org.product("tracker", { hasGuests: true });
    const board = await c.org.alone((tx) => createSpace(tx, tracker, { key: "board" }));
    const old = await c.org.person(c.corp, "ada", { email: "Ada@Example.com" });
    const other = await c.org.person(c.entra, "ada@example.com", { email: "ada@example.com" });
    await put(guests, old.account, other.account);
    await put(users, other.account);
    await guestOf(c, old.account, docs);
    await guestOf(c, other.account, board.id);
    await auditor(c, other.account);
    await c.use(old.account, "2026-05-05T00:00:00Z");
    await c.use(other.account, "2026-02-02T00:00:00Z");
    await c.org.shared((tx) => resendInvitation(tx, ctx.config.invitations, other.account));

    const done = await c.switch("email");
    expect(done.counts).toMatchObject({ switched: 1, renamed: 1, joined: 1, conflicts: 0, parked: 0 });
    const ada = await c.account("ada@example.com");
    expect(ada).toMatchObject({
      id: old.account,
      directory: "entra",
      first: new Date("2026-02-02T00:00:00Z"),
      last: new Date("2026-05-05T00:00:00Z"),
    });
    const facts = await c.org.db.query<{ what: string }>({
      text: `select 'right' as what from rights where organization = $1 and account = $2
        union all select 'space' from guest_assignments where organization = $1 and account = $2 and sponsor = $2
        union all select 'membership' from local_memberships where organization = $1 and account = $2
        union all select 'invitation' from invitations where organization = $1 and account = $2 and state = 'pending'
        order by 1`,
      values: [c.org.id, old.account],
    });
    expect(facts.map((row) => row.what)).toEqual(["invitation", "membership", "membership", "right", "space", "space"]);
    expect(await c.org.access(old.account, "wiki")).toMatchObject({ role: "user", allowed: true });
    expect(await c.parked()).toEqual([]);
    expect(await c.account(`ada@example.com (joined ${other.account})`)).toMatchObject({
      id: other.account,
      directory: null,
    });
    await expect(c.account("ada")).rejects.toThrow();
    const told = await c.org.db.query({
      text: "select subject, data from outbox where organization = $1 and kind = 'account.joined'",
      values: [c.org.id],
    });
    expect(told).toEqual([{ subject: other.account, data: { into: old.account } }]);
    expect(await c.mails()).toBe(1);
    await expectModel(c.org.db, "joined");
  });

  test("keeps the account that was used, where only the other one was; a suspension of either stays", async () => {
    const c = await company(ctx);
    const never = await c.org.person(c.corp, "ada", { email: "ada@example.com" });
    const used = await c.org.person(c.entra, "ada@example.com");
    await c.use(used.account, "2026-02-02T00:00:00Z");
    const bob = await c.org.person(c.corp, "bob", { email: "bob@example.com" });
    const other = await c.org.person(c.entra, "bob@example.com", { email: "bob@example.com" });
    await c.use(bob.account, "2026-02-02T00:00:00Z");
    await c.org.shared((tx) => suspendAccount(tx, other.account, "left"));
    await c.org.shared((tx) =>
      tx.query({ text: "update directory_users set email_key = 'ada@example.com' where id = $1", values: [used.id] }),
    );
    expect((await c.switch("email")).counts).toMatchObject({ switched: 2, renamed: 2, joined: 1 });
    expect(await c.account("ada@example.com")).toMatchObject({ id: used.account, directory: "entra" });
    expect(await c.account("ada")).toMatchObject({ id: never.account, directory: null });
    expect(await c.account("bob@example.com")).toMatchObject({ id: bob.account, suspended: true });
    await expectModel(c.org.db, "the used one");
  });

  test("whose two accounts are guests in two spaces of one product keeps the first, and that is told", async () => {
    const c = await company(ctx);
    const { docs, plans, guests, put } = await wiki(c);
    const old = await c.org.person(c.corp, "ada", { email: "ada@example.com" });
    const other = await c.org.person(c.entra, "ada@example.com", { email: "ada@example.com" });
    await put(guests, old.account, other.account);
    await guestOf(c, old.account, docs);
    await guestOf(c, other.account, plans);
    const done = await c.switch("email");
    expect(done.conflicts).toMatchObject([{ reason: "second-space", from: ["ada"], to: ["ada@example.com"] }]);
    expect((await c.org.access(old.account, "wiki")).spaces).toMatchObject([{ space: "docs" }]);
  });

  test("keeps a seat of a full product that only the other account had, and everybody is told of it", async () => {
    const c = await company(ctx);
    const full = await c.org.product("desk", { seats: 1, seatEnforcement: "block" });
    const staff = await c.org.group(c.entra, "staff");
    await c.org.grant(staff, full, "user");
    const old = await c.org.person(c.corp, "ada", { email: "ada@example.com" });
    const other = await c.org.person(c.entra, "ada@example.com", { email: "ada@example.com" });
    const waiting = await c.org.person(c.entra, "zoe");
    await c.org.join(c.entra, staff, other.id);
    await c.org.join(c.entra, staff, waiting.id);
    const done = await c.switch("email");
    expect(await c.org.access(old.account, "desk")).toMatchObject({ role: "user", allowed: true });
    expect(await c.org.access(waiting.account, "desk")).toMatchObject({ allowed: false, reason: "no-seat" });
    expect(done.counts).toMatchObject({ accessLost: 0, accessGained: 1 });
    const told = await c.org.db.query({
      text: `select kind, subject from outbox where organization = $1 and kind in ('access.granted', 'access.revoked')
        order by id desc limit 2`,
      values: [c.org.id],
    });
    expect(told).toEqual(
      expect.arrayContaining([
        { kind: "access.granted", subject: old.account },
        { kind: "access.revoked", subject: other.account },
      ]),
    );
    await expectModelButSeats(c);
  });

  test("keeps the seat of an account that was never used, where the other one was and waits", async () => {
    const c = await company(ctx);
    const full = await c.org.product("desk", { seats: 1, seatEnforcement: "block" });
    const [before, after] = [await c.org.group(c.corp, "staff"), await c.org.group(c.entra, "staff")];
    await c.org.grant(before, full, "user");
    await c.org.grant(after, full, "user");
    const never = await c.org.person(c.corp, "ada", { email: "ada@example.com" });
    await c.org.join(c.corp, before, never.id);
    const waiting = await c.org.person(c.entra, "zoe");
    await c.org.join(c.entra, after, waiting.id);
    const used = await c.org.person(c.entra, "ada@example.com", { email: "ada@example.com" });
    await c.org.join(c.entra, after, used.id);
    await c.use(used.account, "2026-02-02T00:00:00Z");
    expect(await c.org.access(used.account, "desk")).toMatchObject({ allowed: false, reason: "no-seat" });
    await c.switch("email");
    expect(await c.account("ada@example.com")).toMatchObject({ id: used.account });
    expect(await c.org.access(used.account, "desk")).toMatchObject({ role: "user", allowed: true });
    expect(await c.org.access(waiting.account, "desk")).toMatchObject({ allowed: false, reason: "no-seat" });
    await expectModelButSeats(c);
  });

  test("whose new name somebody has locally below joins that account's records; who stays under the old name is somebody new", async () => {
    const c = await company(ctx);
    const hr = await c.org.directory("hr");
    const old = await c.org.person(c.corp, "ada", { email: "ada@example.com" });
    await auditor(c, old.account);
    const stays = await c.org.person(hr, "ada", { email: "else@example.com" });
    const other = await c.org.person(c.entra, "ada@example.com", { email: "ada@example.com" });
    const below = await c.org.person(hr, "ada@example.com", { email: "hr@example.com" });
    expect([stays.account, below.account]).toEqual([old.account, other.account]);
    const done = await c.switch("email");
    expect(done.counts).toMatchObject({ switched: 1, joined: 1, leftBehind: 1, parked: 0 });
    expect(await c.account("ada@example.com")).toMatchObject({ id: old.account, directory: "entra" });
    const left = await c.account("ada");
    expect(left.directory).toBe("hr");
    expect([old.account, other.account]).not.toContain(left.id);
    expect(await c.parked()).toEqual([]);
    await expectModel(c.org.db, "a third directory");
  });
});

describe("names that are somebody else's on the other side", () => {
  /** Anna A and Anna B have changed names: `anna` is one in corp and the other in entra. */
  async function annas() {
    const c = await company(ctx);
    const a = await c.org.person(c.corp, "anna", { email: "anna.a@example.com" });
    const b = await c.org.person(c.corp, "annab", { email: "anna.b@example.com" });
    await auditor(c, a.account);
    await c.use(a.account, "2026-01-01T00:00:00Z");
    await c.org.person(c.entra, "anna", { email: "anna.b@example.com" });
    return { c, a, b };
  }

  test("move with the people, whose facts move with none of them", async () => {
    const { c, a, b } = await annas();
    await c.org.person(c.entra, "annaa", { email: "anna.a@example.com" });
    const done = await c.switch("email");
    expect(done.counts).toMatchObject({ switched: 2, renamed: 2, joined: 1, conflicts: 0, parked: 0 });
    expect(await c.account("annaa")).toMatchObject({ id: a.account, email: "anna.a@example.com", directory: "entra" });
    expect(await c.account("anna")).toMatchObject({ id: b.account, email: "anna.b@example.com", directory: "entra" });
    expect(done.switched).toMatchObject([
      { account: a.account, rights: ["auditor"] },
      { account: b.account, rights: [] },
    ]);
    expect(await c.parked()).toEqual([]);
    await expectModel(c.org.db, "annas");
  });

  test("are not taken from somebody who is not switched: a conflict, and what is local of the name waits", async () => {
    const { c, a, b } = await annas();
    await c.org.person(c.corp, "carl", { email: "carl@example.com" });
    await c.org.person(c.entra, "carl", { email: "carl@example.com" });
    const done = await c.switch("email");
    expect(done).toMatchObject({
      counts: { switched: 1, conflicts: 1, unmatched: 1, parked: 1 },
      conflicts: [{ reason: "name-held", from: ["annab"], to: ["anna"] }],
      unmatched: [{ account: a.account, userName: "anna", rights: ["auditor"] }],
      parked: [{ account: a.account, userName: "anna" }],
    });
    expect(await c.names(c.corp)).toEqual(["anna", "annab"]);
    expect(await c.account("annab")).toMatchObject({ id: b.account, directory: "corp" });
    expect(await c.parked()).toEqual(["rights of anna"]);
    await expectModel(c.org.db, "conflict");
    // Anna A is gone from the company: then the name is free, and switching again takes what is left.
    await c.org.shared(async (tx) => {
      const [record] = await tx.query<{ id: typeof a.id }>({
        text: "select id from directory_users where organization = $1 and directory = $2 and user_name_key = 'anna'",
        values: [c.org.id, c.corp],
      });
      await removeDirectoryUsers(tx, c.corp, record ? [record.id] : []);
    });
    expect((await c.switch("email")).counts).toMatchObject({ switched: 1, conflicts: 0, unmatched: 0 });
    expect(await c.account("anna")).toMatchObject({ id: b.account, email: "anna.b@example.com" });
    expect(await c.parked()).toEqual([`rights of anna (joined ${a.account})`]);
    await expectModel(c.org.db, "the rest");
  });
});

test("two who have one another's names there keep their accounts", async () => {
  const c = await company(ctx);
  const [a, b] = [await c.org.person(c.corp, "a"), await c.org.person(c.corp, "b")];
  await c.org.person(c.entra, "a", { email: "b@example.com" });
  await c.org.person(c.entra, "b", { email: "a@example.com" });
  for (const [from, to, names] of [
    [c.corp, c.entra, ["b", "a"]],
    [c.entra, c.corp, ["a", "b"]],
  ] as const) {
    expect((await c.switch("email", { from, to })).counts).toMatchObject({ switched: 2, renamed: 2, joined: 0 });
    expect([await c.account(names[0]), await c.account(names[1])]).toMatchObject([
      { id: a.account, email: "a@example.com" },
      { id: b.account, email: "b@example.com" },
    ]);
    await expectModel(c.org.db, "a swap");
  }
});

test("a chain of names that ends at somebody who stays stays whole; one that ends at a free name moves whole", async () => {
  const c = await company(ctx);
  const ids: Record<string, string> = {};
  for (const name of ["a1", "a2", "a3", "b1", "b2", "b3"])
    ids[name] = (await c.org.person(c.corp, name, { email: `${name}@example.com` })).account;
  await c.org.person(c.corp, "a4", { email: "nobody@example.com" });
  const next = (name: string) => `${name[0]}${Number(name[1]) + 1}`;
  for (const name of ["b3", "b2", "b1", "a1", "a2", "a3"])
    await c.org.person(c.entra, next(name), { email: `${name}@example.com` });
  const done = await c.switch("email");
  expect(done.counts).toMatchObject({ switched: 3, renamed: 3, conflicts: 3, unmatched: 1 });
  expect(done.conflicts.map(({ reason, from }) => [reason, from])).toEqual([
    ["name-held", ["a1"]],
    ["name-held", ["a2"]],
    ["name-held", ["a3"]],
  ]);
  for (const name of ["b1", "b2", "b3"]) expect((await c.account(next(name))).id).toBe(ids[name]);
  for (const name of ["a1", "a2", "a3"]) expect((await c.account(name)).id).toBe(ids[name]);
  await expectModel(c.org.db, "chain");
});

/** Who waits for a seat is not the model's to say. */
async function expectModelButSeats(c: Company): Promise<void> {
  const rows = await c.org.db.query<{ id: string }>({
    text: `select a.id from accounts a where a.organization = $1 and exists (
      select from directory_users u where u.organization = $1 and u.account = a.id and u.deleted_at is null
        and u.user_name_key <> a.user_name_key)`,
    values: [c.org.id],
  });
  expect(rows).toEqual([]);
}
