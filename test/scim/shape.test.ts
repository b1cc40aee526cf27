import fc from "fast-check";
import { expect, test } from "vitest";
import { requireModestShape } from "../../src/scim/shape.ts";
import { scaled, seed } from "../harness/scale.ts";

const look = (text: string) => () => requireModestShape(Buffer.from(text));
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const wide = (members: number, value = "1") =>
  `{${Array.from({ length: members }, (_, place) => `"k${place}":${value}`).join(",")}}`;

test("a body may nest 40 deep and an object may have 1,000 members", () => {
  expect(look(nested(40))).not.toThrow();
  expect(look(nested(41))).toThrow(/nests more than 40 deep/);
  expect(look(wide(1_000))).not.toThrow();
  expect(look(wide(1_001))).toThrow(/more than 1000 members/);
  expect(look(`[${wide(900)},${wide(900)}]`)).not.toThrow();
  expect(look(`{"a":${wide(1_001)}}`)).toThrow(/members/);
  expect(look(wide(999, '{"x":1}'))).not.toThrow();
});

test("what stands in texts does not count, and what is no JSON is left to the parser", () => {
  expect(look(JSON.stringify({ a: "[".repeat(100), b: ':"\\'.repeat(2_000) }))).not.toThrow();
  for (const text of ["", '"', '"\\', "]]]]}}}}", '{"a":"']) expect(look(text)).not.toThrow();
});

test("any JSON within the bounds passes", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 12 }), (text) => {
      requireModestShape(Buffer.from(text));
    }),
    { numRuns: scaled(2_000), seed },
  );
});
