import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type DirectoryId, type DirectoryUserId, type GroupId, newId } from "../../../src/db/id.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { changeMembers } from "../../../src/identity/directory-groups/members.ts";
import { changeNestings } from "../../../src/identity/directory-groups/nestings.ts";
import { listDirectoryGroups, membersOfDirectoryGroups } from "../../../src/identity/directory-groups/read.ts";
import { removeDirectoryGroups } from "../../../src/identity/directory-groups/remove.ts";
import { insertDirectoryGroups } from "../../../src/identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../../src/identity/directory-users/insert.ts";
import { groupsOfDirectoryUsers, listDirectoryUsers } from "../../../src/identity/directory-users/read.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../../src/identity/directory-users/update.ts";
import type { Caller } from "../../../src/scim/caller.ts";
import { type Filter, printFilter } from "../../../src/scim/filter/ast.ts";
import { filterToSql } from "../../../src/scim/filter/to-sql.ts";
import { toInput as toGroupInput, toGroupResource } from "../../../src/scim/group-resource.ts";
import type { ResourceType } from "../../../src/scim/schema/attribute.ts";
import { readResource } from "../../../src/scim/schema/canonical.ts";
import { groupType, userType } from "../../../src/scim/schema/resource-types.ts";
import { toInput, toUserResource } from "../../../src/scim/user-resource.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { ENTERPRISE, scimServer, system } from "../endpoint.ts";
import { generic } from "../reading.ts";
import { anyFilter, type Pool } from "./arbitrary.ts";
import { matches } from "./reference.ts";

const server = await scimServer();
const { ctx } = server;

const words = [
  "a",
  "A",
  "ab",
  "Ab",
  "b",
  "é",
  "É",
  "e\u0301",
  "ß",
  "work",
  "home",
  "İ",
  "\u212a",
  "k",
  "\u{10400}",
  "z%_\\",
  "'",
  '"',
  "",
];
const word = fc.constantFrom(...words);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const several = <T>(value: fc.Arbitrary<T>) =>
  fc.option(fc.array(value, { maxLength: 3 }), { nil: undefined, freq: 2 });

const plainElement = fc.record({ value: maybe(word), type: maybe(word), display: maybe(word) });
const person = fc.record({
  externalId: maybe(word),
  active: fc.boolean(),
  title: maybe(word),
  displayName: maybe(word),
  name: maybe(fc.record({ givenName: maybe(word), familyName: maybe(word) })),
  emails: several(plainElement),
  roles: several(plainElement),
  addresses: several(fc.record({ type: maybe(word), locality: maybe(word) })),
  x509Certificates: several(fc.record({ value: fc.constantFrom("QUJD", "qujd") })),
  [ENTERPRISE]: maybe(fc.record({ department: maybe(word), manager: maybe(fc.record({ value: maybe(word) })) })),
});

type World = {
  users: Record<string, unknown>[];
  groups: Record<string, unknown>[];
  directory: DirectoryId;
  caller: Caller;
};
let world: World;

beforeAll(async () => {
  const organization = await server.organization();
  const endpoint = await server.directory(organization);
  const { directory } = endpoint;
  const actor = system(organization);
  const drawn = fc.sample(person, { numRuns: 60, seed });
  const ids = drawn.map(() => newId<DirectoryUserId>());
  const inputs = drawn.map((each, index) =>
    toInput(
      ids[index]!,
      readResource(generic, userType, { ...each, userName: `${words[index % words.length]}${index}` }),
    ),
  );
  const groups = ["Ab", "É", "b", "work", "gone"].map((displayName) =>
    toGroupInput(newId<GroupId>(), readResource(generic, groupType, { displayName, externalId: displayName })),
  );
  const [first, second, third, , gone] = groups.map((group) => group.id);
  await inTransaction(ctx, actor, async (tx) => {
    await insertDirectoryUsers(tx, directory, inputs);
    await insertDirectoryGroups(tx, directory, groups);
    const members = ids.map((member, index) => ({ group: groups[index % 5]!.id, member }));
    await changeMembers(tx, directory, { add: members, remove: [] });
  });
  await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await changeNestings(tx, directory, {
        add: [
          { parent: first!, child: second! },
          { parent: second!, child: third! },
          { parent: third!, child: first! },
          { parent: first!, child: gone! },
        ],
        remove: [],
      });
      await removeDirectoryGroups(tx, directory, [gone!]);
      await removeDirectoryUsers(tx, directory, ids.slice(0, 3));
    },
    { lock: "exclusive" },
  );
  // Versions and times that differ.
  for (const input of inputs.slice(10, 20))
    await inTransaction(ctx, actor, (tx) => updateDirectoryUsers(tx, directory, [input]));
  const caller: Caller = {
    organization,
    directory,
    actor,
    baseUrl: endpoint.baseUrl,
    types: { User: userType, Group: groupType },
    dialect: generic.dialect,
    scopes: null,
    subject: null,
  };
  const db = ctx.db.of(organization);
  const { users } = await listDirectoryUsers(db, directory, { limit: 1_000, offset: 0 });
  const memberships = await groupsOfDirectoryUsers(
    db,
    directory,
    users.map((user) => user.id),
  );
  const { groups: held } = await listDirectoryGroups(db, directory, { limit: 1_000, offset: 0 });
  const members = await membersOfDirectoryGroups(
    db,
    directory,
    held.map((group) => group.id),
  );
  world = {
    directory,
    caller,
    users: users.map((user) => toUserResource(caller, user, memberships.get(user.id) ?? [])),
    groups: held.map((group) => toGroupResource(caller, group, members.get(group.id) ?? [])),
  };
});

/** Values that are there, cut short or in another case, and values that are not. */
function poolOf(resources: readonly Record<string, unknown>[]): Pool {
  const texts = new Set<string>(words);
  const times = new Set<string>();
  const collect = (value: unknown, key: string): void => {
    if (typeof value === "string") (key === "created" || key === "lastModified" ? times : texts).add(value);
    else if (typeof value === "object" && value !== null)
      for (const [inner, each] of Object.entries(value)) collect(each, inner);
  };
  for (const resource of resources) collect(resource, "");
  const text = fc.constantFrom(...texts);
  const near = fc
    .constantFrom(...times)
    .chain((time) =>
      fc.integer({ min: -1, max: 1 }).map((shift) => new Date(new Date(time).getTime() + shift).toISOString()),
    );
  return (attribute) => {
    if (attribute.type === "boolean") return fc.boolean();
    if (attribute.type === "dateTime") return near;
    return fc.oneof(
      { weight: 4, arbitrary: text },
      { weight: 1, arbitrary: text.map((each) => each.toUpperCase()) },
      { weight: 1, arbitrary: text.map((each) => [...each].slice(1, 3).join("")) },
    );
  };
}

async function found(type: ResourceType, filter: Filter): Promise<unknown[]> {
  const db = ctx.db.of(world.caller.organization);
  const query = { where: filterToSql(filter, { type, baseUrl: world.caller.baseUrl }), limit: 1_000, offset: 0 };
  const rows =
    type === userType
      ? (await listDirectoryUsers(db, world.directory, query)).users
      : (await listDirectoryGroups(db, world.directory, query)).groups;
  return rows.map((row) => row.id);
}

test.each([
  ["users", userType, 7_000],
  ["groups", groupType, 3_000],
] as const)("random filters find the %s that the reference evaluator finds", async (name, type, runs) => {
  const resources = world[name];
  expect(resources.length).toBeGreaterThan(3);
  let hits = 0;
  await fc.assert(
    fc.asyncProperty(anyFilter(type, poolOf(resources)), async (filter) => {
      const wanted = resources.filter((resource) => matches(filter, resource)).map((resource) => resource.id);
      if (wanted.length > 0 && wanted.length < resources.length) hits++;
      expect(await found(type, filter), printFilter(filter)).toEqual(wanted);
    }),
    { numRuns: scaled(runs), seed },
  );
  // A test of filters that all find nothing would show nothing.
  expect(hits).toBeGreaterThan(scaled(runs) / 20);
});
