import { describe, expect, test } from "vitest";
import { testContext } from "../harness/postgres.ts";
import type { Directory } from "./guard-model.ts";
import { makeGuarded, type Setting } from "./guarded-world.ts";
import { silent } from "./world.ts";

const ctx = await testContext({ logger: silent });

type Loss = (said: Directory, count: number) => void;

const people: Loss = (said, count) => {
  for (const id of [...said.people.keys()].slice(0, count)) {
    said.people.delete(id);
    for (const members of said.groups.values()) members.delete(id);
  }
};
const deactivated: Loss = (said, count) => {
  for (const id of [...said.people.keys()].slice(0, count)) said.people.set(id, { name: id, active: false });
};
const inactive: Loss = (said, count) => {
  for (const id of [...said.people.keys()].filter((each) => each.startsWith("i")).slice(0, count)) {
    said.people.delete(id);
    for (const members of said.groups.values()) members.delete(id);
  }
};
const groups: Loss = (said, count) => {
  for (const name of [...said.groups.keys()].slice(0, count)) said.groups.delete(name);
};
const members: Loss = (said, count) => {
  for (const id of [...(said.groups.get("g0") ?? [])].slice(0, count)) said.groups.get("g0")?.delete(id);
};
/** One after the other, of one group after the other. */
const memberships: Loss = (said, count) => {
  const all = [...said.groups.values()].flatMap((group) => [...group].map((id) => ({ group, id })));
  for (const { group, id } of all.slice(0, count)) group.delete(id);
};
const names: Loss = (said, count) => {
  for (const id of [...said.people.keys()].slice(0, count))
    said.people.set(id, { name: `${id}-renamed`, active: true });
};

const many = { people: 240 };
const of = (size: number) => ({ ...many, groups: [size] });
const groupsOf = (count: number) => ({ ...many, groups: Array.from({ length: count }, () => 2) });
const halfOf20 = { people: 500, groups: [20] };
const inactiveMembers = { people: 5, inactive: 20, groups: [25] };
/** So many were lost so long ago. */
const ago = (hours: number, earlier: number) => ({ earlier, hours });

/** How many are lost, and what trips at that: nothing, or these rules. */
type Row = [string, Setting, Loss, Record<number, string>, { earlier: number; hours: number }?];

/** Written by hand: just below, at and just above each line of design §5.4. */
const LINES: readonly Row[] = [
  ["ten people", { people: 60 }, people, { 9: "", 10: "", 11: "people" }],
  ["ten people, switched off", { people: 60 }, deactivated, { 9: "", 10: "", 11: "people" }],
  ["5 % of 240", many, people, { 11: "", 12: "", 13: "people" }],
  ["5 % of 239", { people: 239 }, people, { 10: "", 11: "", 12: "people" }],
  ["6 of 240 an hour ago", many, people, { 5: "", 6: "", 7: "people" }, ago(1, 6)],
  ["6 of 240 23 hours ago", many, people, { 5: "", 6: "", 7: "people" }, ago(23, 6)],
  ["6 of 240 24 hours ago", many, people, { 10: "", 11: "", 12: "people" }, ago(24, 6)],
  ["everybody has another name", { people: 30 }, names, { 1: "", 29: "", 30: "" }],
  ["500 people", { people: 10_100 }, people, { 499: "", 500: "", 501: "people-cap" }],
  ["half of 4", { people: 4 }, people, { 1: "", 2: "", 3: "small-directory", 4: "nobody-stays small-directory" }],
  ["half of 5", { people: 5 }, deactivated, { 1: "", 2: "", 3: "small-directory" }],
  ["half of 20", { people: 20 }, people, { 9: "", 10: "", 11: "people small-directory" }],
  ["3 are no small directory", { people: 3 }, people, { 1: "", 2: "", 3: "nobody-stays" }],
  ["21 are no small directory", { people: 21 }, people, { 9: "", 10: "", 11: "people" }],
  ["half of 8, 2 of them an hour ago", { people: 8 }, people, { 1: "", 2: "", 3: "small-directory" }, ago(1, 2)],
  ["half of the 4 that are left of 8", { people: 8 }, people, { 1: "", 2: "", 3: "small-directory" }, ago(24, 4)],
  ["the only one", { people: 1 }, people, { 0: "", 1: "nobody-stays" }],
  ["both", { people: 2 }, deactivated, { 1: "", 2: "nobody-stays" }],
  ["whoever is inactive is no loss", { people: 5, inactive: 30 }, inactive, { 29: "", 30: "" }],
  ["two groups of 3", groupsOf(3), groups, { 1: "", 2: "", 3: "groups" }],
  ["two groups of 20", groupsOf(20), groups, { 1: "", 2: "", 3: "groups" }],
  ["10 % of 30 groups", groupsOf(30), groups, { 2: "", 3: "", 4: "groups" }],
  ["half of a group of 20", of(20), members, { 9: "", 10: "", 11: "group-members:g0" }],
  ["half of a group of 21", of(21), members, { 9: "", 10: "", 11: "group-members:g0" }],
  ["19 are no large group", of(19), members, { 18: "", 19: "" }],
  ["20 members of groups of 10", { ...many, groups: [10, 10] }, memberships, { 19: "", 20: "no-member-stays" }],
  ["19 members of small groups", { ...many, groups: [10, 9] }, memberships, { 18: "", 19: "" }],
  ["20 members, and one stays", { ...many, groups: [10, 10, 1] }, memberships, { 20: "", 21: "no-member-stays" }],
  ["half of a group of 20, by its people", halfOf20, people, { 9: "", 10: "", 11: "group-members:g0" }],
  ["a group of 20, switched off", halfOf20, deactivated, { 10: "", 20: "" }],
  ["half of a group, by its inactive people", inactiveMembers, inactive, { 11: "", 12: "", 13: "group-members:g0" }],
  ["a whole group of 20", of(20), groups, { 1: "group-members:g0" }],
  ["a whole group of 19", of(19), groups, { 1: "" }],
  ["three administrators", { ...many, administrators: 3 }, people, { 1: "", 2: "", 3: "no-administrator" }],
  ["one administrator, switched off", { ...many, administrators: 1 }, deactivated, { 0: "", 1: "no-administrator" }],
  ["one of two administrators is elsewhere", { ...many, administrators: 1, outside: 1 }, people, { 1: "", 2: "" }],
];

describe("the lines of the guard, one below, at and above", () => {
  test.each(LINES)("%s", async (_, setting, lose, rows, { earlier, hours } = ago(0, 0)) => {
    const guarded = await makeGuarded(ctx, setting);
    const { said, model } = guarded;
    if (earlier > 0) {
      lose(said, earlier);
      expect((await guarded.sync()).result.state).toBe("done");
      model.apply(said);
      await guarded.pass(hours);
    }
    for (const [count, rules] of Object.entries(rows)) {
      const before = structuredClone(said);
      lose(said, Number(count));
      const { expected } = await guarded.sync("dry-run");
      // The model and Muster agree by now; this is what a person has worked out.
      expect(expected.reasons.join(" "), `${count} lost`).toBe(rules);
      Object.assign(said, before);
    }
  });
});

test("whoever came within the day does not move the line", async () => {
  const guarded = await makeGuarded(ctx, many);
  const { said, model } = guarded;
  for (let number = 0; number < 100; number++) said.people.set(`n${number}`, { name: `n${number}`, active: true });
  expect((await guarded.sync()).result.state).toBe("done");
  model.apply(said);
  for (const [hours, count, rules] of [
    [1, 12, []],
    [0, 13, ["people"]],
    [23, 17, []],
    [0, 18, ["people"]],
  ] as const) {
    await guarded.pass(hours);
    const before = structuredClone(said);
    people(said, count);
    expect((await guarded.sync("dry-run")).expected.reasons, `${count} lost`).toEqual(rules);
    Object.assign(said, before);
  }
});
