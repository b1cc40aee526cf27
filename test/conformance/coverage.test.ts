import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SECTIONS } from "./sections.ts";

const here = import.meta.dirname;

/** Section as "7644 §3.4.2.2" → the files whose titles name it. */
function titled(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of readdirSync(here).filter((name) => name.startsWith("rfc"))) {
    const text = readFileSync(join(here, file), "utf8");
    // Titles begin with the clause: "RFC 7644 §3.6: …", "RFC 7643 §8.5 and §8.6: …", "RFC 7642 §2.3.1 to §2.3.3: …".
    for (const [, rfc, clauses] of text.matchAll(/["`]RFC (\d{4}) ((?:§[\d.]+(?: and | to |, )?)+):/g))
      for (const section of expand(String(rfc), String(clauses))) add(found, section, file);
  }
  return found;
}

function expand(rfc: string, clauses: string): string[] {
  const named = [...clauses.matchAll(/§(\d+(?:\.\d+)*)/g)].map((match) => String(match[1]));
  const numbers = (SECTIONS[rfc] ?? []).map(([number]) => number);
  const all = clauses.includes(" to ")
    ? numbers.slice(numbers.indexOf(named[0] ?? ""), numbers.indexOf(named.at(-1) ?? "") + 1)
    : named;
  return all.map((number) => `${rfc} §${number}`);
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  map.set(key, (map.get(key) ?? new Set()).add(value));
}

/** Section → why it has no tests, or why one of its requirements has none. */
function excused(): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  const text = readFileSync(join(here, "not-applicable.md"), "utf8");
  for (const [, rfc, number, reason] of text.matchAll(/^- RFC (\d{4}) §([\d.]+): (\S.*)$/gm)) {
    const key = `${rfc} §${number}`;
    reasons.set(key, [...(reasons.get(key) ?? []), String(reason)]);
  }
  return reasons;
}

type Row = { section: string; heading: string; by: string };

/** By what each section is covered: its own tests, a reason, its parts, or the section that it is a part of. Empty: by nothing. */
function coverage(): Row[] {
  const tests = titled();
  const reasons = excused();
  const rows: Row[] = [];
  for (const [rfc, sections] of Object.entries(SECTIONS)) {
    const own = (number: string): string => {
      const key = `${rfc} §${number}`;
      if (tests.has(key)) return [...(tests.get(key) ?? [])].sort().join(", ");
      return reasons.has(key) ? "not applicable" : "";
    };
    const covered = (number: string): boolean => {
      if (own(number) !== "") return true;
      const parts = sections.filter(
        ([other]) => other.startsWith(`${number}.`) && !other.slice(number.length + 1).includes("."),
      );
      return parts.length > 0 && parts.every(([part]) => covered(part));
    };
    for (const [number, heading] of sections) {
      const above = sections.find(([other]) => number.startsWith(`${other}.`) && own(other) === "not applicable");
      const byAbove = above === undefined ? "" : `not applicable (§${above[0]})`;
      const by = own(number) || byAbove || (covered(number) ? "its parts" : "");
      rows.push({ section: `RFC ${rfc} §${number}`, heading, by });
    }
  }
  return rows;
}

test("every section of the RFCs has a test whose title names it, or a reason", async () => {
  const rows = coverage();
  expect(rows.filter(({ by }) => by === "").map(({ section, heading }) => `${section} ${heading}`)).toEqual([]);
  const lines = rows.map(({ section, heading, by }) => `| ${section} | ${heading} | ${by} |`);
  const table = `# What covers each section\n\nMade by \`coverage.test.ts\` (\`vitest run test/conformance/coverage.test.ts -u\`).\n\n| section | heading | covered by |\n|---|---|---|\n${lines.join("\n")}\n`;
  await expect(table).toMatchFileSnapshot("coverage.md");
});

test("no title and no reason names a section that does not exist", () => {
  const known = new Set(
    Object.entries(SECTIONS).flatMap(([rfc, sections]) => sections.map(([number]) => `${rfc} §${number}`)),
  );
  expect([...titled().keys(), ...excused().keys()].filter((section) => !known.has(section))).toEqual([]);
});

test("every test of the suite names its clause", () => {
  for (const file of readdirSync(here).filter((name) => name.startsWith("rfc"))) {
    const text = readFileSync(join(here, file), "utf8");
    const titles = [...text.matchAll(/\btest(?:\.each\([\s\S]*?\]\))?\(\s*(["'`])(.*?)\1/g)].map((match) =>
      String(match[2]),
    );
    expect(titles.length, file).toBeGreaterThan(0);
    for (const title of titles) expect(title, file).toMatch(/^RFC \d{4} §\d/);
  }
});
