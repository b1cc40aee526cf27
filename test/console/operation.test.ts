import { expect, test } from "vitest";
import { inTurn } from "../harness/scale.ts";
import { consoleWorld, open, violations } from "./world.ts";

const world = await consoleWorld();
const { organization } = world.company;

const PATHS = [
  "/audit",
  "/administrators",
  "/administrators?tab=tokens",
  "/webhooks",
  "/webhooks?open=new",
  "/diagnostics",
  "/administrators?give=new",
  "/administrators?tab=tokens&make=new",
];

for (const [dark, scheme] of (["light", "dark"] as const).entries())
  for (const phone of [false, true])
    test(`audit, administrators, webhooks and diagnostics are accessible: ${scheme}${phone ? ", phone" : ""}`, async () => {
      const { page, faults } = await world.administrator({ scheme, phone });
      for (const path of inTurn(PATHS, 2 * dark + (phone ? 1 : 0), 4)) {
        await open(page, path);
        expect([path, await violations(page)]).toEqual([path, []]);
        await page.screenshot({
          path: `.cache/shots/${path.replaceAll(/\W+/g, "-")}-${scheme}${phone ? "-phone" : ""}.png`,
        });
      }
      expect(faults).toEqual([]);
    });

test("the audit's filters stand in the address and narrow the list; a row tells all of it", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/audit");
  await page.getByLabel("Action", { exact: true }).fill("account.suspended");
  await page.keyboard.press("Enter");
  await page.waitForURL(/action=account\.suspended/);
  await page.getByRole("button", { name: "account.suspended" }).first().click();
  await page.getByRole("dialog").getByText("account.suspended").waitFor();
  expect(faults).toEqual([]);
});

test("a right is given to somebody and taken back, with a way back from that", async () => {
  const { page, faults } = await world.administrator();
  const rights = () =>
    world.ctx.db.of(organization).query<{ bundle: string }>({
      text: "select bundle from rights where organization = $1 and bundle = 'auditor'",
      values: [organization],
    });
  const before = (await rights()).length;
  await open(page, "/administrators");
  await page.getByRole("button", { name: "Give a right" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Person").first().fill("bob");
  await page.getByRole("option", { name: /bob/ }).click();
  await dialog.getByLabel("Right").first().click();
  await page.getByRole("option", { name: "Auditor" }).click();
  await dialog.getByRole("button", { name: "Give a right" }).click();
  await page.getByRole("cell", { name: "Auditor" }).first().waitFor();
  expect((await rights()).length).toBe(before + 1);
  await open(page, "/administrators?bundle=auditor");
  const row = page.getByRole("row", { name: /bob/ });
  await row.getByRole("button", { name: "Take" }).click();
  await page.getByText("bob has lost the right.").waitFor();
  expect((await rights()).length).toBe(before);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await rights()).length).toBe(before + 1);
  expect(faults).toEqual([]);
});

test("a token is shown once; a webhook to a private address is refused at its field", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/administrators?tab=tokens&make=new");
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("reporting");
  await dialog.getByRole("combobox", { name: "Permissions" }).or(dialog.getByLabel("Permissions")).first().click();
  await page.getByRole("option", { name: "users:read" }).click();
  await page.keyboard.press("Escape");
  await dialog.getByRole("button", { name: "Make a token" }).click();
  await dialog.getByText(/^mst_api_/).waitFor();
  await open(page, "/webhooks?open=new");
  await page.getByRole("dialog").getByLabel("Name").fill("inward");
  await page.getByRole("dialog").getByLabel("URL").fill("http://127.0.0.1:9/");
  await page.getByRole("dialog").getByRole("button", { name: "Add a webhook" }).click();
  await page.getByRole("alert").waitFor();
  expect(faults).toEqual([]);
});

test("R19, R20: diagnostics say why somebody may not, and who could", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/diagnostics");
  await page.getByLabel("Operation", { exact: true }).first().fill("users.suspend");
  await page.getByRole("option", { name: "users.suspend" }).click();
  await page.getByText("You may", { exact: true }).waitFor();
  expect(faults).toEqual([]);
});
