import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { csv, USER_HEADINGS } from "../connectors/csv/files.ts";
import { testContext } from "../harness/postgres.ts";
import { commands, UUID7 } from "./world.ts";

const ctx = await testContext();
const files = join(ctx.config.dataDirectory, "set-aside");
const { answer, failure } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_FILES_DIR: files,
});

const ADA = ["1", "ada", "true", "ada@example.com", "Ada", "", ""];

describe("a directory of kind csv", () => {
  it("is added with its files and headings, tested, tried and synced", async () => {
    mkdirSync(files);
    writeFileSync(join(files, "people.csv"), "nr;userName;Mail;displayName;givenName;familyName\n1;ada;;;;\n");
    writeFileSync(join(files, "groups.csv"), "id;name\ng;Editors\n");
    await answer("org", "create", "acme");
    const made = await answer(
      ...["directory", "add", "old", "--kind", "csv", "--users", "people.csv", "--groups", "groups.csv"],
      ...["--delimiter", ";", "--column", "users.id=nr", "--column", "users.email=Mail", "--column", "users.active="],
    );
    expect(made).toEqual({ id: expect.stringMatching(UUID7), name: "old", kind: "csv", position: 1 });
    expect(await answer("directory", "list")).toMatchObject([
      { name: "old", kind: "csv", firstRun: "preview", syncEvery: null },
      { name: "internal" },
    ]);
    const tested = await answer<{ passed: boolean; steps: { name: string; detail: string }[] }>(
      "directory",
      "test",
      "old",
    );
    expect(tested.passed).toBe(true);
    expect(tested.steps.find(({ name }) => name === "count")?.detail).toBe("1 person and 1 group would be taken");
    const counts = { read: 1, added: 1, updated: 0, deactivated: 0, removed: 0, unchanged: 0, conflicts: 0 };
    expect(await answer("directory", "sync", "old", "--dry-run")).toMatchObject({ state: "previewed", counts });
    expect(await answer("directory", "sync", "old", "--approve")).toMatchObject({ state: "done", counts });
    expect(await answer("user", "show", "ada")).toMatchObject({ userName: "ada", status: "invited-not-sent" });
  });

  it("is refused with the flag that is wrong", async () => {
    const add = (...more: string[]) => failure("directory", "add", "x", "--kind", "csv", ...more);
    expect(await add()).toMatchObject({ exit: 2, at: "--users" });
    expect(await add("--users", "u.csv", "--base", "dc=x")).toMatchObject({ exit: 2, at: "--base" });
    expect(await add("--users", "u.csv", "--profile", "okta")).toMatchObject({ exit: 2, at: "--profile" });
    for (const path of ["/etc/passwd", "../u.csv"])
      expect(await add("--users", path)).toMatchObject({ exit: 6, code: "invalid", at: "--users" });
    expect(await add("--users", "u.csv", "--members", "m.csv")).toMatchObject({ exit: 6, at: "--members" });
    expect(await add("--users", "u.csv", "--column", "mail")).toMatchObject({ exit: 2 });
    expect(await add("--users", "u.csv", "--column", "users.mail=x")).toMatchObject({
      ...{ exit: 6, at: "--column users.mail" },
    });
    const scim = await failure("directory", "add", "x", "--kind", "scim", "--users", "u.csv");
    expect(scim).toMatchObject({ exit: 2, at: "--users" });
  });

  it("stands in a file for apply; the second time it is unchanged", async () => {
    writeFileSync(join(files, "all.csv"), csv([USER_HEADINGS, ADA]));
    const path = join(ctx.config.dataDirectory, "apply.yaml");
    const written = (more: object) => {
      const directory = { name: "moved", kind: "csv", firstRun: "apply", users: "all.csv", ...more };
      writeFileSync(path, stringify({ organizations: [{ key: "other", directories: [directory] }] }));
    };
    written({ columns: { users: { familyName: null } } });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 2, updated: 0 });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 0, updated: 0 });
    written({ every: "60m" });
    expect(await answer("apply", "-f", path)).toMatchObject({ created: 0, updated: 1 });
    expect(await answer("directory", "sync", "moved", "--org", "other")).toMatchObject({
      ...{ state: "done", counts: { read: 1 } },
    });
    written({ users: "../all.csv" });
    const refused = await failure("apply", "-f", path);
    expect(refused).toMatchObject({ exit: 6, code: "invalid", at: expect.stringMatching(/apply\.yaml:\d+:\d+$/) });
    expect(refused.message).toMatch(/^moved\.users: /);
  });
});
