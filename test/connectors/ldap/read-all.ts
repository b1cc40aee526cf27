import { type CompletenessProof, type Connector, ConnectorError, type Page } from "../../../connectors/connector.ts";

export type WholeRead = {
  proof: CompletenessProof;
  pages: Page[];
  users: Map<string, NonNullable<Page["users"]>[number]>;
  groups: Map<string, NonNullable<Page["groups"]>[number]>;
  /** Group id → ids of its members, users and groups. */
  members: Map<string, Set<string>>;
};

/** Reads to the end and puts the pages together. */
export async function readAll(connector: Connector, signal = new AbortController().signal): Promise<WholeRead> {
  const read: WholeRead = {
    proof: { users: 0, groups: 0, memberships: 0, pages: 0, boundAs: "", oddities: [], oddityCount: 0 },
    pages: [],
    users: new Map(),
    groups: new Map(),
    members: new Map(),
  };
  const pages = connector.read(signal);
  for (;;) {
    const next = await pages.next();
    if (next.done) return { ...read, proof: next.value };
    read.pages.push(next.value);
    for (const user of next.value.users ?? []) read.users.set(user.id, user);
    for (const group of next.value.groups ?? []) read.groups.set(group.id, group);
    for (const { group, users, groups } of next.value.members ?? []) {
      const known = read.members.get(group) ?? new Set();
      for (const member of [...users, ...groups]) known.add(member);
      read.members.set(group, known);
    }
  }
}

/** The error that a read ends with; a read that ends with a proof is itself an error here. */
export async function failureOf(connector: Connector, signal?: AbortSignal): Promise<ConnectorError> {
  let read: WholeRead;
  try {
    read = await readAll(connector, signal);
  } catch (error) {
    if (error instanceof ConnectorError) return error;
    throw error;
  }
  throw new Error(`the read gave a proof of ${read.proof.users} users`);
}

/** Names of people and groups in place of ids, so that a test can be read. */
export function membersByName(read: WholeRead): Record<string, string[]> {
  const name = (id: string): string => read.users.get(id)?.userName ?? read.groups.get(id)?.name ?? `unknown ${id}`;
  const groups = [...read.groups.values()].map((group): [string, string[]] => [
    group.name,
    [...(read.members.get(group.id) ?? [])].map(name).sort(),
  ]);
  return Object.fromEntries(groups);
}
