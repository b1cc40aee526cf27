import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TOTP } from "otpauth";
import { afterAll, expect, test } from "vitest";
import { makeApp } from "../../src/http/app.ts";
import { prepareSetup } from "../../src/identity/setup.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";
import { inTurn } from "../harness/scale.ts";
import { consoleWorld, open, PASSWORD, violations } from "./world.ts";

const world = await consoleWorld();

/** A Muster that has just been started for the first time. */
const fresh = await testContext({});
const server = createServer(makeApp(fresh, doors, { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const url = `http://localhost:${(server.address() as AddressInfo).port}`;
fresh.config.publicUrl = url;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

test("the overview, one's own account and the first run are accessible, in light, dark and on a phone", async () => {
  for (const [turn, look] of [{}, { scheme: "dark" as const }, { phone: true }].entries()) {
    const { page, context, faults } = await world.administrator(look);
    const name = `${look.scheme ?? "light"}${look.phone ? "-phone" : ""}`;
    for (const path of inTurn(["/overview", "/me", "/setup"], turn, 3)) {
      await open(page, path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await violations(page), path).toEqual([]);
      await page.screenshot({ path: `.cache/shots${path}-${name}.png`, fullPage: true });
    }
    expect(faults).toEqual([]);
    await context.close();
  }
}, 240_000);

test("what waits for somebody leads to its list, and what is still to do to where it is done", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/users");
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("link", { name: /^Pending invitations\s*1/ }).waitFor();
  await page.getByRole("link", { name: "Make a second administrator" }).waitFor();
  await page.getByRole("link", { name: "Suspended" }).click();
  await page.waitForURL(/\/users\?status=suspended$/);
  await page.getByRole("checkbox", { name: "Select dave" }).waitFor();
  expect(await page.getByRole("row").count()).toBe(2);
  expect(faults).toEqual([]);
});

test("the first run makes an organization and its administrator, whose token leaves the address, and ends signed in", async () => {
  const token = await prepareSetup(fresh);
  const { page, context, faults } = await world.visitor();
  await open(page, `${url}/setup#${token}`);
  expect(page.url()).toBe(`${url}/setup`);
  await page.getByLabel(/^Key of the organization/).fill("first");
  await page.getByLabel(/^Another site/).fill("second-site");
  await page.getByLabel(/^Your e-mail address/).fill("founder@first.example");
  await page.getByLabel(/^Password/).fill("short");
  await page.getByRole("button", { name: "Set up" }).click();
  // A refusal: the password is too weak, and the link still works.
  await page.getByRole("alert").waitFor();
  await page.getByLabel(/^Password/).fill("three boats under one bridge");
  await page.getByRole("button", { name: "Set up" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const sites = await context.request.get(`${url}/api/v1/sites`);
  const { data } = (await sites.json()) as { data: { key: string }[] };
  expect(data.map(({ key }) => key).sort()).toEqual(["first", "second-site"]);
  expect(faults).toEqual([]);
});

test("one's own password, second factor and sessions are changed by oneself", async () => {
  const [elsewhere, { page, faults }] = [await world.administrator(), await world.administrator()];
  await open(page, "/overview");
  await page.getByRole("button", { name: "Your account" }).click();
  await page.getByRole("menuitem", { name: "Your account" }).click();
  await page.getByRole("button", { name: "End", exact: true }).first().click();
  await page.getByText("The session has ended").waitFor();
  const answer = await elsewhere.context.request.get(`${world.url}/api/v1/session`);
  expect(answer.status()).toBe(401);
  await page.getByRole("button", { name: "Set it up" }).click();
  const secret = await page.getByLabel("Secret").innerText();
  await page
    .getByLabel(/^Code of the authenticator/)
    .fill(new TOTP({ secret: secret.replaceAll(/\s/g, "") }).generate());
  await page.getByRole("button", { name: "Turn on" }).click();
  await page.getByRole("region", { name: "Recovery codes" }).waitFor();
  const session = await page.context().request.get(`${world.url}/api/v1/session`);
  expect(await session.json()).toMatchObject({ secondFactor: true, recoveryCodes: 10 });
  await page.getByLabel(/^Password now/).fill(PASSWORD);
  await page.getByLabel(/^New password/).fill("short");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByRole("alert").first().waitFor();
  await page.getByLabel(/^New password/).fill("a hill between two lakes");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password was changed").waitFor();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(faults).toEqual([]);
});
