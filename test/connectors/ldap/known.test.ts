import fc from "fast-check";
import { expect, test } from "vitest";
import { KnownIds, KnownNames } from "../../../connectors/ldap/known.ts";
import { scaled, seed } from "../../harness/scale.ts";

/** Texts that differ late, or only behind where the hash begins its next block, beside any others. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .tuple(fc.constantFrom(58, 59, 60, 61, 119, 120, 121), fc.string({ maxLength: 3 }))
    .map(([length, end]) => "x".repeat(length) + end),
  fc.nat(50).map((length) => "\0".repeat(length)),
  fc
    .tuple(fc.string({ maxLength: 2 }), fc.constantFrom("", ",", ",ou=a", ",ou=b", ",ou=a,ou=b"))
    .map(([first, end]) => first + end),
);

test("ids and names are known again as a set and a map would know them", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.option(text)), { maxLength: 300 }), fc.array(text), (pairs, others) => {
      const [ids, set] = [new KnownIds(), new Set<string>()];
      const [names, map] = [new KnownNames(ids), new Map<string, string | null>()];
      for (const [name, given] of pairs) {
        // An id is stored as UTF-8 (isStorableId); one in three names leads to an id that is not in the set.
        const id = given === null ? null : given.toWellFormed();
        if (id !== null && id.length % 3 !== 0 && !set.has(id)) {
          ids.add(id);
          set.add(id);
        }
        names.set(name, id);
        map.set(name, id);
      }
      expect([...ids]).toEqual([...set]);
      expect(ids.size).toBe(set.size);
      for (const known of [...map.keys(), ...set, ...others]) {
        expect(names.get(known)).toBe(map.get(known));
        expect(names.has(known)).toBe(map.has(known));
        expect(ids.has(known)).toBe(set.has(known));
      }
    }),
    { seed, numRuns: scaled(500) },
  );
});

test("names are told apart by their ends too, however many ends there are", () => {
  const ids = new KnownIds();
  const names = new KnownNames(ids);
  const nameOf = (number: number): string => `cn=same,ou=${number}`;
  for (let number = 0; number < 25_000; number++)
    expect(names.add(nameOf(number), ids.add(`id-${number}`) ?? -1)).toBe(true);
  for (let number = 0; number < 25_000; number++) {
    expect(names.get(nameOf(number))).toBe(`id-${number}`);
    expect(names.add(nameOf(number), 0)).toBe(false);
    expect(ids.add(`id-${number}`)).toBeUndefined();
  }
  expect(names.has("cn=same")).toBe(false);
  expect(names.has("cn=same,ou=25000")).toBe(false);
  expect(names.has("cn=other,ou=7")).toBe(false);
});

test("a hundred thousand ids are all known, in their order", () => {
  const ids = new KnownIds();
  for (let number = 0; number < 100_000; number++)
    ids.add(`00000000-0000-4000-8000-${String(number).padStart(12, "0")}`);
  expect(ids.at(99_999)).toBe("00000000-0000-4000-8000-000000099999");
  expect([...ids].length).toBe(100_000);
});
