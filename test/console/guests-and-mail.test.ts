import { mkdir } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { newId } from "../../src/db/id.ts";
import { inTurn } from "../harness/scale.ts";
import { consoleWorld, open, violations } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const ask = async (path: string) => (await world.ask("GET", path, { token: company.token })).body;
await mkdir(".cache", { recursive: true });
await world.ask("PUT", "/products/wiki/default-groups/user", {
  token: company.token,
  body: { group: company.groups.users.id },
});
await world.write(company.organization, async (tx) => {
  for (const [email, role] of [
    ["ann@asks.example", "user"],
    ["bad@asks.example", null],
  ])
    await tx.query({
      text: `insert into access_requests (organization, id, email, email_key, name, message, source, state, product, role)
        values ($1, $2, $3, $3, 'Ann', 'May I?', 'form', 'open', $4, $5)`,
      values: [tx.organization, newId(), email, role && company.wiki.id, role],
    });
  await tx.query({
    text: "insert into mail_suppressions (organization, email_key, reason) values ($1, 'gone@elsewhere.example', 'asked')",
    values: [tx.organization],
  });
});

const drawer = (page: Page) => page.getByRole("dialog");
const goTo = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name, exact: true }).click();

test("a guest is found, kept 30 days longer, changed, removed and taken back; the quota says its formula", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await goTo(page, "Guests");
  await page.getByRole("region", { name: "Guest quota" }).getByText("wiki").waitFor();
  await page.getByLabel("Show", { exact: true }).first().click();
  await page.getByRole("option", { name: "Over quota" }).click();
  await page.getByText("Nothing matches these filters.").waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/guests.png" });
  await page.getByRole("button", { name: "bob", exact: true }).click();
  await drawer(page).getByRole("button", { name: "30 days from now" }).click();
  await expect.poll(async () => (await ask("/guests")).data[0].expiresAt).not.toBeNull();
  await drawer(page).getByLabel("Permission").first().click();
  await page.getByRole("option", { name: "Can create and edit" }).click();
  await expect.poll(async () => (await ask("/guests")).data[0].permission).toBe("can-create-and-edit");
  await drawer(page).getByRole("button", { name: "Make a user …" }).click();
  await drawer(page).getByText("As a user of wiki:").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/guest.png" });
  await drawer(page).getByRole("button", { name: "Remove from the space" }).click();
  await expect.poll(async () => (await ask("/guests")).data.length).toBe(0);
  await page
    .getByRole("alert")
    .filter({ hasText: "The guest is removed" })
    .getByRole("button", { name: "Undo" })
    .click();
  await expect.poll(async () => (await ask("/guests")).data.length).toBe(1);
  expect(faults).toEqual([]);
});

test("a link is made with what it grants and costs, given another URL and disabled", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await goTo(page, "Links");
  await page.getByRole("button", { name: "New link" }).first().click();
  await drawer(page).getByLabel("Label").fill("summer school");
  await drawer(page).getByRole("radiogroup", { name: "wiki" }).getByRole("radio", { name: "User" }).click();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/new-link.png" });
  await drawer(page).getByRole("button", { name: "Make the link" }).click();
  const url = await drawer(page).getByLabel("URL", { exact: true }).inputValue();
  expect(url).toMatch(/\/l\/mst_lnk_/);
  await drawer(page).getByText("wiki: User (a seat each, ∞ left)").waitFor();
  await drawer(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "summer school" }).click();
  await drawer(page).getByRole("button", { name: "New URL" }).click();
  expect(await drawer(page).getByLabel("URL", { exact: true }).inputValue()).not.toBe(url);
  await drawer(page).getByRole("button", { name: "Disable …" }).click();
  await drawer(page).getByRole("button", { name: "Disable the link" }).click();
  await drawer(page).getByText("Disabled").waitFor();
  expect((await ask("/links")).data[0]).toMatchObject({ label: "summer school", state: "disabled" });
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/link.png" });
  expect(faults).toEqual([]);
});

test("a request is approved with its seats before and after, another is denied for good and unblocked", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await goTo(page, "Requests");
  await page.getByRole("button", { name: "ann@asks.example" }).click();
  await drawer(page).getByText("1 mail goes out").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/request.png" });
  await drawer(page).getByRole("button", { name: "Approve as asked" }).click();
  await drawer(page).getByText("Approved", { exact: true }).waitFor();
  const filter = encodeURIComponent('email eq "ann@asks.example"');
  expect((await ask(`/invitations?filter=${filter}`)).data[0].state).toBe("pending");
  await drawer(page).getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "bad@asks.example" }).click();
  await drawer(page).getByLabel("Answer").fill("Nobody knows you.");
  await drawer(page).getByLabel("Shut this address out").check();
  await drawer(page).getByRole("button", { name: "Deny", exact: true }).click();
  await drawer(page).getByText("Shut out", { exact: true }).waitFor();
  await drawer(page).getByRole("button", { name: "Unblock" }).click();
  await expect.poll(async () => (await ask("/requests?state=denied")).data[0].blocks).toBe(false);
  expect(faults).toEqual([]);
});

test("a mail is kept from leaving and sent after all; an address gets mail again", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await goTo(page, "Mail");
  await page.getByText("No mail server is set up").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/mail.png" });
  await page.getByRole("button", { name: "carol@acme.example" }).click();
  await drawer(page).getByRole("button", { name: "Keep from leaving" }).click();
  await drawer(page).getByText("Cancelled", { exact: true }).waitFor();
  expect((await ask("/mails?state=cancelled")).data[0].recipient).toBe("carol@acme.example");
  await drawer(page).getByRole("tab", { name: "Text" }).click();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/mail-one.png" });
  await drawer(page).getByRole("button", { name: "Send again" }).click();
  await drawer(page).getByText("Queued", { exact: true }).waitFor();
  await drawer(page).getByRole("button", { name: "Close" }).click();
  await page.getByRole("tab", { name: "Addresses without mail" }).click();
  await page.getByRole("button", { name: "Allow mail" }).click();
  await page.getByText("Every address gets its mail.").waitFor();
  expect((await ask("/mail-suppressions")).data).toEqual([]);
  expect(faults).toEqual([]);
});

test("a template is previewed while it is written, refused where its link is missing, kept and reset", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await goTo(page, "Templates");
  await page.getByRole("cell", { name: "Invitation", exact: true }).first().waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/templates.png" });
  await page
    .getByRole("row", { name: /Invitation.*English/ })
    .getByRole("button")
    .click();
  const frame = drawer(page).frameLocator("iframe");
  await drawer(page).getByLabel("Beginning").fill('Welcome <b style="color:red">aboard</b> of {{ organization }}');
  await frame.getByText("aboard").waitFor();
  expect(await drawer(page).locator("iframe").getAttribute("sandbox")).toBe("");
  await drawer(page).getByLabel("What to do").fill("No link here");
  await drawer(page).getByRole("button", { name: "Save" }).click();
  await drawer(page).getByRole("alert").or(drawer(page).locator("[class*=error]")).first().waitFor();
  await drawer(page).getByLabel("What to do").fill("");
  await drawer(page).getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await ask("/mail-texts/invitation/en")).own.intro).toMatch(/^Welcome/);
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/template.png" });
  await drawer(page).getByRole("button", { name: "Back to the default" }).click();
  await expect.poll(async () => (await ask("/mail-texts/invitation/en")).own.intro).toBeNull();
  expect(faults).toEqual([]);
});

const LISTS = ["invitations", "links", "requests", "guests", "mail", "templates", "invitations?invite=people"];

test.each([
  { turn: 0, look: "dark", scheme: "dark" as const },
  { turn: 1, look: "phone, in German", phone: true, language: "de-DE" },
])("$look: every list and the invite form stand and are accessible", async ({ look, turn, ...visit }) => {
  const { page, faults } = await world.administrator(visit);
  for (const name of inTurn(LISTS, turn, 2)) {
    await open(page, `/${name}`);
    await page
      .locator(name.includes("?") ? "[role=dialog] textarea" : "h1")
      .first()
      .waitFor();
    expect(await violations(page), name).toEqual([]);
    await page.screenshot({ path: `.cache/${`${name}-${look}`.replaceAll(/\W+/g, "-")}.png` });
  }
  expect(faults).toEqual([]);
});
