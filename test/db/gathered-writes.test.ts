import { describe, expect, test } from "vitest";
import { GatheredWrites, type WriteKind } from "../../src/db/gathered-writes.ts";

type Change = { key: string; place: number };

/** Changes that are written when the test says so. */
function writer(options: { refuses?: (change: Change) => boolean; kind?: Partial<WriteKind<Change, number>> } = {}) {
  const begun: { keys: string[]; finish(error?: Error): void }[] = [];
  const alone: string[] = [];
  const done: number[] = [];
  const kind: WriteKind<Change, number> = {
    most: 8,
    weightOf: () => 1,
    lanes: 2,
    repeatsKeys: false,
    ...options.kind,
    async together(changes) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const finish = (error?: Error) => (error ? reject(error) : resolve());
      begun.push({ keys: changes.map((change) => change.key), finish });
      await promise;
      const answered = changes.filter((change) => !options.refuses?.(change));
      done.push(...answered.map((change) => change.place));
      return changes.map((change) => (answered.includes(change) ? change.place : undefined));
    },
    async alone(change) {
      alone.push(change.key);
      done.push(change.place);
      return change.place;
    },
  };
  return { begun, alone, done, kind };
}

const turns = async (count = 5) => {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
};
const send = (writes: GatheredWrites, kind: WriteKind<Change, number>, keys: string, name = "place") =>
  [...keys].map((key, place) => writes.write(name, key, kind, { key, place }));

describe("changes that come at one moment", () => {
  test("eight at a time, two transactions at once, and each gets its own answer", async () => {
    const { begun, kind } = writer();
    const answers = send(new GatheredWrites(60_000), kind, "abcdefghijklmnopqrst");
    await turns();
    expect(begun.map(({ keys }) => keys.join(""))).toEqual(["abcdefgh", "ijklmnop"]);
    begun[1]!.finish();
    await turns();
    expect(begun[2]!.keys.join("")).toBe("qrst");
    begun[0]!.finish();
    begun[2]!.finish();
    expect(await Promise.all(answers)).toEqual(answers.map((_, place) => place));
  });

  test("places do not wait for each other", async () => {
    const { begun, kind } = writer();
    const writes = new GatheredWrites(60_000);
    const answers = [...send(writes, kind, "abcdefghijklmnopqrst", "one"), ...send(writes, kind, "ab", "other")];
    await turns();
    expect(begun.map(({ keys }) => keys.join(""))).toEqual(["abcdefgh", "ab", "ijklmnop"]);
    for (let place = 0; place < 4; place++) {
      begun[place]!.finish();
      await turns();
    }
    await Promise.all(answers);
  });

  test("of one key one after the other, in their order", async () => {
    const { begun, done, kind } = writer();
    const answers = send(new GatheredWrites(60_000), kind, "aabacab");
    const seen: string[] = [];
    for (let place = 0; place < 4; place++) {
      await turns();
      seen.push(begun[place]!.keys.join(""));
      begun[place]!.finish();
    }
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(seen).toEqual(["abc", "ab", "a", "a"]);
    expect(done.filter((place) => "aabacab"[place] === "a")).toEqual([0, 1, 3, 5]);
    expect(done.filter((place) => "aabacab"[place] === "b")).toEqual([2, 6]);
  });

  test("of one key together where that may be, but never in two transactions at once", async () => {
    const { begun, kind } = writer({ kind: { repeatsKeys: true } });
    const answers = send(new GatheredWrites(60_000), kind, "aaabaaaaaab");
    await turns();
    expect(begun.map(({ keys }) => keys.join(""))).toEqual(["aaabaaaa"]);
    begun[0]!.finish();
    await turns();
    expect(begun[1]!.keys.join("")).toBe("aab");
    begun[1]!.finish();
    expect(await Promise.all(answers)).toEqual(answers.map((_, place) => place));
  });

  test("by their weight, and one of any weight by itself", async () => {
    const { begun, kind } = writer({
      kind: { weightOf: ({ key }) => (key === "x" ? 20 : key === "y" ? 5 : 1), lanes: 9 },
    });
    const answers = send(new GatheredWrites(60_000), kind, "abcyxdefg");
    await turns(9);
    expect(begun.map(({ keys }) => keys.join(""))).toEqual(["abcy", "x", "defg"]);
    for (const each of begun) each.finish();
    await Promise.all(answers);
  });

  test("who gets no answer is done alone, and whoever comes for the same key waits for that", async () => {
    const { begun, alone, done, kind } = writer({ refuses: ({ place }) => place === 1 });
    const answers = send(new GatheredWrites(60_000), kind, "abcb");
    await turns();
    begun[0]!.finish();
    await turns();
    begun[1]!.finish();
    expect(await Promise.all(answers)).toEqual([0, 1, 2, 3]);
    expect(alone).toEqual(["b"]);
    expect(done).toEqual([0, 2, 1, 3]);
  });

  test("what a transaction throws is the answer to all of it and to nobody else", async () => {
    const { begun, kind } = writer();
    const answers = send(new GatheredWrites(60_000), kind, "abcdefghi");
    await turns();
    begun[0]!.finish(new Error("out of reach"));
    begun[1]!.finish();
    const outcomes = await Promise.allSettled(answers);
    expect(outcomes.map((each) => each.status)).toEqual([...Array(8).fill("rejected"), "fulfilled"]);
  });
});

describe("bounds", () => {
  test("who waits too long is told so and not written", async () => {
    const { begun, done, kind } = writer();
    const answers = send(new GatheredWrites(50), kind, "abcdefghijklmnopqr");
    const waiting = Promise.allSettled(answers.slice(16));
    expect((await waiting).map((each) => each.status === "rejected" && each.reason.code)).toEqual([
      "unavailable",
      "unavailable",
    ]);
    for (const each of begun) each.finish();
    await Promise.all(answers.slice(0, 16));
    expect(done).toHaveLength(16);
  });

  test("the queue ends somewhere", async () => {
    const { begun, kind } = writer();
    const writes = new GatheredWrites(60_000);
    const changes = Array.from({ length: 1_001 }, (_, place) => ({ key: `${place}`, place }));
    const answers = changes.map((change) => writes.write("place", change.key, kind, change));
    await expect(answers[1_000]).rejects.toMatchObject({ code: "unavailable", retryAfter: 5 });
    for (let place = 0; place < 125; place++) {
      await turns(3);
      begun[place]!.finish();
    }
    expect(await Promise.all(answers.slice(0, 1_000))).toHaveLength(1_000);
  });
});
