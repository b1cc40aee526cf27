import { expect, test } from "vitest";
import { type DirectoryUserId, type GroupId, newId } from "../../src/db/id.ts";
import type { Tx } from "../../src/db/transaction.ts";
import { changeMembers, type Member } from "../../src/identity/directory-groups/members.ts";
import { changeNestings } from "../../src/identity/directory-groups/nestings.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { removeDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createProduct } from "../../src/identity/products.ts";
import { listSites } from "../../src/identity/sites.ts";
import { testContext } from "../harness/postgres.ts";
import { makeWorld, silent } from "../sync/world.ts";

const ctx = await testContext({ logger: silent });

/** `granted` gives access; so does `inner`, which stands in `middle`, which stands in `granted`; `plain` gives none. */
const GROUPS = ["granted", "middle", "inner", "plain"];
const PEOPLE = ["ann", "bob", "cyd", "gone"];

async function company() {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const people = new Map(PEOPLE.map((name) => [name, newId<DirectoryUserId>()]));
  // In the same order in every company: of two ways to the same role the id of the group decides.
  const ids = GROUPS.map(() => newId<GroupId>()).sort();
  const groups = new Map(GROUPS.map((name, place) => [name, ids[place]]));
  const person = (name: string) => people.get(name) as DirectoryUserId;
  const group = (name: string) => groups.get(name) as GroupId;
  await world.write(async (tx) => {
    const common = { immutableId: null, externalId: null, contentHash: null, resource: {} };
    await insertDirectoryUsers(
      tx,
      directory,
      PEOPLE.map((name) => ({
        ...{ ...common, id: person(name), userName: name, active: true, email: null, displayName: null },
      })),
    );
    await insertDirectoryGroups(
      tx,
      directory,
      GROUPS.map((name) => ({ ...common, id: group(name), displayName: name, uniqueName: false })),
    );
    const nestings = [
      { parent: group("granted"), child: group("middle") },
      { parent: group("middle"), child: group("inner") },
    ];
    await changeNestings(tx, directory, { add: nestings, remove: [] });
    const [site] = await listSites(tx);
    if (!site) throw new Error("an organization has a site");
    const { id: product } = await createProduct(tx, site, { key: "wiki" });
    await grantRole(tx, { group: { directory, name: "granted" }, product, role: "user" });
    await removeDirectoryUsers(tx, directory, [person("gone")]);
  }, "exclusive");
  const pairs = (...lines: string[]): Member[] =>
    lines.map((line) => {
      const [inGroup = "", name = ""] = line.split("/");
      return { group: group(inGroup), member: person(name) };
    });
  const state = async () => {
    const ask = <Row>(text: string) => world.query<Row>({ text, values: [world.actor.organization] });
    return {
      members: await world.members(directory),
      access: await ask(`select a.user_name, x.role, x.state, g.name from access x
        join accounts a on a.organization = $1 and a.id = x.account left join groups g on g.organization = $1 and g.id = x.group_id
        where x.organization = $1 order by 1`),
      versions: await ask("select display_name, version from directory_groups where organization = $1 order by 1"),
      told: await ask(`select g.name, jsonb_array_length(a.detail -> 'added') as added,
          jsonb_array_length(a.detail -> 'removed') as removed, (select count(*) from outbox o
            where o.organization = $1 and o.kind = a.action and o.subject = a.subject and o.data = a.detail) as events
        from audit a join groups g on g.organization = $1 and g.id = a.subject
        where a.organization = $1 and a.action = 'group.members-changed' order by 1, 2, 3`),
    };
  };
  return { world, directory, pairs, person, state };
}

type Company = Awaited<ReturnType<typeof company>>;
type Change = { add: readonly Member[]; remove: readonly Member[] };

/** The same change group by group. */
async function oneByOne(tx: Tx, { directory }: Company, { add, remove }: Change) {
  const all = { added: 0, removed: 0, unknown: new Set<string>() };
  for (const group of new Set([...add, ...remove].map((row) => row.group))) {
    const own = (rows: readonly Member[]) => rows.filter((row) => row.group === group);
    const done = await changeMembers(tx, directory, { add: own(add), remove: own(remove) });
    all.added += done.added;
    all.removed += done.removed;
    for (const id of done.unknown) all.unknown.add(id);
  }
  return { ...all, unknown: [...all.unknown] };
}

test("many groups at once are changed as one after the other: members, access through nesting, versions, audit, events", async () => {
  const changes = [
    { add: ["plain/ann", "inner/ann", "granted/bob", "plain/gone", "plain/cyd", "plain/cyd"], remove: [] },
    { add: ["middle/bob", "plain/bob"], remove: ["inner/ann", "plain/cyd", "plain/gone"] },
    { add: ["plain/ann"], remove: ["granted/bob", "inner/bob", "middle/cyd"] },
    { add: [], remove: ["middle/bob", "plain/bob", "plain/ann"] },
  ];
  const [together, apart] = [await company(), await company()];
  for (const { add, remove } of changes) {
    const of = (one: Company): Change => ({ add: one.pairs(...add), remove: one.pairs(...remove) });
    const done = await together.world.write((tx) => changeMembers(tx, together.directory, of(together)));
    const expected = await apart.world.write((tx) => oneByOne(tx, apart, of(apart)));
    expect({ ...done, unknown: done.unknown.length }).toEqual({ ...expected, unknown: expected.unknown.length });
    expect(await together.state()).toEqual(await apart.state());
  }
  expect((await together.state()).members).toEqual(["granted/*middle", "middle/*inner"]);
});
