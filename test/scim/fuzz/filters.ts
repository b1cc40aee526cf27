import { below, chance, name, pick, type Random, text } from "./words.ts";

const OPERATORS = ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"];

/** A filter by the grammar of RFC 7644 §3.4.2.2, figure 1; what it names and compares need not make sense. */
export function filterText(random: Random, depth = 0): string {
  const kind = below(random, depth > 5 ? 2 : 8);
  switch (kind) {
    case 2:
      return `${filterText(random, depth + 1)} ${pick(random, ["and", "or", "AND", "Or"])} ${filterText(random, depth + 1)}`;
    case 3:
      return `(${filterText(random, depth + 1)})`;
    case 4:
      return `not (${filterText(random, depth + 1)})`;
    case 5:
      return `${pick(random, ["emails", "addresses", "members", "groups", "name", "phoneNumbers", name(random)])}[${filterText(random, depth + 2)}]`;
    case 6:
      return sensible(random);
    default:
      return chance(random, 0.2)
        ? `${name(random)} pr`
        : `${name(random)} ${pick(random, OPERATORS)} ${literal(random)}`;
  }
}

/** Filters that providers really send. */
function sensible(random: Random): string {
  return pick(random, [
    'userName eq "bjensen"',
    'externalId eq "701984"',
    'emails[type eq "work"].value eq "bjensen@example.com"',
    'emails[type eq "work" and value co "@example.com"]',
    'displayName eq "Tour Guides"',
    'members[value eq "01900000-0000-7000-8000-000000000000"]',
    'meta.lastModified gt "2020-01-01T00:00:00Z"',
    "active eq false and not (title pr)",
    'userName sw "user-" or displayName sw "group-"',
    "externalId eq jyoung",
  ]);
}

function literal(random: Random): string {
  if (chance(random, 0.75)) return JSON.stringify(text(random));
  return pick(random, [
    "true",
    "false",
    "null",
    "0",
    "-1.5e3",
    "jyoung",
    '"',
    "'x'",
    "1e999",
    "01",
    "tru",
    '"\\ud800"',
  ]);
}

const SCRAPS = [
  "(",
  ")",
  "[",
  "]",
  '"',
  "\\",
  " ",
  ".",
  ":",
  " and ",
  " or ",
  "not ",
  " eq ",
  " pr",
  "%",
  "\u0000",
  "é",
  "urn:",
  "value",
];

/** The text with a few of its characters lost, doubled, moved, or replaced by pieces of the grammar. */
export function spoil(random: Random, whole: string): string {
  let result = whole;
  for (let times = 1 + below(random, 3); times > 0; times--) {
    const from = below(random, result.length + 1);
    const until = Math.min(result.length, from + below(random, 6));
    const piece = pick(random, [pick(random, SCRAPS), "", result.slice(from, until).repeat(2), result.slice(0, 3)]);
    result = result.slice(0, from) + piece + result.slice(chance(random, 0.5) ? until : from);
  }
  return result;
}

/** A path of PATCH (figure 7). */
export function pathText(random: Random): string {
  const target = chance(random, 0.3)
    ? `${pick(random, ["emails", "addresses", "members", "phoneNumbers", "groups"])}[${filterText(random, 3)}]${chance(random, 0.5) ? `.${pick(random, ["value", "type", "primary", "display", "x"])}` : ""}`
    : name(random);
  return chance(random, 0.1) ? spoil(random, target) : target;
}
