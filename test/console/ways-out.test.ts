import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { consoleWorld, open, refusedTo, violations } from "./world.ts";

const world = await consoleWorld();
const { company, url } = world;
const { organization, okta, token } = company;
const api = (method: string, path: string, body?: unknown) => world.ask(method, path, { token, body });
const user = async (id: string) => (await api("GET", `/users/${id}`)).body;
const side = (page: Page) => page.getByRole("dialog");

async function scim(token: string, method: string, path: string, body?: unknown) {
  const answer = await fetch(`${url}/scim/v2/${okta.id}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/scim+json" },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as { id: string; Resources: { id: string }[] } };
}

/** okta gives ada the tracker through a group of its own; entra knows her, bob twice, and nobody else. */
async function secondDirectory(): Promise<void> {
  const made = (await api("POST", "/directories/okta/tokens", {})).body.token;
  const found = await scim(made, "GET", `/Users?filter=${encodeURIComponent('userName eq "ada"')}`);
  const group = await scim(made, "POST", "/Groups", {
    schemas: ["urn:ietf:params:scim:schemas:core:2.0:Group"],
    displayName: "trackers",
    members: [{ value: found.body.Resources[0]?.id }],
  });
  const granted = await api("POST", "/grants", { group: `id:${group.body.id}`, product: "tracker", role: "user" });
  expect([group.status, granted.status]).toEqual([201, 201]);
  const record = (userName: string, email: string) => ({
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId: null,
    userName,
    active: true,
    email: `${email}@acme.example`,
    displayName: null,
    resource: {},
    contentHash: null,
  });
  await world.write(organization, async (tx) => {
    const { id } = await addDirectory(tx, { name: "entra", kind: "scim" });
    await insertDirectoryUsers(tx, id, [record("ada.l", "ada"), record("bob.1", "bob"), record("bob.2", "bob")]);
  });
}

test("people are switched to another directory: pairs, conflicts and losses first, then done, and taken back", async () => {
  await secondDirectory();
  const { ada } = company.people;
  const { page, faults } = await world.administrator();
  await open(page, "/directories");
  await page.getByRole("button", { name: "okta", exact: true }).click();
  await side(page).getByRole("tab", { name: "Switch" }).click();
  await side(page).getByRole("combobox", { name: "Switch to" }).click();
  await page.getByRole("option", { name: "entra" }).click();
  await side(page).getByRole("textbox", { name: "Known by" }).fill("employeeNumber");
  await side(page).getByRole("button", { name: "Preview" }).click();
  await side(page).getByRole("alert").filter({ hasText: "nobody in okta has a value of this" }).waitFor();
  await side(page).getByRole("textbox", { name: "Known by" }).fill("email");
  await side(page).getByRole("button", { name: "Preview" }).click();
  await side(page).getByText("1 person is switched, 4 have no match, 1 conflict.").waitFor();
  const part = (name: string) => side(page).getByRole("region", { name, exact: true }).first();
  await part("Who is switched").getByRole("row", { name: "ada ada.l" }).waitFor();
  await part("Whose access changes").getByRole("row", { name: "ada.l tracker User no access" }).waitFor();
  await part("Conflicts")
    .getByRole("row", { name: /^bob bob\.1, bob\.2/ })
    .waitFor();
  await part("Without a match")
    .getByRole("row", { name: /^eve .*0 guest spaces, 1 local group/ })
    .waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/switch.png" });
  // All that was only looked at.
  expect((await user(ada)).userName).toBe("ada");
  await side(page).getByRole("button", { name: "Switch people" }).click();
  await page.getByText("People of okta are kept in entra now.").waitFor();
  expect(await user(ada)).toMatchObject({ id: ada, userName: "ada.l" });
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await user(ada)).userName).toBe("ada");
  expect(faults).toEqual([]);
});

test("a directory's token is rotated: the new one is shown once, the old one goes on for a while, and is revoked", async () => {
  const { page, faults } = await world.administrator();
  const old = (await api("POST", "/directories/okta/tokens", { name: "pushes" })).body.token;
  await open(page, "/directories?open=okta&tab=tokens");
  const row = side(page)
    .getByRole("row", { name: /^pushes/ })
    .first();
  await row.getByRole("button", { name: "Rotate" }).click();
  const fresh = side(page).getByLabel("Token", { exact: true });
  await fresh.waitFor();
  const made = await fresh.inputValue();
  expect(made).toMatch(/^mst_scim_/);
  const works = async (token: string) => (await scim(token, "GET", "/Users?count=1")).status;
  expect([await works(old), await works(made)]).toEqual([200, 200]);
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/rotated.png" });
  const rows = side(page).getByRole("row").filter({ hasText: "Rotate" });
  for (let left = await rows.count(); left > 0; left--) {
    await side(page).getByRole("button", { name: "Revoke", exact: true }).first().click();
    await side(page).getByRole("button", { name: "Revoke now" }).click();
    await side(page).getByRole("button", { name: "Revoke now" }).waitFor({ state: "detached" });
  }
  await expect.poll(async () => [await works(old), await works(made)]).toEqual([401, 401]);
  await page.keyboard.press("Escape");
  await side(page).waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(made);
  expect(faults).toEqual([]);
});

test("a product's token is rotated and revoked, which is asked first", async () => {
  const { page, faults } = await world.administrator();
  const old = (await api("POST", "/tokens", { name: "wiki's", product: company.wiki.id })).body;
  await open(page, "/administrators?tab=tokens");
  const rows = page.getByRole("row").filter({ hasText: "wiki's" });
  await rows.first().getByRole("button", { name: "Rotate" }).click();
  await page.getByText("There is a new token; the old one goes on for 24 hours.").waitFor();
  const made = (await page.getByText(/^mst_api_/).innerText()).trim();
  const works = async (token: string) => (await world.ask("GET", "/events", { token })).status !== 401;
  expect([await works(old.token), await works(made)]).toEqual([true, true]);
  expect(await violations(page)).toEqual([]);
  for (let left = await rows.count(); left > 0; left--) {
    await rows.first().getByRole("button", { name: "Revoke", exact: true }).click();
    expect((await works(made)) || (await works(old.token))).toBe(true);
    await page.getByRole("button", { name: "Revoke now" }).click();
    await expect.poll(() => rows.count()).toBe(left - 1);
  }
  await expect.poll(async () => [await works(old.token), await works(made)]).toEqual([false, false]);
  expect(faults).toEqual([]);
});

test("who may only look reads why neither a switch nor a token is theirs", async () => {
  const { page, faults } = await world.limited("auditor");
  await open(page, "/directories?open=corp&tab=switch");
  await refusedTo(page, side(page).getByRole("button", { name: "Preview" }), "directories:write");
  await open(page, "/directories?open=okta&tab=tokens");
  await refusedTo(page, side(page).getByRole("button", { name: "Make token" }), "tokens:write");
  await open(page, "/administrators?tab=tokens");
  await refusedTo(page, page.getByRole("button", { name: "Make a token" }), "tokens:write");
  for (const name of ["Rotate", "Revoke"])
    await refusedTo(page, page.getByRole("button", { name, exact: true }).first(), "tokens:write");
  expect(faults).toEqual([]);
});
