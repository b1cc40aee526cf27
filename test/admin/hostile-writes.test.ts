import { expect, it } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { tryRoutes } from "./hostile.ts";
import { hostileValues } from "./hostile-values.ts";

it("there are more than four hundred, and every one can be sent", () => {
  expect(new Set(hostileValues.map(({ json }) => json)).size).toBeGreaterThan(400);
  for (const { json } of hostileValues) expect(() => JSON.parse(json)).not.toThrow();
});

await tryRoutes(routes.filter(({ method }) => method !== "GET"));
