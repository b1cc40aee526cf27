import { expect, it } from "vitest";
import { shareOf, tryRoutes, writes } from "./hostile.ts";
import { hostileValues } from "./hostile-values.ts";

it("there are more than four hundred, and every one can be sent", () => {
  expect(new Set(hostileValues.map(({ json }) => json)).size).toBeGreaterThan(400);
  for (const { json } of hostileValues) expect(() => JSON.parse(json)).not.toThrow();
});

it("the shares are all of the writes, each once", () => {
  const shares = [1, 2, 3].flatMap((part) => shareOf(writes, part, 3));
  expect(shares.map(({ id }) => id).sort()).toEqual(writes.map(({ id }) => id).sort());
});

await tryRoutes(shareOf(writes, 1, 3));
