import { join } from "node:path";
import { expect, test } from "vitest";
import { type DirectoryUserId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { resolveDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { resolveOrganization } from "../../src/identity/organizations.ts";
import { runMuster } from "../harness/muster.ts";
import { testContext } from "../harness/postgres.ts";
import { errorOf } from "./world.ts";

const ctx = await testContext();
const environment: Record<string, string> = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
};

async function ends(words: readonly string[], more: Record<string, string> = {}) {
  return runMuster([...words, "--json"], { ...environment, ...more });
}

test("each class of end has its exit code, as a shell sees it (design §10)", async () => {
  const done = await ends(["org", "create", "acme"]);
  expect([done.code, done.err]).toEqual([0, ""]);
  await ends(["directory", "add", "okta", "--kind", "scim"]);
  const { id: organization } = await resolveOrganization(ctx.db, "acme");
  const { id: directory } = await resolveDirectory(ctx.db.of(organization), "okta");
  const actor = { organization, kind: "command", id: "test", requestId: null } as const;
  const person = {
    id: newId<DirectoryUserId>(),
    immutableId: null,
    externalId: null,
    userName: "ann",
    active: true,
    email: "ann@acme.example",
    displayName: null,
    resource: {},
    contentHash: null,
  };
  await inTransaction(ctx, actor, (tx) => insertDirectoryUsers(tx, directory, [person]));

  const classes: [code: number, error: string, words: string[], more?: Record<string, string>][] = [
    [1, "unavailable", ["org", "list"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none", DATABASE_OWNER_URL: "" }],
    [2, "usage", ["user", "show"]],
    [2, "usage", ["user", "list", "--no-such-option"]],
    [3, "not-found", ["user", "show", "nobody@acme.example"]],
    [4, "read-only", ["user", "edit", "ann", "--name", "Ann"]],
    [5, "uniqueness", ["org", "create", "acme"]],
    [6, "invalid", ["product", "add", "No Key"]],
    [78, "configuration", ["org", "list"], { MUSTER_CONFIG: join(ctx.config.dataDirectory, "nowhere.yaml") }],
  ];
  for (const [code, error, words, more] of classes) {
    const ended = await ends(words, more);
    expect([ended.code, ended.out], `${words.join(" ")}: ${ended.err}`).toEqual([code, ""]);
    expect(errorOf(ended.err).code, words.join(" ")).toBe(error);
  }

  // Partly done is no failure: what was done stands on standard output.
  const part = await ends(["invite", "create", "zoe@x.example", "no-address"]);
  expect(part.code).toBe(8);
  expect(JSON.parse(part.out).results).toHaveLength(2);
});
