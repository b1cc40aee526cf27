import { describe, expect, test } from "vitest";
import { type DirectoryUserId, newId } from "../../../src/db/id.ts";
import { type Actor, inTransaction } from "../../../src/db/transaction.ts";
import { suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { addAdministrator } from "../../../src/identity/administrators.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { setDirectoryUserActive } from "../../../src/identity/directory-users/write.ts";
import { createToken } from "../../../src/identity/tokens.ts";
import { testContext } from "../../harness/postgres.ts";
import { random } from "../../harness/random.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { expectModel } from "../access/stored.ts";
import { type Pushing, type RemovalWorld, removalWorld } from "../removal-world.ts";

const ctx = await testContext();
const PEOPLE = 14;

type Step = { id: DirectoryUserId; active: boolean; request: string; token: number };

/** One SCIM directory with two tokens, of whose people some are suspended, gone, administrators or in another directory too. */
async function madeWorld() {
  const world = await removalWorld(ctx);
  const other = await world.directory("other");
  const okta = await world.directory("okta");
  await okta.grow(PEOPLE, "somebody-");
  const [shared] = await other.grow(1, "somebody-");
  const people = okta.people.map((member) => member.id);
  const [, , suspended, gone, administrator] = okta.people;
  await world.act(async (tx) => {
    await suspendAccount(tx, suspended!.account, "because");
    await removeDirectoryUsers(tx, okta.id, [gone!.id]);
    await addAdministrator(tx, administrator!.email!);
  });
  const tokens: string[] = await Promise.all(
    [0, 1].map(() => world.act(async (tx) => (await createToken(tx, { directory: okta.id })).id)),
  );
  return { world, okta, tokens, ids: [...people, shared!.id, newId<DirectoryUserId>()] };
}

type Made = Awaited<ReturnType<typeof madeWorld>>;

function actorOf({ world, tokens }: Made, step: Step): Actor {
  return { organization: world.organization, kind: "scim-token", id: tokens[step.token]!, requestId: step.request };
}

/** As a request does it. */
const asRequest = (made: Made, step: Step) =>
  setDirectoryUserActive(ctx, actorOf(made, step), made.okta.id, step.id, step.active, { groups: true });

/** By the function for one, and nobody beside it. */
async function byItself(made: Made, step: Step) {
  const { organization, kind, id, requestId } = actorOf(made, step);
  const [row] = await made.world.db.query<{ outcome: string; version: number; userName: string }>({
    text: `select outcome, version, user_name as "userName" from set_directory_user_active($1, $2, $3, $4, $5, $6, $7)`,
    values: [organization, made.okta.id, step.id, step.active, kind, id, requestId],
  });
  return row!;
}

/** What an organization keeps of all that, without what is its own: ids and times. */
async function traces({ world, tokens }: Made) {
  const ask = (text: string) => world.db.query<Record<string, unknown>>({ text, values: [world.organization] });
  const name =
    "coalesce((select u.user_name from directory_users u where u.organization = $1 and u.id = t.subject), " +
    "(select a.user_name from accounts a where a.organization = $1 and a.id = t.subject))";
  const audit = await ask(`select ${name} as who, action, actor_kind, actor, request_id, subject_kind,
      detail - '{directory,product}'::text[] as detail
    from audit t where organization = $1 and actor_kind = 'scim-token' order by 1, id`);
  return {
    records: await ask(`select user_name, directory = (select id from directories d where d.organization = $1
      and d.name = 'okta') as okta, active, version from directory_users where organization = $1 order by 1, 2`),
    access: await ask(`select a.user_name, x.role, x.state, x.directory_user is not null as remote from access x
      join accounts a on a.organization = x.organization and a.id = x.account where x.organization = $1 order by 1`),
    rights: await ask("select bundle, in_force from rights where organization = $1 order by 1"),
    removals: await ask(`select a.user_name, r.of_access from removals r
      join accounts a on a.organization = r.organization and a.id = r.account where r.organization = $1 order by 1`),
    audit: audit.map((row) => ({ ...row, actor: tokens.indexOf(String(row.actor)) })),
    events: await ask(`select ${name} as who, kind, subject_kind, data - '{directory,product}'::text[] as data
      from outbox t where organization = $1 and kind ~ '^(access|directory-user.updated)' order by 1, id`),
  };
}

const shownOf = (answer: Awaited<ReturnType<typeof asRequest>>) =>
  answer.outcome === "gone"
    ? { outcome: "gone" }
    : { outcome: answer.outcome, version: answer.user.version, userName: answer.user.userName };

/** How often the function for several ran, with how many. */
async function counting<T>(made: Made, work: () => Promise<T>): Promise<{ transactions: number; result: T }> {
  const count = async () => {
    const [row] = await made.world.db.query<{ count: number }>({
      text: `select count(distinct transaction)::int as count from audit
        where organization = $1 and action = 'directory-user.updated'`,
      values: [made.world.organization],
    });
    return row!.count;
  };
  const before = await count();
  const result = await work();
  return { transactions: (await count()) - before, result };
}

describe("changes of one moment", () => {
  test("are answered and kept as if each had come by itself, whatever comes when", async () => {
    const next = random(seed);
    const pick = (below: number) => Math.floor(next() * below);
    let together = 0;
    for (let round = 0; round < scaled(40); round++) {
      const [one, other] = [await madeWorld(), await madeWorld()];
      const steps = Array.from({ length: 60 }, (_, place) => ({
        place: pick(one.ids.length),
        active: next() < 0.4,
        token: pick(2),
        request: `request-${place}`,
        wait: next() < 0.8 ? 0 : pick(6),
      }));
      const { transactions, result } = await counting(one, async () => {
        const answers: Promise<Awaited<ReturnType<typeof asRequest>>>[] = [];
        for (const { place, wait, ...step } of steps) {
          answers.push(asRequest(one, { ...step, id: one.ids[place]! }));
          for (let turn = 0; turn < wait; turn++) await new Promise(setImmediate);
        }
        return (await Promise.all(answers)).map(shownOf);
      });
      const expected: object[] = [];
      for (const { place, wait: _, ...step } of steps) {
        const { outcome, ...row } = await byItself(other, { ...step, id: other.ids[place]! });
        expected.push(outcome === "gone" ? { outcome } : { outcome, ...row });
      }
      expect(result).toEqual(expected);
      expect(await traces(one)).toEqual(await traces(other));
      await expectModel(one.world.db, `round ${round}`);
      if (transactions < result.filter((answer) => answer.outcome === "written").length) together++;
    }
    expect(together).toBe(scaled(40));
  });

  test("are one transaction for every eight people", async () => {
    const made = await madeWorld();
    const steps = made.ids.slice(5, 13).map((id, place) => ({ id, active: false, request: `r${place}`, token: 0 }));
    const { transactions, result } = await counting(made, () =>
      Promise.all(steps.map((step) => asRequest(made, step))),
    );
    expect(result.map((answer) => answer.outcome)).toEqual(steps.map(() => "written"));
    expect(transactions).toBe(1);
  });
});

describe("who cannot be changed now does not hold up the others", () => {
  const holding = async (made: Made, text: string, values: unknown[]) => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: holds } = Promise.withResolvers<void>();
    const done = inTransaction(ctx, made.world.actor, async (tx) => {
      await tx.query({ text, values: [made.world.organization, ...values] });
      holds();
      await released;
    });
    await held;
    return async () => {
      release();
      await done;
    };
  };

  test.each([
    ["the record", "select from directory_users where organization = $1 and id = $2 for no key update", "id"],
    ["the account", "select from accounts where organization = $1 and id = $2 for no key update", "account"],
  ] as const)("%s is held by somebody else", async (_, text, key) => {
    const made = await madeWorld();
    const [held, ...others] = made.okta.people.slice(5, 11);
    const release = await holding(made, text, [held![key]]);
    const stepOf = (id: DirectoryUserId, active = false): Step => ({ id, active, request: "r", token: 0 });
    let isDone = false;
    const waiting = asRequest(made, stepOf(held!.id)).finally(() => {
      isDone = true;
    });
    // Behind him, of the same person.
    const again = asRequest(made, stepOf(held!.id, true));
    const answers = await Promise.all(others.map((other) => asRequest(made, stepOf(other.id))));
    expect(answers.map((answer) => answer.outcome)).toEqual(others.map(() => "written"));
    expect(isDone).toBe(false);
    await release();
    expect(shownOf(await waiting)).toMatchObject({ outcome: "written", version: 2 });
    expect(shownOf(await again)).toMatchObject({ outcome: "written", version: 3 });
  });
});

describe("what concerns several at once makes them come one by one", () => {
  const states = async (world: RemovalWorld) => {
    const rows = await world.db.query<{ state: string; count: number }>({
      text: "select state, count(*)::int as count from access where organization = $1 group by 1 order by 1",
      values: [world.organization],
    });
    return Object.fromEntries(rows.map((row) => [row.state, row.count]));
  };
  const all = (made: Made, okta: Pushing, active: boolean) =>
    Promise.all(
      okta.people.slice(5, 13).map(({ id }, place) => asRequest(made, { id, active, request: `r${place}`, token: 0 })),
    );

  test("seats: nobody is admitted above the limit, and each admission names the request that freed the seat", async () => {
    const made = await madeWorld();
    const { world, okta } = made;
    await all(made, okta, false);
    await world.act((tx) =>
      tx.query({
        text: "update products set seats = 8, seat_enforcement = 'block' where organization = $1",
        values: [world.organization],
      }),
    );
    const before = await states(world);
    const { transactions } = await counting(made, () => all(made, okta, true));
    expect(transactions).toBe(8);
    const free = 8 - before.live!;
    expect(await states(world)).toEqual({ live: 8, "no-seat": 8 - free });
    const { transactions: freeing } = await counting(made, () => all(made, okta, false));
    expect(freeing).toBe(8);
    await expectModel(world.db, "after the seats were freed");
  });

  test("the removal budget: as many as it lets pass, the others are told so", async () => {
    const world = await removalWorld(ctx);
    const okta = await world.directory("okta", 70);
    const token = await world.act(async (tx) => (await createToken(tx, { directory: okta.id })).id);
    const made = { world, okta, tokens: [token], ids: [] };
    const outcomes = await Promise.all(
      okta.people.map(({ id }) =>
        asRequest(made, { id, active: false, request: "r", token: 0 }).then(
          (answer) => answer.outcome,
          (error: { code: string }) => error.code,
        ),
      ),
    );
    expect(outcomes.filter((each) => each === "written")).toHaveLength(50);
    expect(outcomes.filter((each) => each === "held")).toHaveLength(20);
    expect(await okta.counted()).toHaveLength(50);
  });
});
