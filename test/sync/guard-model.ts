/** The guard of design §5.4, written from the sentence there, on what people see: who is in the directory and who was. */

/** Groups by name; a name is never given twice. */
export type Directory = { people: Map<string, Person>; groups: Map<string, Set<string>> };
type Person = { name: string; active: boolean };

/** What a rule counts. */
type Measure =
  | "people in the window"
  | "people now"
  | "groups"
  | "members of a group"
  | "memberships"
  | "administrators";

/** Held when more than both are lost, of a size from `from` to `to`; `all`: when nothing is left. */
type Rule = { rule: string; measure: Measure; from: number; to: number } & (
  | { moreThan: { count: number; percent: number } }
  | { all: true }
);

const ANY = { from: 0, to: Number.POSITIVE_INFINITY };

export const RULES: readonly Rule[] = [
  { rule: "people", measure: "people in the window", ...ANY, moreThan: { count: 10, percent: 5 } },
  { rule: "people-cap", measure: "people in the window", ...ANY, moreThan: { count: 500, percent: 0 } },
  { rule: "small-directory", measure: "people in the window", from: 4, to: 20, moreThan: { count: 0, percent: 50 } },
  { rule: "small-directory", measure: "people now", from: 4, to: 20, moreThan: { count: 0, percent: 50 } },
  { rule: "nobody-stays", measure: "people now", ...ANY, all: true },
  { rule: "groups", measure: "groups", ...ANY, moreThan: { count: 2, percent: 10 } },
  { rule: "group-members", measure: "members of a group", ...ANY, from: 20, moreThan: { count: 0, percent: 50 } },
  { rule: "no-member-stays", measure: "memberships", ...ANY, from: 20, all: true },
  { rule: "no-administrator", measure: "administrators", ...ANY, all: true },
];

const WINDOW = 24;

export type Expected = {
  figures: Record<"active" | "activeAtOpening" | "lost" | "lostInWindow" | "groups" | "groupsLost", number> &
    Record<"administrators" | "administratorsStaying", number>;
  /** One word each, of a group with its name behind it; sorted. */
  reasons: string[];
};

type Sample = { size: number; lost: number; name?: string };

function trips(rule: Rule, { size, lost }: Sample): boolean {
  if (lost === 0 || size < rule.from || size > rule.to) return false;
  if ("all" in rule) return lost >= size;
  return lost > rule.moreThan.count && lost * 100 > rule.moreThan.percent * size;
}

/** What Muster should hold of a directory, and what became of it hour by hour. */
export class GuardModel {
  held: Directory = { people: new Map(), groups: new Map() };
  administrators = new Set<string>();
  /** Administrators in another directory, whom nothing here touches. */
  outside = 0;
  hour = 0;
  /** Applied plans: when, how many were active afterwards, and how many they took. */
  readonly #applied: { hour: number; active: number; lost: number }[] = [];

  activeNow(): string[] {
    return [...this.held.people].flatMap(([id, person]) => (person.active ? id : []));
  }

  /** Everybody of `held` who is active and would not be by what the directory says. */
  lostBy(said: Directory): string[] {
    return this.activeNow().filter((id) => said.people.get(id)?.active !== true);
  }

  apply(said: Directory): void {
    const lost = this.lostBy(said).length;
    this.held = copy(said);
    this.#applied.push({ hour: this.hour, active: this.activeNow().length, lost });
  }

  /** Lost are those of people and groups that are still there; with those that there would be they are all. */
  #membershipsOf(said: Directory): Sample {
    const after = [...said.groups.values()].flatMap((members) => [...members].filter((id) => said.people.has(id)));
    const lost = [...this.held.groups].flatMap(([name, members]) => {
      const now = said.groups.get(name);
      return now ? [...members].filter((id) => said.people.has(id) && !now.has(id)) : [];
    });
    return { size: after.length + lost.length, lost: lost.length };
  }

  expect(said: Directory): Expected {
    const lost = this.lostBy(said).length;
    const opening = this.hour - WINDOW;
    const before = this.#applied.filter((plan) => plan.hour <= opening).at(-1) ?? this.#applied[0];
    const lostInWindow = this.#applied.filter((plan) => plan.hour > opening).reduce((sum, plan) => sum + plan.lost, 0);
    const activeAtOpening = before?.active ?? 0;
    const gone = [...this.held.groups.keys()].filter((name) => !said.groups.has(name));
    const inForce = [...this.administrators].filter((id) => this.held.people.get(id)?.active);
    const staying = inForce.filter((id) => said.people.get(id)?.active);
    const samples: Record<Measure, Sample[]> = {
      // Who went before counts only when somebody goes now.
      "people in the window": [{ size: activeAtOpening, lost: lost === 0 ? 0 : lost + lostInWindow }],
      "people now": [{ size: this.activeNow().length, lost }],
      groups: [{ size: this.held.groups.size, lost: gone.length }],
      "members of a group": [...this.held.groups].map(([name, members]) => ({
        name,
        size: members.size,
        lost: [...members].filter((id) => !said.people.has(id) || !said.groups.get(name)?.has(id)).length,
      })),
      memberships: [this.#membershipsOf(said)],
      administrators: [{ size: inForce.length + this.outside, lost: inForce.length - staying.length }],
    };
    const reasons = RULES.flatMap((rule) =>
      samples[rule.measure].flatMap((sample) =>
        trips(rule, sample) ? [sample.name === undefined ? rule.rule : `${rule.rule}:${sample.name}`] : [],
      ),
    );
    return {
      figures: {
        active: this.activeNow().length,
        activeAtOpening,
        lost,
        lostInWindow,
        groups: this.held.groups.size,
        groupsLost: gone.length,
        administrators: inForce.length + this.outside,
        administratorsStaying: staying.length + this.outside,
      },
      reasons: [...new Set(reasons)].sort(),
    };
  }
}

export function copy({ people, groups }: Directory): Directory {
  return {
    people: new Map([...people].map(([id, person]) => [id, { ...person }])),
    groups: new Map([...groups].map(([name, members]) => [name, new Set(members)])),
  };
}
