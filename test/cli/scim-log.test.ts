import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import type { LoggedRequest } from "../../src/identity/request-log.ts";
import { ExchangeLog } from "../../src/scim/exchange-log.ts";
import { type Exchange, flushRequestLog, recordExchange } from "../../src/scim/request-log.ts";
import { testContext } from "../harness/postgres.ts";
import { type Talking, talk, until } from "../harness/process.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const environment = { ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory };
const { answer, failure, words } = commands(environment);

const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "system", id: null, requestId: null };
const directory = await inTransaction(
  ctx,
  actor,
  async (tx) => {
    await createOrganization(tx, { key: "acme" });
    return (await addDirectory(tx, { name: "okta", kind: "scim" })).id;
  },
  { lock: "exclusive" },
);

const user = newId();
const minutesAgo = (minutes: number) => performance.now() - minutes * 60_000;

async function record(more: Partial<Exchange>, note: (log: ExchangeLog) => void = () => {}): Promise<void> {
  const log = new ExchangeLog();
  note(log);
  recordExchange(ctx, {
    organization,
    directory,
    token: null,
    requestId: newId(),
    method: "GET",
    path: "/Users",
    query: "",
    status: 200,
    startedAt: performance.now(),
    userAgent: undefined,
    body: undefined,
    log,
    detail: null,
    ...more,
  });
  await flushRequestLog(ctx);
}

await record({ startedAt: minutesAgo(120), query: "filter=userName%20eq%20%22ada%22" });
await record(
  {
    startedAt: minutesAgo(10),
    method: "PATCH",
    path: `/Users/${user}`,
    body: { Operations: [{ op: "Replace", path: "active", value: "False" }] },
  },
  (log) => {
    for (let i = 0; i < 7; i++) log.warn("op-case", `Operations[${i % 2}].op`);
    log.warn("boolean-as-text", "active");
    log.change({ kind: "User", id: user, did: "updated", attributes: ["active"] });
  },
);
await record({ startedAt: minutesAgo(5), status: 404, detail: "this directory has no such resource" });
await record({ startedAt: minutesAgo(1), method: "POST", path: "/Groups", status: 201 }, (log) =>
  log.change({ kind: "Group", id: user, did: "created", added: 3 }),
);

describe("muster scim log", () => {
  it("shows the latest requests, the newest last, with what was let pass and why one was refused", async () => {
    const { code, out } = await words("scim", "log", "okta", "--bodies");
    expect(code).toBe(0);
    const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/g;
    expect(out.replaceAll(time, "TIME").replaceAll(/ +\d+ ms/g, " N ms")).toBe(
      [
        'TIME  200  GET N ms  /Users?filter=userName eq "a…(3)"',
        `TIME  200  PATCH N ms  /Users/${user}  updated User ${user} (active)`,
        "    op-case: Operations[0].op, Operations[1].op (7 times)",
        "    boolean-as-text: active",
        '    {"Operations":[{"op":"Replace","path":"active","value":"False"}]}',
        "TIME  404  GET N ms  /Users",
        "    refused: this directory has no such resource",
        `TIME  201  POST N ms  /Groups  created Group ${user} (members +3)`,
        "",
      ].join("\n"),
    );
  });

  it("under --json is one value, in the same order", async () => {
    const { requests } = await answer<{ requests: LoggedRequest[] }>("scim", "log", "okta");
    expect(requests.map(({ method, status }) => `${method} ${status}`)).toEqual([
      "GET 200",
      "PATCH 200",
      "GET 404",
      "POST 201",
    ]);
    expect(requests[1]).toMatchObject({
      path: `/Users/${user}`,
      warnings: [{ name: "op-case", times: 7 }, { name: "boolean-as-text" }],
      changes: [{ did: "updated", attributes: ["active"] }],
    });
  });

  it.each([
    [["--limit", "1"], ["POST 201"]],
    [["--limit", "0"], []],
    [["--status", "4xx"], ["GET 404"]],
    [
      ["--status", "200"],
      ["GET 200", "PATCH 200"],
    ],
    [["--warnings"], ["PATCH 200"]],
    [
      ["--since", "1h", "--status", "2xx"],
      ["PATCH 200", "POST 201"],
    ],
    [["--since", "2999-01-01"], []],
  ])("%j", async (options, expected) => {
    const { requests } = await answer<{ requests: LoggedRequest[] }>("scim", "log", directory, ...options);
    expect(requests.map(({ method, status }) => `${method} ${status}`)).toEqual(expected);
  });

  it("refuses what it does not know, in words", async () => {
    expect(await failure("scim", "log", "nobody")).toMatchObject({ exit: 3, code: "not-found", at: "directory" });
    expect(await failure("scim", "log", "okta", "--status", "600")).toMatchObject({ exit: 2, at: "--status" });
    expect(await failure("scim", "log", "okta", "--since", "yesterday")).toMatchObject({ exit: 2, at: "--since" });
    expect(await failure("scim", "log", "okta", "--limit", "1001")).toMatchObject({ exit: 2, at: "--limit" });
    expect(await failure("scim")).toMatchObject({ exit: 2 });
  });
});

describe("muster scim log --follow", () => {
  it("says each request that comes, in whichever process, once; Ctrl-C ends it with 0", async () => {
    const following = follow("--limit", "1");
    await following.line(/POST .*\/Groups/);
    for (let i = 0; i < 3; i++) {
      await record({ method: "DELETE", path: `/Users/${user}`, status: 204 + i });
      await following.line(new RegExp(`  ${204 + i}  DELETE`));
    }
    following.child.kill("SIGINT");
    expect(await following.ended).toBe(0);
    const lines = following.out().trimEnd().split("\n");
    expect(lines.map((line) => line.split("  ")[1])).toEqual(["201", "204", "205", "206"]);
    expect(following.err()).toBe("");
  });

  it("under --json says one object a line, of what is wanted only", async () => {
    const following = follow("--json", "--status", "5xx");
    const many = 30;
    await until("it has begun", 60, async () => {
      await record({ status: 500, path: "/Bulk" });
      return following.out() !== "";
    });
    for (let i = 0; i < many; i++) await record({ status: i % 2 === 0 ? 503 : 200 });
    await until("all are said", 60, () => following.out().split('"status":503').length === 1 + many / 2);
    following.child.kill("SIGTERM");
    expect(await following.ended).toBe(0);
    const said = following
      .out()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as LoggedRequest);
    expect(new Set(said.map(({ id }) => id)).size).toBe(said.length);
    expect(said.every(({ status }) => status >= 500)).toBe(true);
  });

  it("ends when nobody reads any more", async () => {
    const following = follow("--limit", "1");
    await following.line(/./);
    following.child.stdout?.destroy();
    await until("it has noticed", 60, async () => {
      await record({});
      return following.child.exitCode !== null;
    });
    expect(await following.ended).toBe(0);
    expect(following.err()).toBe("");
  });
});

function follow(...options: string[]): Talking {
  const main = join(import.meta.dirname, "../../src/main.ts");
  return talk(process.execPath, ["--disable-proto=delete", main, "scim", "log", "okta", "--follow", ...options], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
  });
}
