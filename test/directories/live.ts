/** The conformance suite's adapter for a directory server that stands: each directory is a folder of its own in it. */
import { Client, Control } from "ldapts";
import { ldapConnector } from "../../connectors/ldap/ldap-connector.ts";
import type { Adapter, Contents, Made, Person } from "../connectors/conformance.ts";
import { FAULTS, type FakeOptions, startFakeLdap } from "../harness/fake-ldap.ts";

type Entry = { dn: string; attributes: Record<string, string[]> };

/** How a kind of server writes people and groups down, and with which settings they are read again. */
export type Dialect = {
  settings: Record<string, unknown>;
  person(user: Person, place: number, base: string): Entry;
  group(group: Contents["groups"][number], members: string[], base: string): Entry;
};

export type Server = { url: string; admin: { dn: string; password: string }; reader: { dn: string; password: string } };

const SECRET = "reader-secret";
const TREE_DELETE = "1.2.840.113556.1.4.805";
let made = 0;

/** @param parent below which folders are made. */
export function liveAdapter(server: () => Server, parent: string, dialect: Dialect): Adapter {
  const onFake = async (contents: Contents, options: Partial<FakeOptions> = {}): Promise<Made> => {
    const fake = await startFakeLdap({ ...entriesOf(dialect, contents, parent), ...options });
    const settings = { ...dialect.settings, url: fake.url, bindDn: "cn=reader", base: parent, pageSize: 2 };
    return { connector: ldapConnector(settings, SECRET), secrets: [SECRET], held, remove: () => fake.stop() };
  };
  return {
    id: (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
    make: (contents) => (isTooMuch(contents) ? onFake(contents) : onServer(server(), parent, dialect, contents)),
    faults: FAULTS.filter((fault) => fault !== "silence" && fault !== "slow-drip"),
    broken: async (contents, fault, page) =>
      page > pagesOf(contents)
        ? null
        : onFake(contents, { fault: { page, kind: FAULTS.find((kind) => kind === fault) ?? "garbage" } }),
  };
}

/** Adding thousands one by one takes minutes, texts are shorter there, and members must be somebody. */
function isTooMuch({ users, groups }: Contents): boolean {
  return (
    users.length > 400 || groups.some((group) => group.strangers) || users.some((user) => user.displayName.length > 200)
  );
}

async function onServer(server: Server, parent: string, dialect: Dialect, contents: Contents): Promise<Made> {
  const base = `ou=made ${++made},${parent}`;
  const { users, groups } = entriesOf(dialect, contents, base);
  await asAdmin(server, async (client) => {
    await client.add(base, { objectClass: ["organizationalUnit"], ou: [`made ${made}`] });
    for (const { dn, attributes } of users) await client.add(dn, attributes);
    // Members must be there before they are named.
    for (const { dn, attributes } of groups) await client.add(dn, without(attributes, "member"));
    for (const { dn, attributes } of groups)
      if (attributes.member?.length) await addMembers(client, dn, attributes.member);
  });
  const settings = { ...dialect.settings, url: server.url, bindDn: server.reader.dn, base, pageSize: 2 };
  return {
    connector: ldapConnector(settings, server.reader.password),
    secrets: [server.reader.password],
    held,
    remove: () => asAdmin(server, (client) => removeBelow(client, base)),
  };
}

export async function addMembers(client: Client, group: string, members: readonly string[]): Promise<void> {
  const { Attribute, Change } = await import("ldapts");
  const modification = new Attribute({ type: "member", values: [...members] });
  await client.modify(group, new Change({ operation: "add", modification }));
}

export async function removeMembers(client: Client, group: string, members: readonly string[]): Promise<void> {
  const { Attribute, Change } = await import("ldapts");
  const modification = new Attribute({ type: "member", values: [...members] });
  await client.modify(group, new Change({ operation: "delete", modification }));
}

/** One value in place of all that stand. */
export async function setValue(client: Client, dn: string, type: string, value: string): Promise<void> {
  const { Attribute, Change } = await import("ldapts");
  await client.modify(dn, new Change({ operation: "replace", modification: new Attribute({ type, values: [value] }) }));
}

export async function asAdmin<T>({ url, admin }: Server, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ url, timeout: 60_000 });
  await client.bind(admin.dn, admin.password);
  try {
    return await work(client);
  } finally {
    await client.unbind();
  }
}

async function removeBelow(client: Client, base: string): Promise<void> {
  const { searchEntries } = await client.search("", { scope: "base", attributes: ["supportedControl"] });
  if ([searchEntries[0]?.supportedControl].flat().includes(TREE_DELETE)) {
    await client.del(base, new Control(TREE_DELETE));
    return;
  }
  const found = await client.search(base, { filter: "(objectClass=*)", attributes: ["1.1"], timeLimit: 0 });
  const names = found.searchEntries.map((entry) => entry.dn).sort((one, other) => other.length - one.length);
  for (const dn of names.filter((name) => name !== base)) await client.del(dn);
  await client.del(base);
}

function entriesOf(dialect: Dialect, { users, groups }: Contents, base: string): { users: Entry[]; groups: Entry[] } {
  const people = users.map((user, place) => dialect.person(user, place, base));
  const dnOf = new Map(users.map((user, place) => [user.id, people[place]?.dn ?? ""]));
  const names = new Map(groups.map((group) => [group.id, dialect.group(group, [], base).dn]));
  return {
    users: people,
    groups: groups.map((group) => {
      const strangers = Array.from({ length: group.strangers ?? 0 }, (_, number) => `cn=s${number},dc=elsewhere`);
      const inner = group.groups.map((id) => names.get(id) ?? "");
      return dialect.group(group, [...group.users.map((id) => dnOf.get(id) ?? ""), ...inner, ...strangers], base);
    }),
  };
}

function without(attributes: Entry["attributes"], name: string): Entry["attributes"] {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => key !== name));
}

/** Pages that the fake gives of these contents in one whole read: people once, groups twice, two a page. */
function pagesOf({ users, groups }: Contents): number {
  return Math.ceil(users.length / 2) + 2 * Math.ceil(groups.length / 2);
}

function held(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;
}
