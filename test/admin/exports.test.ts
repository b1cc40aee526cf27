import { expect, test } from "vitest";
import type { JobId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { addToFile, beginFile } from "../../src/identity/exports.ts";
import { pruneJobs, takeJob } from "../../src/identity/jobs.ts";
import { recordChanges } from "../../src/identity/record.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { company, serveApi } from "./job-world.ts";

const ctx = await testContext();
const api = await serveApi(ctx);
type Company = Awaited<ReturnType<typeof company>>;

/** Names that a spreadsheet would take for more than a name, or a reader of CSV for more than a cell. */
const HOSTILE = [
  "=1+1",
  "+1",
  "-1",
  "@SUM(1)",
  "\t=1",
  "\r=1",
  "\n=1",
  "＝1+1",
  "＋1",
  "－1",
  "＠x",
  " =1",
  "\u00a0=1",
  "\u200b=1",
  "\ufeff=1",
  '=HYPERLINK("http://example.com","x")',
  "a;=1",
  'a","=1',
  "a\r\n=1,2",
  "'=1",
  "Zoë, 张伟 😀",
  '"',
  "",
];

async function make(acme: Company, body: object, as?: string) {
  const answer = await acme.ask("POST", "/exports", body, as);
  expect(answer.status, answer.text).toBe(202);
  expect(answer.headers.get("location")).toBe(`/api/v1/exports/${answer.body.id}`);
  await acme.run(answer.body.id);
  return answer.body.id as string;
}
const file = (acme: Company, id: string, as?: string) => acme.ask("GET", `/exports/${id}/file`, undefined, as);

/** RFC 4180 as another reader would have it: rows of cells. */
function cells(text: string): string[][] {
  const rows: string[][] = [];
  for (let at = 0; at < text.length; ) {
    const row: string[] = [];
    for (;;) {
      expect(text[at]).toBe('"');
      let value = "";
      for (at += 1; ; at++)
        if (text[at] !== '"') value += text[at];
        else if (text[at + 1] === '"') {
          value += '"';
          at += 1;
        } else break;
      row.push(value);
      at += 1;
      if (text[at] !== ",") break;
      at += 1;
    }
    expect(text.slice(at, at + 2)).toBe("\r\n");
    at += 2;
    rows.push(row);
  }
  return rows;
}

test("people with hostile names: no cell is a formula, every row has its columns; JSONL has the names as they are", async () => {
  const acme = await company(
    ctx,
    api,
    HOSTILE.map((displayName, n) => ({ userName: `person-${n}`, displayName })),
  );
  const csv = await file(acme, await make(acme, { kind: "users", format: "csv" }));
  expect(csv.status).toBe(200);
  expect(csv.headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
  expect(csv.headers.get("content-disposition")).toMatch(/^attachment; filename="users-\d{4}-\d\d-\d\d\.csv"$/);
  expect(csv.headers.get("x-content-type-options")).toBe("nosniff");
  expect(csv.headers.get("cache-control")).toBe("no-store");
  const [header, ...rows] = cells(csv.text);
  expect(header?.slice(0, 5)).toEqual(["id", "userName", "email", "displayName", "status"]);
  expect(rows).toHaveLength(HOSTILE.length);
  for (const row of rows) {
    expect(row).toHaveLength(header?.length ?? 0);
    // Neither as it stands, nor without what some readers strip.
    for (const cell of row) expect(cell.replace(/^[\s\u200b\ufeff]+/, "")).not.toMatch(/^[=+\-@＝＋－＠]/);
  }
  const shown = new Map(rows.map((row) => [row[1], row[3]]));
  for (const [n, name] of HOSTILE.entries()) expect([name, `'${name}`]).toContain(shown.get(`person-${n}`));

  const jsonl = await file(acme, await make(acme, { kind: "users", format: "jsonl" }));
  expect(jsonl.headers.get("content-type")).toBe("application/jsonl; charset=utf-8");
  const lines = jsonl.text.split("\n");
  expect(lines.pop()).toBe("");
  const names = new Map(lines.map((line) => JSON.parse(line)).map((row) => [row.userName, row.displayName]));
  for (const [n, name] of HOSTILE.entries()) expect(names.get(`person-${n}`)).toBe(name);
});

test("every kind, as the API shows it", async () => {
  const acme = await company(ctx, api, [{ userName: "ann" }]);
  await acme.ask("POST", `/users/${acme.accounts[0]}/suspend`, {});
  const rows = async (body: object) => {
    const { text } = await file(acme, await make(acme, { format: "jsonl", ...body }));
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  };
  expect(await rows({ kind: "users", filter: 'userName eq "ann"' })).toMatchObject([
    { id: acme.accounts[0], userName: "ann", status: "suspended", directory: "okta" },
  ]);
  await acme.ask("POST", `/users/${acme.accounts[0]}/restore`);
  expect(await rows({ kind: "access" })).toEqual([
    {
      userId: acme.accounts[0],
      userName: "ann",
      email: expect.stringMatching(/@acme\.example$/),
      status: "invited-not-sent",
      site: expect.stringMatching(/^acme-/),
      product: "wiki",
      role: "user",
      allowed: true,
      reason: null,
      until: null,
    },
  ]);
  expect(await rows({ kind: "access", filter: 'userName eq "bob"' })).toEqual([]);
  expect(await rows({ kind: "grants" })).toMatchObject([
    { product: "wiki", role: "user", directory: "local", group: "users", state: "in-force" },
  ]);
  expect(await rows({ kind: "guests" })).toEqual([]);
  const audit = await rows({ kind: "audit" });
  expect(audit.map((row) => row.id)).toEqual(audit.map((row) => row.id).sort((a, b) => a - b));
  expect(audit.find((row) => row.action === "account.suspended")).toMatchObject({
    actorKind: "api-token",
    subject: acme.accounts[0],
    detail: { reason: null },
  });
  // That people's data left Muster stands in the audit.
  expect(audit.filter((row) => row.action === "export.created").length).toBeGreaterThan(3);
  expect(await rows({ kind: "audit", until: "2000-01-01T00:00:00Z" })).toEqual([]);
});

test("an empty export of CSV has its header", async () => {
  const acme = await company(ctx, api, []);
  const { text } = await file(acme, await make(acme, { kind: "guests", format: "csv" }));
  expect(cells(text)).toHaveLength(1);
});

test("a long export is put away in pieces", async () => {
  const count = Math.max(2_500, scaled(20_000));
  const acme = await company(ctx, api, []);
  const made = { action: "test.made", subjectKind: "test", subject: null, detail: { text: "x".repeat(200) } };
  await acme.write((tx) => recordChanges(tx, Array(count).fill(made)), "none");
  const id = await make(acme, { kind: "audit", format: "jsonl" });
  const lines = (await file(acme, id)).text.split("\n").slice(0, -1);
  expect(lines.filter((line) => JSON.parse(line).action === "test.made")).toHaveLength(count);
  const [stored] = await statements<{ pieces: number; largest: number }>(ctx.database.superuserUrl, [
    `select count(*)::int as pieces, max(length(content)) as largest from muster.job_chunks where job = '${id}'`,
  ]);
  expect(stored?.pieces).toBeGreaterThan(2);
  expect(stored?.largest).toBeLessThan(2 * 1024 * 1024);
  expect((await acme.ask("GET", `/exports/${id}`)).body).toMatchObject({
    state: "done",
    counts: { total: lines.length, done: lines.length },
  });
});

test("all of an export is one moment of the database: of two people of whom always one is suspended, one is", async () => {
  const acme = await company(
    ctx,
    api,
    Array.from({ length: 2_100 }, (_, n) => ({ userName: `person-${n}` })),
  );
  // On the first page and on the last.
  const [first, last] = [acme.accounts[0], acme.accounts.at(-1)];
  const turn = `update muster.accounts set suspended_at = case when suspended_at is null then now() end
    where id in ('${first}', '${last}')`;
  await statements(ctx.database.superuserUrl, [
    `update muster.accounts set suspended_at = now() where id = '${first}'`,
  ]);
  for (let round = 0; round < 5; round++) {
    let running = true;
    const turning = (async () => {
      while (running) await statements(ctx.database.superuserUrl, Array(21).fill(turn));
    })();
    const id = await make(acme, { kind: "users", format: "jsonl", filter: 'userName sw "person-"' });
    running = false;
    await turning;
    const rows = (await file(acme, id)).text.split("\n").slice(0, -1);
    const seen = rows.map((line) => JSON.parse(line)).filter((row) => row.status === "suspended");
    expect(rows).toHaveLength(2_100);
    expect(seen).toHaveLength(1);
  }
});

test("whoever may not read what it shows can neither make nor fetch it, and a job stops when that ends", async () => {
  const acme = await company(ctx, api, [{ userName: "ann" }]);
  const id = await make(acme, { kind: "audit", format: "csv" });
  const limited = await acme.tokenFor("exports:write", "users:read");
  const refused = await acme.ask("POST", "/exports", { kind: "audit", format: "csv" }, limited);
  expect([refused.status, refused.body.detail]).toEqual([403, "this needs the permission audit:read"]);
  expect((await file(acme, id, limited)).status).toBe(403);
  const reader = await acme.tokenFor("audit:read");
  expect((await file(acme, id, reader)).status).toBe(403);
  const other = await company(ctx, api, []);
  expect((await file(other, id)).status).toBe(404);
  expect((await other.ask("DELETE", `/exports/${id}`)).status).toBe(404);
  const made = await acme.ask("POST", "/exports", { kind: "users", format: "csv" }, limited);
  await statements(ctx.database.superuserUrl, [
    `update muster.tokens set revoked_at = now() where id = '${made.body.createdBy.id}'`,
  ]);
  await acme.run(made.body.id);
  expect((await acme.ask("GET", `/exports/${made.body.id}`)).body).toMatchObject({ state: "failed", fileUntil: null });
  expect((await file(acme, made.body.id)).status).toBe(404);
});

test("a worker that was thought dead writes nothing into the file of its successor", async () => {
  const acme = await company(ctx, api, [{ userName: "ann" }]);
  const made = await acme.ask("POST", "/exports", { kind: "users", format: "csv" });
  const id = made.body.id as JobId;
  const dead = await acme.write((tx) => takeJob(tx, id), "none");
  expect(await acme.write((tx) => beginFile(tx, dead!), "none")).toBe(true);
  const piece = { number: 0, content: Buffer.from("half"), rows: 0, last: false };
  expect(await acme.write((tx) => addToFile(tx, dead!, piece), "none")).toBe(true);
  // While it is held nobody else takes it.
  await acme.run(id);
  expect((await acme.ask("GET", `/exports/${id}`)).body.state).toBe("running");
  await statements(ctx.database.superuserUrl, [`update muster.jobs set held_until = now() where id = '${id}'`]);
  await acme.run(id);
  expect(await acme.write((tx) => addToFile(tx, dead!, { ...piece, number: 1, last: true }), "none")).toBe(false);
  expect(cells((await file(acme, id)).text)).toHaveLength(2);
});

test("a file is kept for a day, or until it is removed; ten of them at most", async () => {
  const acme = await company(ctx, api, [{ userName: "ann" }]);
  const ids: string[] = [];
  for (let n = 0; n < 10; n++) ids.push(await make(acme, { kind: "grants", format: "csv" }));
  expect((await acme.ask("POST", "/exports", { kind: "grants", format: "csv" })).status).toBe(409);
  expect((await acme.ask("DELETE", `/exports/${ids[0]}`)).status).toBe(204);
  expect((await file(acme, ids[0]!)).status).toBe(404);
  await make(acme, { kind: "grants", format: "csv" });
  await statements(ctx.database.superuserUrl, [
    `update muster.jobs set file_until = now() - interval '1 second' where id = '${ids[1]}'`,
  ]);
  expect((await file(acme, ids[1]!)).status).toBe(404);
  await inTransaction(ctx, { organization: acme.organization, kind: "job", id: null, requestId: null }, pruneJobs, {
    lock: "none",
  });
  const left = await acme.db.query<{ job: string }>({
    text: "select distinct job from job_chunks where organization = $1",
    values: [acme.organization],
  });
  expect(left).toHaveLength(9);
  expect((await acme.ask("GET", `/exports/${ids[1]}`)).body).toMatchObject({ state: "done" });
});

test("wrong requests are refused by their place", async () => {
  const acme = await company(ctx, api, []);
  for (const [body, pointer] of [
    [{ kind: "secrets", format: "csv" }, "/kind"],
    [{ kind: "users", format: "xlsx" }, "/format"],
    [{ kind: "guests", format: "csv", filter: "id pr" }, "/filter"],
    [{ kind: "users", format: "csv", filter: "nonsense" }, "/filter"],
    [{ kind: "users", format: "csv", since: "2026-01-01T00:00:00Z" }, "/since"],
    [{ kind: "audit", format: "csv", until: "yesterday" }, "/until"],
  ] as const) {
    const answer = await acme.ask("POST", "/exports", body);
    expect([answer.status >= 400 && answer.status < 500, answer.body.errors?.[0]?.pointer]).toEqual([true, pointer]);
  }
});
