import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { serve } from "../../src/http/server.ts";
import { OPERATING_FIGURES, operatingFigures } from "../../src/identity/operating-figures.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { company } from "../identity/inviting-company.ts";

const base = await testContext();
const ctx = { ...base, config: { ...base.config, listen: "127.0.0.1:0" } };
const [acme] = [await company(ctx), await company(ctx)];
const server = await serve(ctx, []);
afterAll(() => server.drain());
const owner = (...texts: string[]) => statements(base.database.superuserUrl, texts);
const figures = async () => Object.fromEntries(await operatingFigures(ctx.db));

test("figures of all organizations together say what waits, and how late it is", async () => {
  const quiet = Object.fromEntries(Object.keys(OPERATING_FIGURES).map((name) => [name, 0]));
  expect(await figures()).toEqual(quiet);
  await acme.ask({ emails: ["ann@partner.example"], roles: [{ product: acme.wiki, role: "user" }] });
  await owner(
    "update muster.mails set next_attempt_at = now() - interval '20 minutes'",
    "update muster.directories set sync_every = '1 hour', next_run_at = now() - interval '10 minutes' where name = 'okta'",
    "update muster.installation set paused_at = now()",
  );
  const seen = await figures();
  expect(seen).toMatchObject({
    ...quiet,
    paused: 1,
    mails_waiting: 1,
    mails_late_seconds: expect.any(Number),
    syncs_late_seconds: expect.any(Number),
  });
  expect(Math.floor((seen.mails_late_seconds ?? 0) / 60)).toBe(20);
  expect(Math.floor((seen.syncs_late_seconds ?? 0) / 60)).toBe(10);
  await owner("update muster.installation set paused_at = null");
});

test("/metrics tells each of them, docs/operations.md explains it, and no name of anybody is in it", async () => {
  const text = await (await fetch(`http://127.0.0.1:${server.port}/metrics`)).text();
  const docs = readFileSync(join(import.meta.dirname, "..", "..", "docs", "operations.md"), "utf8");
  for (const name of [...Object.keys(OPERATING_FIGURES), "database_up"]) {
    expect(text).toMatch(new RegExp(`^muster_${name} [0-9.]+$`, "m"));
    expect(docs).toContain(`\`muster_${name}\``);
  }
  expect(text).toMatch(/^muster_database_up 1$/m);
  expect(text).not.toMatch(/acme|okta|partner/);
});
