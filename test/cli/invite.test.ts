import { expect, test } from "vitest";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure, words } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: "https://muster.example.com",
});

type Invited = {
  results: { email: string; verdict: string; mail: string | null; invitation: string }[];
  effects: unknown[];
};

test("a guest is invited to a space by hand: previewed, sent, corrected, extended, linked and revoked", async () => {
  await answer("org", "create", "acme");
  await answer("product", "add", "wiki", "--guests", "--seats", "5");
  await answer("space", "add", "docs", "--product", "wiki");
  await answer("group", "create", "wiki guests");
  await answer("grant", "local/wiki guests", "wiki", "guest");
  await answer("product", "default-group", "wiki", "--role", "guest", "--group", "local/wiki guests");
  const wanted = ["--role", "wiki=guest", "--space", "wiki/docs", "--for", "30d", "--message", "Hello"];

  const preview = await answer<Invited>("invite", "create", "gus@x.example, pat@x.example", ...wanted, "--dry-run");
  expect(preview).toMatchObject({
    dryRun: true,
    effects: [{ role: "guest", use: { guests: { used: 0, pending: 2 } } }],
  });
  expect(await answer("invite", "list")).toEqual([]);

  const made = await answer<Invited>("invite", "create", "gus@x.example", ...wanted);
  expect(made.results).toMatchObject([{ email: "gus@x.example", verdict: "invited", mail: expect.any(String) }]);
  expect(await answer("user", "show", "gus@x.example")).toMatchObject({ status: "invited" });
  const show = (name: string) => answer("invite", "show", name);
  expect(await show("gus@x.example")).toMatchObject({
    state: "pending",
    spaces: [{ space: "docs" }],
    message: "Hello",
  });
  expect(await answer("product", "seats")).toMatchObject([
    { key: "wiki", guests: { used: 0, pending: 1, limit: null } },
  ]);

  await answer("invite", "correct", "gus@x.example", "gustav@x.example");
  const until = new Date(Date.now() + 20 * 86_400_000).toISOString();
  expect(await answer("invite", "extend", "gustav@x.example", "--until", until)).toMatchObject({ expiresAt: until });
  const { link } = await answer<{ link: string }>("invite", "link", "gustav@x.example");
  expect(link).toMatch(/^https:\/\/muster\.example\.com\/i\/mst_inv_\w{49}$/);
  expect(await answer("invite", "revoke", "gustav@x.example")).toMatchObject({ state: "revoked" });
  expect(await answer("invite", "list", "--filter", 'state eq "pending"')).toEqual([]);
  expect((await words("invite", "list")).out).toMatch(/gustav@x\.example\s+revoked.*wiki guests, wiki\/docs/);
});

test("what cannot be is refused with its place, and who is left out is told by the exit code", async () => {
  expect(await failure("invite", "create", "a@x.example", "--role", "wiki=owner")).toMatchObject({ exit: 2 });
  expect(await failure("invite", "create", "a@x.example", "--role", "desk=user")).toMatchObject({ exit: 3 });
  expect(await failure("invite", "create", "a@x.example", "--role", "wiki=admin")).toMatchObject({
    exit: 5,
    at: "products",
  });
  expect(await failure("invite", "show", "nobody@x.example")).toMatchObject({ exit: 3 });
  expect(await failure("invite", "list", "--filter", "colour eq 1")).toMatchObject({ exit: 6 });
  const eleven = Array.from({ length: 11 }, (_, index) => `g${index}@x.example`).join(" ");
  expect(await failure("invite", "create", eleven, "--role", "wiki=guest")).toMatchObject({
    exit: 6,
    code: "too-many",
  });
  expect((await words("invite", "create", "a@x.example nonsense", "--no-mail")).code).toBe(8);
});

test("R149: however a guest comes, the end of the stay is said once", async () => {
  const both = ["--for", "30d", "--until", "2100-01-01T00:00:00Z"];
  const refused = { exit: 2, code: "usage", message: "give --for or --until, not both", at: "--until" };
  const space = ["--product", "wiki", "--space", "docs"];
  expect(await failure("guest", "convert", "gustav@x.example", "--to", "guest", ...space, ...both)).toEqual(refused);
  expect(await failure("guest", "assign", "gustav@x.example", "docs", "--product", "wiki", ...both)).toEqual(refused);
  expect(await failure("invite", "create", "b@x.example", "--space", "wiki/docs", ...both)).toEqual(refused);
});
