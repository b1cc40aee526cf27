import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { contents } from "../db/backup/contents.ts";
import { startDebianPostgresql } from "../harness/debian-postgresql.ts";
import { runMuster } from "../harness/muster.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-test-"));
const other = await startDebianPostgresql();
afterAll(async () => {
  await other.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function muster(environment: Record<string, string>, ...words: string[]): Promise<unknown> {
  const { code, out, err } = await runMuster([...words, "--json"], environment);
  expect({ words, code, err }).toEqual({ words, code: 0, err: "" });
  return JSON.parse(out);
}

test("a backup of the embedded PostgreSQL goes into another version's and back, with equal row hashes", async () => {
  const embedded = { MUSTER_DATA_DIR: join(folder, "embedded") };
  const external = {
    MUSTER_DATA_DIR: join(folder, "external"),
    DATABASE_URL: other.url,
    MUSTER_SECRET_KEY_FILE: join(folder, "embedded", "secret.key"),
  };
  const again = {
    MUSTER_DATA_DIR: join(folder, "again"),
    MUSTER_SECRET_KEY_FILE: join(folder, "embedded", "secret.key"),
  };
  expect(other.major).toBeLessThan(18);
  await muster(embedded, "org", "create", "acme");
  await muster(embedded, "product", "add", "wiki", "--guests");
  await muster(embedded, "directory", "add", "okta", "--kind", "scim");
  await muster(embedded, "backup", join(folder, "first"));
  await muster(external, "restore", join(folder, "first"));
  await muster(external, "backup", join(folder, "second"));
  await muster(again, "restore", join(folder, "second"));
  await muster(again, "backup", join(folder, "third"));
  const first = await contents(join(folder, "first"));
  expect(first.directories?.rows).toBe(2);
  expect(await contents(join(folder, "second"))).toEqual(first);
  expect(await contents(join(folder, "third"))).toEqual(first);
  expect(await muster(again, "resume")).toEqual({ pausedSince: expect.any(String) });
  expect(await muster(again, "directory", "list")).toMatchObject([{ name: "okta" }, { name: "internal" }]);
});
