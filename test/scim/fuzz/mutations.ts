import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readExchangeFiles } from "../../harness/replay.ts";
import { spoil } from "./filters.ts";
import type { FuzzRequest, World } from "./requests.ts";
import { below, chance, json, name, pick, type Random } from "./words.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "fixtures", "idp");

type Recorded = { method: string; path: string; headers: Record<string, string>; body: unknown };

/** Every request that a provider is known to send, placeholders and all. */
export function recorded(): Recorded[] {
  const vendors = readdirSync(FIXTURES).filter((entry) => statSync(join(FIXTURES, entry)).isDirectory());
  return vendors.flatMap((vendor) =>
    [...readExchangeFiles(join(FIXTURES, vendor)).values()].flatMap((file) =>
      file.exchanges.map(({ request }) => ({
        method: request.method,
        path: request.path,
        headers: onlySent({ ...file.headers, ...request.headers }),
        body: request.body,
      })),
    ),
  );
}

/** `null` in a fixture says that a header is not sent. */
function onlySent(headers: Record<string, string | null>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** A recorded request with ids of this world, and then with something wrong: in its JSON, its bytes, its path or its headers. */
export function mutated(random: Random, world: World, corpus: readonly Recorded[]): FuzzRequest {
  const model = pick(random, corpus);
  const someId = (): string => pick(random, [...world.users, ...world.groups, ...world.gone, ...world.foreign.ids]);
  const fill = (text: string): string =>
    text.replaceAll(/\{\{(\w+)\}\}/g, (_, word: string) => (word === "baseUrl" ? world.base : someId()));
  const path = fill(model.path);
  let body: string | null = null;
  if (model.body !== undefined) {
    const tree = JSON.parse(fill(JSON.stringify(model.body))) as unknown;
    body = JSON.stringify(chance(random, 0.6) ? disturb(random, tree) : tree);
  }
  let bytes: string | Buffer | null = body;
  if (body !== null && chance(random, 0.2)) bytes = damage(random, body);
  const spoiled = chance(random, 0.2) ? spoil(random, path) : path;
  return {
    method: chance(random, 0.05) ? pick(random, ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]) : model.method,
    path: world.base + (spoiled.startsWith("/") ? spoiled : `/${spoiled}`),
    headers: {
      authorization: `Bearer ${world.token}`,
      ...(body !== null && { "content-type": "application/scim+json" }),
      ...model.headers,
    },
    body: bytes,
  };
}

/** The tree with one of its nodes replaced, removed, renamed, doubled, wrapped or put elsewhere. */
function disturb(random: Random, tree: unknown): unknown {
  const places: [holder: Record<string, unknown>, key: string][] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const key of Object.keys(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk((node as Record<string, unknown>)[key]);
    }
  };
  walk(tree);
  for (let times = 1 + below(random, 3); times > 0 && places.length > 0; times--) {
    const [holder, key] = pick(random, places);
    const value = holder[key];
    switch (below(random, 7)) {
      case 0:
        holder[key] = json(random);
        break;
      case 1:
        delete holder[key];
        break;
      case 2:
        holder[name(random)] = value;
        break;
      case 3:
        holder[key] = [value, value];
        break;
      case 4:
        holder[key] = { value };
        break;
      case 5:
        holder[key] = typeof value === "string" ? spoil(random, value) : JSON.stringify(value);
        break;
      default:
        // What is put elsewhere must not hold what it is put into.
        holder[key] = structuredClone(pick(random, places)[0]);
    }
  }
  return tree;
}

const PIECES = [
  '"__proto__":{"polluted":1},',
  '"constructor":{"prototype":{"polluted":1}},',
  "[".repeat(3_000),
  '{"a":'.repeat(500),
  "\\ud800",
  "\\u0000",
  "1e999",
  '"',
  "}",
  "]",
  ",",
  "\u0000",
  "/*x*/",
  "NaN",
  "'",
];

/** The text of a JSON document, cut, patched or with bytes that are no UTF-8. */
function damage(random: Random, body: string): string | Buffer {
  const at = below(random, body.length + 1);
  switch (below(random, 5)) {
    case 0:
      return body.slice(0, at);
    case 1:
      return `{${pick(random, PIECES.slice(0, 2))}${body.slice(1)}`;
    case 2:
      return body.slice(0, at) + pick(random, PIECES) + body.slice(at);
    case 3: {
      const bytes = Buffer.from(body);
      if (bytes.length > 0) bytes[below(random, bytes.length)] = below(random, 256);
      return bytes;
    }
    default:
      return spoil(random, body);
  }
}
