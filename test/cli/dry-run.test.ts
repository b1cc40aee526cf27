import { expect, test } from "vitest";
import type { Impact } from "../../src/identity/dry-run.ts";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, words } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example.com",
});

type Dry = { dryRun: true; impact: Impact };

/** The sentences of a dry run, without the answer's own line. */
async function sentences(...typed: string[]): Promise<string[]> {
  const { code, out } = await words(...typed, "--dry-run");
  expect(code).toBe(0);
  return out.trimEnd().split("\n");
}

test("R46, R50, R51, R58: what a change of a group does to people, seats and slots is told in sentences before it is made", async () => {
  await answer("org", "create", "acme");
  await answer("product", "add", "wiki", "--guests", "--seats", "10");
  await answer("product", "add", "desk");
  for (const group of ["staff", "helpers", "all"]) await answer("group", "create", group);
  for (const name of ["ada", "bob", "carl"]) await answer("user", "add", `${name}@acme.example`);
  const people = ["ada@acme.example", "bob@acme.example"];
  await answer("grant", "local/staff", "wiki", "user");

  expect(await sentences("group", "add", "local/staff", ...people)).toEqual([
    "2 added",
    "2 people become user of acme/wiki.",
    "acme/wiki: +2 seats; 2 used, of 10.",
    "Nothing was done.",
  ]);
  expect(await answer("access", "ada@acme.example")).toMatchObject({ access: [{ role: null }, { role: null }] });
  await answer("group", "add", "local/staff", ...people);

  const dry = await answer<Dry>("grant", "local/staff", "wiki", "guest", "--dry-run");
  expect(dry).toMatchObject({
    dryRun: true,
    role: "guest",
    impact: {
      access: { total: 2, lostLast: 2 },
      seats: [{ product: "wiki", before: { seats: { used: 2 } }, after: { seats: { used: 0 } } }],
      mails: { total: 0, named: [] },
    },
  });
  expect(await sentences("grant", "local/staff", "wiki", "guest")).toEqual(
    expect.arrayContaining([
      "2 people become guest of acme/wiki, from user, but may not use it yet.",
      "2 people lose the last access.",
      "acme/wiki: −2 seats; 0 used, of 10.",
    ]),
  );

  await answer("grant", "local/all", "desk", "user");
  await answer("group", "add", "local/helpers", "carl@acme.example");
  expect(await sentences("group", "nest", "local/all", "local/staff", "local/helpers")).toEqual([
    "2 added",
    "3 people become user of acme/desk.",
    "acme/desk: +3 seats; 3 used, no limit.",
    "Nothing was done.",
  ]);
  await answer("group", "nest", "local/all", "local/staff", "local/helpers");
  expect(await sentences("group", "delete", "local/staff")).toEqual(
    expect.arrayContaining([
      "2 people lose acme/wiki, from user.",
      "2 people lose acme/desk, from user.",
      "2 people lose the last access.",
    ]),
  );
  expect(await sentences("group", "remove", "local/staff", "ada@acme.example")).toEqual(
    expect.arrayContaining(["1 person loses acme/wiki, from user.", "1 person loses the last access."]),
  );
  expect(await sentences("product", "default-group", "wiki", "--role", "user", "--group", "local/staff")).toEqual(
    expect.arrayContaining(["Nobody's access changes.", "Nothing was done."]),
  );
  expect(await answer("product", "default-group", "wiki")).toEqual([]);
});

test("R144, R145, R156: a guest's coming and turning into a user tell the slot that is freed and the seat that is taken", async () => {
  await answer("space", "add", "docs", "--product", "wiki");
  await answer("group", "create", "wiki guests");
  await answer("grant", "local/wiki guests", "wiki", "guest");
  await answer("product", "default-group", "wiki", "--role", "guest", "--group", "local/wiki guests");
  await answer("product", "default-group", "wiki", "--role", "user", "--group", "local/staff");
  const guest = ["--role", "wiki=guest", "--space", "wiki/docs"];
  expect(await sentences("invite", "create", "gus@x.example", ...guest)).toEqual(
    expect.arrayContaining([
      "acme/wiki: +1 guest slot; 0 used and 1 reserved, no limit.",
      "A mail goes out to gus@x.example: You have been invited.",
    ]),
  );
  await answer("group", "add", "local/wiki guests", "carl@acme.example");
  const space = ["docs", "--product", "wiki"];
  expect(await sentences("guest", "assign", "carl@acme.example", ...space)).toEqual(
    expect.arrayContaining([
      "1 person may use acme/wiki now, as guest.",
      "acme/wiki: +1 guest slot; 1 used, no limit.",
    ]),
  );
  await answer("guest", "assign", "carl@acme.example", ...space);
  expect(await sentences("guest", "convert", "carl@acme.example", "--product", "wiki", "--to", "user")).toEqual(
    expect.arrayContaining([
      "1 person becomes user of acme/wiki, from guest.",
      "acme/wiki: +1 seat; 3 used, of 10.",
      "acme/wiki: −1 guest slot; 0 used, no limit.",
    ]),
  );
  expect(await sentences("guest", "remove", "carl@acme.example", "--product", "wiki")).toEqual(
    expect.arrayContaining(["1 person keeps the role guest of acme/wiki, but may not use it."]),
  );
});
