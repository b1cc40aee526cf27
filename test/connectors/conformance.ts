/**
 * What connectors/connector.ts promises, asked of any connector. A connector's own test file gives an adapter: how to
 * make a directory of its kind that holds these people and groups, and how to break it at a page.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import v8 from "node:v8";
import vm from "node:vm";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type CompletenessProof, type Connector, ConnectorError, type Page } from "../../connectors/connector.ts";
import { scaled, seed } from "../harness/scale.ts";
import { describeTest } from "./conformance-test.ts";

/** What a test wants in the directory. Null and twice the same id are what a directory should not have. */
export type Person = {
  id: string | null;
  userName: string | null;
  active: boolean;
  email: string;
  displayName: string;
  givenName: string;
  familyName: string;
};

type Group = {
  id: string;
  name: string;
  users: readonly string[];
  groups: readonly string[];
  /** Members who are in no list of the directory, as many as this. */
  strangers?: number;
};

export type Contents = { users: readonly Person[]; groups: readonly Group[] };

/** A directory that stands, and a connector for it. */
export type Made = {
  connector: Connector;
  /** What the directory holds, when its kind adds something or holds less than was wanted. */
  truth?: Contents;
  /** Texts that no error and no oddity may show. */
  secrets: readonly string[];
  /** How many sockets or files the connector holds open at this moment. */
  held(): number | Promise<number>;
  remove(): Promise<void>;
};

export type Adapter = {
  /** An immutable id as this kind of directory has it. */
  id(number: number): string;
  make(contents: Contents): Promise<Made>;
  /** Faults that no read survives with a proof. */
  faults: readonly string[];
  /** The directory with a fault at its own page `page`, from 1; null when it has fewer pages. */
  broken(contents: Contents, fault: string, page: number): Promise<Made | null>;
  /** A directory that says nothing any more from page `page` on, where the kind can do so. */
  silent?(contents: Contents, page: number): Promise<Made | null>;
};

/** As the contract has it: a few thousand. */
const MOST_IN_PAGE = 5000;
/** What a read may keep of one person: ids, names in the directory, and what engines add. */
const BYTES_OF_ONE = 1500;

type Whole = { proof: CompletenessProof; pages: Page[] };

async function wholeRead(connector: Connector, signal = new AbortController().signal): Promise<Whole> {
  const reading = connector.read(signal);
  const pages: Page[] = [];
  for (;;) {
    const next = await reading.next();
    if (next.done) return { proof: next.value, pages };
    pages.push(next.value);
  }
}

/** The pages that came, and the error that ended them. @throws Error when a proof came. */
async function brokenRead(connector: Connector): Promise<{ error: unknown; pages: Page[] }> {
  const reading = connector.read(new AbortController().signal);
  const pages: Page[] = [];
  for (;;) {
    let next: IteratorResult<Page, CompletenessProof>;
    try {
      next = await reading.next();
    } catch (error) {
      expect(await reading.next(), "nothing comes after an error").toEqual({ done: true, value: undefined });
      return { error, pages };
    }
    if (next.done) throw new Error(`the read ended with a proof of ${next.value.users} people`);
    pages.push(next.value);
  }
}

function usersOf(pages: readonly Page[]) {
  return pages.flatMap((page) => page.users ?? []);
}

function groupsOf(pages: readonly Page[]) {
  return pages.flatMap((page) => page.groups ?? []);
}

/** `group user` and `group *group`, by ids, sorted. */
function membersOf(pages: readonly Page[]): string[] {
  const parts = pages.flatMap((page) => page.members ?? []);
  return parts
    .flatMap(({ group, users, groups }) => [
      ...users.map((user) => `${group} ${user}`),
      ...groups.map((inner) => `${group} *${inner}`),
    ])
    .sort();
}

/** What pages should say of these contents: people without a user name are in none. */
function wanted({ users, groups }: Contents) {
  const withheld = new Set(users.filter((user) => user.userName === null).map((user) => user.id));
  const byId = <Entry extends { id: string | null }>(entries: readonly Entry[]) =>
    new Map(entries.map((entry) => [entry.id, entry]));
  return {
    users: byId(users.filter((user) => user.userName !== null)),
    groups: new Map(groups.map(({ id, name }) => [id, { id, name }])),
    members: groups
      .flatMap((group) => [
        ...group.users.filter((user) => !withheld.has(user)).map((user) => `${group.id} ${user}`),
        ...group.groups.map((inner) => `${group.id} *${inner}`),
      ])
      .sort(),
  };
}

function expectWhole({ proof, pages }: Whole, made: Made, contents: Contents): void {
  const truth = wanted(made.truth ?? contents);
  const [users, groups, members] = [usersOf(pages), groupsOf(pages), membersOf(pages)];
  const plain = users.map(({ location, ...user }) => {
    expect(location).not.toBe("");
    return [user.id, user] as const;
  });
  expect(new Map(plain)).toEqual(truth.users);
  expect(new Map(groups.map(({ id, name }) => [id, { id, name }]))).toEqual(truth.groups);
  expect(members).toEqual(truth.members);
  // Nothing came twice, and the proof counts what came.
  expect(users).toHaveLength(truth.users.size);
  expect(groups).toHaveLength(truth.groups.size);
  expect(proof).toMatchObject({ users: users.length, groups: groups.length, memberships: members.length });
  if (pages.length > 0) expect(proof.pages).toBeGreaterThan(0);
  expect(proof.boundAs).not.toBe("");
  expect(proof.oddities.length).toBeLessThanOrEqual(1000);
  expect(proof.oddityCount).toBeGreaterThanOrEqual(proof.oddities.length);
  for (const page of pages) {
    const inside = (page.members ?? []).reduce((sum, part) => sum + part.users.length + part.groups.length, 0);
    const items = (page.users?.length ?? 0) + (page.groups?.length ?? 0) + inside;
    expect(items).toBeGreaterThan(0);
    expect(items).toBeLessThanOrEqual(MOST_IN_PAGE);
  }
  for (const secret of made.secrets) expect(JSON.stringify(proof)).not.toContain(secret);
}

/** An error of the contract that tells no secret, its causes included. */
function expectRefusal(error: unknown, made: Made): asserts error is ConnectorError {
  expect(error).toBeInstanceOf(ConnectorError);
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    for (const secret of made.secrets) expect(`${cause.message} ${cause.stack}`).not.toContain(secret);
}

/** Runs what waits until nothing is held any more. */
async function released(made: Made): Promise<void> {
  const end = Date.now() + 60_000;
  for (let held = await made.held(); held > 0; held = await made.held()) {
    if (Date.now() > end) throw new Error(`${held} sockets or files are still held after a minute`);
    await nextTurn();
  }
}

/** The suite. `name` is the connector's kind. */
export function describeConnector(name: string, adapter: Adapter): void {
  const { id } = adapter;
  const groupId = (number: number): string => id(1_000_000 + number);
  const person = (number: number, more: Partial<Person> = {}): Person => ({
    id: id(number),
    userName: `p${number}@example.com`,
    active: true,
    email: `p${number}@example.com`,
    displayName: `Person ${number}`,
    givenName: "Person",
    familyName: `Number ${number}`,
    ...more,
  });
  const group = (number: number, users: readonly number[], groups: readonly number[] = []): Group => ({
    id: groupId(number),
    name: `group ${number}`,
    users: users.map(id),
    groups: groups.map(groupId),
  });
  const company: Contents = {
    users: [
      ...[1, 2, 3, 4].map((number) => person(number)),
      person(5, { active: false }),
      person(6, { displayName: 'Zoë "Zo" Ünal, née Ørsted', givenName: "Zoë", familyName: "Ünal; Ørsted" }),
      person(7, { displayName: "渡辺 𠮷男", givenName: "𠮷男", familyName: "渡辺" }),
      person(8, { displayName: "=1+1", givenName: "O'Brien", familyName: "a\\b" }),
    ],
    groups: [
      group(1, [1, 2, 5, 8]),
      group(2, [2], [3]),
      group(3, [7], [2]),
      group(4, []),
      { ...group(5, [6], [1, 3]), name: "Größe, “alle”" },
    ],
  };

  const standing: Made[] = [];
  const stand = (made: Made): Made => {
    standing.push(made);
    return made;
  };
  const make = async (contents: Contents): Promise<Made> => stand(await adapter.make(contents));

  describe(`${name} keeps the contract of connectors`, () => {
    afterEach(async () => {
      for (const made of standing.splice(0)) await made.remove();
    });

    it("a whole read is what the directory holds, each time anew", async () => {
      const made = await make(company);
      expectWhole(await wholeRead(made.connector), made, company);
      expectWhole(await wholeRead(made.connector), made, company);
      const [one, other] = await Promise.all([wholeRead(made.connector), wholeRead(made.connector)]);
      expectWhole(one, made, company);
      expectWhole(other, made, company);
      expect(one.proof).toEqual(other.proof);
      expect(one.proof.oddities).toEqual([]);
      await released(made);
    });

    it("a directory of nobody is proved to be one", async () => {
      const made = await make({ users: [], groups: [] });
      const { proof, pages } = await wholeRead(made.connector);
      const truth = made.truth ?? { users: [], groups: [] };
      expect(proof).toMatchObject({ users: truth.users.length, groups: truth.groups.length, memberships: 0 });
      expect(usersOf(pages)).toHaveLength(truth.users.length);
    });

    it("any directory is read as it is", async () => {
      const numbers = (most: number) => fc.uniqueArray(fc.integer({ min: 1, max: most }), { maxLength: most });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.boolean(), { maxLength: 12 }),
          fc.array(fc.tuple(numbers(12), numbers(5)), { maxLength: 5 }),
          async (active, shapes) => {
            const contents: Contents = {
              users: active.map((isActive, index) => person(index + 1, { active: isActive })),
              groups: shapes.map(([users, groups], index) =>
                group(
                  index + 1,
                  users.filter((user) => user <= active.length),
                  groups.filter((inner) => inner <= shapes.length && inner !== index + 1),
                ),
              ),
            };
            const made = await adapter.make(contents);
            try {
              expectWhole(await wholeRead(made.connector), made, contents);
            } finally {
              await made.remove();
            }
          },
        ),
        { numRuns: scaled(30), seed },
      );
    });

    it("pages stay small, for many people and for one group of all", async () => {
      const numbers = Array.from({ length: 6000 }, (_, index) => index + 1);
      const contents = { users: numbers.map((number) => person(number)), groups: [group(1, numbers), group(2, [1])] };
      const made = await make(contents);
      expectWhole(await wholeRead(made.connector), made, contents);
    });

    it("members whom no page holds are nobody's members", async () => {
      const contents = { ...company, groups: [{ ...group(1, [1, 2]), strangers: 1200 }] };
      const made = await make(contents);
      expectWhole(await wholeRead(made.connector), made, contents);
    });

    it("a person without a user name is on no page and is named by the id", async () => {
      const contents = { users: [...company.users, person(9, { userName: null })], groups: [group(1, [1, 9])] };
      const made = await make(contents);
      const read = await wholeRead(made.connector);
      expectWhole(read, made, contents);
      expect(read.proof.oddities).toMatchObject([{ code: "no-user-name", id: id(9) }]);
      expect(read.proof.oddityCount).toBe(1);
    });

    it.each([
      ["one id twice", () => [...company.users, person(9, { id: id(3) })]],
      ["a person without an id", () => [...company.users, person(9, { id: null })]],
    ] as const)("%s proves nothing", async (_, users) => {
      const made = await make({ users: users(), groups: company.groups });
      const { error } = await brokenRead(made.connector);
      expectRefusal(error, made);
      expect(error.code).toMatch(/^(incomplete|protocol|configuration)$/);
      await released(made);
    });

    describe("cancelled", () => {
      it("before it begins, it asks for nothing", async () => {
        const made = await make(company);
        await released(made);
        const reading = made.connector.read(AbortSignal.abort());
        await expect(reading.next()).rejects.toMatchObject({ code: "cancelled" });
        expect(await made.held()).toBe(0);
        expect(await reading.next()).toEqual({ done: true, value: undefined });
      });

      it("between pages, it lets go of everything although nobody asks", async () => {
        const made = await make(company);
        const { pages } = await wholeRead(made.connector);
        for (let given = 1; given <= pages.length; given++) {
          const stop = new AbortController();
          const reading = made.connector.read(stop.signal);
          for (let page = 0; page < given; page++) expect((await reading.next()).done).toBe(false);
          stop.abort();
          await released(made);
          await expect(reading.next(), `after page ${given}`).rejects.toMatchObject({ code: "cancelled" });
          expect(await reading.next()).toEqual({ done: true, value: undefined });
        }
        expectWhole(await wholeRead(made.connector), made, company);
      });

      it("during a page, it ends at once", async () => {
        const made = await make(company);
        const { pages } = await wholeRead(made.connector);
        for (let given = 0; given <= pages.length; given++)
          for (const turns of [0, 1, 2, 3, 5, 8, 13]) {
            const stop = new AbortController();
            const reading = made.connector.read(stop.signal);
            for (let page = 0; page < given; page++) await reading.next();
            const asked = settled(reading);
            for (let turn = 0; turn < turns; turn++) await nextTurn();
            stop.abort();
            // What had arrived by then may still be given out; only after a proof is nothing left to cancel.
            let end = await asked;
            if (end === "page") end = await settled(reading);
            expect(end === "proof" ? "cancelled" : end, `page ${given + 1}, turn ${turns}`).toBe("cancelled");
            expect(await reading.next()).toEqual({ done: true, value: undefined });
            await released(made);
          }
      });

      const { silent } = adapter;
      if (silent === undefined) return;
      it("while the directory says nothing", async () => {
        for (let page = 1; ; page++) {
          const made = await silent(company, page);
          if (made === null) break;
          stand(made);
          const stop = new AbortController();
          const reading = brokenReadOf(made, stop.signal);
          while ((await made.held()) === 0) await nextTurn();
          for (let turn = 0; turn < 20; turn++) await nextTurn();
          stop.abort();
          expect(await reading, `page ${page}`).toMatchObject({ code: "cancelled" });
          await released(made);
        }
      });
    });

    it("left early, it lets go of everything", async () => {
      const made = await make(company);
      const { pages } = await wholeRead(made.connector);
      for (let given = 0; given <= pages.length; given++) {
        const reading = made.connector.read(new AbortController().signal);
        for (let page = 0; page < given; page++) await reading.next();
        await reading.return(undefined as never);
        await released(made);
        expect(await reading.next()).toEqual({ done: true, value: undefined });
      }
      expectWhole(await wholeRead(made.connector), made, company);
    });

    it.each(adapter.faults)("%s at any page ends in an error and never in a proof", async (fault) => {
      let page = 1;
      for (; ; page++) {
        const made = await adapter.broken(company, fault, page);
        if (made === null) break;
        stand(made);
        const { error, pages } = await brokenRead(made.connector);
        expectRefusal(error, made);
        expect(error.code, `page ${page}: ${error.message}`).not.toBe("cancelled");
        await released(made);
        // What came before the fault is true.
        const truth = wanted(made.truth ?? company);
        for (const { location: _, ...user } of usersOf(pages)) expect(user).toEqual(truth.users.get(user.id));
        expect(truth.members).toEqual(expect.arrayContaining(membersOf(pages)));
      }
      expect(page, "the fault struck at no page").toBeGreaterThan(1);
    });

    describeTest(name, adapter, company, stand, released);

    it("keeps ids of what it read, not the people", async () => {
      // 4 kB each: a reader that kept its people would hold 18 MB more of ten times as many.
      const filler = "x".repeat(4000);
      const grown = async (count: number): Promise<number> => {
        const users = Array.from({ length: count }, (_, index) =>
          person(index + 1, { displayName: `${index} ${filler}` }),
        );
        const made = await make({ users, groups: [] });
        const { length } = (await wholeRead(made.connector)).pages;
        const reading = made.connector.read(new AbortController().signal);
        await reading.next();
        const before = await heap();
        for (let page = 1; page < length; page++) await reading.next();
        const after = await heap();
        expect((await reading.next()).value).toMatchObject({
          users: made.truth === undefined ? count : made.truth.users.length,
        });
        return after - before;
      };
      const [few, many] = [500, 5000];
      const small = await grown(few);
      const growth = (await grown(many)) - small;
      expect(growth).toBeLessThan((many - few) * BYTES_OF_ONE + 4e6);
    });
  });
}

/** What the next step of a read comes to: a page, a proof, or the code of an error. */
async function settled(reading: ReturnType<Connector["read"]>): Promise<string> {
  try {
    return (await reading.next()).done ? "proof" : "page";
  } catch (error) {
    return error instanceof ConnectorError ? error.code : String(error);
  }
}

async function brokenReadOf(made: Made, signal: AbortSignal): Promise<unknown> {
  return wholeRead(made.connector, signal).catch((error: unknown) => error);
}

/** Bytes in use after everything that can go has gone. */
async function heap(): Promise<number> {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc") as () => void;
  for (let round = 0; round < 3; round++) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
