import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example/",
});
const file = (name: string, text: string) => {
  const path = join(ctx.config.dataDirectory, name);
  writeFileSync(path, text);
  return path;
};

it("settings, presets, a product's policy for guests and a file of invitations, as commands", async () => {
  await answer("org", "create", "acme");
  await answer("product", "add", "wiki", "--guests");
  expect(
    await answer("org", "set", "notify=false", "guestPolicy.period=P30D", 'guestPolicy.reminders=["P7D"]'),
  ).toMatchObject({ notify: false, guestPolicy: { period: "P30D", reminders: ["P7D"], mostSpaces: 1 } });
  expect(await failure("org", "set", "notify=perhaps")).toMatchObject({ exit: 6, at: "notify" });
  expect(await failure("org", "set", "nothing=1")).toMatchObject({ exit: 6, at: "nothing" });
  expect(await failure("org", "set", "notify")).toMatchObject({ exit: 2, at: "notify" });
  const tried = await answer<{ changes: unknown[] }>("org", "preset", "workspace", "--dry-run");
  expect(tried.changes).toContainEqual({ product: null, name: "notify", before: false, after: true });
  expect(await answer("org", "preset", "workspace")).toEqual({ ...tried, dryRun: false });
  expect(await answer("product", "guest-policy", "wiki", "period=P10D")).toMatchObject({ period: "P10D" });
  expect(await answer("product", "guest-policy", "wiki", "--inherit", "period")).toMatchObject({ period: null });
  const yaml = file(
    "settings.yaml",
    "organizations:\n  - key: acme\n    settings: { notify: false, guestPolicy: { mostSpaces: null } }\n    sites:\n      - key: acme\n        products:\n          - { key: wiki, guests: true, guestPolicy: { period: P5D } }\n",
  );
  await answer("apply", "-f", yaml);
  expect(await answer("apply", "-f", yaml)).toMatchObject({ created: 0, updated: 0 });
  expect(await answer("product", "guest-policy", "wiki")).toMatchObject({ period: "P5D", mostSpaces: null });
  const people = file("people.csv", "email,message\nann@example.com,Welcome\n");
  expect(await answer("invite", "import", people, "--dry-run")).toMatchObject({ counts: { done: 1 }, jobId: null });
  expect(await answer("invite", "list")).toEqual([]);
  expect(await answer("invite", "import", people)).toMatchObject({
    counts: { total: 1, done: 1, refused: 0 },
    rows: [{ row: 1, email: "ann@example.com", state: "done" }],
  });
  expect(await answer("invite", "list")).toMatchObject([{ email: "ann@example.com", message: "Welcome" }]);
});
