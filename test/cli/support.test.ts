import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testContext } from "../harness/postgres.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure } = commands({ ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory });

test("R22: the bundle is written to a new file that only its owner reads, without the names of anybody", async () => {
  await answer("org", "create", "acme");
  await answer("user", "add", "ada@acme.example", "--name", "Ada Lovelace");
  const file = join(ctx.config.dataDirectory, "bundle.json");
  expect(await answer("support", "bundle", file)).toEqual({ file, directories: 1, products: 0 });
  const text = readFileSync(file, "utf8");
  expect(JSON.parse(text)).toMatchObject({ caller: { kind: "command" }, counts: { users: { "invited-not-sent": 1 } } });
  // Without the ids, of whose digits some spell ada.
  expect(text.replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "")).not.toMatch(/ada|acme|lovelace/i);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(await failure("support", "bundle", file)).toMatchObject({ exit: 6, code: "invalid", at: "file" });
});
