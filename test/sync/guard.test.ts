import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GuardFigures, judge } from "../../src/sync/guard.ts";
import { seed } from "../harness/scale.ts";

const quiet: GuardFigures = {
  active: 1000,
  activeAtOpening: 1000,
  lost: 0,
  shutOut: 0,
  lostInWindow: 0,
  groups: 100,
  groupsLost: 0,
  shrinking: [],
  membersLost: 0,
  membersStay: true,
  administrators: 2,
  administratorsStaying: 2,
};

const rules = (figures: Partial<GuardFigures>): string[] =>
  judge({ ...quiet, ...figures }).reasons.map((reason) => reason.rule);

const figures: fc.Arbitrary<GuardFigures> = fc
  .record({
    active: fc.nat(3000),
    activeAtOpening: fc.nat(3000),
    lost: fc.nat(3000),
    shutOut: fc.nat(20),
    lostInWindow: fc.nat(1000),
    groups: fc.nat(200),
    groupsLost: fc.nat(200),
    shrinking: fc.array(fc.record({ group: fc.string(), members: fc.nat(100), lost: fc.nat(100) }), { maxLength: 5 }),
    membersLost: fc.nat(60),
    membersStay: fc.boolean(),
    administrators: fc.nat(3),
    administratorsStaying: fc.nat(3),
  })
  .map((any) => ({
    ...any,
    lost: Math.min(any.lost, any.active),
    groupsLost: Math.min(any.groupsLost, any.groups),
    administratorsStaying: Math.min(any.administratorsStaying, any.administrators),
  }));

describe("the guard holds", () => {
  test.each<[string, Partial<GuardFigures>, string[]]>([
    ["not: ten people, whatever part they are", { active: 60, activeAtOpening: 60, lost: 10 }, []],
    ["eleven of sixty", { active: 60, activeAtOpening: 60, lost: 11 }, ["people"]],
    ["not: exactly 5 %", { lost: 50 }, []],
    ["more than 5 %", { lost: 51 }, ["people"]],
    ["what crept in over 24 hours", { active: 960, lost: 11, lostInWindow: 40 }, ["people"]],
    ["more than 500 of very many", { active: 100_000, activeAtOpening: 100_000, lost: 501 }, ["people-cap"]],
    ["not: half of four", { active: 4, activeAtOpening: 4, lost: 2 }, []],
    ["more than half of four", { active: 4, activeAtOpening: 4, lost: 3 }, ["small-directory"]],
    ["more than half of those who are there now", { active: 15, activeAtOpening: 3, lost: 8 }, ["small-directory"]],
    ["not: ten people shut out by records above theirs", { active: 0, activeAtOpening: 0, shutOut: 10 }, []],
    ["eleven people shut out by records above theirs", { active: 0, activeAtOpening: 0, shutOut: 11 }, ["people"]],
    ["those who go and those who are shut out together", { lost: 26, shutOut: 25 }, ["people"]],
    ["the last person", { active: 1, activeAtOpening: 1, lost: 1 }, ["nobody-stays"]],
    ["everybody, however many come instead", { active: 3, activeAtOpening: 3, lost: 3 }, ["nobody-stays"]],
    ["not: two of three groups", { groups: 3, groupsLost: 2 }, []],
    ["not: exactly 10 % of groups", { groupsLost: 10 }, []],
    ["more than 10 % of groups", { groupsLost: 11 }, ["groups"]],
    ["not: half of twenty members", { shrinking: [{ group: "g", members: 20, lost: 10 }] }, []],
    ["more than half of twenty members", { shrinking: [{ group: "g", members: 20, lost: 11 }] }, ["group-members"]],
    ["not: nineteen members", { shrinking: [{ group: "g", members: 19, lost: 19 }] }, []],
    ["not: nineteen members of all groups", { membersLost: 19, membersStay: false }, []],
    ["twenty members of all groups, and nobody stays", { membersLost: 20, membersStay: false }, ["no-member-stays"]],
    ["not: somebody stays a member", { membersLost: 5000, membersStay: true }, []],
    ["the last administrator", { administratorsStaying: 0 }, ["no-administrator"]],
    ["not: where there never was an administrator", { administrators: 0, administratorsStaying: 0 }, []],
  ])("%s", (_, change, expected) => {
    expect(rules(change)).toEqual(expected);
  });
});

test("a plan that takes nobody and nothing away is never held", () => {
  fc.assert(
    fc.property(figures, (any) => {
      const harmless = {
        ...any,
        lost: 0,
        shutOut: 0,
        groupsLost: 0,
        shrinking: [],
        membersLost: 0,
        administratorsStaying: any.administrators,
      };
      expect(judge(harmless).held).toBe(false);
    }),
    { seed },
  );
});

test("more losses never release what fewer held, and every reason says its figures", () => {
  fc.assert(
    fc.property(figures, fc.nat(50), fc.nat(50), (any, people, earlier) => {
      const fewer = judge(any);
      const worse = judge({
        ...any,
        lost: Math.min(any.active, any.lost + people),
        lostInWindow: any.lostInWindow + earlier,
      });
      const kept = new Set(worse.reasons.map((reason) => reason.rule));
      for (const reason of fewer.reasons) {
        expect(kept).toContain(reason.rule);
        expect(reason.detail).toMatch(/\d/);
      }
      expect(fewer.held).toBe(fewer.reasons.length > 0);
    }),
    { seed },
  );
});

test("the verdict is the sentence of the design", () => {
  fc.assert(
    fc.property(figures, (any) => {
      const now = any.lost + any.shutOut;
      const total = now + any.lostInWindow;
      const small = (size: number, lost: number): boolean => size >= 4 && size <= 20 && lost > size / 2;
      const held =
        (now > 0 &&
          (total > Math.max(10, any.activeAtOpening / 20) ||
            total > 500 ||
            small(any.activeAtOpening, total) ||
            small(any.active, now) ||
            (any.lost > 0 && any.lost === any.active))) ||
        any.groupsLost > Math.max(2, any.groups / 10) ||
        any.shrinking.some((group) => group.members >= 20 && group.lost > group.members / 2) ||
        (any.membersLost >= 20 && !any.membersStay) ||
        (any.administrators > 0 && any.administratorsStaying === 0);
      expect(judge(any).held).toBe(held);
    }),
    { seed, numRuns: 1000 },
  );
});
