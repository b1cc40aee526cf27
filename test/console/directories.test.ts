import { expect, test } from "vitest";
import { addDirectory } from "../../src/identity/directories.ts";
import { addLocalMembers } from "../../src/identity/groups.ts";
import { consoleWorld, open, violations } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const { token } = company;
const api = (method: string, path: string, body?: unknown) => world.ask(method, path, { token, body });
const names = async () => (await api("GET", "/directories")).body.data.map(({ name }: { name: string }) => name);

test("another order is tried first, and kept only when its consequences have been shown", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await page.getByRole("link", { name: "Directories" }).click();
  await page.getByRole("heading", { name: "Directories" }).waitFor();
  const before = await names();
  await page.getByRole("button", { name: "Move corp up" }).click();
  await page.getByText("Nobody's record, role or seat changes.").waitFor();
  expect(await names()).toEqual(before);
  await page.screenshot({ path: ".cache/m-directories-order.png", fullPage: true });
  await page.getByRole("button", { name: "Keep this order" }).click();
  await page.getByText("The new order is kept.").waitFor();
  expect((await names()).slice(0, 2)).toEqual(["corp", "okta"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(names).toEqual(before);
  expect(faults).toEqual([]);
});

test("dragging is done with the keyboard and shows the same preview", async () => {
  const { page } = await world.administrator();
  await open(page, "/directories");
  const handle = page.getByRole("button", { name: "Move corp by dragging" });
  await handle.focus();
  await page.keyboard.press("Space");
  await page.getByText("Place 2.").waitFor({ state: "attached" });
  await page.keyboard.press("ArrowUp");
  await page.getByText("Place 1.").waitFor({ state: "attached" });
  await page.keyboard.press("Space");
  await page.getByRole("region", { name: "What this order would change" }).waitFor();
  await page.getByRole("button", { name: "Put it back" }).click();
  expect((await names())[0]).toBe("okta");
});

test("a SCIM directory is added, its token is shown once, and the screen waits for what the provider sends", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/directories");
  await page.getByRole("button", { name: "Add directory" }).click();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("entra");
  await page.getByRole("dialog").getByRole("button", { name: "Add directory" }).click();
  const baseUrl = await page.getByLabel("Base URL", { exact: true }).inputValue();
  const secret = await page.getByLabel("Token", { exact: true }).inputValue();
  expect(secret).toMatch(/^mst_scim_/);
  await page.getByText("Waiting for the identity provider's first request").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/m-directories-wait.png" });
  const scim = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, "content-type": "application/scim+json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(answer.status).toBeLessThan(300);
    return answer.json() as Promise<{ id: string }>;
  };
  await scim("GET", "/Users?count=1");
  await page.getByText("The identity provider has asked. Waiting for the first person").waitFor();
  const { id } = await scim("POST", "/Users", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
    userName: "zoe@acme.example",
    active: true,
  });
  await page.getByText("People have arrived. Waiting for the first group").waitFor();
  await scim("POST", "/Groups", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    displayName: "Engineering",
    members: [{ value: id }],
  });
  await page.getByText("People, groups and members have arrived.").waitFor();
  await page.screenshot({ path: ".cache/m-directories-arrived.png" });
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "entra", exact: true }).waitFor();
  expect(await page.content()).not.toContain(secret);
  expect(faults).toEqual([]);
});

test("an LDAP directory's settings are tested step by step before it is added, and a wrong one is told at its field", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/directories?add=ldap");
  const side = page.getByRole("dialog");
  await side.getByRole("textbox", { name: "Name", exact: true }).fill("lyon");
  await side.getByLabel(/^Servers/).fill("ldap://127.0.0.1:9");
  await side.getByLabel(/^Read as/).fill("cn=muster,dc=example,dc=com");
  await side.getByLabel(/^Base/).fill("not a name");
  await side.getByLabel(/^Password of the reader/).fill("secret");
  await side.getByRole("button", { name: "Add directory" }).click();
  await side.getByRole("alert").waitFor();
  expect(await side.getByLabel(/^Base/).getAttribute("aria-invalid")).toBe("true");
  await side.getByLabel(/^Base/).fill("dc=example,dc=com");
  await side.getByRole("button", { name: "Test the settings" }).click();
  await side.getByText("It cannot be read like this.").waitFor();
  await side.getByText("Skipped").first().waitFor();
  await page.screenshot({ path: ".cache/m-directories-ldap.png" });
  await side.getByRole("button", { name: "Add directory" }).click();
  await page.getByRole("button", { name: "lyon", exact: true }).waitFor();
  expect((await api("GET", "/directories/lyon")).body.settings.url).toEqual(["ldap://127.0.0.1:9"]);
  expect(faults).toEqual([]);
});

test("a sync is asked for and leads to its run", async () => {
  const { page } = await world.administrator();
  await open(page, "/directories?open=corp");
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/directories/corp/sync"));
  await page.getByRole("button", { name: "Dry run" }).click();
  const answer = await asked;
  expect(answer.request().postDataJSON()).toEqual({ mode: "dry-run" });
  await page.waitForURL(`**/runs?open=${(await answer.json()).runId}`);
});

test("how often only what changed is read is set, within the time between runs", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/directories?open=corp&tab=settings");
  const deltas = page.getByRole("textbox", { name: /^Minutes between reads/ });
  await deltas.fill("60");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect.poll(() => deltas.getAttribute("aria-invalid")).toBe("true");
  await deltas.fill("5");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("corp is changed.").waitFor();
  expect((await api("GET", "/directories/corp")).body).toMatchObject({ syncEvery: 3_600, deltaEvery: 300 });
  expect(faults).toEqual([]);
});

test("what goes with a directory is shown before its name may be typed", async () => {
  const { page, faults } = await world.administrator();
  await world.write(company.organization, async (tx) => {
    await addDirectory(tx, { name: "old", kind: "scim" });
    await addLocalMembers(tx, company.groups.users.id, [company.people.fay]);
  });
  await open(page, "/directories?open=old&tab=remove");
  await page.getByRole("button", { name: "Show what would go" }).click();
  const remove = page.getByRole("button", { name: "Remove directory" });
  await expect.poll(() => remove.isDisabled()).toBe(true);
  await page.getByLabel("Type old to confirm").fill("old");
  await remove.click();
  await page.getByText("old is removed.").waitFor();
  expect(await names()).not.toContain("old");
  expect(faults).toEqual([]);
});

const TABS = ["?open=okta&tab=settings", "?open=okta&tab=tokens", "?open=okta&tab=removals", "?open=corp&tab=switch"];

test.each([
  { look: {}, paths: ["", ...TABS, "?add=google-workspace"] },
  { look: { scheme: "dark" as const }, paths: ["", "?open=okta"] },
  { look: { phone: true }, paths: ["", "?open=corp&tab=settings"] },
  { look: { language: "de-DE" }, paths: ["", "?add=ldap"] },
])("the directories are accessible: $look", async ({ look, paths }) => {
  const { page, faults } = await world.administrator(look);
  for (const [at, path] of paths.entries()) {
    await open(page, `/directories${path}`);
    expect([path, await violations(page)]).toEqual([path, []]);
    await page.screenshot({ path: `.cache/m-directories-${at}-${Object.values(look).join("-")}.png` });
  }
  expect(faults).toEqual([]);
});
