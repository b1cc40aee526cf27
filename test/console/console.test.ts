import { expect, test } from "vitest";
import { consoleWorld, open, PASSWORD, violations } from "./world.ts";

const world = await consoleWorld();

test("signing in by hand leads to the screen that was asked for", async () => {
  const { page, faults } = await world.visitor();
  await open(page, "/users");
  expect(await violations(page)).toEqual([]);
  await page.getByLabel("E-mail address or user name").fill("olga@acme.example");
  await page.getByLabel(/^Password/).fill("wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Users" }).waitFor();
  await page.getByRole("cell", { name: "olga@acme.example" }).first().waitFor();
  expect(faults).toEqual([]);
});

test("the users' list is accessible and its state is in the address", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/users");
  expect(await violations(page)).toEqual([]);
  await page.getByRole("button", { name: /User name/ }).click();
  await page.waitForURL(/sort=userName/);
  await page.screenshot({ path: ".cache/users.png" });
  expect(faults).toEqual([]);
});
