import { expect, test } from "vitest";
import { inTurn } from "../harness/scale.ts";
import { consoleWorld, OTHER_LOOKS, open, violations } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const { token } = company;
const api = (method: string, path: string, body?: unknown) => world.ask(method, path, { token, body });

test("R107: the field of domains is there only while signing up is restricted, and a refusal is told", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await page.getByRole("link", { name: "Sign-up and domains" }).click();
  const domains = page.getByRole("combobox", { name: "Sign-up domains" });
  await page.getByRole("radio", { name: "Anybody" }).check();
  expect(await domains.count()).toBe(0);
  await page.getByRole("radio", { name: "Nobody" }).check();
  expect(await domains.count()).toBe(0);
  await page.getByRole("radio", { name: "People with an address in the domains below" }).check();
  await domains.fill("example.com");
  await domains.press("Enter");
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/m-sign-up.png" });
  await page.getByRole("button", { name: "Save" }).click();
  // At the form and beside it.
  await page.getByText("no mail server is set").first().waitFor();
  // Refused as a whole: no half of it is saved.
  expect((await api("GET", "/settings/sign-up")).body).toMatchObject({ mode: "off", domains: [] });
  await page.getByLabel("E-mail address").fill("ann@example.com");
  await page.keyboard.press("Enter");
  await page.getByText("ann@example.com does not get in").waitFor();
  await page.getByText("Nobody may sign up.").waitFor();
  expect(faults).toEqual([]);
});

test("a product's seats are changed after a look at what that does, and a refusal is told", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/products");
  await page.getByRole("button", { name: "wiki", exact: true }).click();
  await page.getByRole("textbox", { name: "Seats", exact: true }).fill("5");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("dialog").getByRole("status").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/m-product.png" });
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("The product is changed.").waitFor();
  expect((await api("GET", "/products/wiki")).body.seats).toBe(5);
  await page.getByRole("tab", { name: "Spaces" }).click();
  await page.getByRole("textbox", { name: "Key", exact: true }).fill("docs");
  await page.getByRole("button", { name: "Add space" }).click();
  await page.getByText("That did not work").waitFor();
  expect(faults).toEqual([]);
});

test("R9: what guests cannot do with a client is written down for a product, refused at its field first, and taken back", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/products?open=acme%2Fwiki&tab=guests");
  const limits = async () => (await api("GET", "/products/wiki/guest-policy")).body.clientLimits;
  await page.getByRole("button", { name: "Add a limit" }).click();
  const limit = page.getByRole("group", { name: "Limit 1" });
  await limit.getByLabel("Client").fill("iPhone app");
  await limit.getByLabel("What does not work").fill("comments");
  await limit.getByLabel(/^Where that is followed/).fill("javascript:alert(1)");
  await page.getByRole("button", { name: "Save" }).click();
  await expect.poll(() => limit.getByLabel(/^Where that/).getAttribute("aria-invalid")).toBe("true");
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/client-limits.png" });
  expect(await limits()).toEqual([]);
  await limit.getByLabel(/^Where that is followed/).fill("https://example.com/iphone");
  await page.getByRole("button", { name: "Save" }).click();
  const url = "https://example.com/iphone";
  await expect.poll(limits).toEqual([{ client: "iPhone app", limit: "comments", url }]);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect.poll(limits).toEqual([]);
  expect(faults).toEqual([]);
});

test("a preset is compared with what is now before it is applied, and a setting is changed and taken back", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/settings?tab=presets");
  await page.getByRole("button", { name: "Compare with strict" }).click();
  const difference = page.getByRole("region", { name: "What strict would change" });
  await difference.getByText("Who may invite").waitFor();
  expect((await api("GET", "/settings")).body.whoMayInvite).toBe("trusted");
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/m-presets.png" });
  await page.getByRole("button", { name: "Apply strict" }).click();
  await page.getByText("The settings are those of strict.").waitFor();
  expect((await api("GET", "/settings")).body.whoMayInvite).toBe("administrators");
  await page.getByRole("tab", { name: "Every setting" }).click();
  await page.getByRole("switch", { name: "Mails go out where nobody says" }).click({ force: true });
  await page.getByText("Mails go out where nobody says is changed.").waitFor();
  expect((await api("GET", "/settings")).body.notify).toBe(false);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect.poll(async () => (await api("GET", "/settings")).body.notify).toBe(true);
  expect(faults).toEqual([]);
});

test.each(OTHER_LOOKS)("products, sign-up and settings are accessible: $look", async ({ look, turn }) => {
  const { page, faults } = await world.administrator(look);
  const paths = ["products?open=acme%2Fwiki&tab=guests", "sign-up", "settings", "settings?tab=sso"];
  for (const path of inTurn(paths, turn, OTHER_LOOKS.length)) {
    await open(page, `/${path}`);
    expect([path, await violations(page)]).toEqual([path, []]);
    await page.screenshot({
      path: `.cache/m-${path.replaceAll(/\W+/g, "-").slice(0, 12)}-${Object.values(look).join("-")}.png`,
    });
  }
  expect(faults).toEqual([]);
});
