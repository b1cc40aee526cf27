import { afterAll, expect, test } from "vitest";
import { type OidcProvider, startOidcProvider } from "../harness/oidc.ts";
import { ADMINISTRATOR, consoleWorld, open, refusedTo, violations } from "./world.ts";

const SECRET = "a secret of the client muster, long enough for anybody";
const world = await consoleWorld();
const { url } = world;
const provider: OidcProvider = await startOidcProvider({
  clients: [{ id: "muster", secret: SECRET }],
  back: `${url}/api/v1/single-sign-on/callback`,
});
afterAll(() => provider.stop());
const held = () => world.ask("GET", "/settings/single-sign-on", { token: world.company.token });

test("single sign-on is set up in the console, refused at its fields first, and leads an administrator in", async () => {
  const { page, faults } = await world.administrator();
  await open(page, "/settings");
  await page.getByRole("tab", { name: "Single sign-on" }).click();
  await page.getByLabel("Issuer").fill("http://login.example.com");
  await page.getByLabel("Client id").fill("muster");
  await page.getByRole("textbox", { name: "Client secret" }).fill(SECRET);
  await page.getByRole("combobox", { name: "For addresses in these domains" }).fill("acme.example");
  await page.keyboard.press("Enter");
  await page.getByRole("switch", { name: "Administrators sign in with it" }).check();
  const save = page.getByRole("button", { name: "Save" });
  await save.click();
  await expect.poll(() => page.getByLabel("Issuer").getAttribute("aria-invalid")).toBe("true");
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: ".cache/single-sign-on.png" });
  expect((await held()).status).toBe(404);
  await page.getByLabel("Issuer").fill(provider.issuer);
  await save.click();
  await page.getByText("Single sign-on is saved.").waitFor();
  expect((await held()).body).toMatchObject({ issuer: provider.issuer, domains: ["acme.example"], enabled: true });
  expect(await page.content()).not.toContain(SECRET);
  await page.getByText("Nobody has signed in with it yet.").waitFor();

  provider.next = { sub: "olga-1", email: ADMINISTRATOR, email_verified: true };
  const visit = await world.visitor();
  await open(visit.page, "/users");
  await visit.page.getByRole("link", { name: "Sign in with your company" }).click();
  await visit.page.waitForURL((to) => to.origin === url && !to.pathname.startsWith("/api/"));
  const session = await visit.context.request.get(`${url}/api/v1/session`);
  expect(await session.json()).toMatchObject({ method: "single-sign-on", user: { userName: ADMINISTRATOR } });

  await open(page, "/settings?tab=sso");
  const bound = page.getByRole("row", { name: new RegExp(`^${ADMINISTRATOR} olga-1`) });
  await bound.waitFor();
  expect(await violations(page)).toEqual([]);
  await bound.getByRole("button", { name: "Remove" }).click();
  await page.getByText("The person is no longer bound.").waitFor();
  expect((await visit.context.request.get(`${url}/api/v1/session`)).status()).toBe(401);
  await page.getByRole("button", { name: "Switch off" }).click();
  await page.getByText("Single sign-on is off.").waitFor();
  expect((await held()).body).toMatchObject({ enabled: false });
  await page.getByRole("button", { name: "Remove", exact: true }).last().click();
  await page.getByText("Single sign-on is removed.").waitFor();
  expect((await held()).status).toBe(404);
  expect([...faults, ...visit.faults]).toEqual([]);
});

test("who may only look reads why single sign-on is not theirs to set", async () => {
  const { page, faults } = await world.limited("auditor");
  await open(page, "/settings?tab=sso");
  await refusedTo(page, page.getByRole("button", { name: "Save" }), "settings:write");
  expect(faults).toEqual([]);
});
