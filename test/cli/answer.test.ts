import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { facts, printable, table } from "../../src/cli/answer.ts";
import { exitCode } from "../../src/cli/exit-code.ts";
import { parseDuration } from "../../src/cli/input.ts";
import { scaled, seed } from "../harness/scale.ts";

const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u;
const anything = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.stringMatching(/^[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069a-c]{0,20}$/),
);

describe("what a person reads", () => {
  it("never holds a control or bidirectional character of a value", () => {
    fc.assert(
      fc.property(fc.array(anything, { minLength: 2, maxLength: 2 }), (values) => {
        expect(printable(values[0])).not.toMatch(UNPRINTABLE);
        const lines = table(["one", "two"], [values]).split("\n");
        expect(lines).toHaveLength(2);
        for (const line of lines) expect(line).not.toMatch(UNPRINTABLE);
        expect(facts({ one: values[0], two: values[1] }).split("\n")).toHaveLength(2);
      }),
      { numRuns: scaled(2_000), seed },
    );
  });

  it("stands in aligned columns, wide characters counted as two", () => {
    expect(
      table(
        ["name", "role"],
        [
          ["ada", "user"],
          ["山田", null],
        ],
      ),
    ).toBe("NAME  ROLE\nada   user\n山田  -");
    expect(table(["name"], [])).toBe("none");
  });

  it("is JSON where a value has parts of its own", () => {
    expect(facts({ quota: { guests: 5 }, names: ["a", "b"], rows: [{ id: 1 }] }).split("\n")).toEqual([
      'quota  {"guests":5}',
      "names  a,b",
      'rows   [{"id":1}]',
    ]);
  });
});

describe("exit codes", () => {
  it.each([
    ["usage", 2],
    ["not-found", 3],
    ["not-allowed", 4],
    ["unauthenticated", 4],
    ["uniqueness", 5],
    ["conflict", 5],
    ["held", 5],
    ["cool-down", 5],
    ["invalid", 6],
    ["invalid-value", 6],
    ["unavailable", 1],
    ["internal", 1],
    ["configuration", 78],
  ] as const)("%s is %i", (code, expected) => expect(exitCode(code)).toBe(expected));
});

describe("durations", () => {
  it("are a number with a unit, and nothing else", () => {
    expect(["90s", "60m", "12h", "30d"].map(parseDuration)).toEqual([90, 3_600, 43_200, 2_592_000]);
    for (const text of ["", "60", "m", "-1m", "1.5h", "1 h", "0m", "9999999d", "999999d", "60M", "1h30m"])
      expect(parseDuration(text)).toBeUndefined();
  });
});
