import { afterAll, expect, test } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { showRun } from "../../src/sync/history.ts";
import { runSync } from "../../src/sync/run.ts";
import { type FakeEntry, type FakeLdap, type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { heldOf } from "./held.ts";
import { BASE, ldapPerson } from "./two-companies.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });
const fakes: FakeLdap[] = [];
afterAll(() => Promise.all(fakes.map((fake) => fake.stop())));

const people = Array.from({ length: 30 }, (_, at) => ldapPerson(at + 1, `p${at + 1}`));

const groups: FakeEntry[] = [
  {
    dn: `cn=staff,ou=groups,${BASE}`,
    attributes: { entryUUID: ["11111111-0000-4000-8000-000000000001"], cn: ["staff"], member: [people[20]?.dn ?? ""] },
  },
];

/** The same entry without what the user name is read from: still there, but nobody can tell under which name. */
function nameless(person: FakeEntry): FakeEntry {
  const { uid: _, ...attributes } = person.attributes;
  return { ...person, attributes };
}

async function synced() {
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const sync = async (options: FakeOptions) => {
    const fake = await startFakeLdap(options);
    fakes.push(fake);
    const connector = ldapConnector({ url: fake.url, bindDn: "cn=reader", base: BASE }, "secret");
    const result = await runSync(ctx, directory, {
      ...{ mode: "run", trigger: "command" },
      actor: world.actor,
      connector,
    });
    const { run } = await showRun(ctx.db.of(world.actor.organization), result.runId);
    return { ...result, error: run.error };
  };
  expect(await sync({ users: people, groups })).toMatchObject({ state: "done", counts: { added: 30 } });
  return { sync, held: () => heldOf(world, directory) };
}

test("whoever is there without a name is not taken for gone, however many other oddities a read meets", async () => {
  const { sync, held } = await synced();
  const before = await held();
  const referrals = Array.from({ length: 1_500 }, (_, at) => `ldap://other${at}.example.com/`);
  const users = people.map((person, at) => (at < 5 ? nameless(person) : person));
  expect(await sync({ users, groups, referrals })).toMatchObject({
    state: "partial",
    rowsWritten: 0,
    counts: { removed: 0, deactivated: 0, conflicts: 5 },
  });
  expect(await held()).toEqual(before);
});

test("more nameless people than a proof can tell of prove nobody's departure", async () => {
  const { sync, held } = await synced();
  const before = await held();
  const strangers = Array.from({ length: 1_000 }, (_, at) => nameless(ldapPerson(100 + at, `s${at}`)));
  const users = [...strangers, nameless(people[0]!), ...people.slice(2)];
  const result = await sync({ users, groups, referrals: ["ldap://other.example.com/"] });
  expect(result).toMatchObject({ state: "failed", rowsWritten: 0 });
  expect(result.error).toContain("could not be taken");
  expect(await held()).toEqual(before);
});
