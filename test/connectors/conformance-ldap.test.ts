import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import { afterAll, beforeAll } from "vitest";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import { FAULTS, type FakeEntry, type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";
import { startSlapd } from "../harness/slapd.ts";
import { describeWithSlapd } from "../harness/slapd-suite.ts";
import { type Adapter, type Contents, describeConnector, type Made, type Person } from "./conformance.ts";

const BASE = "dc=example,dc=com";
const READER = `cn=muster,ou=services,${BASE}`;
const PASSWORD = "reader-secret";
const LOCKED = "000001010000Z";

function groupDn(id: string): string {
  return `cn=${id},ou=groups,${BASE}`;
}

type Entry = { dn: string; attributes: Record<string, readonly string[]> };

function personEntry(user: Person, place: number): Entry {
  const { id, userName, active, email, displayName, givenName, familyName } = user;
  return {
    // Two of one id still have names of their own.
    dn: `uid=${place}+cn=${id ?? "nobody"},ou=people,${BASE}`,
    attributes: {
      objectClass: ["inetOrgPerson"],
      ...(id === null ? {} : { entryUUID: [id] }),
      cn: [id ?? "nobody"],
      uid: [String(place)],
      ...(userName === null ? {} : { employeeNumber: [userName] }),
      mail: [email],
      displayName: [displayName],
      givenName: [givenName],
      sn: [familyName],
      ...(active ? {} : { pwdAccountLockedTime: [LOCKED] }),
    },
  };
}

/** A group of nobody is a posixGroup: the others must have a member (RFC 4519 §3.5). */
function entriesOf({ users, groups }: Contents): { users: Entry[]; groups: Entry[] } {
  const people = users.map(personEntry);
  const dnOf = new Map(users.map((user, place) => [user.id, people[place]?.dn ?? ""]));
  return {
    users: people,
    groups: groups.map((group) => {
      const member = [
        ...group.users.map((user) => dnOf.get(user) ?? ""),
        ...group.groups.map(groupDn),
        ...Array.from({ length: group.strangers ?? 0 }, (_, number) => `uid=s${number},dc=elsewhere`),
      ];
      const classes = member.length > 0 ? { objectClass: ["groupOfNames"], member } : POSIX;
      return {
        dn: groupDn(group.id),
        attributes: { ...classes, entryUUID: [group.id], cn: [group.id], description: [group.name] },
      };
    }),
  };
}

const POSIX = { objectClass: ["posixGroup"], gidNumber: ["1"] };

function ldif(entries: readonly Entry[]): string {
  return entries
    .map(({ dn, attributes }) => {
      const lines = Object.entries(attributes).flatMap(([name, values]) =>
        values.map((value) => `${name}:: ${Buffer.from(value).toString("base64")}\n`),
      );
      return `dn: ${dn}\n${lines.join("")}`;
    })
    .join("\n");
}

const TOP: Entry[] = [
  { dn: BASE, attributes: { objectClass: ["dcObject", "organization"], o: ["Example"], dc: ["example"] } },
  ...["people", "groups", "services"].map((ou) => ({
    dn: `ou=${ou},${BASE}`,
    attributes: { objectClass: ["organizationalUnit"], ou: [ou] },
  })),
  {
    dn: READER,
    attributes: {
      objectClass: ["applicationProcess", "simpleSecurityObject"],
      cn: ["muster"],
      userPassword: [PASSWORD],
    },
  },
];

function connectorFor(url: string, pageSize: number) {
  const attributes = { userName: "employeeNumber", groupName: "description" };
  return ldapConnector({ url, bindDn: READER, base: BASE, pageSize, attributes }, PASSWORD);
}

const open = new Set<Socket>();

/** Other files leave sockets in this process: those that were opened since this one began are counted. */
function countSocket(message: unknown): void {
  const { socket } = message as { socket: Socket };
  open.add(socket);
  socket.once("close", () => open.delete(socket));
}

beforeAll(() => subscribe("net.client.socket", countSocket));
afterAll(() => void unsubscribe("net.client.socket", countSocket));

function held(): number {
  return open.size;
}

async function onFake(contents: Contents, options: Partial<FakeOptions> = {}): Promise<Made> {
  const entries: { users: FakeEntry[]; groups: FakeEntry[] } = entriesOf(contents);
  const server = await startFakeLdap({ ...entries, ...options });
  return { connector: connectorFor(server.url, 2), secrets: [PASSWORD], held, remove: () => server.stop() };
}

/** Pages that the fake gives of these contents in one whole read: people once, groups twice, two a page. */
function pagesOf({ users, groups }: Contents): number {
  return Math.ceil(users.length / 2) + 2 * Math.ceil(groups.length / 2);
}

describeWithSlapd("LDAP", (slapd) => {
  const adapter: Adapter = {
    id: (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    make: async (contents) => {
      const ids = contents.users.map((user) => user.id);
      // No real server can be made to hold these.
      if (ids.includes(null) || new Set(ids).size < ids.length) return onFake(contents);
      const { users, groups } = entriesOf(contents);
      const server = await startSlapd(slapd, {
        ldif: [ldif([...TOP, ...users, ...groups])],
        database: [`limits dn.exact="${READER}" size.prtotal=unlimited`],
      });
      const pageSize = users.length > 100 ? 500 : 2;
      return { connector: connectorFor(server.url, pageSize), secrets: [PASSWORD], held, remove: server.stop };
    },
    faults: FAULTS.filter((fault) => fault !== "silence" && fault !== "slow-drip"),
    broken: async (contents, fault, page) =>
      page > pagesOf(contents)
        ? null
        : onFake(contents, { fault: { page, kind: FAULTS.find((kind) => kind === fault) ?? "garbage" } }),
    silent: async (contents, page) =>
      page > pagesOf(contents) ? null : onFake(contents, { fault: { page, kind: "silence" } }),
  };

  describeConnector("ldap", adapter);
});
