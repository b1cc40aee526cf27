import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EVENT_KIND_NAMES, EVENT_KINDS } from "../../src/identity/event-kinds.ts";

const root = join(import.meta.dirname, "../..");
const files = globSync(["src/{identity,sync}/**/*.ts", "migrations/**/*.ts"], { cwd: root })
  .filter((file) => !/event-kinds\.ts$|\/record\.ts$/.test(file))
  .map((file) => readFileSync(join(root, file), "utf8"));

const NAME = /(["'`])([a-z]+(?:-[a-z]+)*\.[a-z]+(?:-[a-z]+)*)\1/g;
/** A name that ends with a value: what the value may be is for its type to say. */
const BEGINNING = /`([a-z]+(?:-[a-z]+)*\.)\$\{/g;

const named = (text: string) => [...text.matchAll(NAME)].map(([, , name = ""]) => name);
const begun = (text: string) => [...text.matchAll(BEGINNING)].map(([, start = ""]) => start);

/** The object around a place in the text, from its brace to that place. */
function objectBefore(text: string, place: number): string {
  let depth = 0;
  for (let at = place; at >= 0; at--) {
    if (text[at] === "}") depth += 1;
    if (text[at] === "{" && depth-- === 0) return text.slice(at, place);
  }
  return text;
}

/** What is said to be an event: the change marked so, or, where that is told its name, every name in the file. */
function eventsIn(text: string): string {
  const marked = [...text.matchAll(/\bevent: (?!false|null|z\.|boolean|Event)/g)].map(({ index }) => {
    const change = objectBefore(text, index);
    return named(change).length + begun(change).length > 0 ? change : text;
  });
  // What happens to accounts is always an event: its second argument is the name, or is told it.
  const ofAccounts = [...text.matchAll(/\brecordOfAccounts\(\s*tx,\s*([^,]+),/g)].map(([, name = ""]) =>
    named(name).length + begun(name).length > 0 ? name : text,
  );
  const told = /insert into outbox/.test(text) ? [text] : [];
  return [...marked.filter((change) => /\baction\b/.test(change)), ...ofAccounts, ...told].join("\n");
}

const names = new Set(files.flatMap((text) => named(eventsIn(text))).filter((name) => !/\.(com|ts)$/.test(name)));
const beginnings = new Set(files.flatMap((text) => begun(eventsIn(text))));
const known: readonly string[] = EVENT_KIND_NAMES;

test("every kind of event that is written anywhere is in src/identity/event-kinds.ts, with a sentence", () => {
  expect(names.size).toBeGreaterThan(30);
  expect([...names].filter((name) => !known.includes(name))).toEqual([]);
  expect([...beginnings].filter((start) => !known.some((kind) => kind.startsWith(start)))).toEqual([]);
  for (const sentence of Object.values(EVENT_KINDS)) expect(sentence).toMatch(/^[A-Z].{10,100}\.$/);
});

test("nothing is in the list that nobody writes", () => {
  const written = (kind: string) => names.has(kind) || [...beginnings].some((start) => kind.startsWith(start));
  expect(known.filter((kind) => !written(kind))).toEqual([]);
});

test("docs/webhooks.md tells all of them, in their order", () => {
  const text = readFileSync(join(root, "docs/webhooks.md"), "utf8");
  const told = [...text.matchAll(/^\| `([a-z-]+\.[a-z-]+)` \| (.+) \|$/gm)].map(([, kind, meaning]) => [kind, meaning]);
  expect(told).toEqual(Object.entries(EVENT_KINDS));
});
