import { expect, test } from "vitest";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure, words } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
});

type User = { status: string; sites: { site: string; status: string }[] };

test("R74, R77, R84, R158, C3, C10: the verbs that end access, tried first, and the ways back, as commands", async () => {
  await answer("org", "create", "acme");
  await answer("product", "add", "wiki");
  await answer("group", "create", "users");
  await answer("grant", "local/users", "wiki", "user");
  await answer("user", "add", "ann@acme.example");
  await answer("group", "add", "local/users", "ann@acme.example");
  const list = (...more: string[]) => answer<User[]>("user", "list", ...more);
  expect(await list("--site-status", "invitation-not-sent")).toMatchObject([{ sites: [{ site: "acme" }] }]);
  expect((await words("user", "list", "--status-vocabulary", "site")).out).toMatch(
    /ann@acme\.example .*acme: invitation-not-sent/,
  );
  // Whose words are spoken where nobody says is a setting.
  expect((await words("user", "list")).out).toMatch(/ann@acme\.example .*invited-not-sent/);
  await answer("org", "set", "statusVocabulary=site");
  expect((await words("user", "list")).out).toMatch(/acme: invitation-not-sent/);

  expect(await failure("user", "deactivate", "ann@acme.example")).toMatchObject({ exit: 5 });
  const tried = await answer<{ dryRun: true; changes: { action: string }[] }>(
    ...["user", "revoke-access", "ann@acme.example", "--product", "wiki", "--reason", "moved", "--dry-run"],
  );
  expect(tried.changes.map(({ action }) => action)).toContain("account.access-revoked");
  expect(await list("--site-status", "no-site-access")).toEqual([]);
  expect(await answer("user", "revoke-access", "ann@acme.example", "--product", "wiki")).toMatchObject({
    sites: [{ status: "no-site-access" }],
  });
  expect(await failure("user", "revoke-access", "ann@acme.example")).toMatchObject({ exit: 5 });

  expect(await answer("user", "remove", "ann@acme.example", "--reason", "left")).toMatchObject({
    status: "deactivated",
  });
  expect(await answer("user", "undo-remove", "ann@acme.example")).toMatchObject({ status: "invited-not-sent" });
  expect(await failure("user", "erase", "ann@acme.example")).toMatchObject({ exit: 2 });
  expect(await answer("user", "erase", "ann@acme.example", "--yes")).toMatchObject({ erased: true });
  expect(await failure("user", "show", "ann@acme.example")).toMatchObject({ exit: 3 });
});

test("a person is off-boarded to somebody, tried first", async () => {
  await answer("admin", "add", "boss@acme.example");
  await answer("admin", "add", "eve@acme.example");
  await answer("user", "add", "ben@acme.example");
  const wanted = [
    "user",
    "off-board",
    "eve@acme.example",
    "--to",
    "ben@acme.example",
    "--rights",
    "--leaving",
    "suspend",
  ];
  expect(await answer(...wanted, "--dry-run")).toMatchObject({
    dryRun: true,
    leftBehind: { rights: { total: 1 } },
    handedOver: { rights: [expect.any(String)] },
  });
  expect(await answer("user", "show", "eve@acme.example")).toMatchObject({ status: "invited-not-sent" });
  expect((await words(...wanted)).out).toMatch(/rights +1 +0/);
  expect(await answer("user", "show", "eve@acme.example")).toMatchObject({ status: "suspended" });
  expect(await failure("user", "off-board", "ben@acme.example", "--to", "eve@acme.example")).toMatchObject({ exit: 5 });
});
