import { describe, expect, test } from "vitest";
import { type DirectoryUserId, type GroupId, newId } from "../../../src/db/id.ts";
import { type Actor, inTransaction } from "../../../src/db/transaction.ts";
import { changeGroupMembers } from "../../../src/identity/directory-groups/gathered-members.ts";
import { changeNestings } from "../../../src/identity/directory-groups/nestings.ts";
import { insertDirectoryGroups } from "../../../src/identity/directory-groups/write.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { grantRole } from "../../../src/identity/grants.ts";
import { createProduct } from "../../../src/identity/products.ts";
import { resolveSite } from "../../../src/identity/sites.ts";
import { createToken } from "../../../src/identity/tokens.ts";
import { testContext } from "../../harness/postgres.ts";
import { random } from "../../harness/random.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { expectModel } from "../access/stored.ts";
import { groupOf, removalWorld } from "../removal-world.ts";

const ctx = await testContext();
const PEOPLE = 24;

/** Members and groups by their places in the world's lists. */
type Step = { group: number; add: number[]; remove: number[]; request: string; token: number; wait: number };

/** A directory whose groups give roles, one above another; with somebody gone, and things that are not there. */
async function madeWorld() {
  const world = await removalWorld(ctx);
  const okta = await world.directory("okta");
  const other = await world.directory("other");
  await other.grow(1, "elsewhere-");
  await okta.grow(PEOPLE, "somebody-");
  const [child, parent, admins] = [newId<GroupId>(), newId<GroupId>(), newId<GroupId>()];
  const made = await world.act(async (tx) => {
    await removeDirectoryUsers(tx, okta.id, [okta.people[0]!.id]);
    await insertDirectoryGroups(tx, okta.id, [
      groupOf(child, "child"),
      groupOf(parent, "parent"),
      groupOf(admins, "admins"),
    ]);
    await changeNestings(tx, okta.id, { add: [{ parent, child }], remove: [] });
    const wiki = await createProduct(tx, await resolveSite(tx, undefined), { key: "drive" });
    await grantRole(tx, { group: parent, product: wiki.id, role: "user" });
    await grantRole(tx, { group: admins, product: world.product, role: "admin" });
    const token = async () => (await createToken(tx, { directory: okta.id })).id;
    return [await token(), await token()];
  });
  return {
    world,
    okta,
    tokens: made,
    groups: [okta.group, child, parent, admins, other.group, newId<GroupId>()],
    members: [
      ...okta.people.map((member) => member.id),
      other.people[0]!.id,
      newId<DirectoryUserId>(),
      child as string as DirectoryUserId,
    ],
  };
}

type Made = Awaited<ReturnType<typeof madeWorld>>;

const actorOf = ({ world, tokens }: Made, step: Step): Actor => ({
  organization: world.organization,
  kind: "scim-token",
  id: tokens[step.token]!,
  requestId: step.request,
});
const changeOf = ({ members }: Made, step: Step) => ({
  add: step.add.map((place) => members[place]!),
  remove: step.remove.map((place) => members[place]!),
});

async function asRequest(made: Made, step: Step): Promise<object> {
  const done = await changeGroupMembers(
    ctx,
    actorOf(made, step),
    made.okta.id,
    made.groups[step.group]!,
    changeOf(made, step),
  );
  if (done.outcome !== "unknown") return done;
  return { outcome: "unknown", ids: done.ids.map((id) => made.members.indexOf(id as DirectoryUserId)).sort() };
}

/** By the function for one, and nobody beside it. */
async function byItself(made: Made, step: Step): Promise<object> {
  const { organization, kind, id, requestId } = actorOf(made, step);
  const { add, remove } = changeOf(made, step);
  const [row] = await made.world.db.query<{ outcome: string; unknown: DirectoryUserId[]; version: number }>({
    text: `select outcome, version, added, removed, unknown
      from change_members($1, $2, $3, $4::uuid[], $5::uuid[], null, $6, $7, $8)`,
    values: [organization, made.okta.id, made.groups[step.group], add, remove, kind, id, requestId],
  });
  const { unknown, ...rest } = row!;
  if (rest.outcome === "written") return rest;
  if (rest.outcome === "gone") return { outcome: "gone" };
  return { outcome: "unknown", ids: unknown.map((each) => made.members.indexOf(each)).sort() };
}

/** What an organization keeps of all that, without what is its own: ids and times. */
async function traces({ world, tokens, members, groups }: Made) {
  const ask = (text: string) => world.db.query<Record<string, unknown>>({ text, values: [world.organization] });
  const places = (ids: unknown) => (ids as DirectoryUserId[]).map((id) => members.indexOf(id)).sort();
  const told = (row: Record<string, unknown>) => {
    const { added, removed, directory: _, product: __, ...rest } = row.detail as Record<string, unknown>;
    return { ...row, detail: added ? { added: places(added), removed: places(removed) } : rest };
  };
  const who = `coalesce((select g.name from groups g where g.organization = $1 and g.id = t.subject),
    (select a.user_name from accounts a where a.organization = $1 and a.id = t.subject))`;
  const order = "who, case when action like 'access.%' then id else 0 end, request_id";
  const audit = await ask(`select * from (select ${who} as who, action, actor, request_id, detail, id from audit t
    where organization = $1 and actor_kind = 'scim-token') a order by ${order}`);
  const events = await ask(`select ${who} as who, kind, data as detail from outbox t
    where organization = $1 and transaction in (select a.transaction from audit a
      where a.organization = $1 and a.actor_kind = 'scim-token') order by 1, id`);
  const inNoOrder = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
  const memberships = await ask("select group_id, directory_user from remote_memberships where organization = $1");
  return {
    memberships: memberships
      .map(
        (row) => `${groups.indexOf(row.group_id as GroupId)} ${members.indexOf(row.directory_user as DirectoryUserId)}`,
      )
      .sort(),
    versions: await ask("select display_name, version from directory_groups where organization = $1 order by 1"),
    // Through which group is for the model to say: among equals the ids decide.
    access: await ask(`select a.user_name, p.key, x.role, x.state from access x
      join accounts a on a.organization = x.organization and a.id = x.account
      join products p on p.organization = x.organization and p.id = x.product where x.organization = $1 order by 1, 2`),
    audit: audit.map(({ id: _, ...row }) => ({ ...told(row), actor: (tokens as string[]).indexOf(String(row.actor)) })),
    events: events.filter((row) => String(row.kind).startsWith("access.")).map(told),
    changes: inNoOrder(events.filter((row) => !String(row.kind).startsWith("access.")).map(told)),
  };
}

/** Which of several in flight comes first is nobody's business: who is done alone comes after the others. */
const unordered = (answer: object) => {
  const { version: _, ...rest } = answer as { version?: number };
  return rest;
};

const ofGroups = (rows: readonly Record<string, unknown>[]) =>
  rows.filter((row) => !String(row.action).startsWith("access."));

describe("changes of members that come at one moment", () => {
  test.each([
    ["nobody in two of them", false],
    ["the same people in many", true],
  ])("%s: answered and kept as if each had come by itself", async (_, overlaps) => {
    const next = random(seed + Number(overlaps));
    const pick = (below: number) => Math.floor(next() * below);
    for (let round = 0; round < scaled(30); round++) {
      const [one, other] = [await madeWorld(), await madeWorld()];
      for (let wave = 0; wave < 6; wave++) {
        const free = Array.from({ length: one.members.length }, (_, place) => place);
        const someone = () => (overlaps ? pick(one.members.length) : free.splice(pick(free.length), 1)[0]!);
        const some = () => [...new Set(Array.from({ length: pick(3) }, someone))];
        const steps: Step[] = Array.from({ length: 12 }, (_, place) => {
          // Mostly one group, as a provider works through it.
          const group = next() < 0.5 ? 0 : pick(one.groups.length);
          const add = free.length > 3 ? some() : [];
          const remove = free.length > 3 ? some().filter((each) => !add.includes(each)) : [];
          return { group, add, remove, request: `${wave}-${place}`, token: pick(2), wait: next() < 0.8 ? 0 : pick(5) };
        });
        const answers: Promise<object>[] = [];
        for (const step of steps) {
          answers.push(asRequest(one, step));
          for (let turn = 0; turn < step.wait; turn++) await new Promise(setImmediate);
        }
        const expected: object[] = [];
        for (const step of steps) expected.push(await byItself(other, step));
        expect((await Promise.all(answers)).map(unordered)).toEqual(expected.map(unordered));
      }
      const [ours, theirs] = [await traces(one), await traces(other)];
      if (overlaps) {
        // Of one person in several groups nobody says what came first: what was told of access on the way may differ.
        for (const each of [ours, theirs]) Object.assign(each, { audit: ofGroups(each.audit), events: [] });
      }
      expect(ours).toEqual(theirs);
      await expectModel(one.world.db, `round ${round}`);
    }
  });

  test("eight of one group are one transaction, each with a version of its own", async () => {
    const made = await madeWorld();
    const steps = Array.from({ length: 8 }, (_, place) => ({
      ...{ group: 3, add: [place + 1], remove: [], request: `r${place}`, token: 0, wait: 0 },
    }));
    const answers = await Promise.all(steps.map((step) => asRequest(made, step)));
    expect(answers).toEqual(
      steps.map((_, place) => ({ outcome: "written", version: place + 2, added: 1, removed: 0 })),
    );
    const rows = await made.world.db.query({
      text: `select distinct transaction from audit where organization = $1 and action = 'group.members-changed'
        and actor_kind = 'scim-token'`,
      values: [made.world.organization],
    });
    expect(rows).toHaveLength(1);
  });

  test.each([
    ["a member", "select from directory_users where organization = $1 and id = $2 for no key update"],
    [
      "a member's account",
      `select from accounts where organization = $1 and id =
      (select account from directory_users where organization = $1 and id = $2) for no key update`,
    ],
  ])("%s that somebody else holds does not hold up the others", async (_, text) => {
    const made = await madeWorld();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: holds } = Promise.withResolvers<void>();
    const holding = inTransaction(ctx, made.world.actor, async (tx) => {
      await tx.query({ text, values: [made.world.organization, made.members[1]] });
      holds();
      await released;
    });
    await held;
    let isDone = false;
    const step = (member: number, group: number): Step => ({
      ...{ group, add: [member], remove: [], request: `r${member}`, token: 0, wait: 0 },
    });
    const waiting = asRequest(made, step(1, 3)).finally(() => {
      isDone = true;
    });
    const answers = await Promise.all([asRequest(made, step(2, 1)), asRequest(made, step(3, 2))]);
    expect(answers).toMatchObject([{ outcome: "written" }, { outcome: "written" }]);
    expect(isDone).toBe(false);
    release();
    await holding;
    expect(await waiting).toMatchObject({ outcome: "written", added: 1 });
  });
});
