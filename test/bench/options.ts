import { parseArgs } from "node:util";

export const USAGE = `npm run bench -- [scim] [--json] [--write] [--users N] [--rounds N] [--requests N] [--connections N] [--starts N]
                       [--profile FOLDER]
npm run bench -- hostile [--json] [--write] [--users N] [--rounds N] [--connections N]
npm run bench -- google [--json] [--write] [--users N] [--rounds N] [--requests N]
npm run bench -- sync [--json] [--write] [--users N] [--rounds N] [--profile FOLDER]
npm run bench -- access [--json] [--write] [--users N] [--rounds N]
npm run bench -- api [--json] [--write] [--users N] [--rounds N]
npm run bench -- console [--json] [--write] [--users N] [--rounds N] [--profile FOLDER]

scim     measures Muster's SCIM endpoint next to a bare Express and pg server on the same PostgreSQL, by turns
hostile  measures how long one hostile request can hold up Muster's event loop, and with it everybody else's
google   measures how much of the rate that Google's quota leaves to Muster a read makes use of
sync     measures syncs from a real slapd beside a bare read of the same, and how much memory they take
access   measures a grant to half of all people, an explanation and a seat preview beside bare statements
api      measures every list of the API, its filters, orders and pages beside a bare Express and pg server
console  measures the longest task of a browser while the console's long lists are scrolled, and how much is loaded first

  --users N         people on each side before the first round (scim, sync, access, api and console 100000, hostile and google 5000)
  --rounds N        measured rounds (5, sync, api and console 3, google 1); scim, access and api: one more before them is not counted
  --requests N      requests of a quick kind in a round (2000); slow kinds get a fixed share of it; google: groups (4000)
  --connections N   connections of the client (16)
  --starts N        measured starts of Muster after the first one (3)
  --json            one JSON value on stdout instead of tables
  --write           writes its part of docs/performance.md too
  --profile FOLDER  keeps Muster's CPU profile of each operation there, with the twenty functions that took most;
                    console: the browser's trace of each step`;

const DEFAULTS = {
  scim: { users: 100_000, rounds: 5, requests: 2_000, connections: 16, starts: 3 },
  hostile: { users: 5_000, rounds: 5, requests: 1, connections: 16, starts: 1 },
  google: { users: 5_000, rounds: 1, requests: 4_000, connections: 1, starts: 1 },
  sync: { users: 100_000, rounds: 3, requests: 1, connections: 1, starts: 1 },
  access: { users: 100_000, rounds: 5, requests: 1, connections: 1, starts: 1 },
  api: { users: 100_000, rounds: 3, requests: 1, connections: 1, starts: 1 },
  console: { users: 100_000, rounds: 3, requests: 1, connections: 1, starts: 1 },
} as const;

export type Options = {
  bench: keyof typeof DEFAULTS;
  users: number;
  rounds: number;
  requests: number;
  connections: number;
  starts: number;
  json: boolean;
  write: boolean;
  profile: string | undefined;
};

/** @throws Error in one line about the word that was wrong. */
export function readOptions(words: readonly string[]): Options {
  const text = { type: "string" } as const;
  const flag = { type: "boolean", default: false } as const;
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      ...{ users: text, rounds: text, requests: text, connections: text, starts: text, profile: text },
      ...{ json: flag, write: flag },
    },
  });
  const [bench = "scim", ...more] = positionals;
  if (!isBench(bench) || more.length > 0) throw new Error(`there is no bench ${positionals.join(" ")}`);
  const number = (name: keyof (typeof DEFAULTS)["scim"], least = 1): number => {
    const value = Number(values[name] ?? DEFAULTS[bench][name]);
    if (!Number.isInteger(value) || value < least) throw new Error(`--${name} must be a whole number from ${least} on`);
    return value;
  };
  return {
    bench,
    // Fewer could not fill the pages, the prefixes and the groups that are measured.
    users: number("users", 1_000),
    rounds: number("rounds"),
    requests: number("requests"),
    connections: number("connections"),
    starts: number("starts"),
    json: values.json,
    write: values.write,
    profile: values.profile,
  };
}

function isBench(name: string): name is Options["bench"] {
  return Object.hasOwn(DEFAULTS, name);
}
