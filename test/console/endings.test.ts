import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { consoleWorld, open, violations } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const { people, token } = company;
const api = (method: string, path: string, body?: unknown) => world.ask(method, path, { token, body });
const user = async (id: string) => (await api("GET", `/users/${id}`)).body;
const dialog = (page: Page) => page.getByRole("dialog");

/** What is under More is asked for there, as a person does it. */
async function more(page: Page, id: string, item: string): Promise<void> {
  await open(page, `/users/${id}`);
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
}

/** An administrator and what they gave: people who leave have something behind them. */
async function somebody(name: string): Promise<string> {
  const { body } = await api("POST", "/users", { email: `${name}@acme.example`, displayName: name });
  await api("POST", `/groups/${company.groups.users.id}/members`, { users: [body.id] });
  await api("POST", "/rights", { user: body.id, bundle: "auditor", scope: { kind: "organization" } });
  return body.id;
}

test("two accounts of one person become one, what becomes of each thing first, and two again", async () => {
  const [from, to] = [await somebody("mia.old"), people.carol];
  const { page, faults } = await world.administrator();
  await more(page, from, "Merge into another account");
  await dialog(page)
    .getByLabel(/^The account that stays/)
    .fill("carol");
  await page.getByRole("option", { name: "carol" }).click();
  await dialog(page)
    .getByRole("row", { name: /^Group: users Goes over/ })
    .waitFor();
  await dialog(page).getByText("acme/wiki: no access → user").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/merge.png" });
  const products = async () =>
    (await api("GET", `/users/${to}/access`)).body.access
      .filter(({ role }: { role: string | null }) => role !== null)
      .map(({ product, role }: { product: string; role: string }) => `${product} ${role}`);
  expect(await products()).toEqual([]);
  await dialog(page).getByRole("button", { name: "Merge", exact: true }).click();
  await page.waitForURL(`**/users/${to}`);
  await page.getByText("mia.old@acme.example was merged").waitFor();
  expect(await products()).toEqual(["wiki user"]);
  // Whoever has the old address is led to where the account went.
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForURL(`**/users/${from}`);
  await page.getByRole("heading", { name: /mia\.old/ }).waitFor();
  expect(await products()).toEqual([]);
  expect(faults).toEqual([]);
});

test("a merge that cannot be is refused where it is looked at", async () => {
  const { page, faults } = await world.administrator();
  await more(page, people.ada, "Merge into another account");
  await dialog(page)
    .getByLabel(/^The account that stays/)
    .fill("bob");
  await page.getByRole("option", { name: "bob" }).click();
  await dialog(page).getByRole("alert").waitFor();
  expect(await dialog(page).getByRole("button", { name: "Merge", exact: true }).isDisabled()).toBe(true);
  expect(faults).toEqual([]);
});

test("somebody leaves: what hangs on them is handed over, and they are removed", async () => {
  const leaver = await somebody("leo");
  await api("POST", "/guests", {
    user: people.carol,
    product: "wiki",
    space: "docs",
    permission: "read-only",
    sponsor: leaver,
  });
  const { page, faults } = await world.administrator();
  await more(page, leaver, "Off-board");
  const hangs = dialog(page).getByRole("region", { name: "What hangs on this person" });
  await hangs.getByText("1 right: auditor").waitFor();
  await dialog(page).getByLabel("Who takes over").fill("ada");
  await page.getByRole("option", { name: "ada" }).click();
  await dialog(page).getByLabel("Hand over the rights too").check();
  await dialog(page)
    .getByRole("combobox", { name: /^What becomes of/ })
    .click();
  await page.getByRole("option", { name: "Deactivate" }).click();
  await dialog(page).getByLabel("Reason").fill("moves to the sea");
  // Whom the organization does not manage it does not deactivate: that is told before anything is done.
  await dialog(page).getByRole("alert").filter({ hasText: "the organization does not manage" }).waitFor();
  expect(await dialog(page).getByRole("button", { name: "Off-board" }).isDisabled()).toBe(true);
  await dialog(page)
    .getByRole("combobox", { name: /^What becomes of/ })
    .click();
  await page.getByRole("option", { name: "Remove" }).click();
  await dialog(page)
    .getByText(/wiki: 1 person becomes no access/)
    .waitFor();
  await page.screenshot({ path: ".cache/off-board.png" });
  expect(await violations(page)).toEqual([]);
  expect((await user(leaver)).records).toHaveLength(1);
  await dialog(page).getByRole("button", { name: "Off-board" }).click();
  await page.getByText("leo@acme.example was off-boarded").waitFor();
  await dialog(page).waitFor({ state: "detached" });
  expect(await user(leaver)).toMatchObject({ status: "deactivated", records: [] });
  const rights = (await api("GET", "/rights?limit=200")).body.data;
  const auditors = rights.filter(({ bundle }: { bundle: string }) => bundle === "auditor");
  expect(auditors.map((one: { user: { userName: string } }) => one.user.userName)).toContain("ada");
  expect(faults).toEqual([]);
});

test("personal data is erased for good, after it was said that nothing brings it back", async () => {
  const gone = await somebody("zara");
  const { page, faults } = await world.administrator();
  await more(page, gone, "Erase personal data");
  await dialog(page).getByText("There is no undo.").waitFor();
  await dialog(page)
    .getByText(/wiki: 1 person becomes no access/)
    .waitFor();
  await page.screenshot({ path: ".cache/erase.png" });
  expect(await violations(page)).toEqual([]);
  await dialog(page).getByRole("button", { name: "Erase personal data" }).click();
  await page.waitForURL("**/users");
  await page.getByText("The personal data of zara@acme.example is gone").waitFor();
  expect(await page.getByRole("button", { name: "Undo" }).count()).toBe(0);
  expect(JSON.stringify((await api("GET", "/users?limit=200")).body)).not.toContain("zara");
  expect(faults).toEqual([]);
});
