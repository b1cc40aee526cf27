import { beforeEach, describe, expect, test } from "vitest";
import {
  type AccountId,
  type DirectoryId,
  type DirectoryUserId,
  newId,
  type OrganizationId,
} from "../../../src/db/id.ts";
import { type Actor, inTransaction } from "../../../src/db/transaction.ts";
import { createDirectoryUser } from "../../../src/identity/directory-users/create.ts";
import type { DirectoryUser, DirectoryUserInput } from "../../../src/identity/directory-users/directory-user.ts";
import { getDirectoryUser } from "../../../src/identity/directory-users/read.ts";
import { removeDirectoryUsers, restoreDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../../src/identity/directory-users/update.ts";
import { testContext } from "../../harness/postgres.ts";

const ctx = await testContext();
let actor: Actor;
let first: DirectoryId;
let second: DirectoryId;

beforeEach(async () => {
  const organization = newId<OrganizationId>();
  actor = { organization, kind: "system", id: null, requestId: "test" };
  first = newId<DirectoryId>();
  second = newId<DirectoryId>();
  await inTransaction(ctx, actor, async (tx) => {
    await tx.query({
      text: "insert into organizations (id, key, name) values ($1, $2, 'Test')",
      values: [organization, `o${organization.slice(24)}`],
    });
    await tx.query({
      text: `insert into directories (organization, id, name, kind, position)
        values ($1, $2, 'first', 'scim', 1), ($1, $3, 'second', 'ldap', 2)`,
      values: [organization, first, second],
    });
  });
});

const record = (userName: string, more: Partial<DirectoryUserInput> = {}): DirectoryUserInput => ({
  id: newId<DirectoryUserId>(),
  immutableId: null,
  externalId: null,
  userName,
  active: true,
  email: `${userName}@example.com`,
  displayName: userName,
  resource: {},
  contentHash: null,
  ...more,
});
const create = (directory: DirectoryId, input: DirectoryUserInput) => createDirectoryUser(ctx, actor, directory, input);
const update = (directory: DirectoryId, ...inputs: DirectoryUserInput[]) =>
  inTransaction(ctx, actor, (tx) => updateDirectoryUsers(tx, directory, inputs));
const account = async (id: AccountId) =>
  (
    await ctx.db.of(actor.organization).query<{ name: string; canonical: string | null; display: string | null }>({
      text: "select user_name_key as name, canonical, display_name as display from accounts where organization = $1 and id = $2",
      values: [actor.organization, id],
    })
  )[0];
const now = async (directory: DirectoryId, user: DirectoryUser) =>
  getDirectoryUser(ctx.db.of(actor.organization), directory, user.id);

describe("one account per user name (design §1)", () => {
  test("T6: two spellings in two directories are one account, the first directory's record is canonical", async () => {
    const lower = await create(second, record("jsmith"));
    const upper = await create(first, record("JSmith"));
    expect(upper.account).toBe(lower.account);
    expect((await account(upper.account))?.canonical).toBe(upper.id);
    expect((await account(upper.account))?.display).toBe("JSmith");
  });

  test("a second live record of the name in one directory is refused, and writes nothing", async () => {
    await create(first, record("jsmith"));
    await expect(create(first, record("JSMITH"))).rejects.toMatchObject({ code: "uniqueness", at: "userName" });
    const rows = await ctx.db.of(actor.organization).query<{ count: number }>({
      text: `select (select count(*) from directory_users where organization = $1)
        + (select count(*) from audit where organization = $1 and action = 'directory-user.created') as count`,
      values: [actor.organization],
    });
    expect(rows[0]?.count).toBe(2);
  });

  test("200 POSTs of one name at once: one record, the others refused", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => create(first, record("racer"))));
    expect(outcomes.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "uniqueness" });
  });

  test("the same name in two directories at once: one account", async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b] = await Promise.all([create(first, record(`both${round}`)), create(second, record(`BOTH${round}`))]);
      expect(a.account).toBe(b.account);
      expect((await account(a.account))?.canonical).toBe(a.id);
    }
  });
});

describe("renames (design §7)", () => {
  test("a rename of the canonical record renames the account", async () => {
    const user = await create(first, record("old"));
    const [renamed] = await update(first, { ...user, userName: "New" });
    expect(renamed?.account).toBe(user.account);
    expect((await account(user.account))?.name).toBe("new");
  });

  test("records left under the old name become another account, the renamed one keeps its id", async () => {
    const top = await create(first, record("shared"));
    const low = await create(second, record("shared"));
    await update(first, { ...top, userName: "moved" });
    const left = await now(second, low);
    expect((await account(top.account))?.name).toBe("moved");
    expect(left?.account).not.toBe(top.account);
    expect((await account(left?.account as AccountId))?.name).toBe("shared");
  });

  test("a rename of a lower record leaves the account where it is", async () => {
    const top = await create(first, record("shared"));
    const low = await create(second, record("shared"));
    await update(second, { ...low, userName: "gone" });
    expect((await account(top.account))?.name).toBe("shared");
    expect((await now(second, low))?.account).not.toBe(top.account);
  });

  test("a rename onto a taken name joins that account and leaves the old one without records", async () => {
    const taken = await create(first, record("taken"));
    const mover = await create(second, record("mover"));
    await update(second, { ...mover, userName: "taken" });
    expect((await now(second, mover))?.account).toBe(taken.account);
    expect(await account(mover.account)).toMatchObject({ name: "mover", canonical: null });
  });

  test("names and addresses swap within one change, each account follows its record", async () => {
    const a = await create(first, record("a"));
    const b = await create(first, record("b"));
    await update(first, { ...a, userName: "b", email: b.email }, { ...b, userName: "a", email: a.email });
    expect((await account(a.account))?.name).toBe("b");
    expect((await account(b.account))?.name).toBe("a");
  });

  test("a name that a record outside of the change holds is refused whole", async () => {
    const a = await create(first, record("a"));
    const b = await create(first, record("b"));
    await create(first, record("c"));
    await expect(update(first, { ...a, userName: "z" }, { ...b, userName: "c" })).rejects.toMatchObject({
      code: "uniqueness",
    });
    expect((await now(first, a))?.userName).toBe("a");
  });

  test("racing renames onto one free name: one account has it, every record belongs to the account of its name", async () => {
    for (let round = 0; round < 10; round++) {
      const a = await create(first, record(`left${round}`));
      const b = await create(second, record(`right${round}`));
      await Promise.all([
        update(first, { ...a, userName: `goal${round}` }),
        update(second, { ...b, userName: `goal${round}` }),
      ]);
      const strays = await ctx.db.of(actor.organization).query({
        text: `select u.id from directory_users u join accounts a on a.organization = u.organization and a.id = u.account
          where u.organization = $1 and u.deleted_at is null and u.user_name_key <> a.user_name_key`,
        values: [actor.organization],
      });
      expect(strays).toEqual([]);
      expect((await now(first, a))?.account).toBe((await now(second, b))?.account);
    }
  });
});

describe("what happens when the canonical record changes (design §7)", () => {
  const administrator = async (of: AccountId) =>
    inTransaction(ctx, actor, (tx) =>
      tx.query({
        text: `insert into rights (organization, id, account, bundle, scope_kind, scope_id)
          values ($1, $2, $3, 'organization-administrator', 'organization', $1)`,
        values: [actor.organization, newId(), of],
      }),
    );
  const parked = async (of: AccountId) =>
    (
      await ctx.db.of(actor.organization).query<{ parked: boolean }>({
        text: "select parked_at is not null as parked from rights where organization = $1 and account = $2",
        values: [actor.organization, of],
      })
    )[0]?.parked;

  test("T19: the next directory's record takes over, same account, local facts parked", async () => {
    const top = await create(first, record("jsmith"));
    const low = await create(second, record("jsmith"));
    await administrator(top.account);
    await inTransaction(ctx, actor, (tx) => removeDirectoryUsers(tx, first, [top.id]));
    expect(await account(top.account)).toMatchObject({ canonical: low.id });
    expect(await parked(top.account)).toBe(true);
  });

  test("a removal that is undone parks nothing", async () => {
    const user = await create(first, record("jsmith"));
    await administrator(user.account);
    await inTransaction(ctx, actor, (tx) => removeDirectoryUsers(tx, first, [user.id]));
    expect(await account(user.account)).toMatchObject({ canonical: null });
    expect(await now(first, user)).toBeUndefined();
    await inTransaction(ctx, actor, (tx) => restoreDirectoryUsers(tx, first, [user.id]));
    expect(await account(user.account)).toMatchObject({ canonical: user.id });
    expect(await parked(user.account)).toBe(false);
  });

  test("a recycled user name gets the old account with nothing that was given locally", async () => {
    const user = await create(first, record("jsmith"));
    await administrator(user.account);
    await inTransaction(ctx, actor, (tx) => removeDirectoryUsers(tx, first, [user.id]));
    const other = await create(first, record("jsmith"));
    expect(other.account).toBe(user.account);
    expect(await parked(user.account)).toBe(true);
  });
});
