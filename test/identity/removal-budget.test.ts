import { beforeEach, describe, expect, test } from "vitest";
import { type GroupId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import type { MusterError } from "../../src/errors.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { changeMembers, replaceMembers } from "../../src/identity/directory-groups/members.ts";
import { changeNestings } from "../../src/identity/directory-groups/nestings.ts";
import { removeDirectoryGroups } from "../../src/identity/directory-groups/remove.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { removeDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { setSignUpDomains } from "../../src/identity/domains.ts";
import { grantRole } from "../../src/identity/grants.ts";
import {
  listRemovalBudgets,
  noteHeldRemovals,
  pruneRemovals,
  releaseDirectory,
} from "../../src/identity/removal-budget.ts";
import { testContext } from "../harness/postgres.ts";
import { person } from "../mail/world.ts";
import { groupOf, type Member, type Pushing, type RemovalWorld, removalWorld } from "./removal-world.ts";

const ctx = await testContext();
let world: RemovalWorld;

beforeEach(async () => {
  world = await removalWorld(ctx);
});

const held = { code: "held", message: expect.stringContaining("muster directory release okta --for 1h --reason TEXT") };

describe("what counts: the last access or an administrator's rights, whatever took them (design §7)", () => {
  let okta: Pushing;
  beforeEach(async () => {
    okta = await world.directory("okta", 4);
  });
  const names = (...places: number[]) => places.map((place) => okta.people[place]!.userName);

  test("a deactivation", async () => {
    await okta.deactivate(okta.people[1]!);
    expect(await okta.counted()).toEqual(names(1));
  });

  test("a deletion", async () => {
    await okta.push((tx) => removeDirectoryUsers(tx, okta.id, [okta.people[1]!.id]));
    expect(await okta.counted()).toEqual(names(1));
  });

  test("a member taken out of the group", async () => {
    const remove = [{ group: okta.group, member: okta.people[2]!.id }];
    await okta.push((tx) => changeMembers(tx, okta.id, { add: [], remove }));
    expect(await okta.counted()).toEqual(names(2));
  });

  test("members: []", async () => {
    await okta.push((tx) => replaceMembers(tx, okta.id, okta.group, []));
    expect(await okta.counted()).toEqual(names(0, 1, 2, 3));
  });

  test("a group deleted", async () => {
    await okta.push((tx) => removeDirectoryGroups(tx, okta.id, [okta.group]), "exclusive");
    expect(await okta.counted()).toEqual(names(0, 1, 2, 3));
  });

  test("a nesting undone", async () => {
    const inner = newId<GroupId>();
    await world.act(async (tx) => {
      await insertDirectoryGroups(tx, okta.id, [groupOf(inner, "inner")]);
      await changeNestings(tx, okta.id, { add: [{ parent: okta.group, child: inner }], remove: [] });
      await changeMembers(tx, okta.id, {
        add: [{ group: inner, member: okta.people[0]!.id }],
        remove: [{ group: okta.group, member: okta.people[0]!.id }],
      });
    });
    await okta.push(
      (tx) => changeNestings(tx, okta.id, { add: [], remove: [{ parent: okta.group, child: inner }] }),
      "exclusive",
    );
    expect(await okta.counted()).toEqual(names(0));
  });

  test("a rename that leaves the account behind", async () => {
    const other = await world.directory("entra", 1);
    const [mover] = okta.people;
    await okta.push((tx) => updateDirectoryUsers(tx, okta.id, [{ ...mover!, userName: other.people[0]!.userName }]));
    expect(await okta.counted()).toEqual(names(0));
  });

  test("a rename that takes the account along costs nobody anything", async () => {
    await okta.push((tx) => updateDirectoryUsers(tx, okta.id, [{ ...okta.people[0]!, userName: "renamed" }]));
    expect(await okta.counted()).toEqual([]);
  });

  test("an address outside of the sign-up domains", async () => {
    await world.act(async (tx) => {
      await setSignUpDomains(tx, ["example.com"]);
      await tx.query({
        text: "update directories set domain_policy = true where organization = $1 and id = $2",
        values: [tx.organization, okta.id],
      });
    });
    const inputs = [{ ...okta.people[3]!, email: "x@elsewhere.example" }];
    await okta.push((tx) => updateDirectoryUsers(tx, okta.id, inputs));
    expect(await okta.counted()).toEqual(names(3));
  });

  test("an inactive record that comes before the active one", async () => {
    const first = await world.directory("first");
    await world.act((tx) => orderDirectories(tx, ["first", "okta", "internal"]));
    await first.push((tx) => insertDirectoryUsers(tx, first.id, [person(names(2)[0]!, { active: false })]));
    expect([await first.counted(), await okta.counted()]).toEqual([names(2), []]);
  });

  test("not who keeps access to something, or never had any", async () => {
    const [kept, bare] = okta.people;
    await world.act(async (tx) => {
      const second = newId<GroupId>();
      await insertDirectoryGroups(tx, okta.id, [groupOf(second, "second")]);
      await grantRole(tx, { group: second, product: world.product, role: "user" });
      const remove = [{ group: okta.group, member: bare!.id }];
      await changeMembers(tx, okta.id, { add: [{ group: second, member: kept!.id }], remove });
    });
    const remove = [{ group: okta.group, member: kept!.id }];
    await okta.push((tx) => changeMembers(tx, okta.id, { add: [], remove }));
    await okta.deactivate(bare!);
    expect(await okta.counted()).toEqual([]);
  });

  test.each(["sync", "command", "api-token", "job"] as const)("not what a %s does", async (kind) => {
    const actor = { ...world.actor, kind, id: null };
    await inTransaction(ctx, actor, (tx) => updateDirectoryUsers(tx, okta.id, [{ ...okta.people[0]!, active: false }]));
    await inTransaction(ctx, actor, (tx) => suspendAccount(tx, okta.people[1]!.account, null));
    expect(await okta.counted()).toEqual([]);
  });

  test("an administrator's rights, without any access: while they are in force", async () => {
    const [boss] = okta.people;
    await world.act(async (tx) => {
      await replaceMembers(tx, okta.id, okta.group, []);
      await addAdministrator(tx, boss!.email!);
      // Who stays: the last one cannot be suspended.
      await addAdministrator(tx, "stays@example.com");
    });
    const inForce = async () =>
      (
        await world.db.query<{ yes: boolean }>({
          text: "select in_force as yes from rights where organization = $1 and account = $2",
          values: [world.organization, boss!.account],
        })
      ).map((row) => row.yes);
    expect(await inForce()).toEqual([true]);
    await okta.deactivate(boss!, okta.people[1]!);
    expect([await inForce(), await okta.counted()]).toEqual([[false], names(0)]);
    await okta.activate(boss!);
    expect(await inForce()).toEqual([true]);
    await world.act((tx) => suspendAccount(tx, boss!.account, null));
    expect(await inForce()).toEqual([false]);
    await world.owner(`delete from removals where organization = '${world.organization}'`);
    // They ended before, by somebody else.
    await okta.deactivate(boss!);
    expect(await okta.counted()).toEqual([]);
  });

  test("an administrator's rights that are parked because another record became canonical", async () => {
    const first = await world.directory("first");
    await world.act(async (tx) => {
      await replaceMembers(tx, okta.id, okta.group, []);
      await addAdministrator(tx, okta.people[0]!.email!);
      await orderDirectories(tx, ["first", "okta", "internal"]);
    });
    await first.push((tx) => insertDirectoryUsers(tx, first.id, [person(names(0)[0]!)]));
    expect(await first.counted()).toEqual(names(0));
  });
});

describe("at most 50 people in an hour, or a tenth", () => {
  const refusal = async (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (error: unknown) => error,
    );

  test("the request that crosses is refused with everything it did, tells how long to wait and what opens it", async () => {
    const okta = await world.directory("okta", 53);
    const [last, ...fifty] = okta.people.slice(0, 51);
    await okta.deactivate(...fifty);
    const before = await world.everything();
    expect(Object.keys(before)).toEqual(
      expect.arrayContaining(["access", "audit", "outbox", "removals", "directory_users"]),
    );
    const error = await refusal(okta.deactivate(last!));
    expect(error).toMatchObject(held);
    expect((error as { message: string }).message).toContain(
      "51 people within an hour, 1 of them by this request; at most 50 of its 53",
    );
    expect((error as { message: string }).message).toContain(`--org ${world.key}`);
    expect((error as { retryAfter: number }).retryAfter).toBeGreaterThan(3_500);
    expect((error as { retryAfter: number }).retryAfter).toBeLessThanOrEqual(3_600);
    expect(await world.everything()).toEqual(before);
    // What takes from nobody goes on.
    await okta.push((tx) => updateDirectoryUsers(tx, okta.id, [{ ...last!, displayName: "Still here" }]));
    // Who counts already counts once.
    await okta.activate(fifty[0]!);
    await okta.deactivate(fifty[0]!);
  });

  test("one request alone may be too much, and waiting does not help it", async () => {
    const okta = await world.directory("okta", 60);
    const before = await world.everything();
    for (const work of [
      () => okta.deactivate(...okta.people.slice(0, 51)),
      () => okta.push((tx) => replaceMembers(tx, okta.id, okta.group, [])),
      () => okta.push((tx) => removeDirectoryGroups(tx, okta.id, [okta.group]), "exclusive"),
      () =>
        okta.push((tx) =>
          removeDirectoryUsers(
            tx,
            okta.id,
            okta.people.map((each) => each.id),
          ),
        ),
    ])
      expect(await refusal(work())).toMatchObject({ ...held, retryAfter: 3_600 });
    expect(await world.everything()).toEqual(before);
    await okta.deactivate(...okta.people.slice(0, 50));
  });

  test("what an administrator released passes and still counts", async () => {
    const okta = await world.directory("okta", 55);
    expect(await refusal(okta.deactivate(...okta.people))).toMatchObject(held);
    const until = await world.act((tx) => releaseDirectory(tx, okta.id, 3600, "the team is sold"), "none");
    expect(until.getTime()).toBeGreaterThan(Date.now());
    await okta.deactivate(...okta.people.slice(0, 54));
    expect(await okta.counted()).toHaveLength(54);
    await world.owner(`update directories set released_until = now() where id = '${okta.id}'`);
    expect(await refusal(okta.deactivate(okta.people[54]!))).toMatchObject(held);
    const [audited] = await world.db.query<{ detail: object }>({
      text: "select detail from audit where organization = $1 and action = 'directory.released'",
      values: [world.organization],
    });
    expect(audited?.detail).toMatchObject({ reason: "the team is sold" });
  });

  test("a release is of a SCIM directory, for a day at most, with a reason", async () => {
    const okta = await world.directory("okta");
    const release = (seconds: number, reason: string) =>
      refusal(world.act((tx) => releaseDirectory(tx, okta.id, seconds, reason), "none"));
    expect(await release(86_401, "x")).toMatchObject({ code: "invalid", at: "for" });
    expect(await release(60, " ")).toMatchObject({ code: "invalid", at: "reason" });
    expect(await release(86_400, "x")).toBeUndefined();
    const [internal] = await world.db.query<{ id: typeof okta.id }>({
      text: "select id from directories where organization = $1 and kind = 'internal'",
      values: [world.organization],
    });
    const wrong = world.act((tx) => releaseDirectory(tx, internal!.id, 60, "x"), "none");
    expect(await refusal(wrong)).toMatchObject({ code: "invalid" });
    const unknown = world.act((tx) => releaseDirectory(tx, newId(), 60, "x"), "none");
    expect(await refusal(unknown)).toMatchObject({ code: "not-found" });
  });

  test("a small organization can be emptied", async () => {
    const okta = await world.directory("okta", 50);
    await okta.push((tx) => removeDirectoryGroups(tx, okta.id, [okta.group]), "exclusive");
    expect(await okta.counted()).toHaveLength(50);
  });

  test("of 700 people 70 may go; people whom a token brought within the hour do not raise that", async () => {
    const okta = await world.directory("okta", 700);
    await okta.deactivate(...okta.people.slice(0, 69));
    await okta.deactivate(okta.people[69]!);
    expect(await refusal(okta.deactivate(okta.people[70]!))).toMatchObject(held);
    // The same, long after the directory was made.
    await world.owner(
      `delete from removals where organization = '${world.organization}'`,
      `delete from removal_budgets where organization = '${world.organization}'`,
      `update directories set created_at = now() - interval '3 hours' where id = '${okta.id}'`,
      `update access set admitted_at = now() - interval '2 hours' where organization = '${world.organization}'`,
    );
    await okta.grow(300, "fresh-");
    expect((await listRemovalBudgets(world.db))[0]).toMatchObject({ base: 630, budget: 63, gone: 0 });
    expect(await refusal(okta.deactivate(...okta.people.slice(100, 164)))).toMatchObject(held);
    await okta.deactivate(...okta.people.slice(100, 163));
    // Those who went are still part of what the tenth is taken of.
    expect((await listRemovalBudgets(world.db))[0]).toMatchObject({ base: 630, budget: 63, gone: 63, lost: 63 });
  });

  test("the window rolls: each person weighs for an hour, and the wait is told exactly", async () => {
    const okta = await world.directory("okta", 60);
    await okta.deactivate(...okta.people.slice(0, 50));
    const age = (places: number[], minutes: number) =>
      world.owner(
        `update removals set at = now() - interval '${minutes} minutes' where account in
          (${places.map((place) => `'${okta.people[place]!.account}'`).join()})`,
        `delete from removal_budgets where organization = '${world.organization}'`,
      );
    await age([3], 50);
    await age([4, 5], 40);
    const waits = async (...places: number[]) =>
      ((await refusal(okta.deactivate(...places.map((place) => okta.people[place]!)))) as { retryAfter: number })
        .retryAfter;
    const soon = async (wait: Promise<number>, seconds: number) => {
      expect(await wait).toBeGreaterThan(seconds - 120);
      expect(await wait).toBeLessThanOrEqual(seconds);
    };
    await soon(waits(50), 600);
    await soon(waits(50, 51), 1200);
    await soon(waits(50, 51, 52, 53), 3600);
    await age([3, 4, 5], 61);
    await okta.deactivate(okta.people[50]!, okta.people[51]!, okta.people[52]!);
    expect(await refusal(okta.deactivate(okta.people[53]!))).toMatchObject(held);
  });

  test("who has access again weighs no more, but was counted", async () => {
    const okta = await world.directory("okta", 80);
    await okta.deactivate(...okta.people.slice(0, 50));
    await okta.activate(...okta.people.slice(0, 20));
    await okta.deactivate(...okta.people.slice(50, 70));
    expect(await refusal(okta.deactivate(okta.people[70]!))).toMatchObject(held);
    expect((await listRemovalBudgets(world.db))[0]).toMatchObject({ lost: 70, gone: 50 });
    // And weighs again when it is lost again.
    expect(await refusal(okta.deactivate(okta.people[0]!))).toMatchObject(held);
  });

  test("any number may be taken out and brought back at once, one after the other", async () => {
    const okta = await world.directory("okta", 130);
    for (const member of okta.people) {
      await okta.deactivate(member);
      await okta.activate(member);
    }
    expect((await listRemovalBudgets(world.db))[0]).toMatchObject({ lost: 130, gone: 0, budget: 50 });
  });

  test("an administrator who is back weighs no more", async () => {
    const okta = await world.directory("okta", 52);
    const [boss, ...others] = okta.people;
    await world.act(async (tx) => {
      await changeMembers(tx, okta.id, { add: [], remove: [{ group: okta.group, member: boss!.id }] });
      await addAdministrator(tx, boss!.email!);
    });
    await okta.deactivate(boss!, ...others.slice(0, 49));
    expect(await refusal(okta.deactivate(others[49]!))).toMatchObject(held);
    await okta.activate(boss!);
    await okta.deactivate(others[49]!);
    expect(await refusal(okta.deactivate(boss!))).toMatchObject(held);
  });

  test("what one transaction takes in several steps is added up; moves inside of it are not", async () => {
    const okta = await world.directory("okta", 60);
    const error = refusal(
      okta.push(async (tx) => {
        for (const member of okta.people.slice(0, 51))
          await updateDirectoryUsers(tx, okta.id, [{ ...member, active: false }]);
      }),
    );
    expect(await error).toMatchObject(held);
    expect(await okta.counted()).toEqual([]);
    const second = newId<GroupId>();
    await world.act(async (tx) => {
      await insertDirectoryGroups(tx, okta.id, [groupOf(second, "second")]);
      await grantRole(tx, { group: second, product: world.product, role: "user" });
    });
    const change = (group: GroupId) => okta.people.map((each) => ({ group, member: each.id }));
    await okta.push((tx) => changeMembers(tx, okta.id, { add: change(second), remove: change(okta.group) }));
    expect(await okta.counted()).toEqual([]);
  });

  test("each directory has a budget of its own, each organization its directories", async () => {
    const [okta, entra] = [await world.directory("okta", 55), await world.directory("entra", 55)];
    const elsewhere = await removalWorld(ctx);
    const foreign = await elsewhere.directory("okta", 55);
    await okta.deactivate(...okta.people.slice(0, 50));
    expect(await refusal(okta.deactivate(okta.people[50]!))).toMatchObject(held);
    await entra.deactivate(...entra.people.slice(0, 50));
    await foreign.deactivate(...foreign.people.slice(0, 50));
    await world.act((tx) => releaseDirectory(tx, entra.id, 60, "x"), "none");
    await entra.deactivate(entra.people[50]!);
    expect(await refusal(okta.deactivate(okta.people[50]!))).toMatchObject(held);
    expect((await listRemovalBudgets(elsewhere.db)).map((each) => each.gone)).toEqual([50]);
    const unknown = elsewhere.act((tx) => releaseDirectory(tx, okta.id, 60, "x"), "none");
    expect(await refusal(unknown)).toMatchObject({ code: "not-found" });
  });

  test("a token that nobody has takes nothing", async () => {
    const okta = await world.directory("okta", 1);
    const actor = { organization: world.organization, kind: "scim-token" as const, id: newId(), requestId: null };
    const work = inTransaction(ctx, actor, (tx) => removeDirectoryUsers(tx, okta.id, [okta.people[0]!.id]));
    expect(await refusal(work)).toMatchObject({ code: "unavailable" });
    const [user] = await world.db.query({
      text: "select 1 from directory_users where organization = $1 and deleted_at is null and directory = $2",
      values: [world.organization, okta.id],
    });
    expect(user).toBeDefined();
  });
});

describe("requests at the same moment", () => {
  /** A directory that seems to have `base` people, and to have taken from `gone` more. */
  async function pretend(okta: Pushing, base: number, gone: number): Promise<void> {
    await world.owner(
      `insert into removals (organization, directory, account, at, of_access)
        select '${world.organization}', '${okta.id}', gen_random_uuid(), now() - interval '1 minute', true
        from generate_series(1, ${gone})`,
      `insert into removal_budgets (organization, directory, base, base_at, gone, counted_at)
        select '${world.organization}', '${okta.id}', ${base}, now(), count(*), now()
        from removals where directory = '${okta.id}'
        on conflict on constraint removal_budgets_pk do update set base = excluded.base, base_at = now(),
          gone = excluded.gone, counted_at = now()`,
    );
  }
  /** Deactivates, and commits when told to. */
  function slowly(okta: Pushing, member: Member) {
    const { promise: told, resolve: commit } = Promise.withResolvers<void>();
    const { promise: reconciled, resolve: ready } = Promise.withResolvers<void>();
    const done = okta.push(async (tx) => {
      await updateDirectoryUsers(tx, okta.id, [{ ...member, active: false }]);
      ready();
      await told;
    });
    return { reconciled, commit, done };
  }
  const somebodyWaits = () =>
    expect
      .poll(async () =>
        world.owner(
          "select 1 from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
        ),
      )
      .toHaveLength(1);
  /** One person in 256 makes somebody count, and so be alone. */
  async function notCounting(okta: Pushing): Promise<Member[]> {
    const counting = await world.owner(
      `select id from accounts where uuid_hash(id) & 255 = 0 and organization = '${world.organization}'`,
    );
    return okta.people.filter((each) => !counting.some((row) => row.id === each.account));
  }

  /** What may be on its way unseen: on each connection as many people as may leave together without waiting for others. */
  const crowd = async () =>
    (
      await world.db.query<{ count: number }>({
        text: "select 8 * current_setting('max_connections')::integer as count",
      })
    )[0]!.count;

  test.each([
    ["a small directory", 0, 0, 50],
    ["a large one near its end", 10_000, 985, 15],
  ])("64 parallel removals in %s never take more than there is", async (_, base, gone, free) => {
    const okta = await world.directory("okta", 64);
    if (base > 0) await pretend(okta, base, gone);
    const outcomes = await Promise.all(
      okta.people.map((member) =>
        okta.deactivate(member).then(
          () => "done",
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(outcomes.filter((each) => each === "done")).toHaveLength(free);
    expect(outcomes.filter((each) => each === "held")).toHaveLength(64 - free);
    expect(await okta.counted()).toHaveLength(free);
  });

  test("also where those who need not wait for each other meet those who must", async () => {
    const okta = await world.directory("okta", 64);
    const alone = 10 + 2;
    const budget = 2 * (await crowd()) + alone;
    await pretend(okta, budget * 10, 0);
    await Promise.all(okta.people.slice(0, 32).map((member) => okta.deactivate(member)));
    await pretend(okta, budget * 10, budget - 32 - 10);
    const outcomes = await Promise.allSettled(okta.people.slice(32).map((member) => okta.deactivate(member)));
    expect(outcomes.filter((each) => each.status === "fulfilled")).toHaveLength(10);
    expect((await listRemovalBudgets(world.db))[0]).toMatchObject({ lost: budget });
  });

  test("far from its budget a directory's requests do not wait for each other's commit; near it they do", async () => {
    const okta = await world.directory("okta", 12);
    const [a, b, c, d] = (await notCounting(okta)) as [Member, Member, Member, Member];
    await pretend(okta, 100_000, 0);
    const far = slowly(okta, a);
    await far.reconciled;
    await okta.deactivate(b);
    far.commit();
    await far.done;
    await world.owner(`delete from removal_budgets where organization = '${world.organization}'`);
    const near = slowly(okta, c);
    await near.reconciled;
    const waiting = okta.deactivate(d);
    await somebodyWaits();
    near.commit();
    await Promise.all([near.done, waiting]);
    expect(await okta.counted()).toHaveLength(4);
  });

  test("who is near waits for whoever was far, and counts him", async () => {
    const okta = await world.directory("okta", 12);
    const [a, b] = (await notCounting(okta)) as [Member, Member];
    await pretend(okta, 100_000, 49);
    const far = slowly(okta, a);
    await far.reconciled;
    await world.owner(
      `update removal_budgets set base = 500, counted_at = now() - interval '30 seconds' where directory = '${okta.id}'`,
    );
    const waiting = okta.deactivate(b).catch((error: unknown) => error);
    await somebodyWaits();
    far.commit();
    await far.done;
    expect(await waiting).toMatchObject(held);
  });

  test("what came since the last count weighs, however much that is", async () => {
    const okta = await world.directory("okta", 14);
    const budget = 2 * (await crowd()) + 2_100;
    await pretend(okta, budget * 10, 0);
    await world.owner(
      `update removal_budgets set counted_at = now() - interval '1 minute' where directory = '${okta.id}'`,
      `insert into removals (organization, directory, account, at, of_access)
        select '${world.organization}', '${okta.id}', gen_random_uuid(), clock_timestamp(), true
        from generate_series(1, ${budget - 10})`,
    );
    const two = await Promise.all(okta.people.slice(0, 2).map((member) => okta.deactivate(member)));
    expect(two).toHaveLength(2);
    for (const member of okta.people.slice(2, 10)) await okta.deactivate(member);
    await expect(okta.deactivate(okta.people[10]!)).rejects.toMatchObject(held);
  });

  test("after many removals it is counted anew, and the memory may be wrong or gone", async () => {
    const okta = await world.directory("okta", 10);
    await pretend(okta, 100_000, 0);
    await world.owner(
      `update removal_budgets set counted_at = now() - interval '1 minute' where directory = '${okta.id}'`,
      `insert into removals (organization, directory, account, at, of_access)
        select '${world.organization}', '${okta.id}', gen_random_uuid(), clock_timestamp(), true from generate_series(1, 501)`,
    );
    // More than may leave without waiting for others.
    await okta.deactivate(...okta.people.slice(0, 9));
    const [row] = await world.db.query<{ gone: number }>({
      text: "select gone from removal_budgets where organization = $1",
      values: [world.organization],
    });
    expect(row?.gone).toBe(510);
    await world.owner(
      `update removal_budgets set counted_at = now() - interval '6 minutes', base_at = now() - interval '6 minutes'`,
    );
    // The accounts of those rows do not exist, so nobody of them has it again; and the directory has ten people.
    await expect(okta.deactivate(okta.people[9]!)).rejects.toMatchObject(held);
  });
});

describe("a refused request is remembered", () => {
  const news = () =>
    world.db.query({
      text: "select subject from audit where organization = $1 and action = 'directory.removals-held'",
      values: [world.organization],
    });

  test("once an hour in the audit, with figures that serve the next ones", async () => {
    const okta = await world.directory("okta", 52);
    await okta.deactivate(...okta.people.slice(0, 50));
    const error = (await okta.deactivate(okta.people[50]!).catch((each: unknown) => each)) as MusterError;
    const note = () => noteHeldRemovals(ctx, world.actor, okta.id, error);
    expect([await note(), await note(), await note()]).toEqual([true, false, false]);
    expect(await news()).toEqual([{ subject: okta.id }]);
    expect((await listRemovalBudgets(world.db))[0]).toMatchObject({ heldAt: expect.any(Date), gone: 50, budget: 50 });
    // Within five seconds it is believed, even if it is wrong.
    await world.owner(
      `update removal_budgets set held_at = now() where directory = '${okta.id}'`,
      `update removals set at = now() - interval '2 hours' where directory = '${okta.id}'`,
    );
    await expect(okta.deactivate(okta.people[50]!)).rejects.toMatchObject(held);
    await world.owner(
      `update removal_budgets set held_at = now() - interval '6 seconds' where directory = '${okta.id}'`,
    );
    await okta.deactivate(okta.people[50]!);
    await world.owner(`update removal_budgets set held_at = now() - interval '2 hours' where directory = '${okta.id}'`);
    expect(await note()).toBe(true);
    expect(await news()).toHaveLength(2);
  });
});

test("removals are forgotten after a day", async () => {
  const okta = await world.directory("okta", 3);
  await okta.deactivate(...okta.people);
  await world.owner(
    `update removals set at = now() - interval '25 hours' where account = '${okta.people[0]!.account}'`,
    `update removals set at = now() - interval '23 hours' where account = '${okta.people[1]!.account}'`,
  );
  expect(await world.act(pruneRemovals, "none")).toBe(1);
  expect(await world.act(pruneRemovals, "none")).toBe(0);
});
