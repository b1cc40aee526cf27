import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { testDatabase } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const database = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), "muster-sign-in-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.drop();
});
const { answer, failure, words } = commands({ ...database.environment, MUSTER_DATA_DIR: folder });

test("an administrator of internal gets a password, generated or from a file; nobody else does", async () => {
  await answer("org", "create", "acme");
  const { id } = await answer<{ id: string }>("admin", "add", "ada@example.com");
  const first = await answer("admin", "password", "ada@example.com");
  expect(first).toEqual({
    id,
    userName: "ada@example.com",
    password: expect.stringMatching(/^([a-z2-9]{4}-){6}[a-z2-9]{4}$/),
    secondFactorRemoved: false,
  });
  const again = await words("admin", "password", "ada@example.com", "--remove-second-factor");
  expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^password +([a-z2-9]{4}-){6}[a-z2-9]{4}$/m) });
  const file = join(folder, "password");
  writeFileSync(file, "a lake between two hills\n");
  expect(await answer("admin", "password", "ada@example.com", "--password-file", file)).toMatchObject({
    password: null,
  });
  writeFileSync(file, "ada.example.com");
  const weak = await failure("admin", "password", "ada@example.com", "--password-file", file);
  expect(weak).toMatchObject({ exit: 6, code: "invalid-value", at: "--password-file" });
  expect(JSON.stringify(weak)).not.toContain("ada.example.com");
  expect(await failure("admin", "password", "nobody@example.com")).toMatchObject({ exit: 3 });
  await answer("admin", "add", "bob@example.com");
  await answer("admin", "remove", "bob@example.com");
  expect(await failure("admin", "password", "bob@example.com")).toMatchObject({ exit: 5, code: "conflict" });
});

test("break-glass administrators are made, listed, reset and revoked by the command alone", async () => {
  const made = await answer("break-glass", "create", "vault");
  expect(made).toEqual({
    id: expect.any(String),
    name: "vault",
    password: expect.stringMatching(/^([a-z2-9]{4}-){6}[a-z2-9]{4}$/),
    totpSecret: expect.stringMatching(/^[A-Z2-7]{32}$/),
    totpUri: expect.stringMatching(/^otpauth:\/\/totp\/Muster%20acme:vault\?/),
  });
  expect(await failure("break-glass", "create", "vault")).toMatchObject({ exit: 5, code: "uniqueness", at: "name" });
  expect(await failure("break-glass", "create", "The Vault")).toMatchObject({ exit: 6, code: "invalid", at: "name" });
  const listed = await answer<unknown>("break-glass", "list");
  expect(listed).toEqual([{ id: made.id, name: "vault", createdAt: expect.any(String), lastUsedAt: null }]);
  expect(JSON.stringify(listed)).not.toContain(String(made.password));
  const reset = await answer("break-glass", "reset", "vault");
  expect(reset).toMatchObject({ id: made.id, name: "vault" });
  expect(reset.password).not.toBe(made.password);
  expect(reset.totpSecret).not.toBe(made.totpSecret);
  expect(await answer("break-glass", "revoke", "vault")).toEqual({ id: made.id, name: "vault" });
  expect(await failure("break-glass", "reset", "vault")).toMatchObject({ exit: 3 });
  expect(await answer<unknown>("break-glass", "list")).toEqual([]);
  expect((await answer("break-glass", "create", "vault")).id).not.toBe(made.id);
});
