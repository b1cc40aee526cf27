import {
  type CompletenessProof,
  type Connector,
  ConnectorError,
  type Page,
  type PulledGroup,
  type PulledMembers,
  type PulledUser,
} from "../../connectors/connector.ts";

/** What goes wrong before page `page` (from 0; the page after the last is the proof). */
export type Fault = {
  page: number;
  kind: "cut" | "crash" | "short" | "repeat";
};

export type ScriptedUser = Partial<Omit<PulledUser, "id">>;

/**
 * A directory that lives in memory and keeps the connector's contract, with faults on any page. People are given by
 * their unchanging id.
 */
export class ScriptedDirectory {
  readonly users = new Map<string, PulledUser>();
  readonly groups = new Map<string, PulledGroup>();
  readonly members = new Map<string, { users: Set<string>; groups: Set<string> }>();
  /** Entries that are there but have no user name: id → place. */
  readonly nameless = new Map<string, string>();
  pageSize = 3;
  reads = 0;
  /** Whether it has a delta lane, which tells whoever was set since a mark; of who is gone it says nothing. */
  tellsChanges = false;
  deltas = 0;
  readonly #changed = new Map<string, number>();
  #now = 0;
  #known = 0;

  user(id: string, change: ScriptedUser = {}): this {
    const before = this.users.get(id) ?? {
      id,
      userName: id,
      active: true,
      email: `${id}@example.com`,
      displayName: id,
      givenName: null,
      familyName: null,
      location: `uid=${id},ou=people,dc=example,dc=com`,
    };
    this.users.set(id, { ...before, ...change });
    this.#changed.set(id, ++this.#now);
    return this;
  }

  group(id: string, users: readonly string[] = [], groups: readonly string[] = [], name = id): this {
    this.groups.set(id, { id, name, location: `cn=${name},ou=groups,dc=example,dc=com` });
    this.members.set(id, { users: new Set(users), groups: new Set(groups) });
    this.#changed.set(id, ++this.#now);
    return this;
  }

  remove(...ids: readonly string[]): this {
    for (const id of ids) {
      this.users.delete(id);
      this.groups.delete(id);
      this.members.delete(id);
      for (const members of this.members.values()) {
        members.users.delete(id);
        members.groups.delete(id);
      }
    }
    return this;
  }

  /** Every mark that was given out is worth nothing from now on, as after a move to another server. */
  forgetMarks(): this {
    this.#known = ++this.#now;
    return this;
  }

  /** The pages of one read, in the order in which they are given out; of a delta, those of what changed since. */
  pages(since = 0): Page[] {
    const isNew = ({ id }: { id: string }): boolean => (this.#changed.get(id) ?? 0) > since;
    const members: PulledMembers[] = [...this.members]
      .filter(([id]) => isNew({ id }))
      .map(([group, { users, groups }]) => ({ group, users: [...users], groups: [...groups], isLast: true }));
    return [
      ...cut([...this.users.values()].filter(isNew), this.pageSize).map((users) => ({ users })),
      ...cut([...this.groups.values()].filter(isNew), this.pageSize).map((groups) => ({ groups })),
      ...cut(members, this.pageSize).map((part) => ({ members: part })),
    ];
  }

  connector(fault?: Fault, onPage: (page: number) => Promise<void> | void = () => {}): Connector {
    return {
      read: (signal) => this.#read(signal, fault, onPage),
      test: async function* () {},
      ...(this.tellsChanges && {
        changes: {
          mark: async () => String(this.#now),
          since: (mark, signal) => this.#since(Number(mark), signal, fault, onPage),
        },
      }),
    };
  }

  async *#since(
    mark: number,
    signal: AbortSignal,
    fault: Fault | undefined,
    onPage: (page: number) => Promise<void> | void,
  ): AsyncGenerator<Page, string, void> {
    this.deltas += 1;
    if (mark < this.#known) throw new ConnectorError("incomplete", "the mark is none of this server's");
    const next = String(this.#now);
    const pages = this.pages(mark);
    for (let page = 0; page <= pages.length; page++) {
      if (signal.aborted) throw new ConnectorError("cancelled", "cancelled");
      await onPage(page);
      if (fault?.page === page) {
        if (fault.kind === "cut") throw new ConnectorError("unreachable", "the connection died");
        if (fault.kind === "crash") throw new TypeError("a fault of the reader");
        if (fault.kind === "short") throw new ConnectorError("incomplete", "part of it is missing");
        yield pages[0] ?? { users: [...this.users.values()].slice(0, 1) };
      }
      const next = pages[page];
      if (next) yield next;
    }
    return next;
  }

  async *#read(
    signal: AbortSignal,
    fault: Fault | undefined,
    onPage: (page: number) => Promise<void> | void,
  ): AsyncGenerator<Page, CompletenessProof, void> {
    this.reads += 1;
    const pages = this.pages();
    for (let page = 0; page <= pages.length; page++) {
      if (signal.aborted) throw new ConnectorError("cancelled", "cancelled");
      await onPage(page);
      if (fault?.page === page) {
        if (fault.kind === "cut") throw new ConnectorError("unreachable", "the connection died");
        if (fault.kind === "crash") throw new TypeError("a fault of the reader");
        if (fault.kind === "short") return this.#proof(page);
        yield pages[0] ?? { users: [...this.users.values()].slice(0, 1) };
      }
      const next = pages[page];
      if (next) yield next;
    }
    return this.#proof(pages.length);
  }

  #proof(pages: number): CompletenessProof {
    return {
      users: this.users.size,
      groups: this.groups.size,
      memberships: [...this.members.values()].reduce(
        (sum, members) => sum + members.users.size + members.groups.size,
        0,
      ),
      pages,
      boundAs: "dn:cn=reader",
      oddities: [...this.nameless].map(([id, location]) => ({
        code: "no-user-name",
        location,
        detail: "has no uid",
        id,
      })),
      oddityCount: this.nameless.size,
    };
  }
}

function cut<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}
