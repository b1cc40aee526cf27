import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type DirectoryId, type DirectoryUserId, type GroupId, newId } from "../../../src/db/id.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { parseDateTime } from "../../../src/filter/date-time.ts";
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
import { readResource } from "../../../src/scim/schema/resource.ts";
import { compileTypes } from "../../../src/scim/schema/resource-types.ts";
import { toInput, toUserResource } from "../../../src/scim/user-resource.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { ENTERPRISE, scimServer, system } from "../endpoint.ts";
import { generic } from "../reading.ts";
import { BADGE, everything, TEAM } from "../schema/everything.ts";
import { anyFilter, type Pool } from "./arbitrary.ts";
import { matches } from "./reference.ts";

const server = await scimServer();
const { ctx } = server;

const { User: userType, Group: groupType } = compileTypes(everything);

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

const whole = fc.constantFrom(-3, -1, 0, 1, 2, 40);
const decimal = fc.constantFrom(-1.5, -1, 0, 0.1, 2, 1e21);
const time = fc.constantFrom(
  "2026-01-31T12:00:00Z",
  "2026-01-31T13:00:00.000+01:00",
  "2026-01-31T12:00:00.001",
  "1999-12-31T23:59:59Z",
);
const desk = fc.record({ room: maybe(word), height: maybe(decimal) });
const badge = fc.record({
  number: maybe(word),
  "code-Exact": maybe(word),
  level: maybe(whole),
  weight: maybe(decimal),
  temporary: maybe(fc.boolean()),
  issued: maybe(time),
  photo: maybe(fc.constantFrom("QUJD", "qujd")),
  site: maybe(word),
  tags: several(word),
  levels: several(whole),
  days: several(time),
  flags: several(fc.boolean()),
  doors: several(
    fc.record({
      value: maybe(word),
      floor: maybe(whole),
      open: maybe(fc.boolean()),
      until: maybe(time),
      primary: maybe(fc.constant(false)),
    }),
  ),
  desk: maybe(desk),
});
const team = fc.record({ budget: maybe(decimal), members: several(word), desk: maybe(desk) });

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
  [BADGE]: maybe(badge),
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
  const teams = fc.sample(team, { numRuns: 5, seed });
  const groups = ["Ab", "É", "b", "work", "gone"].map((displayName, index) =>
    toGroupInput(
      newId<GroupId>(),
      readResource(generic, groupType, { displayName, externalId: displayName, [TEAM]: teams[index] }),
    ),
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
    requireIfMatch: false,
    switched: false,
    limitedAs: "test",
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
  const collect = (value: unknown): void => {
    if (typeof value === "string") (parseDateTime(value) ? times : texts).add(value);
    else if (typeof value === "object" && value !== null) for (const each of Object.values(value)) collect(each);
  };
  for (const resource of resources) collect(resource);
  const text = fc.constantFrom(...texts);
  const near = fc
    .constantFrom(...times)
    .chain((time) =>
      fc.integer({ min: -1, max: 1 }).map((shift) => new Date(Number(parseDateTime(time)) + shift).toISOString()),
    );
  return (attribute) => {
    if (attribute.type === "boolean") return fc.boolean();
    if (attribute.type === "dateTime") return near;
    if (attribute.type === "integer" || attribute.type === "decimal") return fc.oneof(whole, decimal);
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
