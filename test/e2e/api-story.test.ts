import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { AxiosResponse } from "axios";
import { type Document, OpenAPIClientAxios } from "openapi-client-axios";
import { afterAll, expect, test } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { makeApp } from "../../src/http/app.ts";
import { doors } from "../../src/start/doors.ts";
import { checkAnswer } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { readExchangeFile, replay } from "../harness/replay.ts";

const ctx = await testContext();
const server = createServer(makeApp(ctx, doors, { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
afterAll(() => void server.close());
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
ctx.config.publicUrl = origin;
const environment = {
  ...ctx.database.environment,
  MUSTER_DATA_DIR: ctx.config.dataDirectory,
  MUSTER_PUBLIC_URL: origin,
};

async function command<T>(...typed: string[]): Promise<T> {
  const [out, err]: [string[], string[]] = [[], []];
  const output = { out: (text: string) => void out.push(text), err: (text: string) => void err.push(text) };
  const exit = await runCommand([...typed, "--json"], environment, output);
  expect([exit, err.join("")]).toEqual([0, ""]);
  return JSON.parse(out.join("")) as T;
}

type Parameters = Record<string, string | number | boolean>;

/** A client that knows nothing but the document that Muster serves; each of its answers is held against it. */
async function generatedClient(token: string) {
  const definition = (await (await fetch(`${origin}/api/v1/openapi.json`)).json()) as Document;
  const client = await new OpenAPIClientAxios({
    definition,
    axiosConfigDefaults: { headers: { authorization: `Bearer ${token}` }, validateStatus: () => true },
  }).init();
  const used = new Set<string>();
  /** What an operation answers; `status` says which success, or which failure, is meant. */
  const call = async <T>(operation: string, status: number, parameters: Parameters = {}, body?: object): Promise<T> => {
    const perform = client[operation] as (parameters: Parameters, body?: object) => Promise<AxiosResponse>;
    const answer = await perform(parameters, body);
    used.add(operation);
    const url = new URL(answer.request.path, origin);
    const text = answer.data === "" || answer.data === undefined ? "" : JSON.stringify(answer.data);
    const headers = new Headers(answer.headers as Record<string, string>);
    const init = body === undefined ? {} : { body: JSON.stringify(body) };
    checkAnswer(answer.request.method, url, init, { status: answer.status, ok: answer.status < 300, headers }, text);
    expect({ operation, status: answer.status, text }).toMatchObject({ operation, status });
    return answer.data as T;
  };
  return { call, used };
}

type Access = { access: { product: string; role: string | null; allowed: boolean; reason: string | null }[] };
type User = { id: string; userName: string; status: string };
type Page<Row> = { data: Row[]; page: { next: string | null } };
type DryRun<Result> = { dryRun: true; status: number; result: Result; changes: { action: string }[] };

test("a client made from the served document tells the demo's story, every step by its operation", async () => {
  await command("org", "create", "example");
  const { token } = await command<{ token: string }>("token", "create", "--scope", "admin");
  const { call, used } = await generatedClient(token);
  await call("me.get", 200);

  // What there is to get access to, and where people come from.
  await call("products.create", 201, {}, { key: "wiki", hasGuests: true, seats: 50 });
  await call("products.create", 201, {}, { key: "tracker", seats: 25 });
  await call("spaces.create", 201, { key: "wiki" }, { key: "docs", name: "Documentation" });
  await call("products.create", 409, {}, { key: "wiki" });
  await call("directories.create", 201, {}, { kind: "scim", name: "okta", profile: "okta" });
  const directory = await call<{ id: string; baseUrl: string }>("directories.get", 200, { directory: "okta" });

  // Grants may come before their groups.
  for (const [group, product, role] of [
    ["okta/Engineering", "tracker", "user"],
    ["okta/Wiki Editors", "wiki", "user"],
    ["okta/Partners", "wiki", "guest"],
  ])
    await call("grants.create", 201, {}, { group, product, role });

  // The provider pushes.
  const provider = await call<{ token: string }>(
    "directories.createToken",
    201,
    { directory: "okta" },
    { name: "Okta" },
  );
  const file = readExchangeFile(join(import.meta.dirname, "../fixtures/idp/okta/demo-company.json"));
  const outcomes = await replay(file, { baseUrl: `${origin}/scim/v2/${directory.id}`, token: provider.token });
  expect(outcomes.flatMap(({ problems }) => problems)).toEqual([]);

  const grants = await call<Page<{ state: string }>>("grants.list", 200);
  expect(grants.data.map(({ state }) => state)).toEqual(["in-force", "in-force", "in-force"]);
  const people: User[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<User> = await call("users.list", 200, { limit: 2, ...(cursor !== null && { cursor }) });
    people.push(...page.data);
    cursor = page.page.next;
  } while (cursor !== null);
  expect(people.length).toBe(5);
  const named = (userName: string): User => {
    const found = people.find((person) => person.userName === userName);
    if (!found) throw new Error(`nobody is called ${userName}`);
    return found;
  };
  const access = async ({ id }: User, product: string) =>
    (await call<Access>("users.access", 200, { id })).access.find((row) => row.product === product);

  // One by name; what they may use, and why.
  const barbara = named("bjensen@example.com");
  const filter = 'userName eq "BJensen@example.com"';
  expect((await call<Page<User>>("users.list", 200, { filter })).data).toEqual([barbara]);
  expect(barbara.status).toBe("invited-not-sent");
  const waiting = 'status eq "invited-not-sent" and not (directory eq "internal")';
  const sorted = await call<Page<User>>("users.list", 200, { filter: waiting, sort: "-userName" });
  expect(sorted.data.map(({ userName }) => userName)).toEqual(
    people
      .filter(({ status }) => status === "invited-not-sent")
      .map(({ userName }) => userName)
      .sort()
      .reverse(),
  );
  const product = (await call<Access>("users.access", 200, { id: barbara.id })).access.find((row) => row.allowed);
  expect(product?.role).toBe("user");
  await call("users.explain", 200, { id: barbara.id });
  await call("access.check", 200, {}, { product: product?.product ?? "", user: { id: barbara.id } });

  // A guest needs a space.
  const guest = named("rlee@partner.example");
  expect(await access(guest, "wiki")).toMatchObject({ role: "guest", allowed: false, reason: "no-space" });
  await call("guests.assign", 201, {}, { user: guest.id, product: "wiki", space: "docs" });
  expect(await access(guest, "wiki")).toMatchObject({ role: "guest", allowed: true });

  // Nobody was mailed until somebody asks for it; once more within the minute is too soon.
  expect((await call<Page<object>>("mails.list", 200)).data).toEqual([]);
  await call("users.resendInvite", 202, { id: barbara.id });
  await call("users.resendInvite", 429, { id: barbara.id });
  expect((await call<Page<object>>("mails.list", 200)).data).toHaveLength(1);

  // A dry run says what would be, and nothing is.
  const dry = await call<DryRun<User>>("users.suspend", 200, { id: barbara.id, dryRun: true }, { reason: "left" });
  expect(dry.result.status).toBe("suspended");
  expect(dry.changes.map(({ action }) => action)).toContain("account.suspended");
  expect((await call<User>("users.get", 200, { id: barbara.id })).status).toBe("invited");

  await call("users.suspend", 200, { id: barbara.id }, { reason: "left" });
  expect(await access(barbara, product?.product ?? "")).toMatchObject({ allowed: false, reason: "suspended" });
  await call("users.restore", 200, { id: barbara.id });
  expect(await access(barbara, product?.product ?? "")).toMatchObject({ allowed: true });

  // The feed waits for every older transaction of the server, those of other databases too.
  await until("the feed tells of the suspension", 60, async () => {
    const { data } = await call<Page<{ kind: string }>>("events.list", 200, { limit: 200 });
    return data.some(({ kind }) => kind === "account.suspended");
  });
  const mine = await call<Page<{ action: string }>>("audit.list", 200, { filter: 'action sw "account.s"' });
  expect(mine.data.map(({ action }) => action)).toEqual(["account.suspended"]);
  await call("users.get", 404, { id: directory.id });
  expect(used.size).toBeGreaterThan(15);
});
