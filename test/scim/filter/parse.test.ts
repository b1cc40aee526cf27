import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMusterError } from "../../../src/errors.ts";
import { type Filter, printFilter } from "../../../src/scim/filter/ast.ts";
import { type Cost, parseFilter } from "../../../src/scim/filter/parse.ts";
import { parsePath } from "../../../src/scim/filter/path.ts";
import { groupType, userType } from "../../../src/scim/schema/resource-types.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { generic } from "../reading.ts";
import { anyFilter, anyValue } from "./arbitrary.ts";

const options = (full: number) => ({ numRuns: scaled(full), seed });

function print(text: string): string {
  return printFilter(parseFilter(generic, text, userType));
}

describe("RFC 7644 §3.4.2.2: what a filter may say", () => {
  test.each([
    ['userName eq "bjensen"', 'userName eq "bjensen"'],
    [`name.familyName co "O'Malley"`, `name.familyName co "O'Malley"`],
    ['urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"', 'userName sw "J"'],
    ["title pr", "title pr"],
    ['meta.lastModified gt "2011-05-13T04:42:34Z"', 'meta.lastModified gt "2011-05-13T04:42:34Z"'],
    ['title pr and userType eq "Employee"', 'title pr and userType eq "Employee"'],
    [
      'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
      'schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"',
    ],
    [
      'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")',
      'userType ne "Employee" and not (emails.value co "example.com" or emails.value co "example.org")',
    ],
    [
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]',
    ],
    ["title pr and userType pr or nickName pr", "(title pr and userType pr) or nickName pr"],
    ["title pr or userType pr and nickName pr", "title pr or (userType pr and nickName pr)"],
    ["((title pr))", "title pr"],
    ["NOT(title pr)", "not (title pr)"],
    ['UserName EQ "x" AND NAME.givenNAME Pr', 'userName eq "x" and name.givenName pr'],
    ['userName eq "a\\"b\\\\c\\u00e9"', 'userName eq "a\\"b\\\\cé"'],
    ['emails[value eq"x"]', 'emails[value eq "x"]'],
    ["active eq true", "active eq true"],
    ['active eq "True"', "active eq true"],
    ["title eq null", "title eq null"],
    ["externalId eq jyoung", 'externalId eq "jyoung"'],
    ["externalId eq 00701984", 'externalId eq "00701984"'],
    ['manager eq "26"', 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "26"'],
    [
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"',
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "x"',
    ],
    ['emails[type eq "work"].value eq "x"', 'emails[type eq "work" and value eq "x"]'],
  ])("%s", (text, printed) => {
    expect(print(text)).toBe(printed);
  });

  test("every tree survives being printed and read again", () => {
    for (const type of [userType, groupType])
      fc.assert(
        fc.property(anyFilter(type, anyValue), (filter: Filter) => {
          expect(parseFilter(generic, printFilter(filter), type)).toEqual(filter);
        }),
        options(5_000),
      );
  });
});

describe("what is no filter is refused with the place", () => {
  test.each([
    ["", 1],
    ["userName", 9],
    ["userName eq", 12],
    ["userName eq ", 13],
    ['userName regex "x"', 10],
    ['nothing eq "x"', 1],
    ['emails.nothing eq "x"', 1],
    ['emails[nothing eq "x"]', 8],
    ['name eq "x"', 9],
    ['userName eq "x', 13],
    ['userName eq "\\x"', 14],
    ['userName eq "x" and', 17],
    ["(title pr", 10],
    ["title pr)", 9],
    ["not title pr", 5],
    ["title pr title pr", 10],
    ["active gt true", 11],
    ['active eq "perhaps"', 11],
    ['meta.created eq "yesterday"', 17],
    ['meta.created co "2020-01-01T00:00:00Z"', 17],
    ["title gt null", 10],
    ['x509Certificates.value gt "x"', 27],
    ['emails[type eq "work"', 22],
    ['emails[emails[type eq "x"]]', 8],
    ["password pr", 1],
    ['userName eq "\\u0000"', 13],
    ['userName eq "\\ud800"', 13],
    ["__proto__ pr", 1],
    ['constructor.name eq "x"', 1],
    ['emails[__proto__ eq "x"]', 8],
    ['toString eq "x"', 1],
  ])("%s", (text, character) => {
    let thrown: unknown;
    try {
      parseFilter(generic, text, userType);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "invalid-filter", at: `character ${character}` });
  });

  test("length, depth and number of comparisons are bounded", () => {
    const deep = (levels: number) => `${"(".repeat(levels)}title pr${")".repeat(levels)}`;
    const many = (terms: number) => Array.from({ length: terms }, () => "title pr").join(" or ");
    expect(() => parseFilter(generic, deep(40), userType)).not.toThrow();
    expect(() => parseFilter(generic, deep(41), userType)).toThrow(/40 deep/);
    expect(() => parseFilter(generic, many(100), userType)).not.toThrow();
    expect(() => parseFilter(generic, many(101), userType)).toThrow(/100 comparisons/);
    expect(() => parseFilter(generic, `userName eq "${"a".repeat(4_096)}"`, userType)).toThrow(/4096 characters/);
  });
});

/** Pieces of the grammar and of what breaks grammars, joined at random. */
const scraps = fc
  .array(
    fc.constantFrom(
      ...[
        "(",
        ")",
        "[",
        "]",
        " ",
        "  ",
        '"',
        "\\",
        '\\"',
        "\\u00",
        ".",
        ":",
        "not ",
        "not(",
        " and ",
        " or ",
        "eq ",
        " pr",
      ],
      ...[
        "userName",
        "emails",
        "emails[",
        "type",
        "value",
        "name.givenName",
        "urn:ietf:params:scim:schemas:core:2.0:User:",
      ],
      ...["true", "null", "12", "-1e9", "é", "\u{1f600}", "__proto__", 'eq "x"', "title pr"],
    ),
    { maxLength: 300 },
  )
  .map((parts) => parts.join("").slice(0, 4_096));

test("reading any text looks at each character at most eight times, and fails only in its own words", () => {
  fc.assert(
    fc.property(fc.oneof(scraps, fc.string({ unit: "binary", maxLength: 200 })), (text) => {
      const cost: Cost = { steps: 0 };
      try {
        parseFilter(generic, text, userType, cost);
      } catch (error) {
        expect(isMusterError(error) && error.code).toBe("invalid-filter");
      }
      expect(cost.steps).toBeLessThanOrEqual(8 * Math.max(1, text.length));
    }),
    options(20_000),
  );
});

test("the longest and deepest texts cost no more than others", () => {
  for (const unit of ["(", "not (", "title pr and ", " ", 'title eq "\\\\', '"', "a.", "emails[", "title pr   "]) {
    const text = unit.repeat(Math.floor(4_096 / unit.length));
    const cost: Cost = { steps: 0 };
    expect(() => parseFilter(generic, text, userType, cost)).toThrow();
    expect(cost.steps).toBeLessThanOrEqual(8 * text.length);
  }
});

test("no text of a request reaches the prototype of objects", () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  fc.assert(
    fc.property(scraps, (text) => {
      for (const read of [() => parseFilter(generic, text, userType), () => parsePath(generic, text, userType)]) {
        try {
          read();
        } catch {}
      }
    }),
    options(2_000),
  );
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
});

describe("RFC 7644 §3.5.2: what a path may say", () => {
  test.each([
    ["members", "members", null, false],
    ["NAME.familyname", "name", "familyName", false],
    ['addresses[type eq "work"]', "addresses", null, true],
    ['members[value eq "2819c223"].display', "members", "display", true],
    ["urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "name", "givenName", false],
    ["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", "manager", "value", false],
    ["manager", "manager", null, false],
  ])("%s", (text, attribute, sub, filtered) => {
    const target = parsePath(generic, text, text.startsWith("members") ? groupType : userType);
    if (target?.kind !== "attribute") throw new Error("no attribute");
    expect([target.path.attribute.name, target.path.sub?.name ?? null, target.filter !== null]).toEqual([
      attribute,
      sub,
      filtered,
    ]);
  });

  test("a whole extension, and what this server does not have", () => {
    const urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    expect(parsePath(generic, urn.toUpperCase(), userType)).toEqual({ kind: "extension", urn });
    expect(parsePath(generic, "favouriteColour", userType)).toBeUndefined();
  });

  test.each([
    "",
    'emails[type eq "work"',
    'emails[type eq "work"].',
    'emails[type eq "work"].nothing',
    "emails[",
    "emails x",
    "title[value pr]",
    "[x]",
  ])("%s is refused", (text) => {
    expect(() => parsePath(generic, text, userType)).toThrow(expect.objectContaining({ code: "invalid-path" }));
  });
});
