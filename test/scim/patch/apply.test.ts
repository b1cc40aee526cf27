import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isMusterError } from "../../../src/errors.ts";
import { applyOperations } from "../../../src/scim/patch/apply.ts";
import { readOperations } from "../../../src/scim/patch/operations.ts";
import { userType } from "../../../src/scim/schema/resource-types.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { ENTERPRISE, patchOf } from "../endpoint.ts";
import { generic } from "../reading.ts";
import { documentOf, type Person, Refused, type Step, step } from "./model.ts";

function patch(document: Record<string, unknown>, ...operations: unknown[]) {
  return applyOperations(generic, userType, document, readOperations(generic, userType, patchOf(...operations)));
}

/** The person after a request, or undefined when the model refuses it. */
function modelled(person: Person, steps: readonly Step[]): Person | undefined {
  const after = structuredClone(person);
  try {
    for (const each of steps) each.apply(after);
    return after;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

test("random requests in every dialect do to a person what a small model says, or nothing at all", () => {
  let refused = 0;
  let applied = 0;
  fc.assert(
    fc.property(
      fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
      (requests) => {
        let person: Person = {
          active: true,
          given: "B",
          family: "Jensen",
          emails: [{ value: "a", type: "work", primary: true }],
        };
        for (const steps of requests) {
          const before = documentOf(person);
          const untouched = structuredClone(before);
          const wanted = modelled(person, steps);
          const operations = steps.map((each) => each.wire);
          if (wanted === undefined) {
            refused++;
            expect(() => patch(before, ...operations)).toThrow(expect.objectContaining({ name: "MusterError" }));
          } else {
            applied++;
            const { document, changed } = patch(before, ...operations);
            expect(document).toEqual(documentOf(wanted));
            expect(changed).toBe(JSON.stringify(sorted(documentOf(wanted))) !== JSON.stringify(sorted(untouched)));
            person = wanted;
          }
          expect(before).toEqual(untouched);
        }
      },
    ),
    { numRuns: scaled(10_000), seed },
  );
  expect(Math.min(refused, applied)).toBeGreaterThan(scaled(10_000) / 5);
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, each]) => [key, sorted(each)]),
  );
}

describe("RFC 7644 §3.5.2 and the shapes that providers send", () => {
  const bjensen = { userName: "bjensen", active: true };

  test.each([
    [
      "a manager as a bare id",
      { op: "Add", path: `${ENTERPRISE}:manager`, value: "26" },
      { [ENTERPRISE]: { manager: { value: "26" } } },
    ],
    [
      "a manager in a list",
      { op: "Add", path: "manager", value: [{ $ref: null, value: "26" }] },
      { [ENTERPRISE]: { manager: { value: "26" } } },
    ],
    [
      "a manager's value",
      { op: "Replace", path: `${ENTERPRISE}:manager.value`, value: "26" },
      { [ENTERPRISE]: { manager: { value: "26" } } },
    ],
    [
      "a manager with a name that is read-only",
      { op: "replace", path: "manager", value: { value: "26", displayName: "x" } },
      { [ENTERPRISE]: { manager: { value: "26" } } },
    ],
    ["a list of one for a single value", { op: "replace", path: "active", value: ["False"] }, { active: false }],
    [
      "a value on nothing",
      { op: "Replace", path: 'roles[primary eq "True"].value', value: "admin" },
      { roles: [{ primary: true, value: "admin" }] },
    ],
    [
      "a part of a list without values",
      { op: "add", path: "phoneNumbers.value", value: "1" },
      { phoneNumbers: [{ value: "1" }] },
    ],
    [
      "a bare text in a list",
      { op: "add", path: "emails", value: "a@example.com" },
      { emails: [{ value: "a@example.com" }] },
    ],
    [
      "an address by a filter with two conditions",
      { op: "add", path: 'addresses[type eq "work" and country eq "US"].locality', value: "Hollywood" },
      { addresses: [{ type: "work", country: "US", locality: "Hollywood" }] },
    ],
    ["lower-case names in a value", { op: "add", value: { nickname: "Babs" } }, { nickName: "Babs" }],
  ])("%s", (_, operation, expected) => {
    expect(patch(bjensen, operation).document).toEqual({ ...bjensen, ...expected });
  });

  test("a new manager takes the old one's $ref away", () => {
    const held = { ...bjensen, [ENTERPRISE]: { department: "x", manager: { value: "1", $ref: "/Users/1" } } };
    expect(patch(held, { op: "replace", path: "manager", value: { value: "2" } }).document).toMatchObject({
      [ENTERPRISE]: { department: "x", manager: { value: "2" } },
    });
    expect(patch(held, { op: "Replace", path: "manager", value: "" }).document).toEqual({
      ...bjensen,
      [ENTERPRISE]: { department: "x" },
    });
  });

  test.each([
    ["remove without a path", { op: "remove" }, "no-target"],
    ["a path-less value that is no object", { op: "add", value: "x" }, "invalid-value"],
    ["a missing value", { op: "replace", path: "title" }, "invalid-value"],
    ["a part that does not exist", { op: "replace", path: "name.nothing", value: "x" }, "invalid-path"],
    ["a read-only part", { op: "replace", path: "manager.displayName", value: "x" }, "mutability"],
    ["the core schema as a path", { op: "remove", path: "urn:ietf:params:scim:schemas:core:2.0:User" }, "invalid-path"],
    [
      "too many values",
      { op: "add", path: "emails", value: Array.from({ length: 1_001 }, (_, n) => ({ value: `${n}` })) },
      "invalid-value",
    ],
  ])("%s is refused", (_, operation, code) => {
    expect(() => patch(bjensen, operation)).toThrow(
      expect.objectContaining({ code, at: expect.stringContaining("Operations[0]") }),
    );
  });

  test("a request of too many operations is refused", () => {
    const operations = Array.from({ length: 1_001 }, () => ({ op: "add", path: "title", value: "x" }));
    expect(() => patch(bjensen, ...operations)).toThrow(expect.objectContaining({ code: "too-many" }));
  });

  test("what one value without a path unfolds into counts too, and so do the comparisons of all paths", () => {
    const keys = Array.from({ length: 1_001 }, (_, n) => [`emails[type eq "t${n}"].value`, "x"]);
    expect(() => patch(bjensen, { op: "add", value: Object.fromEntries(keys) })).toThrow(
      expect.objectContaining({ code: "too-many" }),
    );
    const path = `emails[${Array.from({ length: 90 }, (_, n) => `not (type eq "t${n}")`).join(" and ")}]`;
    const operations = Array.from({ length: 23 }, () => ({ op: "remove", path }));
    expect(() => patch(bjensen, ...operations)).toThrow(expect.objectContaining({ code: "too-many" }));
    expect(patch(bjensen, ...operations.slice(1)).document).not.toHaveProperty("emails");
  });

  test("listed values are removed by the parts that each of them gives", () => {
    const emails = [
      { value: "a", type: "work" },
      { value: "a", type: "home" },
      { value: "b", type: "work", primary: true },
      { value: "c" },
    ];
    const remove = (...value: unknown[]) =>
      patch({ ...bjensen, emails }, { op: "remove", path: "emails", value }).document.emails;
    expect(remove({ value: "A", type: "WORK" }, { value: "c", type: "work" })).toEqual(emails.slice(1));
    expect(remove({ value: "a" }, { type: "work", value: "b" })).toEqual([{ value: "c" }]);
    expect(remove({ value: "b", primary: false })).toEqual(emails);
  });

  test("values cannot be added without end by many operations", () => {
    const add = (from: number) => ({
      op: "add",
      path: "roles",
      value: Array.from({ length: 600 }, (_, n) => ({ value: `${from + n}` })),
    });
    expect(() => patch(bjensen, add(0), add(600))).toThrow(expect.objectContaining({ code: "invalid-value" }));
  });

  test("no JSON at all, however strange, is anything but applied or refused in our own words", () => {
    const names = fc.constantFrom(
      "op",
      "path",
      "value",
      "Operations",
      "__proto__",
      "constructor",
      "emails",
      "toString",
      "add",
      "remove",
    );
    const json = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(names, fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
        fc.array(tie("node"), { maxLength: 3 }),
        fc
          .array(fc.tuple(names, tie("node")), { maxLength: 4 })
          .map((entries) =>
            JSON.parse(
              `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
            ),
          ),
      ),
    })).node;
    const before = Object.getOwnPropertyNames(Object.prototype);
    fc.assert(
      fc.property(
        fc.oneof(
          json,
          fc.array(json, { maxLength: 3 }).map((Operations) => ({ Operations })),
        ),
        (body) => {
          try {
            applyOperations(generic, userType, bjensen, readOperations(generic, userType, body));
          } catch (error) {
            expect(isMusterError(error) && error.code !== "internal").toBe(true);
          }
        },
      ),
      { numRuns: scaled(20_000), seed },
    );
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });
});
