import { afterAll, expect, test } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { showRun } from "../../src/sync/history.ts";
import { runSync } from "../../src/sync/run.ts";
import { undoRun } from "../../src/sync/undo.ts";
import { type FakeEntry, type FakeLdap, startFakeLdap } from "../harness/fake-ldap.ts";
import { testContext } from "../harness/postgres.ts";
import { heldOf } from "./held.ts";
import { BASE, ldapPerson } from "./two-companies.ts";
import { makeWorld, silent } from "./world.ts";

const ctx = await testContext({ logger: silent });
let fake: FakeLdap | undefined;
afterAll(() => fake?.stop());

const DEPTH = 1_000;
const STRANGERS = 200_000;

function person(number: number, attributes: FakeEntry["attributes"], dn?: string): FakeEntry {
  const plain = ldapPerson(number, `p${number}`);
  return { dn: dn ?? plain.dn, attributes: { ...plain.attributes, ...attributes } };
}

function group(number: number, name: string, member: readonly string[]): FakeEntry {
  const entryUUID = [`22222222-0000-4000-8000-${String(number).padStart(12, "0")}`];
  return { dn: dnOf(name), attributes: { entryUUID, cn: [name], member } };
}

function dnOf(name: string): string {
  return `cn=${name},ou=groups,${BASE}`;
}

const first = ldapPerson(1, "p1");
const people: Record<string, FakeEntry> = {
  plain: first,
  "a megabyte of name": person(2, { displayName: ["N".repeat(1_000_000)] }),
  "a megabyte of user name": person(3, { uid: ["u".repeat(1_000_000)] }),
  "a megabyte of address": person(4, { mail: [`${"m".repeat(1_000_000)}@example.com`] }),
  "ten thousand names in a name": person(5, {}, `uid=p5,${"ou=x,".repeat(10_000)}${BASE}`),
  "control characters": person(6, {
    displayName: ["a\u0001\u0007\u001b[31mred\r\nX-Injected: 1"],
    givenName: ["\u0085"],
  }),
  "bidirectional characters": person(7, { uid: ["\u202enimda"], displayName: ["\u2066evil\u2069"] }),
  "NUL in the user name": person(8, { uid: ["p8\0root"] }),
  "NUL elsewhere": person(9, { displayName: ["a\0b"], mail: ["a\0b@example.com"] }),
  "bytes that are no text": person(10, { uid: [Buffer.from([0xc3, 0x28, 0xff])] }),
  "half a surrogate pair, as bytes": person(11, { displayName: [Buffer.from([0xed, 0xa0, 0x80])] }),
  "names of JavaScript": person(12, { uid: ["__proto__"], displayName: ["constructor"] }),
  "a user name that is somebody's": person(13, { uid: ["P1"] }),
  "nothing but spaces": person(14, { uid: ["   "] }),
  "SQL and a template": person(15, { uid: ["' or 1=1; --"], displayName: ["$" + "{1+1} {{7*7}} %s %n"] }),
  "many values": person(16, { mail: Array.from({ length: 5_000 }, (_, at) => `m${at}@example.com`) }),
};

const groups: FakeEntry[] = [
  group(1, "itself", [dnOf("itself"), first.dn]),
  group(2, "ring1", [dnOf("ring2")]),
  group(3, "ring2", [dnOf("ring3"), first.dn]),
  group(4, "ring3", [dnOf("ring1")]),
  group(5, "crowd", [...Array.from({ length: STRANGERS }, (_, at) => `uid=s${at},dc=elsewhere`), first.dn]),
  group(6, "odd", [
    `${"ou=x,".repeat(10_000)}${BASE}`,
    "no name at all",
    "",
    "=,=,=",
    first.dn,
    first.dn.toUpperCase(),
  ]),
  ...Array.from({ length: DEPTH }, (_, at) =>
    group(100 + at, `deep${at}`, at + 1 < DEPTH ? [dnOf(`deep${at + 1}`)] : [first.dn]),
  ),
];

test("entries of a hostile or broken directory harm nobody else's: they are taken, or left out and named", async () => {
  fake = await startFakeLdap({ users: Object.values(people), groups });
  const world = await makeWorld(ctx);
  const directory = await world.directory("corp");
  const ldap = { url: fake.url, bindDn: "cn=reader", base: BASE, pageSize: 300 };
  const sync = async () => {
    const how = { mode: "run", trigger: "command", actor: world.actor } as const;
    const result = await runSync(ctx, directory, { ...how, connector: ldapConnector(ldap, "secret") });
    const { run } = await showRun(ctx.db.of(world.actor.organization), result.runId);
    const conflicts = await world.query<{ conflict: string }>({
      text: "select conflict from sync_plan where organization = $1 and run = $2 and kind = 'conflict'",
      values: [world.actor.organization, result.runId],
    });
    return { ...result, error: run.error, proof: run.proof, conflicts: conflicts.map((row) => row.conflict) };
  };
  const taken = await sync();
  expect([taken.error, taken.state]).toEqual([null, "partial"]);
  const held = await heldOf(world, directory);
  const names = Object.values(held.people).map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["p1", "p2", "p5", "p6", "__proto__", "' or 1=1; --"]));
  expect(names.filter((name) => name.toLowerCase() === "p1")).toEqual(["p1"]);
  // Everybody is held, or left out by name, or has no name.
  expect(taken.conflicts).toHaveLength(2);
  expect(taken.proof?.oddities.filter(({ code }) => code === "no-user-name")).toHaveLength(3);
  expect(names).toHaveLength(Object.keys(people).length - 5);
  expect(names.join()).not.toContain("\0");
  expect(held.members.length).toBe(1 + 3 + 1 + 1 + 1 + DEPTH);

  const again = await sync();
  expect([again.state, again.rowsWritten]).toEqual(["partial", 0]);
  expect((await undoRun(ctx, taken.runId, { actor: world.actor, trigger: "command" })).state).toBe("done");
  expect(await heldOf(world, directory)).toEqual({ people: {}, members: [] });
}, 300_000);
