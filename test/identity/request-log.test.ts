import { describe, expect, test } from "vitest";
import { type DirectoryId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import {
  appendRequests,
  type LogPosition,
  listRequests,
  listUnseenRequests,
  type NewLoggedRequest,
  organizationsOfDirectories,
  parseStatusRange,
  pruneRequests,
  recentRequests,
} from "../../src/identity/request-log.ts";
import { makeTasks } from "../../src/jobs/tasks.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";

const ctx = await testContext();
let organizations = 0;

async function fresh(kind: "scim" | "ldap" = "scim") {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  const directory = await inTransaction(
    ctx,
    actor,
    async (tx) => {
      await createOrganization(tx, { key: `org-${++organizations}` });
      return (await addDirectory(tx, { name: "okta", kind })).id;
    },
    { lock: "exclusive" },
  );
  return { organization, directory, db: ctx.db.of(organization) };
}

function row(directory: DirectoryId, more: Partial<NewLoggedRequest> = {}): NewLoggedRequest {
  return {
    directory,
    at: new Date(),
    id: newId(),
    requestId: null,
    token: null,
    method: "GET",
    path: "/Users",
    query: null,
    status: 200,
    duration: 1.25,
    userAgent: null,
    bytes: null,
    warnings: null,
    changes: null,
    request: null,
    cut: false,
    detail: null,
    skipped: 0,
    ...more,
  };
}

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe("reading", () => {
  test("a row comes back as it was written, the members of its body in their order", async () => {
    const { db, directory } = await fresh();
    const written = row(directory, {
      at: new Date("2026-02-03T04:05:06.789Z"),
      requestId: "r",
      token: newId(),
      query: "count=1",
      userAgent: "Okta",
      bytes: 17,
      warnings: '[{"name":"op-case","at":["a"],"times":2}]',
      changes: '[{"kind":"User","id":"x","did":"created"}]',
      request: '{"z":1,"a":[]}',
      cut: true,
      detail: "no",
      skipped: 3,
    });
    await appendRequests(db, [written]);
    const [read] = await listRequests(db, directory, { limit: 1 });
    const { directory: _, ...rest } = written;
    expect(read).toEqual({
      ...rest,
      warnings: [{ name: "op-case", at: ["a"], times: 2 }],
      changes: [{ kind: "User", id: "x", did: "created" }],
      request: { z: 1, a: [] },
    });
    expect(JSON.stringify(read?.request)).toBe('{"z":1,"a":[]}');
  });

  test("pages go from the newest to the oldest, each row once, also where many came in one millisecond", async () => {
    const { db, directory } = await fresh();
    const rows = Array.from({ length: 57 }, (_, i) => row(directory, { at: minutesAgo(Math.floor(i / 10)) }));
    await appendRequests(db, rows);
    await appendRequests(db, rows);
    const seen: string[] = [];
    let after: LogPosition | undefined;
    for (;;) {
      const page = await listRequests(db, directory, { after, limit: 4 });
      seen.push(...page.map(({ id }) => id));
      after = page.at(-1);
      if (!after) break;
    }
    const expected = rows.toSorted((a, b) => b.at.getTime() - a.at.getTime() || (b.id > a.id ? 1 : -1));
    expect(seen).toEqual(expected.map(({ id }) => id));
  });

  test("without waiting for the disk, which nothing else of the session does", async () => {
    const { organization, directory } = await fresh();
    const actor: Actor = { organization, kind: "system", id: null, requestId: null };
    const setting = { text: "select current_setting('synchronous_commit') as value" };
    const [usual] = await ctx.db.of(organization).query(setting);
    const during = await inTransaction(ctx, actor, async (tx) => {
      await tx.query({ text: "set local synchronous_commit = on" });
      await appendRequests(tx, [row(directory)]);
      return tx.query<{ value: string }>(setting);
    });
    expect(during).toEqual([{ value: "off" }]);
    await appendRequests(ctx.db.of(organization), [row(directory)]);
    // The pool gives the connection that was used last.
    expect(await ctx.db.of(organization).query(setting)).toEqual([usual]);
  });

  test("only what is wanted", async () => {
    const { db, directory } = await fresh();
    await appendRequests(db, [
      row(directory, { path: "/old", at: minutesAgo(90) }),
      row(directory, { path: "/missing", at: minutesAgo(3), status: 404 }),
      row(directory, { path: "/refused", at: minutesAgo(2), status: 400 }),
      row(directory, { path: "/odd", at: minutesAgo(1), warnings: "[]" }),
    ]);
    const paths = async (filter: Parameters<typeof listRequests>[2]) =>
      (await listRequests(db, directory, filter)).map(({ path }) => path);
    expect(await paths({ limit: 9 })).toEqual(["/odd", "/refused", "/missing", "/old"]);
    expect(await paths({ limit: 9, status: { from: 400, to: 499 } })).toEqual(["/refused", "/missing"]);
    expect(await paths({ limit: 9, status: { from: 404, to: 404 } })).toEqual(["/missing"]);
    expect(await paths({ limit: 9, warnings: true })).toEqual(["/odd"]);
    expect(await paths({ limit: 9, since: minutesAgo(10), status: { from: 200, to: 299 } })).toEqual(["/odd"]);
    expect(await paths({ limit: 0 })).toEqual([]);
  });

  test("another organization sees nothing of it, and writes nothing to it", async () => {
    const [ours, theirs] = [await fresh(), await fresh()];
    await appendRequests(ours.db, [row(ours.directory)]);
    await appendRequests(theirs.db, [row(ours.directory), row(newId<DirectoryId>())]);
    expect(await listRequests(theirs.db, ours.directory, { limit: 9 })).toEqual([]);
    expect(await listRequests(ours.db, ours.directory, { limit: 9 })).toHaveLength(1);
    expect(await pruneRequests(theirs.db, ours.directory, { days: 0, rows: 1 })).toBe(0);
  });

  test.each([
    ["404", { from: 404, to: 404 }],
    ["4xx", { from: 400, to: 499 }],
    ["2XX", { from: 200, to: 299 }],
    ["500", { from: 500, to: 500 }],
    ["xx", undefined],
    ["40x", undefined],
    ["600", undefined],
    ["4xx ", undefined],
  ])("the status %s", (text, range) => {
    expect(parseStatusRange(text)).toEqual(range);
  });
});

test("whoever follows gets each row once, in whatever order they are written", async () => {
  const { db, directory } = await fresh();
  await appendRequests(db, [row(directory, { at: minutesAgo(2) }), row(directory)]);
  const seen = (await recentRequests(db, directory)).map(({ id }) => id);
  expect(seen).toHaveLength(1);
  const late = row(directory, { at: new Date(Date.now() - 10_000), status: 404 });
  const [first, second] = [row(directory), row(directory)];
  await appendRequests(db, [second]);
  expect(await listUnseenRequests(db, directory, { seen, limit: 9 })).toMatchObject([{ id: second.id }]);
  await appendRequests(db, [first, late]);
  seen.push(second.id);
  const rest = await listUnseenRequests(db, directory, { seen, limit: 9 });
  expect(rest.map(({ id }) => id)).toEqual([late.id, first.id]);
  expect(await listUnseenRequests(db, directory, { seen, limit: 9, status: { from: 200, to: 299 } })).toMatchObject([
    { id: first.id },
  ]);
});

describe("pruning", () => {
  test("takes what is older than the days that an installation keeps, of every directory, in batches", async () => {
    const places = [await fresh(), await fresh()];
    for (const { db, directory } of places) {
      await appendRequests(db, [row(directory, { path: "/new" }), row(directory, { path: "/moved" })]);
      await appendRequests(
        db,
        Array.from({ length: 5_100 }, () => row(directory, { at: new Date(Date.now() - 31 * 86_400_000) })),
      );
      await appendRequests(db, [row(directory, { path: "/month", at: new Date(Date.now() - 29.9 * 86_400_000) })]);
    }
    await statements(ctx.database.superuserUrl, [
      "update muster.scim_requests set at = at - interval '30 days 1 second' where path = '/moved'",
    ]);
    const task = makeTasks(ctx)["prune-request-log"];
    for (let run = 0; run < 2; run++) {
      await task?.({}, {} as never);
      for (const { db, directory } of places) {
        const left = await listRequests(db, directory, { limit: 9 });
        expect(left.map(({ path }) => path)).toEqual(["/new", "/month"]);
      }
    }
  });

  test("takes the oldest of more than are kept of one directory", async () => {
    const { db, directory } = await fresh();
    await appendRequests(
      db,
      Array.from({ length: 20 }, (_, i) => row(directory, { at: minutesAgo(i), path: `/${i}` })),
    );
    expect(await pruneRequests(db, directory, { days: 30, rows: 5 })).toBe(15);
    expect((await listRequests(db, directory, { limit: 9 })).map(({ path }) => path)).toEqual([
      "/0",
      "/1",
      "/2",
      "/3",
      "/4",
    ]);
    expect(await pruneRequests(db, directory, { days: 30, rows: 5 })).toBe(0);
  });
});

test("a directory's organization is told by ids alone, and only of SCIM directories", async () => {
  const [scim, ldap] = [await fresh(), await fresh("ldap")];
  expect(await organizationsOfDirectories(ctx.db, [scim.directory, ldap.directory, newId<DirectoryId>()])).toEqual([
    { organization: scim.organization, directory: scim.directory },
  ]);
});
