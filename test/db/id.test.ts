import { expect, test } from "vitest";
import { type DirectoryId, newId, parseId } from "../../src/db/id.ts";

test("RFC 9562 §5.7, §6.2: ids are UUIDs of version 7, each greater than the one before, however many a millisecond has", () => {
  const from = Date.now();
  const ids = Array.from({ length: 50_000 }, () => newId<DirectoryId>());
  const until = Date.now();
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(ids.every((id, index) => index === 0 || id > (ids[index - 1] ?? ""))).toBe(true);
  const timeOf = (id = "") => Number.parseInt(id.replace("-", "").slice(0, 12), 16);
  expect(timeOf(ids[0])).toBeGreaterThanOrEqual(from - 1_000);
  expect(timeOf(ids.at(-1))).toBeLessThanOrEqual(until + 1_000);
  expect(new Set(ids.map((id) => id.slice(-12))).size).toBe(ids.length);
  expect(ids.map((id) => parseId(id.toUpperCase()))).toEqual(ids);
});
