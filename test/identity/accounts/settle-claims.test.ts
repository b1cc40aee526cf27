import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AccountId } from "../../../src/db/id.ts";
import { settleClaims } from "../../../src/identity/accounts/rename.ts";

const account = (name: string) => name as AccountId;
const holders = (...names: string[]) => new Map(names.map((name) => [name, account(`holder of ${name}`)]));

describe("which accounts follow their canonical record to a new name (design §7)", () => {
  test("onto a free name: yes", () => {
    const claims = [{ account: account("holder of a"), key: "b" }];
    expect(settleClaims(claims, holders("a"))).toEqual(claims);
  });

  test("onto a taken name: no", () => {
    expect(settleClaims([{ account: account("holder of a"), key: "b" }], holders("a", "b"))).toEqual([]);
  });

  test("a swap: both", () => {
    const claims = [
      { account: account("holder of a"), key: "b" },
      { account: account("holder of b"), key: "a" },
    ];
    expect(settleClaims(claims, holders("a", "b"))).toEqual(claims);
  });

  test("a chain onto a taken name: none", () => {
    const claims = [
      { account: account("holder of a"), key: "b" },
      { account: account("holder of b"), key: "c" },
    ];
    expect(settleClaims(claims, holders("a", "b", "c"))).toEqual([]);
  });

  test("whatever is claimed, no two accounts end on one name", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.constantFrom(...names), { minLength: 1 }),
        fc.shuffledSubarray([...names, "x", "y"], { minLength: 8, maxLength: 8 }),
        (movers, targets) => {
          const claims = movers.map((name, index) => ({
            account: account(`holder of ${name}`),
            key: targets[index] as string,
          }));
          const moved = new Map(settleClaims(claims, holders(...names)).map((claim) => [claim.account, claim.key]));
          const final = names.map((name) => moved.get(account(`holder of ${name}`)) ?? name);
          expect(new Set(final).size).toBe(names.length);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
