import fc from "fast-check";
import { type Directory, type GuardModel, RULES } from "./guard-model.ts";
import type { Setting } from "./guarded-world.ts";

/** How many: so many more (or fewer) than a rule allows at that moment, or simply so many. */
type Amount = { rule: (typeof RULES)[number]; more: number } | number;

export type Action =
  | { does: "remove" | "switch off"; amount: Amount; from: number }
  | { does: "remove inactive" | "rename" | "join" | "return" | "add groups"; amount: number }
  | { does: "shrink group"; group: number; amount: Amount }
  | { does: "remove groups"; amount: Amount }
  | { does: "administrators leave"; amount: number; by: "remove" | "switch off" };

type Step = { hours: number; actions: Action[]; answer: "approve" | "wait" | "heal" };

const near: fc.Arbitrary<Amount> = fc.oneof(
  fc.record({ rule: fc.constantFrom(...RULES), more: fc.constantFrom(-1, 0, 1) }),
  fc.nat(12),
);

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom("remove" as const, "switch off" as const),
      amount: near,
      from: fc.nat(40),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom(
        "remove inactive" as const,
        "rename" as const,
        "join" as const,
        "return" as const,
        "add groups" as const,
      ),
      amount: fc.nat(8),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constant("shrink group" as const), group: fc.nat(20), amount: near }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant("remove groups" as const), amount: near }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constant("administrators leave" as const),
      amount: fc.integer({ min: 1, max: 3 }),
      by: fc.constantFrom("remove" as const, "switch off" as const),
    }),
  },
);

const step: fc.Arbitrary<Step> = fc.record({
  hours: fc.constantFrom(0, 1, 1, 6, 12, 23, 24, 25, 48),
  actions: fc.array(action, { minLength: 1, maxLength: 3 }),
  answer: fc.constantFrom("approve" as const, "wait" as const, "heal" as const),
});

const setting: fc.Arbitrary<Setting> = fc.record({
  people: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 24 }) },
    { weight: 2, arbitrary: fc.constantFrom(40, 60) },
    { weight: 1, arbitrary: fc.constant(230) },
  ),
  inactive: fc.constantFrom(0, 0, 3, 25),
  groups: fc.oneof(
    { weight: 5, arbitrary: fc.array(fc.constantFrom(1, 3, 10, 19, 20, 21, 40), { maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constantFrom([...Array(21).keys()], [...Array(31).keys()]) },
  ),
  administrators: fc.constantFrom(0, 1, 2, 3),
  outside: fc.constantFrom(0, 0, 1),
});

export const stories: fc.Arbitrary<{ setting: Setting; steps: Step[] }> = fc.record({
  setting,
  steps: fc.array(step, { minLength: 2, maxLength: 4 }),
});

let fresh = 0;

/** Does to what the directory says; amounts that name a rule are worked out from where the story stands. */
export function change(model: GuardModel, said: Directory, wanted: Action): void {
  const active = (): string[] => [...said.people].flatMap(([id, person]) => (person.active ? id : []));
  const leave = (id: string, by: "remove" | "switch off"): void => {
    const person = said.people.get(id);
    if (person && by === "switch off") person.active = false;
    if (by === "switch off") return;
    said.people.delete(id);
    for (const members of said.groups.values()) members.delete(id);
  };
  switch (wanted.does) {
    case "remove":
    case "switch off": {
      const { lost, lostInWindow, activeAtOpening, active: size } = model.expect(said).figures;
      const gone = lost + lostInWindow;
      const count = amountOf(wanted.amount, { ofWindow: [activeAtOpening, gone], ofNow: [size, lost] });
      const turned = rotate(active(), wanted.from);
      for (const id of turned.slice(0, count)) leave(id, wanted.does);
      return;
    }
    case "remove inactive":
      for (const [id] of [...said.people].filter(([, person]) => !person.active).slice(0, wanted.amount * 3))
        leave(id, "remove");
      return;
    case "rename":
      for (const id of [...said.people.keys()].slice(0, wanted.amount))
        said.people.set(id, { ...said.people.get(id)!, name: `renamed-${fresh++}` });
      return;
    case "join":
      for (let number = 0; number < wanted.amount; number++) {
        const id = `n${fresh++}`;
        said.people.set(id, { name: id, active: true });
        for (const members of [...said.groups.values()].slice(0, 2)) members.add(id);
      }
      return;
    case "return": {
      // Administrators who left and come back are another story: their rights may wait for somebody who confirms them.
      const back = [...said.people].filter(([id, person]) => !person.active && !model.administrators.has(id));
      for (const [id, person] of back.slice(0, wanted.amount)) said.people.set(id, { ...person, active: true });
      return;
    }
    case "add groups":
      for (let number = 0; number < wanted.amount; number++)
        said.groups.set(`h${fresh++}`, new Set(active().slice(0, 22)));
      return;
    case "shrink group": {
      const [name, members] = [...said.groups][wanted.group % Math.max(1, said.groups.size)] ?? [];
      if (name === undefined || members === undefined) return;
      const size = model.held.groups.get(name)?.size ?? 0;
      const count = amountOf(wanted.amount, {
        ofNow: [size, size - members.size],
        ofWindow: [size, size - members.size],
      });
      for (const id of [...members].slice(0, count)) members.delete(id);
      return;
    }
    case "remove groups": {
      const { groups, groupsLost } = model.expect(said).figures;
      const count = amountOf(wanted.amount, { ofNow: [groups, groupsLost], ofWindow: [groups, groupsLost] });
      for (const name of [...said.groups.keys()].slice(0, count)) said.groups.delete(name);
      return;
    }
    case "administrators leave":
      for (const id of [...model.administrators].slice(0, wanted.amount)) leave(id, wanted.by);
  }
}

/** How many more may go until the rule's line is reached, and then so many more; sizes and what has gone stand beside. */
function amountOf(
  amount: Amount,
  { ofWindow, ofNow }: Record<"ofWindow" | "ofNow", readonly [number, number]>,
): number {
  if (typeof amount === "number") return amount;
  const { rule, more } = amount;
  const [size, gone] = rule.measure === "people in the window" ? ofWindow : ofNow;
  const line =
    "all" in rule ? size - 1 : Math.max(rule.moreThan.count, Math.floor((size * rule.moreThan.percent) / 100));
  return Math.max(0, line - gone + more);
}

function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
