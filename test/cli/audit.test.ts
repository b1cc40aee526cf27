import { expect, test } from "vitest";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { sealOnce } from "../../src/jobs/seal-audit.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure, words } = commands({
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
});
type Row = { id: number; action: string; actor: { kind: string }; subject: { kind: string; id: string | null } };
type Verified = { rows: number; head: { position: number; seal: string }; unsealed: { rows: number } };

test("the audit is listed by who, what, whom and when, and held against its seals, as commands", async () => {
  await answer("org", "create", "acme");
  const { id } = await answer<{ id: string }>("user", "add", "ann@acme.example");
  await answer("user", "add", "bob@acme.example");
  await answer("user", "suspend", "ann@acme.example");
  const list = (...more: string[]) => answer<Row[]>("audit", "list", ...more);
  const all = await list("--oldest-first");
  expect(all[0]).toMatchObject({ action: "organization.created", actor: { kind: "command" } });
  expect((await list()).map((row) => row.id)).toEqual(all.map((row) => row.id).reverse());
  const ofAnn = await list("--about", "ann@acme.example");
  expect(ofAnn).toMatchObject([{ action: "account.suspended" }]);
  expect(new Set(ofAnn.map(({ subject }) => subject.id))).toEqual(new Set([id]));
  expect(await list("--subject", id)).toEqual(ofAnn);
  const created = await list("--action", "directory-user.*");
  expect(created.length).toBeGreaterThan(1);
  for (const { action } of created) expect(action).toMatch(/^directory-user\./);
  expect(await list("--by", "ann@acme.example")).toEqual([]);
  expect(await list("--until", "1h")).toEqual([]);
  expect(await list("--since", "1h", "--limit", "2")).toHaveLength(2);
  expect((await words("audit", "list")).out).toMatch(/organization\.created/);
  expect(await failure("audit", "list", "--subject", "ann")).toMatchObject({ exit: 2, at: "--subject" });

  expect(await answer("audit", "verify")).toMatchObject({ seals: 0, unsealed: { rows: all.length }, fault: null });
  const key = loadSecretKey(ctx.config);
  for (;;) {
    await sealOnce(ctx, key);
    if ((await answer<Verified>("audit", "verify")).unsealed.rows === 0) break;
  }
  const { rows, head } = await answer<Verified>("audit", "verify");
  expect(rows).toBe(all.length);
  const known = `${head.position}:${head.seal}`;
  expect(await answer("audit", "verify", "--known", known, "--since", "1h")).toMatchObject({ rows, fault: null });
  const row = all.at(-2)?.id;
  await statements(ctx.database.superuserUrl, [`update muster.audit set actor = 'nobody' where id = ${row}`]);
  const found = await words("audit", "verify");
  expect(found.code).toBe(1);
  expect(found.err).toMatch(
    new RegExp(`^muster: row ${row} of the audit was changed after it was sealed \\(seal \\d+\\)`),
  );
  await statements(ctx.database.superuserUrl, ["delete from muster.audit_seals"]);
  expect((await words("audit", "verify", "--known", known)).code).toBe(1);
  expect(await failure("audit", "verify", "--known", "12")).toMatchObject({ exit: 2 });
});
