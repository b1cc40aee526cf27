import { afterAll, expect, test } from "vitest";
import { startJobs } from "../../src/jobs/start.ts";
import { inTurn } from "../harness/scale.ts";
import { consoleWorld, open, refusedTo, violations } from "./world.ts";

const world = await consoleWorld();
const { ada, bob, carol, dave } = world.company.people;
const jobs = await startJobs(world.ctx, { ownerUrl: world.ctx.database.ownerUrl });
afterAll(() => jobs.stop());

const user = async (id: string) =>
  (await world.ask("GET", `/users/${id}`, { token: world.company.token })).body as { status: string };

test("R178: adding, inviting and signing up have places of their own, and who is added gets no mail", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/overview");
  await page.getByRole("link", { name: "Users", exact: true }).click();
  await page.getByRole("link", { name: "Invite users" }).waitFor();
  await page.getByRole("link", { name: "Sign-up options" }).waitFor();
  await page.getByRole("button", { name: "Add a person" }).click();
  await page.getByLabel(/^E-mail/).fill("ada@acme.example");
  await page.getByLabel("Name", { exact: true }).fill("Ada Twice");
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  // The refusal of the API stands in the drawer.
  await page.getByRole("dialog").getByRole("alert").waitFor();
  await page.getByLabel(/^E-mail/).fill("gil@acme.example");
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("heading", { name: "Ada Twice" }).waitFor();
  await page.getByText("Invited – Invitation not sent").first().waitFor();
  const id = new URL(page.url()).pathname.split("/")[2] ?? "";
  expect((await user(id)).status).toBe("invited-not-sent");
  expect(faults).toEqual([]);
});

test("the list is narrowed by what its address says, and several people are suspended with the outcome of each", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/users");
  await page.getByRole("combobox", { name: "Product" }).click();
  await page.getByRole("option", { name: /^wiki/i }).click();
  await page.waitForURL(/product=acme/);
  await page.getByRole("combobox", { name: "Role" }).click();
  await page.getByRole("option", { name: "Guest" }).click();
  await page.getByRole("cell", { name: "bob" }).first().waitFor();
  await page.getByRole("checkbox", { name: "Select ada" }).waitFor({ state: "detached" });
  await page.goto("/users?product=none&silent=never&kind=member");
  await page.getByRole("cell", { name: "carol" }).first().waitFor();
  await page.getByRole("checkbox", { name: "Select carol" }).check();
  await page.getByRole("button", { name: "Suspend", exact: true }).click();
  await page
    .getByRole("dialog")
    .getByText(/^1 person: carol/)
    .waitFor();
  await page.getByRole("button", { name: "Suspend: 1 person" }).click();
  await page.getByRole("table", { name: "What became of each" }).getByText("Done").waitFor();
  expect((await user(carol)).status).toBe("suspended");
  await page.getByRole("dialog").getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await user(carol)).status, { timeout: 30_000 }).toBe("invited");
  expect(faults).toEqual([]);
});

test("who matches is exported as a file", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/users?q=bob");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: "CSV" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download" }).click(),
  ]);
  expect(await file.failure()).toBeNull();
  expect(faults).toEqual([]);
});

test("R19, R20: why a person has access stands in one sentence, and every path with its conditions behind it", async () => {
  const { page, faults } = await world.administrator();
  await open(page, `/users/${ada}/access`);
  await page.getByText(/wiki: User, because member of users/).waitFor();
  await page.getByRole("button", { name: /path/ }).first().click();
  await page.getByText("Member of users, by an administrator").waitFor();
  await open(page, `/users/${dave}/access`);
  await page.getByText(/wiki: .*because an administrator suspended the person/).waitFor();
  await page.getByText("tracker: no access, because").waitFor();
  expect(faults).toEqual([]);
});

test("R82: suspending shows first what it brings, and can be undone", async () => {
  const { page, faults } = await world.administrator();
  await open(page, `/users/${ada}`);
  await page.getByRole("button", { name: "Suspend", exact: true }).click();
  await page.getByText(/wiki: 1 person becomes/).waitFor();
  expect((await user(ada)).status).not.toBe("suspended");
  await page.getByRole("dialog").getByRole("button", { name: "Suspend", exact: true }).click();
  await expect.poll(async () => (await user(ada)).status).toBe("suspended");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await user(ada)).status).not.toBe("suspended");
  expect(faults).toEqual([]);
});

test("R67: one press of Resend invite sends the mail", async () => {
  const { page, faults } = await world.administrator();
  await open(page, `/users/${world.company.people.fay}`);
  await page.getByRole("button", { name: "Resend invite" }).click();
  await page.getByText(/The invitation goes to fay@acme.example/).waitFor();
  await page.getByRole("tab", { name: "Invitations" }).click();
  await page.getByRole("cell", { name: "fay@acme.example" }).first().waitFor();
  // Inside the cool-down it is refused, in the API's words.
  await page.getByRole("button", { name: "Resend invite" }).click();
  await page.getByText("That did not work").waitFor();
  expect(faults).toEqual([]);
});

test("an administrator who may only look reads why each thing is not theirs to do", async () => {
  const { page, faults } = await world.limited("auditor");
  await open(page, `/users/${ada}`);
  await refusedTo(page, page.getByRole("button", { name: "Suspend", exact: true }), "users:write");
  await page.getByRole("button", { name: "More" }).click();
  for (const [name, permission] of [
    [/^Erase personal data/, "users:write"],
    [/^Off-board/, "users:write"],
    [/^Merge into another account/, "users:write"],
  ] as const)
    expect(await page.getByRole("menuitem", { name }).innerText()).toContain(`it needs the permission ${permission}`);
  expect(faults).toEqual([]);
});

const DIALOGS = ["suspend", "edit", "change-address", "wrong-address", "merge", "off-board"];

test("each tab of a person and each of their dialogs is accessible, in light, dark and on a phone", async () => {
  for (const [turn, look] of [{}, { scheme: "dark" as const }, { phone: true }].entries()) {
    const { page, faults } = await world.administrator(look);
    const name = `${look.scheme ?? "light"}${look.phone ? "-phone" : ""}`;
    await open(page, "/users");
    await page.getByRole("heading", { level: 1 }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.screenshot({ path: `.cache/shots/users-${name}.png` });
    for (const tab of inTurn(["profile", "access", "groups", "invitations", "activity", "source"], turn, 3)) {
      await open(page, `/users/${bob}/${tab}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      if (tab === "access") await page.getByRole("button", { name: /path/ }).first().click();
      expect(await violations(page), tab).toEqual([]);
      await page.screenshot({ path: `.cache/shots/user-${tab}-${name}.png` });
    }
    for (const what of inTurn(DIALOGS, turn, 3)) {
      await open(page, `/users/${ada}?do=${what}`);
      await page.getByRole("dialog").waitFor();
      expect(await violations(page), what).toEqual([]);
      await page.screenshot({ path: `.cache/shots/user-${what}-${name}.png` });
    }
    expect(faults).toEqual([]);
    await page.context().close();
  }
}, 240_000);
