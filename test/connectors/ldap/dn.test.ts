import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalDn, isWithin, type NamePart, parseDn } from "../../../connectors/ldap/dn.ts";
import { scaled, seed } from "../../harness/scale.ts";

const runs = { numRuns: scaled(5000), seed };

describe("canonical names (RFC 4514)", () => {
  it.each([
    [
      "cn=Amy Wong+employeeNumber=1044,ou=People,dc=example",
      "EMPLOYEENUMBER = 1044 + CN = amy  wong , OU=people, DC=EXAMPLE",
    ],
    ["cn=Müller,o=x", "CN=M\\C3\\BCLLER,O=x"],
    ["cn=Okafor\\, Chidi,o=x", "cn=okafor\\2C chidi,o=X"],
    ["cn=a\\+b,o=x", "cn=a\\2bb,o=x"],
    ["2.5.4.3=a,OID.2.5.4.10=x", "commonName=a,organizationName=x"],
    ["userid=ann,domaincomponent=x", "uid=ann,dc=x"],
    ["cn=#0c0161,o=x", "cn=a,o=x"],
    ["cn=\\20 a\\20 ,o=x", "cn=a,o=x"],
    ["uid=o'neil (x)/y,dc=a", "UID=O'Neil (X)/Y,DC=a"],
    ["cn=Ⅳ,o=x", "cn=iv,o=x"],
  ])("%s is %s", (one, other) => {
    expect(canonicalDn(one)).toBe(canonicalDn(other));
    expect(canonicalDn(one)).not.toBeNull();
  });

  it.each([
    ["cn=a,o=x", "cn=a\\,o=x"],
    ["cn=a+sn=b,o=x", "cn=a\\+sn=b,o=x"],
    ["cn=#0c0161,o=x", "cn=\\#0c0161,o=x"],
    ["cn=\\ff,o=x", "cn=\\\\ff,o=x"],
    ["cn=a,cn=b", "cn=b,cn=a"],
    ["cn=,o=x", "cn=a,o=x"],
  ])("%s is not %s", (one, other) => {
    expect(canonicalDn(one)).not.toBe(canonicalDn(other));
  });

  it.each([
    "x",
    "=a",
    "cn=a,",
    ",cn=a",
    "cn=a+",
    "cn=a,,o=x",
    "cn=a\\",
    "cn=a\\xz",
    'cn="a",o=x',
    "c n=a",
    "cn=#0z",
    "cn=#0c0261",
  ])("%s is no name", (text) => {
    expect(canonicalDn(text)).toBeNull();
  });

  it("knows what lies below a base, and that a longer value is no level", () => {
    expect(isWithin("uid=a,ou=people,dc=x", "ou=people,dc=x")).toBe(true);
    expect(isWithin("ou=people,dc=x", "ou=people,dc=x")).toBe(true);
    expect(isWithin("ou=more people,dc=x", "people,dc=x")).toBe(false);
    expect(isWithin("uid=a,ou=others,dc=x", "ou=people,dc=x")).toBe(false);
  });
});

const type = fc.constantFrom("cn", "ou", "uid", "dc", "employeeNumber", "1.2.3.4");
const value = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abyzABYZ0189-._@"), minLength: 1, maxLength: 8 }),
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({ unit: fc.constantFrom(...' #+,;<=>\\"aB\0é'), maxLength: 8 }),
);
const name = fc.array(fc.array(fc.record({ type, value }), { minLength: 1, maxLength: 3 }), {
  minLength: 1,
  maxLength: 4,
});

/** Every character in any of the spellings that RFC 4514 allows for it. */
function spell(dn: readonly (readonly NamePart[])[], choose: (options: number) => number): string {
  const spellValue = (text: string): string =>
    [...text]
      .map((character, index, all) => {
        const hex = [...Buffer.from(character)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
        const isEdge = index === 0 || index === all.length - 1;
        if (/["+,;<>\\\0]/.test(character) || (isEdge && /[ #]/.test(character))) {
          return character === "\0" || choose(2) ? hex : `\\${character}`;
        }
        if (/\s/u.test(character)) return hex;
        return choose(2) ? hex : character;
      })
      .join("");
  const pad = (): string => " ".repeat(choose(3));
  return dn
    .map((parts) => {
      const spelt = parts.map((part) => {
        const cased = choose(2) ? part.type.toUpperCase() : part.type;
        return `${pad()}${cased}${pad()}=${pad()}${spellValue(part.value)}${pad()}`;
      });
      return (choose(2) ? spelt : spelt.reverse()).join("+");
    })
    .join(",");
}

describe("canonical names, whatever the name", () => {
  it("all spellings of a name have one canonical form", () => {
    fc.assert(
      fc.property(name, fc.infiniteStream(fc.nat()), fc.infiniteStream(fc.nat()), (dn, one, other) => {
        const chooser = (stream: Iterator<number>) => (options: number) => (stream.next().value ?? 0) % options;
        const first = canonicalDn(spell(dn, chooser(one)));
        expect(first).not.toBeNull();
        expect(canonicalDn(spell(dn, chooser(other)))).toBe(first);
      }),
      runs,
    );
  });

  it("parsing gives back what was spelt", () => {
    fc.assert(
      fc.property(name, (dn) => {
        const parsed = parseDn(spell(dn, () => 0));
        expect(parsed).toEqual(
          dn.map((parts) => parts.map((part) => ({ ...part, type: part.type.toLowerCase() })).reverse()),
        );
      }),
      runs,
    );
  });

  it("the canonical form is its own canonical form", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          name.map((dn) => spell(dn, () => 1)),
          fc.string(),
        ),
        (text) => {
          const canonical = canonicalDn(text);
          if (canonical !== null) expect(canonicalDn(canonical)).toBe(canonical);
        },
      ),
      runs,
    );
  });

  it("names of different values differ", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ unit: fc.constantFrom(..."abc,+=\\#é"), maxLength: 5 }), {
          minLength: 2,
          maxLength: 2,
        }),
        ([one, other]) => {
          const spelt = (text: string): string | null => canonicalDn(spell([[{ type: "cn", value: text }]], () => 1));
          expect(spelt(one ?? "")).not.toBe(spelt(other ?? ""));
        },
      ),
      runs,
    );
  });

  it("the order of levels counts, the order within one does not", () => {
    fc.assert(
      fc.property(name, (dn) => {
        const spelt = (names: readonly (readonly NamePart[])[]): string | null => canonicalDn(spell(names, () => 1));
        expect(spelt(dn.map((parts) => [...parts].reverse()))).toBe(spelt(dn));
        const levels = dn.map((parts) => spelt([parts]));
        const isSymmetric = levels.join("\n") === [...levels].reverse().join("\n");
        expect(spelt([...dn].reverse()) === spelt(dn)).toBe(isSymmetric);
      }),
      runs,
    );
  });
});
