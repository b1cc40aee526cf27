import fc from "fast-check";
import { ENTERPRISE } from "../endpoint.ts";

type Email = { value?: string; type?: string; primary?: boolean };

/** The few attributes that the model knows, each as plainly as can be. */
export type Person = {
  active: boolean;
  title?: string | undefined;
  given?: string | undefined;
  family?: string | undefined;
  department?: string | undefined;
  emails: Email[];
};

/** One operation: as the wire has it, in one of the ways in which providers write it, and what it does to a person. */
export type Step = { wire: unknown; apply(person: Person): void };

/** What the model says to a request that must be refused as a whole. */
export class Refused extends Error {}

/** The person as the canonical document. */
export function documentOf(person: Person): Record<string, unknown> {
  const name = {
    ...(person.given && { givenName: person.given }),
    ...(person.family && { familyName: person.family }),
  };
  return {
    userName: "bjensen",
    active: person.active,
    ...(person.title && { title: person.title }),
    ...(Object.keys(name).length > 0 && { name }),
    ...(person.emails.length > 0 && { emails: person.emails }),
    ...(person.department && { [ENTERPRISE]: { department: person.department } }),
  };
}

const CORE = "urn:ietf:params:scim:schemas:core:2.0:User";
const text = fc.constantFrom("a", "A", "b", "é", "x y");
const textOrNothing = fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: fc.constantFrom(null, "") });
const type = fc.constantFrom("work", "home", "WORK");
const set = fc.constantFrom("add", "replace", "Add", "REPLACE");
const remove = fc.constantFrom("remove", "Remove");
const email = fc.record({ value: text, type, primary: fc.option(fc.boolean(), { nil: undefined }) }).map(defined);

function defined(element: { value: string; type: string; primary: boolean | undefined }): Email {
  const { primary, ...rest } = element;
  return primary === undefined ? rest : { ...rest, primary };
}

/** The ways to write that one attribute gets one value. */
function spellings(path: string, nested: (value: unknown) => unknown) {
  const withPath = (written: string) => (op: string, value: unknown) => ({ op, path: written, value });
  const pathless = (value: (given: unknown) => unknown) => (op: string, given: unknown) => ({
    op,
    value: value(given),
  });
  return [
    withPath(path),
    withPath(path.toUpperCase()),
    withPath(`${CORE}:${path}`),
    pathless((value) => ({ [path]: value })),
    pathless(nested),
    pathless((value) => ({ [`${CORE}:${path}`]: value, id: "repeated", nobodyKnows: 1 })),
  ];
}

const titles = spellings("title", (title) => ({ title }));
const givens = [
  ...spellings("name.givenName", (givenName) => ({ name: { givenName } })),
  (op: string, givenName: unknown) => ({ op, path: "name", value: { givenName } }),
];
const departments = [
  (op: string, value: unknown) => ({ op, path: `${ENTERPRISE}:department`, value }),
  (op: string, value: unknown) => ({ op, path: "department", value }),
  (op: string, department: unknown) => ({ op, path: ENTERPRISE, value: { department } }),
  (op: string, department: unknown) => ({ op, value: { [ENTERPRISE]: { department } } }),
  (op: string, value: unknown) => ({ op, value: { [`${ENTERPRISE}:department`]: value } }),
];

const setText = (
  ways: readonly ((op: string, value: unknown) => unknown)[],
  key: "title" | "given" | "department",
): fc.Arbitrary<Step> =>
  fc.record({ way: fc.constantFrom(...ways), op: set, value: textOrNothing }).map(({ way, op, value }) => ({
    wire: way(op, value),
    apply: (person) => {
      person[key] = value || undefined;
    },
  }));

const same = (left: string | undefined, right: string) =>
  left !== undefined && left.toLowerCase() === right.toLowerCase();

/** `person.emails[index]` is primary now: nobody else is. */
function crown(person: Person, index: number): void {
  person.emails = person.emails.map((each, place) =>
    place !== index && each.primary === true ? { ...each, primary: false } : each,
  );
}

/** No value stands in a list twice. */
function withoutRepeated(emails: readonly Email[]): Email[] {
  const seen = new Set<string>();
  return emails.filter(({ value, type, primary }) => {
    const text = JSON.stringify([value, type, primary]);
    return !seen.has(text) && seen.add(text);
  });
}

const addEmails = fc
  .record({ op: fc.constantFrom("add", "Add"), emails: fc.array(email, { maxLength: 2 }), single: fc.boolean() })
  .map(
    ({ op, emails, single }): Step => ({
      wire: { op, path: "emails", value: single && emails.length === 1 ? emails[0] : emails },
      apply: (person) => {
        if (withoutRepeated(emails).filter((each) => each.primary).length > 1) throw new Refused();
        const touched = new Set<number>();
        for (const added of emails) {
          const found = person.emails.findIndex(
            (each) => same(each.value, added.value!) && same(each.type, added.type!),
          );
          const place = found === -1 ? person.emails.push({ ...added }) - 1 : found;
          person.emails[place] = { ...person.emails[place], ...added };
          touched.add(place);
        }
        const primary = [...touched].filter((place) => person.emails[place]!.primary);
        if (primary.length > 1) throw new Refused();
        if (primary[0] !== undefined) crown(person, primary[0]);
      },
    }),
  );

const replaceEmails = fc.array(email, { maxLength: 3 }).map(
  (emails): Step => ({
    wire: { op: "replace", path: "emails", value: emails },
    apply: (person) => {
      const distinct = withoutRepeated(emails);
      if (distinct.filter((each) => each.primary).length > 1) throw new Refused();
      person.emails = distinct.map((each) => ({ ...each }));
    },
  }),
);

const setAddress = fc.record({ op: set, type, value: textOrNothing }).map(
  ({ op, type: wanted, value }): Step => ({
    wire: { op, path: `emails[type eq "${wanted}"].value`, value },
    apply: (person) => {
      const found = person.emails.filter((each) => same(each.type, wanted));
      if (found.length === 0 && value) person.emails.push({ type: wanted, value });
      for (const each of found) {
        if (value) each.value = value;
        else delete each.value;
      }
      const wasPrimary = found.filter((each) => each.primary && each.value !== undefined);
      person.emails = person.emails.filter((each) => each.value !== undefined);
      if (wasPrimary.length > 0) crown(person, person.emails.indexOf(wasPrimary[0]!));
    },
  }),
);

const makePrimary = fc.record({ type, value: fc.constantFrom(true, "True") }).map(
  ({ type: wanted, value }): Step => ({
    wire: { op: "Replace", path: `emails[type eq "${wanted}"].primary`, value },
    apply: (person) => {
      const found = person.emails.filter((each) => same(each.type, wanted));
      if (found.length > 1) throw new Refused();
      if (found[0]) {
        found[0].primary = true;
        crown(person, person.emails.indexOf(found[0]));
      }
    },
  }),
);

const removeEmails: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ op: remove, type }).map(({ op, type: wanted }) => ({
    wire: { op, path: `emails[type eq "${wanted}"]` },
    apply: (person: Person) => {
      person.emails = person.emails.filter((each) => !same(each.type, wanted));
    },
  })),
  fc.record({ op: remove, value: text }).map(({ op, value }) => ({
    wire: { op, path: "emails", value: [{ value }] },
    apply: (person: Person) => {
      person.emails = person.emails.filter((each) => !same(each.value, value));
    },
  })),
  fc.constant({
    wire: { op: "remove", path: "emails" },
    apply: (person: Person) => {
      person.emails = [];
    },
  }),
);

const others: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(true, false, "True", "False").map((value) => ({
    wire: { op: "Replace", path: "active", value },
    apply: (person: Person) => {
      person.active = String(value).toLowerCase() === "true";
    },
  })),
  fc.constant({
    wire: { op: "remove", path: "name" },
    apply: (person: Person) => {
      person.given = undefined;
      person.family = undefined;
    },
  }),
  fc.constant({
    wire: { op: "Remove", path: ENTERPRISE },
    apply: (person: Person) => {
      person.department = undefined;
    },
  }),
  fc.constant({ wire: { op: "replace", path: "password", value: "secret" }, apply: () => {} }),
  fc
    .constantFrom(
      { op: "remove", path: "userName" },
      { op: "remove", path: "active" },
      { op: "replace", path: "userName", value: "" },
      { op: "replace", path: "groups", value: [] },
      { op: "replace", path: 'emails[value eq "nobody"].type', value: "x" },
      { op: "replace", path: 'emails[type eq "other" or type eq "home-office"].value', value: "x" },
      { op: "replace", path: "title", value: { deep: 1 } },
    )
    .map((wire) => ({
      wire,
      apply: () => {
        throw new Refused();
      },
    })),
);

export const step: fc.Arbitrary<Step> = fc.oneof(
  setText(titles, "title"),
  setText(givens, "given"),
  setText(departments, "department"),
  addEmails,
  replaceEmails,
  setAddress,
  makePrimary,
  removeEmails,
  { weight: 1, arbitrary: others },
);
