import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { de } from "../../src/console/browser/texts/de.ts";
import { en } from "../../src/console/browser/texts/en.ts";
import { SCREENS } from "../../src/console/paths.ts";
import { consoleWorld, open, PASSWORD, violations } from "./world.ts";

const world = await consoleWorld();

/** The help of each screen in the navigation, as its link has it. */
async function helpOf(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const screen of SCREENS) {
    await open(page, `/${screen}`);
    found.push((await page.getByRole("link", { name: "Help for this screen" }).getAttribute("href")) ?? "");
  }
  return found;
}

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

test("R174, R175: each screen's help is of the version that runs, and is a page of words alone", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/users");
  const href = await page.getByRole("link", { name: "Help for this screen" }).getAttribute("href");
  await open(page, href ?? "");
  await page.getByRole("heading", { level: 1 }).waitFor();
  expect(await violations(page)).toEqual([]);
  expect(await page.locator("script").count()).toBe(0);
  for (const help of await helpOf(page)) {
    const answer = await fetch(`${world.url}${help}`);
    expect([help, answer.status]).toEqual([help, 200]);
    const links = [...(await answer.text()).matchAll(/href="(?!https?:|#)([^"#]+)/g)].map(([, to]) => to);
    for (const to of links) {
      const target = new URL(to ?? "", `${world.url}${help}`);
      expect([help, to, (await fetch(target)).status]).toEqual([help, to, 200]);
    }
  }
  expect(faults).toEqual([]);
});

test("/ belongs to people; whoever is signed in comes to the console", async () => {
  const stranger = await world.visitor();
  await open(stranger.page, "/");
  await stranger.page.getByRole("link", { name: "Sign in to the console" }).click();
  await stranger.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  const { page } = await world.administrator();
  await open(page, "/");
  await page.waitForURL(/\/overview$/);
});

test("no script but our own may run, and nothing is embedded or kept in caches", async () => {
  const answer = await fetch(`${world.url}/users/anything`);
  const policy = answer.headers.get("content-security-policy") ?? "";
  expect(policy).toMatch(/default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w+/]{24}'/);
  expect(policy).not.toContain("unsafe");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  const again = await fetch(`${world.url}/users/anything`);
  expect(again.headers.get("content-security-policy")).not.toBe(policy);
  expect(await answer.text()).not.toMatch(/<script(?![^>]* src=)|<style| on\w+=/);
});

test("the first load is at most 350 kB, compressed", async () => {
  const { page } = await world.visitor();
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  let bytes = 0;
  client.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await open(page, "/users");
  expect(bytes).toBeGreaterThan(50_000);
  expect(bytes).toBeLessThan(350_000);
});

test("the second language is complete: the same texts with the same variables", () => {
  const variables = (text: string) =>
    [...new Set([...text.matchAll(/\{(\w+)(?=[,}])/g)].map(([, name]) => name))].sort();
  for (const [area, texts] of Object.entries(en)) {
    const other = de[area as keyof typeof de] as Record<string, string>;
    expect([area, Object.keys(other).sort()]).toEqual([area, Object.keys(texts).sort()]);
    for (const [name, text] of Object.entries(texts))
      expect([area, name, variables(other[name] ?? "")]).toEqual([area, name, variables(text)]);
  }
});
