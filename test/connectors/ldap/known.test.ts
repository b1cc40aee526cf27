import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalDn } from "../../../connectors/ldap/dn.ts";
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

test("a name in bytes is told as its canonical text is, or not at all", () => {
  const first = fc
    .tuple(fc.constantFrom("uid", "cn", "UID", "userid", "o", "1.2", "-"), fc.constantFrom("=", "==", "", "=,"))
    .chain(([type, equals]) =>
      fc
        .oneof(
          fc.constantFrom("a", "b", "ab.c_d@e-1", "A", "a b", "é", "a\\,b", "#04", "a+cn=b", ""),
          fc.nat(99).map((n) => "x".repeat(n)),
        )
        .map((value) => type + equals + value),
    );
  const end = fc.constantFrom(
    ",ou=a",
    ",OU=a",
    ",ou=A",
    ", ou=a",
    ",ou=a ",
    ",ou=a\\2cb",
    ',ou="a"',
    ",ou=a,dc=b",
    ",",
    "",
  );
  const name = fc.tuple(first, end).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(name, { maxLength: 30 }), fc.array(name, { maxLength: 60 }), (held, asked) => {
      const ids = new KnownIds();
      const names = new KnownNames(ids);
      for (const dn of held) {
        const canonical = canonicalDn(dn);
        if (canonical !== null && !names.has(canonical)) names.add(canonical, ids.add(`id-${ids.size}`) ?? -1);
      }
      for (const dn of [...asked, ...held, ...asked]) {
        const frame = Buffer.from(`(${dn})`);
        const number = names.numberOf(frame, 1, frame.length - 1);
        const canonical = canonicalDn(dn.trim());
        if (number !== undefined) expect(ids.at(number)).toBe(canonical === null ? undefined : names.get(canonical));
        if (canonical === null) continue;
        names.learn(frame, 1, frame.length - 1, canonical);
        const plain = /^(?:uid|cn|o)=[a-z0-9@._-]{1,50},(?=[^\\]*$)/.test(dn);
        if (plain && names.has(canonical))
          expect(names.numberOf(frame, 1, frame.length - 1)).toBe(ids.numberOf(names.get(canonical) ?? ""));
      }
    }),
    { seed, numRuns: scaled(2_000) },
  );
});
