import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { SCREENS } from "../../src/console/paths.ts";
import { inTurn } from "../harness/scale.ts";
import { showcase } from "./showcase.ts";
import { consoleWorld, open, violations } from "./world.ts";

const world = await consoleWorld();
await showcase(world);

/** With MUSTER_SCREENSHOTS=docs/console the pictures there are made anew. */
const PICTURES = process.env.MUSTER_SCREENSHOTS ?? ".cache/console";
mkdirSync(PICTURES, { recursive: true });

const LOOKS = { light: {}, dark: { scheme: "dark" }, phone: { phone: true } } as const;
const ALL = [...SCREENS, "me"];
const screens = (turn: number) =>
  process.env.MUSTER_SCREENSHOTS === undefined ? inTurn(ALL, turn, Object.keys(LOOKS).length) : ALL;

for (const [turn, [name, look]] of Object.entries(LOOKS).entries())
  test(`every screen: accessible, without an error, and a picture of it: ${name}`, { timeout: 300_000 }, async () => {
    const { page, faults } = await world.administrator(look);
    for (const screen of screens(turn)) {
      await open(page, `/${screen}`);
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      expect([screen, await violations(page)]).toEqual([screen, []]);
      expect([screen, await page.evaluate("document.documentElement.scrollWidth <= innerWidth")]).toEqual([
        screen,
        true,
      ]);
      await page.screenshot({ path: join(PICTURES, `${screen}-${name}.png`) });
    }
    expect(faults).toEqual([]);
  });

test("the way in: accessible in German too, and on a phone", async () => {
  const { page, faults } = await world.visitor({ language: "de-DE", phone: true });
  await open(page, "/users");
  await page.getByRole("button", { name: "Anmelden", exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.lang")).toBe("de");
  await page.screenshot({ path: join(PICTURES, "sign-in-phone.png") });
  expect(faults).toEqual([]);
});
