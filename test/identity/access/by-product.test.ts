import { describe, expect, test } from "vitest";
import { inTransaction, type Tx } from "../../../src/db/transaction.ts";
import { accessOf } from "../../../src/identity/access/access-of.ts";
import { changeGroupMembers } from "../../../src/identity/directory-groups/gathered-members.ts";
import { changeMembers } from "../../../src/identity/directory-groups/members.ts";
import { grantRole } from "../../../src/identity/grants.ts";
import { countSeats } from "../../../src/identity/seats.ts";
import { testContext } from "../../harness/postgres.ts";
import { makeOrganization } from "./organization.ts";
import { expectModel } from "./stored.ts";

const ctx = await testContext();
let count = 0;
const PEOPLE = 30;

/** Everybody is in `staff`, which has a role on `wiki`, and in `team`, which has none anywhere. */
async function company() {
  const org = await makeOrganization(ctx, `by-product-${++count}`);
  const directory = await org.directory("c");
  const [wiki, drive] = [await org.product("wiki"), await org.product("drive")];
  const [staff, team] = [await org.group(directory, "staff"), await org.group(directory, "team")];
  await org.grant(staff, wiki, "user");
  const people = [];
  for (let n = 0; n < PEOPLE; n++) people.push(await org.person(directory, `person-${n}`));
  for (const { id } of people) await org.join(directory, staff, id);
  return { org, directory, wiki, drive, staff, team, people };
}

/** Rows of a table that a transaction's statements have read so far. */
async function rowsRead(tx: Tx, table: string): Promise<number> {
  const [row] = await tx.query<{ read: number }>({
    text: `select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as read
      from pg_stat_xact_user_tables where schemaname = 'muster' and relname = $1`,
    values: [table],
  });
  return row?.read ?? 0;
}

describe("what does not grow with the organization", () => {
  test("R86, R144: a seat preview reads nobody's access, however many have a seat", async () => {
    const { org, wiki } = await company();
    await inTransaction(ctx, org.actor, async (tx) => {
      const before = await rowsRead(tx, "access");
      expect(await countSeats(tx, [wiki])).toMatchObject([{ seats: { used: PEOPLE } }]);
      expect((await rowsRead(tx, "access")) - before).toBe(0);
    });
  });

  test("R19: explaining a person reads their own access and nobody else's memberships", async () => {
    const { org, people } = await company();
    await inTransaction(ctx, org.actor, async (tx) => {
      const before = [await rowsRead(tx, "access"), await rowsRead(tx, "remote_memberships")];
      const { access } = await accessOf(tx, people[7]!.account);
      expect(access.find(({ product }) => product === "wiki")).toMatchObject({ role: "user", allowed: true });
      expect((await rowsRead(tx, "remote_memberships")) - before[1]!).toBe(1);
      expect((await rowsRead(tx, "access")) - before[0]!).toBeLessThanOrEqual(PEOPLE);
    });
  });

  test("R51: a grant to many is as many statements as one to few", async () => {
    const { org, drive, staff, directory } = await company();
    const few = await org.group(directory, "few");
    const statements = (group: typeof staff) =>
      org.alone(async (tx) => {
        let sent = 0;
        const query: Tx["query"] = (statement) => {
          sent++;
          return tx.query(statement);
        };
        const counting = { ...tx, query } as Tx;
        await grantRole(counting, { group, product: drive, role: "user" });
        return sent;
      });
    await org.join(directory, few, (await org.person(directory, "one-more")).id);
    expect(await statements(staff)).toBe(await statements(few));
    await expectModel(org.db, "granted");
  });
});

test("R51: who comes into a group that gives nothing is one audit row, and nobody's access is read", async () => {
  const { org, directory, team, people } = await company();
  await org.shared(async (tx) => {
    const audited = async () =>
      (await tx.query({ text: "select id from audit where organization = $1", values: [org.id] })).length;
    const before = [await rowsRead(tx, "access"), await audited()];
    const add = people.map(({ id }) => ({ group: team, member: id }));
    expect(await changeMembers(tx, directory, { add, remove: [] })).toMatchObject({ added: PEOPLE });
    expect([await rowsRead(tx, "access"), await audited()]).toEqual([before[0], before[1]! + 1]);
  });
  await expectModel(org.db, "in a group that gives nothing");
});

test("R51: who comes into a group, or leaves one, that stands two below one that gives, gains or loses by it, however it is written", async () => {
  const { org, directory, drive, people } = await company();
  const [outer, middle, inner] = [
    await org.group(directory, "outer"),
    await org.group(directory, "middle"),
    await org.group(directory, "inner"),
  ];
  await org.grant(outer, drive, "user");
  await org.nest(directory, outer, middle);
  await org.nest(directory, middle, inner);
  const ids = people.map(({ id }) => id);
  const seats = async () => (await countSeats(org.db, [drive]))[0]?.seats.used;
  await changeGroupMembers(ctx, org.actor, directory, inner, { add: ids, remove: [] });
  expect(await seats()).toBe(PEOPLE);
  await org.leave(directory, inner, ids[0]!);
  expect(await seats()).toBe(PEOPLE - 1);
  await changeGroupMembers(ctx, org.actor, directory, inner, { add: [], remove: ids });
  await org.join(directory, inner, ids[0]!);
  expect(await seats()).toBe(1);
  await expectModel(org.db, "two below");
});
