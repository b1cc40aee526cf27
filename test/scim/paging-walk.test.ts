import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { random } from "../harness/random.ts";
import { scaled, seed } from "../harness/scale.ts";
import { type Answer, type Endpoint, patchOf, scimServer, sender, system, userOf } from "./endpoint.ts";

const server = await scimServer();
const WRITERS = 8;
const COUNT = 20;
/** Resources that stand during the whole test. */
const LASTING = Math.max(120, scaled(500));
const WALKS = scaled(3);

let at: Endpoint;
/** The writers' own token: readers are not to wait for their turn. */
let write: Endpoint["send"];
const lasting = { "/Users": new Set<string>(), "/Groups": new Set<string>() };

const next = random(seed);
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)];

beforeAll(async () => {
  at = await server.directory(await server.organization());
  const { token } = await inTransaction(server.ctx, system(at.organization), (tx) =>
    createToken(tx, { directory: at.directory }),
  );
  write = sender(at.baseUrl, token);
  let left = LASTING;
  const fill = async () => {
    while (left > 0) {
      const index = left--;
      const user = await write(
        "POST",
        "/Users",
        userOf(`lasting-${index}`, { title: `t${index % 7}`, nickName: `n${(index * 7_919) % LASTING}` }),
      );
      lasting["/Users"].add(user.id);
      const group = await write("POST", "/Groups", { displayName: `lasting-${index}` });
      lasting["/Groups"].add(group.id);
    }
  };
  await Promise.all(Array.from({ length: 16 }, fill));
});

/** Counts on through all tests: names are not used twice. */
let serial = 0;

type Kind = "create" | "delete" | "change" | "reactivate";

/**
 * Walks again and again while eight writers create, delete, change and reactivate; they never touch what sorts the
 * lasting ones. Ends when there were `WALKS` walks and each writer has made each kind of change.
 */
async function underWriters(kinds: readonly Kind[], walk: () => Promise<void>): Promise<void> {
  let running = true;
  const made = new Map<Kind, number>(kinds.map((kind) => [kind, 0]));
  const passing: { user: string; group: string }[] = [];
  const changed = async (answer: Promise<Answer>): Promise<string> => {
    const { status, id, text } = await answer;
    // Another writer may have deleted it.
    expect([200, 201, 204, 404], text).toContain(status);
    return id;
  };
  const patch = (path: string, operation: unknown) => changed(write("PATCH", path, patchOf(operation)));
  const changes: Record<Kind, () => Promise<unknown>> = {
    create: async () => {
      // A walk must be able to reach an end that moves away.
      if (passing.length > LASTING / 2) return new Promise((resolve) => setTimeout(resolve, 1));
      const name = `passing-${++serial}`;
      const more = { title: pick(["t0", "t3", "zz", "a"]), nickName: `${pick(["a", "n5", "z"])}${serial}` };
      const user = await changed(write("POST", "/Users", userOf(name, more)));
      passing.push({
        user,
        group: await changed(write("POST", "/Groups", { displayName: `${pick(["a", "m", "z"])}-${name}` })),
      });
    },
    delete: async () => {
      const one = passing.shift();
      if (one === undefined) return changes.create();
      await Promise.all([
        changed(write("DELETE", `/Users/${one.user}`)),
        changed(write("DELETE", `/Groups/${one.group}`)),
      ]);
    },
    change: async () => {
      const [user, group] = [pick([...lasting["/Users"]]), pick([...lasting["/Groups"]])];
      await patch(`/Users/${user}`, { op: "replace", path: "locale", value: `l${++serial}` });
      await patch(`/Groups/${group}`, { op: "add", path: "members", value: [{ value: user }] });
      const one = pick(passing);
      if (one)
        await patch(`/Users/${one.user}`, {
          op: "replace",
          value: { userName: `moved-${++serial}`, title: pick(["a", "z"]) },
        });
    },
    reactivate: async () => {
      const user = pick([...lasting["/Users"]]);
      for (const value of [false, true]) await patch(`/Users/${user}`, { op: "replace", path: "active", value });
    },
  };
  async function writer(own: number): Promise<void> {
    for (let turn = own; running; turn++) {
      const kind = kinds[turn % kinds.length] as Kind;
      await changes[kind]();
      made.set(kind, (made.get(kind) ?? 0) + 1);
    }
  }
  const stopped = (error: unknown): never => {
    running = false;
    throw error;
  };
  const writers = Array.from({ length: WRITERS }, (_, own) => writer(own).catch(stopped));
  try {
    for (let walks = 0; running && (walks < WALKS || [...made.values()].some((count) => count < WRITERS)); walks++) {
      await walk();
      for (const one of passing.splice(LASTING / 4)) await changed(write("DELETE", `/Users/${one.user}`));
    }
  } finally {
    running = false;
    await Promise.all(writers);
  }
}

type Path = "/Users" | "/Groups";

async function page(path: Path, parameters: string): Promise<Answer> {
  const answer = await at.send("GET", `${path}?count=${COUNT}&attributes=id&${parameters}`);
  expect(answer.status, answer.text).toBe(200);
  return answer;
}

/** Every id that a cursor walk meets, in its order. */
async function byCursor(path: Path, order: string): Promise<string[]> {
  const seen: string[] = [];
  let cursor: string | undefined = "";
  while (cursor !== undefined) {
    const answer: Answer = await page(path, `cursor=${cursor}&${order}`);
    seen.push(...answer.resources.map((resource) => String(resource.id)));
    cursor = (answer.body as { nextCursor?: string }).nextCursor;
  }
  return seen;
}

/** Every id that an index walk meets: on until the total is reached, as providers do it. */
async function byIndex(path: Path, order: string): Promise<string[]> {
  const seen: string[] = [];
  for (let startIndex = 1; ; ) {
    const answer = await page(path, `startIndex=${startIndex}&${order}`);
    seen.push(...answer.resources.map((resource) => String(resource.id)));
    startIndex += answer.resources.length;
    if (answer.resources.length === 0 || startIndex > (answer.body as { totalResults: number }).totalResults)
      return seen;
  }
}

/** How often each lasting resource was met, for those that were not met once. */
function wrong(path: Path, seen: readonly string[]): Map<string, number> {
  const times = new Map([...lasting[path]].map((id) => [id, 0]));
  for (const id of seen) if (times.has(id)) times.set(id, (times.get(id) ?? 0) + 1);
  return new Map([...times].filter(([, count]) => count !== 1));
}

const ORDERS: [path: Path, order: string][] = [
  ["/Users", ""],
  ["/Users", "sortBy=userName"],
  ["/Users", "sortBy=userName&sortOrder=descending"],
  ["/Users", "sortBy=title"],
  ["/Users", "sortBy=nickName&sortOrder=descending"],
  ["/Users", "sortBy=meta.created"],
  ["/Users", "filter=userName%20sw%20%22lasting%22%20or%20title%20pr"],
  ["/Groups", ""],
  ["/Groups", "sortBy=displayName"],
];

describe("by cursor (RFC 9865), under writers that create, delete, change and reactivate", () => {
  test.each(ORDERS)("%s?%s: every lasting one is seen exactly once", async (path, order) => {
    await underWriters(["create", "create", "delete", "change", "reactivate"], async () =>
      expect(wrong(path, await byCursor(path, order))).toEqual(new Map()),
    );
  });
});

describe("by index (RFC 7644 §3.4.2.4)", () => {
  // New ids are the greatest, so that new resources come behind everything in the order that nobody asked for.
  test.each<[Path, string]>([
    ["/Users", ""],
    ["/Groups", ""],
    ["/Users", "sortBy=meta.created"],
  ])(
    "%s?%s: under writers that create, change and reactivate every lasting one is seen exactly once",
    async (path, order) => {
      await underWriters(["create", "change", "reactivate"], async () =>
        expect(wrong(path, await byIndex(path, order))).toEqual(new Map()),
      );
    },
  );

  // What comes before the place where a walk stands moves everything behind it: §3.4.2.4 warns of it, cursors do not suffer it.
  test("/Users?sortBy=title: under writers that create nobody is left out, and some may be met twice", async () => {
    await underWriters(["create"], async () => {
      for (const [, times] of wrong("/Users", await byIndex("/Users", "sortBy=title")))
        expect(times).toBeGreaterThan(1);
    });
  });

  test("while others are deleted nobody is met twice; who stands behind the deleted ones may be left out, as the RFC warns", async () => {
    const doomed: string[] = [];
    for (let index = 0; index < 5 * COUNT; index++)
      doomed.push((await at.send("POST", "/Users", userOf(`doomed-${index}`, { nickName: "!" }))).id);
    const seen: string[] = [];
    let deleted = 0;
    for (let startIndex = 1; ; startIndex += COUNT) {
      const answer = await page("/Users", `startIndex=${startIndex}&sortBy=nickName`);
      if (answer.resources.length === 0) break;
      seen.push(...answer.resources.map((resource) => String(resource.id)));
      for (const id of doomed.splice(0, 5)) {
        expect((await write("DELETE", `/Users/${id}`)).status).toBe(204);
        deleted++;
      }
    }
    const missed = [...wrong("/Users", seen)];
    for (const [, times] of missed) expect(times).toBe(0);
    // Each deletion before the walk's place costs one place at most.
    expect(missed.length).toBeLessThanOrEqual(deleted);
    expect(wrong("/Users", await byCursor("/Users", "sortBy=nickName"))).toEqual(new Map());
  });
});
