import { expect, test } from "vitest";
import { inTwoSteps } from "../../src/identity/pages.ts";

const page = (...ids: number[]) => ids.map((id) => ({ id }));

test("a row that goes away between the steps does not make a page look like the last", async () => {
  const held = new Set([1, 2, 3, 4]);
  const shown = await inTwoSteps(
    async () => page(...held).slice(0, 3),
    async (ids) => {
      held.delete(2);
      return ids.filter((id) => held.has(id));
    },
  );
  expect(shown).toEqual([1, 3, 4]);
});

test("rows that go away again and again end the tries, not the list's place", async () => {
  let asked = 0;
  const shown = await inTwoSteps(
    async () => page(1, 2),
    async () => {
      asked++;
      return [1];
    },
  );
  expect([shown, asked]).toEqual([[1], 3]);
});

test("nothing is looked up for a page of nothing", async () => {
  const shown = await inTwoSteps(
    async () => page(),
    async () => Promise.reject(new Error("it was asked")),
  );
  expect(shown).toEqual([]);
});
