import { isObject } from "../schema/document.ts";

/** Texts of this form stand for the id of what another operation creates (RFC 7644 §3.7.2). */
const PREFIX = "bulkId:";

/** Deeper than any resource; what lies below is no reference. */
const MAX_DEPTH = 12;

/** The bulkIds that the values of `data` name. */
export function referencesIn(data: unknown): Set<string> {
  const found = new Set<string>();
  walk(data, 0, (text) => {
    found.add(text);
  });
  return found;
}

function walk(value: unknown, depth: number, meet: (bulkId: string) => void): void {
  if (typeof value === "string") {
    if (value.startsWith(PREFIX)) meet(value.slice(PREFIX.length));
  } else if (depth < MAX_DEPTH && typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) walk(inner, depth + 1, meet);
  }
}

/**
 * `data` with the ids in place of the bulkIds. An element of a list, or a value with parts, that names one which has no
 * id yet is left out, to be added when it has.
 */
export function withIds(data: unknown, idOf: (bulkId: string) => string | undefined): unknown {
  return replace(data, 0, idOf);
}

/** Undefined: leave it out. */
function replace(value: unknown, depth: number, idOf: (bulkId: string) => string | undefined): unknown {
  if (typeof value === "string") return value.startsWith(PREFIX) ? idOf(value.slice(PREFIX.length)) : value;
  if (depth >= MAX_DEPTH) return value;
  if (Array.isArray(value))
    return value.map((item) => replace(item, depth + 1, idOf)).filter((item) => item !== undefined);
  if (!isObject(value)) return value;
  const entries: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value)) {
    const replaced = replace(inner, depth + 1, idOf);
    // A member or a manager without its `value` would be another one.
    if (replaced === undefined && inner !== undefined && depth > 0) return undefined;
    if (replaced !== undefined) entries.push([key, replaced]);
  }
  return Object.fromEntries(entries);
}

/** `/Users/bulkId:x` as well names what another operation creates. */
export function referenceInPath(path: string): string | undefined {
  const last = path.slice(path.lastIndexOf("/") + 1);
  return last.startsWith(PREFIX) ? last.slice(PREFIX.length) : undefined;
}
