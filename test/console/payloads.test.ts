import { expect, test } from "vitest";
import { routes } from "../../src/admin/routes.ts";
import { SCREENS } from "../../src/console/paths.ts";
import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { placesOf, withValue } from "../admin/hostile.ts";
import { validRequests } from "../admin/requests.ts";
import { PAYLOADS } from "../harness/payloads.ts";
import { random } from "../harness/random.ts";
import { inTurn, scaled, seed } from "../harness/scale.ts";
import { consoleWorld, open, settled } from "./world.ts";

const world = await consoleWorld();
const { company } = world;

const pick = random(seed);

/** All of them at full length; else so many of each field that every one is in many fields. */
function chosen<One>(all: readonly One[]): One[] {
  const count = scaled(all.length);
  return all
    .map((one) => ({ one, by: pick() }))
    .sort((a, b) => a.by - b.by)
    .slice(0, count)
    .map(({ one }) => one);
}

/** What would take the caller's own way in, or everything, away while the texts are still being written. */
const LEFT_OUT = /^(session|setup|singleSignOn|organization)\b|\.(erase|remove|revoke|merge|switch|offBoard)$/;

test("what 50 payloads write into every text field, a console that shows it does not run", {
  timeout: 600_000,
}, async () => {
  expect(PAYLOADS.length).toBeGreaterThanOrEqual(50);
  const valid = await validRequests(world, company);
  let accepted = 0;
  const fields = new Set<string>();
  for (const route of routes) {
    const fixture = valid[route.id];
    if (
      route.method === "GET" ||
      route.body === undefined ||
      fixture === undefined ||
      "open" in route ||
      LEFT_OUT.test(route.id)
    )
      continue;
    for (const place of placesOf(route).filter(
      (one) => one.in === "body" && one.steps.length > 0 && one.words.length === 0,
    )) {
      const answers = await Promise.all(
        chosen(PAYLOADS).map(({ text }) =>
          world.ask(route.method, fixture.path, {
            token: company.token,
            body: withValue(fixture.body, place.steps, text),
          }),
        ),
      );
      const kept = answers.filter(({ status }) => status < 300).length;
      if (kept > 0) fields.add(`${route.id} ${place.steps.join("/")}`);
      accepted += kept;
    }
  }
  // Not everything is a text: but names, titles, reasons, messages and labels are, all over the API.
  expect(fields.size).toBeGreaterThan(20);
  expect(accepted).toBeGreaterThan(scaled(500));
  const actor = { organization: company.organization, kind: "system", id: null, requestId: null } as const;
  const people = PAYLOADS.map(({ text }, at) => ({
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId: `payload-${at}`,
    userName: `${text.replaceAll("\u0000", "")}${at}`,
    active: true,
    email: null,
    displayName: text.replaceAll("\u0000", ""),
    resource: {},
    contentHash: null,
  }));
  await inTransaction(world.ctx, actor, (tx) => insertDirectoryUsers(tx, company.okta.id, people));

  const { page, faults } = await world.administrator();
  const elsewhere: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(`${world.url}/`) && !request.url().startsWith("data:")) elsewhere.push(request.url());
  });
  let rows = 0;
  for (const [turn, screen] of SCREENS.entries()) {
    await open(page, `/${screen}`);
    const links = page.locator(".table .row-link");
    const count = await links.count();
    rows += count;
    const narrow = await page.evaluate(
      "[...document.querySelectorAll('.table .row-link')].filter((link) => link.getBoundingClientRect().width < 24).length",
    );
    expect([screen, narrow]).toEqual([screen, 0]);
    let opened = true;
    for (const at of inTurn([0, Math.floor(count / 2), count - 1], turn % 3, 3).filter(
      (one, place, all) => one >= 0 && all.indexOf(one) === place,
    )) {
      if (!opened) await open(page, `/${screen}`);
      opened = false;
      if ((await links.count()) <= at) continue;
      await links.nth(at).click();
      await settled(page);
    }
    expect([screen, await page.evaluate(() => (globalThis as { __muster_ran?: unknown }).__muster_ran)]).toEqual([
      screen,
      undefined,
    ]);
    expect([screen, await page.locator("base, iframe[src], form[action], script:not([src])").count()]).toEqual([
      screen,
      0,
    ]);
    expect([screen, new URL(page.url()).origin]).toEqual([screen, world.url]);
  }
  expect(rows).toBeGreaterThanOrEqual(50);
  expect([faults, elsewhere]).toEqual([[], []]);
});
