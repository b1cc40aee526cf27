import { mkdir } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setPassword } from "../../src/identity/credentials.ts";
import { hashPassword } from "../../src/identity/sign-in/password-hash.ts";
import { consoleWorld, open, PASSWORD, violations } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const wiki = (path: string, body: unknown, method = "POST") => world.ask(method, path, { token: company.token, body });
await wiki("/products/wiki/default-groups/guest", { group: company.groups.guests.id }, "PUT");
await wiki("/products/wiki/default-groups/user", { group: company.groups.users.id }, "PUT");
const ask = (path: string) => world.ask("GET", path, { token: company.token });
await mkdir(".cache", { recursive: true });

const invitationsOf = async (email: string) =>
  (await ask(`/invitations?filter=${encodeURIComponent(`email eq "${email}"`)}`)).body.data;

/** A day as a date field takes it. */
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

/** The drawer that is open. */
const drawer = (page: Page) => page.getByRole("dialog");

test("R27: inviting is one click or one key away: from users, from invitations and from everywhere by c", async () => {
  const { page, faults } = await world.administrator();
  for (const path of ["/users", "/invitations", "/overview"]) {
    await open(page, path);
    await page.getByRole("link", { name: "Invite", exact: true }).click();
    await drawer(page).getByLabel("E-mail addresses").waitFor();
    await open(page, path);
    await page.locator("body").press("c");
    await drawer(page).getByLabel("E-mail addresses").waitFor();
  }
  await open(page, "/invitations");
  await page.getByRole("button", { name: "Invite people" }).first().click();
  await drawer(page).getByLabel("E-mail addresses").waitFor();
  expect(faults).toEqual([]);
});

test("R177: from the invite form one click leads to sharing with people outside, who take no seat", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/invitations?invite=people");
  await drawer(page).getByText("nothing is paid for them").waitFor();
  await drawer(page).getByRole("button", { name: "Guests of wiki" }).click();
  await drawer(page).getByRole("radio", { name: "Guest", exact: true, checked: true }).waitFor();
  await drawer(page).getByLabel("Space", { exact: true }).waitFor();
  expect(faults).toEqual([]);
});

test("R178: adding users, inviting them and the options of signing up are places of their own, told apart by name", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/invitations");
  const ways = page.getByRole("navigation", { name: "Other ways in:" });
  await ways.getByRole("link", { name: "Sign-up options" }).click();
  await page.waitForURL(/\/sign-up/);
  await open(page, "/invitations");
  await ways.getByRole("link", { name: "Add users" }).click();
  await page.waitForURL(/\/users/);
  expect(faults).toEqual([]);
});

test("three steps invite a guest to a space: verdicts, role with its group, places before and after, the mail, and undo", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/invitations?invite=people");
  await drawer(page)
    .getByLabel("E-mail addresses")
    .fill('"Gus Roe" <gus@partner.example>, pia@partner.example; nonsense\ngus@partner.example');
  await drawer(page).getByText("3/100 people · 1 duplicate folded").waitFor();
  await drawer(page).getByText("this is no e-mail address").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/invite-people.png" });
  await drawer(page).getByRole("button", { name: "Remove nonsense" }).click();
  await drawer(page).getByRole("button", { name: "Continue" }).click();

  await drawer(page).getByRole("radiogroup", { name: "wiki" }).getByRole("radio", { name: "Guest" }).click();
  await drawer(page).getByLabel("Space", { exact: true }).click();
  await page.getByRole("option", { name: "docs" }).click();
  await drawer(page).getByText("because of guests").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/invite-access.png" });
  await drawer(page).getByRole("button", { name: "Continue" }).click();

  await drawer(page).getByText("2 mails go out").waitFor();
  await drawer(page)
    .getByRole("cell", { name: /→ \d+ of/ })
    .first()
    .waitFor();
  await drawer(page).getByLabel("Personal message").fill("See you there");
  await drawer(page).getByRole("button", { name: "Preview the mail" }).click();
  await drawer(page).frameLocator("iframe").getByText("See you there").waitFor();
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/invite-review.png", fullPage: true });
  expect(await invitationsOf("gus@partner.example")).toEqual([]);
  await drawer(page).getByRole("button", { name: "Send invitations" }).click();

  await drawer(page).getByText("2 invitations are open").waitFor();
  const [invitation] = await invitationsOf("gus@partner.example");
  expect(invitation).toMatchObject({ state: "pending", message: "See you there", spaces: [{ space: "docs" }] });
  await page.screenshot({ path: ".cache/invite-sent.png" });
  await drawer(page).getByRole("button", { name: "Undo" }).click();
  await drawer(page).getByText("2 invitations were taken back").waitFor();
  expect((await invitationsOf("gus@partner.example"))[0].state).toBe("revoked");
  await drawer(page).getByRole("button", { name: "Invite more with the same access" }).click();
  await drawer(page).getByLabel("E-mail addresses").fill("mia@partner.example");
  await drawer(page).getByRole("button", { name: "Continue" }).click();
  await drawer(page).getByText("because of guests").waitFor();
  expect(faults).toEqual([]);
});

test("an invitation is found, extended, corrected and revoked in its drawer; what is refused says why", async () => {
  const { page, faults } = await world.administrator();
  await world.ask("POST", "/invitations", {
    token: company.token,
    body: { emails: ["rey@partner.example"], groups: [company.groups.users.id] },
  });
  await open(page, "/overview");
  await page.getByRole("link", { name: "Invitations", exact: true }).click();
  await page.getByRole("button", { name: "rey@partner.example" }).click();
  await page.waitForURL(/open=/);
  await drawer(page).getByRole("button", { name: "Resend invite" }).click();
  // A moment after the first mail: the cool-down refuses, and says so.
  await page.getByText("That did not work").waitFor();
  await drawer(page).getByLabel("Correct the address").fill("ada@acme.example");
  await drawer(page).getByRole("button", { name: "Correct", exact: true }).click();
  await drawer(page).locator("[class*=error]").first().waitFor();
  await drawer(page).getByLabel("Correct the address").fill("ray@partner.example");
  await drawer(page).getByRole("button", { name: "Correct", exact: true }).click();
  await drawer(page).getByRole("heading", { name: "ray@partner.example" }).waitFor();
  // Asked once: midnight can come between.
  const day = inDays(20);
  await drawer(page).getByLabel("Valid until").fill(day);
  await drawer(page).getByRole("button", { name: "Extend", exact: true }).click();
  await expect.poll(async () => (await invitationsOf("ray@partner.example"))[0].expiresAt.slice(0, 10)).toBe(day);
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/invitation.png" });
  await drawer(page).getByRole("button", { name: "Revoke" }).click();
  await drawer(page).getByText("Revoked").waitFor();
  expect((await invitationsOf("ray@partner.example"))[0].state).toBe("revoked");
  expect(faults).toEqual([]);
});

test("too many people at once turn into an import, whose rows are looked at before it runs", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/invitations?invite=people");
  const many = Array.from({ length: 101 }, (_, at) => `p${at}@many.example`).join("\n");
  await drawer(page).getByLabel("E-mail addresses").fill(many);
  await drawer(page).getByText("101/100 people").waitFor();
  expect(await drawer(page).getByRole("button", { name: "Continue" }).isDisabled()).toBe(true);
  await drawer(page).getByRole("button", { name: "Import these as a job" }).click();
  // By key: the field above grows to its text, and what is under the pointer is another thing then.
  await drawer(page).getByRole("button", { name: "Preview" }).press("Enter");
  await drawer(page).getByText("101 rows").waitFor();
  await page.screenshot({ path: ".cache/invite-import.png" });
  await drawer(page).getByRole("button", { name: "Start the import" }).click();
  await drawer(page)
    .getByText(/of 101 rows|of 0 rows/)
    .waitFor();
  const jobs = (await ask("/jobs")).body.data;
  expect(jobs[0]).toMatchObject({ action: "import-invitations", counts: { total: 101 } });
  expect(faults).toEqual([]);
});

test("whoever may only read sees the invitations, and why inviting is not for them", async () => {
  const hash = await hashPassword(PASSWORD);
  await world.write(company.organization, async (tx) => {
    const { id } = await addAdministrator(tx, "vera@acme.example");
    await setPassword(tx, id, hash);
    await tx.query({
      text: "update rights set bundle = 'auditor' where organization = $1 and account = $2",
      values: [tx.organization, id],
    });
  });
  const { page, context, faults } = await world.visitor();
  const answer = await context.request.post(`${world.url}/api/v1/session`, {
    data: { userName: "vera@acme.example", password: PASSWORD },
    headers: { origin: world.url },
  });
  expect(answer.status()).toBe(201);
  await open(page, "/invitations");
  await page.getByRole("button", { name: "carol@acme.example" }).waitFor();
  const button = page.getByRole("button", { name: "Invite people" }).first();
  expect(await button.getAttribute("aria-disabled")).toBe("true");
  await button.focus();
  await page.getByText("it needs the permission invitations:write").waitFor();
  await page.getByRole("button", { name: "carol@acme.example" }).click();
  await drawer(page).getByRole("button", { name: "Resend invite", disabled: true }).waitFor();
  expect(faults).toEqual([]);
});
