import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { runMuster, startMuster } from "../harness/muster.ts";
import { testDatabase } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";

/**
 * DATABASE_URL alone, with a login that is neither muster_app nor muster_owner, as a hosted PostgreSQL gives it out:
 * Muster switches roles itself, for the application, for migrations and for the jobs.
 */
test("one login that may create roles is enough: commands, SCIM and jobs work, and row-level security binds", async () => {
  const database = await testDatabase();
  const data = mkdtempSync(join(tmpdir(), "muster-one-login-"));
  const login = `hosted_${process.pid}`;
  const name = new URL(database.superuserUrl).pathname.slice(1);
  await statements(inject("server").superuser, [
    `create role ${login} login createrole password 'x'`,
    `grant muster_owner, muster_app to ${login}`,
    `grant create on database ${name} to ${login} with grant option`,
  ]);
  onTestFinished(async () => {
    await database.drop();
    await statements(inject("server").superuser, [`drop role ${login}`]);
    rmSync(data, { recursive: true, force: true });
  });
  const url = new URL(database.superuserUrl);
  url.username = login;
  url.password = "x";
  const environment = { MUSTER_DATA_DIR: data, DATABASE_URL: url.toString(), MUSTER_LOG_LEVEL: "warn" };
  const command = async (...words: string[]) => {
    const { code, out, err } = await runMuster([...words, "--json"], environment);
    expect(code, err).toBe(0);
    return JSON.parse(out);
  };

  await command("org", "create", "hosted");
  const directory = await command("directory", "add", "okta", "--kind", "scim");
  const muster = await startMuster(environment);
  try {
    const answer = await fetch(`${muster.url}/scim/v2/${directory.id}/Users`, {
      method: "POST",
      headers: { authorization: `Bearer ${directory.token}`, "content-type": "application/scim+json" },
      body: JSON.stringify({
        schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"],
        userName: "ann@example.com",
        emails: [{ value: "ann@example.com", primary: true }],
      }),
    });
    expect(answer.status).toBe(201);
    const { mailId } = await command("invite", "resend", "ann@example.com");
    await until("the mail is written", 20, async () => existsSync(join(data, "mail", `${mailId}.eml`)));
  } finally {
    muster.child.kill("SIGTERM");
  }
  expect(await muster.ended).toBe(0);
});
