import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { consoleWorld, open } from "./world.ts";

const world = await consoleWorld();
const { company } = world;
const DOCUMENT = join(import.meta.dirname, "..", "..", "docs", "console.md");
const api = (method: string, path: string, body?: unknown) => world.ask(method, path, { token: company.token, body });
await api("PUT", "/products/wiki/default-groups/guest", { group: company.groups.guests.id });
await api("PUT", "/products/wiki/default-groups/user", { group: company.groups.users.id });

type Counted = { name: string; clicks: number; keys: number };
const counted: Counted[] = [];

/** A hand on mouse and keyboard that counts: a click each, a key for each letter, two for pasting however much. */
function handOf(page: Page) {
  let [clicks, keys] = [0, 0];
  return {
    click: async (place: Locator): Promise<void> => {
      await place.click();
      clicks += 1;
    },
    type: async (place: Locator, text: string): Promise<void> => {
      await place.fill(text);
      keys += text.length;
    },
    paste: async (place: Locator, text: string): Promise<void> => {
      await place.fill(text);
      keys += 2;
    },
    press: async (key: string): Promise<void> => {
      await page.keyboard.press(key);
      keys += 1;
    },
    done: (name: string): void => void counted.push({ name, clicks, keys }),
  };
}

/** Each task begins where signing in leads to, and ends when the server says that it is done. */
function task(name: string, work: (page: Page, hand: ReturnType<typeof handOf>) => Promise<void>): void {
  test(name, async () => {
    const { page, faults } = await world.administrator();
    await open(page, "/overview");
    const hand = handOf(page);
    await work(page, hand);
    hand.done(name);
    expect(faults).toEqual([]);
    await page.context().close();
  });
}

const screen = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Navigation" }).getByRole("link", { name, exact: true });
const drawer = (page: Page) => page.getByRole("dialog");

task("invite three guests to a space for a month", async (page, hand) => {
  await hand.press("c");
  await hand.paste(
    drawer(page).getByLabel("E-mail addresses"),
    "a@partner.example, b@partner.example, c@partner.example",
  );
  await drawer(page).getByText("3/100 people").waitFor();
  await hand.click(drawer(page).getByRole("button", { name: "Guests of wiki" }));
  await hand.click(drawer(page).getByLabel("Space", { exact: true }));
  await hand.click(page.getByRole("option", { name: "docs" }));
  const month = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10);
  await hand.type(drawer(page).getByLabel("Until (empty: no end)"), month);
  await hand.click(drawer(page).getByRole("button", { name: "Continue" }));
  await drawer(page).getByText("3 mails go out").waitFor();
  await hand.click(drawer(page).getByRole("button", { name: "Send invitations" }));
  await drawer(page).getByText("3 invitations are open").waitFor();
});

task("find why somebody has no access", async (page, hand) => {
  await hand.press("g");
  await hand.press("u");
  await page.getByRole("heading", { name: "Users" }).waitFor();
  await hand.press("/");
  await hand.type(page.locator("[data-search]"), "dave");
  await page.waitForURL(/q=dave/);
  await hand.click(page.getByRole("button", { name: /^dave/ }));
  await hand.click(page.getByRole("tab", { name: "Access" }));
  await page
    .getByText(/because an administrator suspended the person/)
    .first()
    .waitFor();
});

task("approve a held sync", async (page, hand) => {
  await hand.click(screen(page, "Sync runs"));
  await hand.click(
    page
      .getByRole("row", { name: /approv|preview/i })
      .getByRole("button")
      .first(),
  );
  await hand.type(drawer(page).getByLabel("Reason"), "moved");
  await hand.click(drawer(page).getByRole("button", { name: "Approve and apply" }));
  await page
    .getByText("Prove who you are")
    .or(page.getByText("The plan is approved and will be applied."))
    .first()
    .waitFor();
});

task("suspend somebody, and take it back", async (page, hand) => {
  await hand.click(screen(page, "Users"));
  await hand.click(page.getByRole("button", { name: /^fay/ }));
  await hand.click(page.getByRole("button", { name: "Suspend", exact: true }));
  await hand.click(page.getByRole("dialog").getByRole("button", { name: "Suspend", exact: true }));
  await hand.click(page.getByRole("button", { name: "Undo" }));
  await expect.poll(async () => (await api("GET", `/users/${company.people.fay}`)).body.status).not.toBe("suspended");
});

task("send somebody the first invitation", async (page, hand) => {
  await hand.click(screen(page, "Users"));
  await hand.click(page.getByRole("button", { name: /^ada/ }));
  await hand.click(page.getByRole("button", { name: "Resend invite" }));
  await expect.poll(async () => (await api("GET", `/users/${company.people.ada}`)).body.status).toBe("invited");
});

task("give a group a role, seeing whom it touches", async (page, hand) => {
  await hand.click(screen(page, "Groups"));
  await hand.click(page.getByRole("button", { name: "users", exact: true }));
  await hand.click(page.getByRole("combobox", { name: "Product" }));
  await hand.click(page.getByRole("option", { name: /tracker/ }));
  await hand.click(page.getByRole("button", { name: "Give User" }));
  await hand.click(page.getByRole("button", { name: "Change it" }));
  await page.getByText("The role is given.").waitFor();
});

task("extend a guest's stay by 30 days", async (page, hand) => {
  await hand.click(screen(page, "Guests"));
  await hand.click(page.getByRole("button", { name: "bob", exact: true }));
  await hand.click(drawer(page).getByRole("button", { name: "30 days from now" }));
  await page.getByText("The stay is set anew.").waitFor();
});

task("make a token for a product", async (page, hand) => {
  await hand.click(screen(page, "Administrators and tokens"));
  await hand.click(page.getByRole("tab", { name: "Tokens" }));
  await hand.click(page.getByRole("button", { name: "Make a token" }));
  await hand.click(drawer(page).getByText("Product", { exact: true }));
  await hand.type(drawer(page).getByLabel("Name"), "wiki");
  await hand.click(drawer(page).getByRole("combobox", { name: "product" }));
  await hand.click(page.getByRole("option", { name: "acme/wiki" }));
  await hand.click(drawer(page).getByRole("button", { name: "Make a token" }));
  await drawer(page).getByText(/^mst_/).waitFor();
});

task("put another directory first, seeing what that changes", async (page, hand) => {
  await hand.click(screen(page, "Directories"));
  await hand.click(page.getByRole("button", { name: "Move corp up" }));
  await hand.click(page.getByRole("button", { name: "Keep this order" }));
  await page.getByText("The new order is kept.").waitFor();
});

task("find out who suspended somebody", async (page, hand) => {
  await hand.press("g");
  await hand.press("a");
  await page.getByRole("heading", { name: "Audit" }).waitFor();
  await hand.press("/");
  await hand.type(page.locator("[data-search]"), "account.suspended");
  await hand.press("Enter");
  await hand.click(page.getByRole("button", { name: "account.suspended" }).first());
  await page.getByRole("dialog").getByText("account.suspended").waitFor();
});

test("docs/console.md has what each task costs (this test with --update writes it)", async () => {
  expect(counted).toHaveLength(10);
  const rows = counted.map(({ name, clicks, keys }) => `| ${name} | ${clicks} | ${keys} |`);
  const table = ["| task | clicks | keys |", "|---|---|---|", ...rows].join("\n");
  const written = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = ["<!-- begin tasks -->", "<!-- end tasks -->"];
  const wanted = `${written.slice(0, written.indexOf(begin) + begin.length)}\n\n${table}\n\n${written.slice(written.indexOf(end))}`;
  await expect(wanted).toMatchFileSnapshot(DOCUMENT);
});
