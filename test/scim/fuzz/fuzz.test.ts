import { Agent, request as httpRequest } from "node:http";
import { expect, test } from "vitest";
import { type Cost, parseFilter } from "../../../src/scim/filter/parse.ts";
import { groupType, userType } from "../../../src/scim/schema/resource-types.ts";
import { directoryOf } from "../../conformance/client.ts";
import { testContext } from "../../harness/postgres.ts";
import { random } from "../../harness/random.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { statements } from "../../harness/server.ts";
import { expectModel } from "../../identity/access/stored.ts";
import { type Endpoint, serveScim, userOf } from "../endpoint.ts";
import { generic } from "../reading.ts";
import { type FuzzAnswer, problemsOf } from "./judge.ts";
import { mutated, recorded } from "./mutations.ts";
import { type FuzzRequest, request, type World } from "./requests.ts";

const CONNECTIONS = 8;
/** Stands in every resource of the other directories. */
const MARKER = "somebody-elses-record";

const ctx = await testContext();
const server = await serveScim(ctx);
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function send({ method, path, headers, body }: FuzzRequest): Promise<FuzzAnswer> {
  const { hostname, port } = new URL(server.origin);
  // Node announces the length by itself only where a body is usual.
  const length = body === null ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { agent, hostname, port, method, path: printable(path), headers: clean({ ...headers, ...length }) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.setTimeout(60_000, () => outgoing.destroy(new Error("no answer within a minute")));
    if (body !== null) outgoing.end(body);
    else outgoing.end();
  });
}

/**
 * What Node's client would not put into a request line, percent-encoded; `#` never leaves a client. Longer heads than
 * Node reads never reach the door.
 */
function printable(path: string): string {
  return path
    .toWellFormed()
    .replaceAll(/[^\x21\x22\x24-\x7e]/gu, (character) => encodeURIComponent(character))
    .slice(0, 12_000);
}

function clean(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replaceAll(/[^\x20-\x7e]/g, "?")]),
  );
}

async function others(at: Endpoint): Promise<World["foreign"]> {
  const sibling = await server.directory(at.organization, "sibling");
  const stranger = await server.directory(await server.organization());
  const ids: string[] = [];
  for (const other of [sibling, stranger]) {
    const user = await other.send("POST", "/Users", userOf(`${MARKER}-${ids.length}`, { title: MARKER }));
    const group = await other.send("POST", "/Groups", { displayName: MARKER, members: [{ value: user.id }] });
    ids.push(user.id, group.id);
  }
  return {
    ids,
    tokens: [sibling.token, stranger.token],
    bases: [sibling, stranger].map((other) => new URL(other.baseUrl).pathname),
  };
}

async function strictDirectory(): Promise<Endpoint> {
  return directoryOf(server, await server.organization(), "strict");
}

async function worldOf(at: Endpoint): Promise<World> {
  const world: World = {
    base: new URL(at.baseUrl).pathname,
    token: at.token,
    foreign: await others(at),
    ...{ users: [], groups: [], gone: [], cursors: [], tags: [] },
  };
  for (let index = 0; index < 10; index++) {
    const user = await at.send(
      "POST",
      "/Users",
      userOf(`first-${index}`, { emails: [{ value: `f${index}@example.com`, type: "work" }] }),
    );
    world.users.push(user.id);
  }
  const group = await at.send("POST", "/Groups", {
    displayName: "first",
    members: world.users.map((value) => ({ value })),
  });
  world.groups.push(group.id);
  return world;
}

/** Keeps some of what answers bring: later requests name it. */
function learn(world: World, { method, path }: FuzzRequest, { status, headers, text }: FuzzAnswer): void {
  const keep = (list: string[], item: string): void => {
    list.push(item);
    if (list.length > 200) list.splice(0, 100);
  };
  if (status === 201) {
    const { id, meta } = JSON.parse(text) as { id: string; meta?: { resourceType: string } };
    keep(meta?.resourceType === "Group" || path.includes("/Groups") ? world.groups : world.users, id);
  }
  if (status === 204 && method === "DELETE") keep(world.gone, path.split(/[/?]/).at(-1) ?? "");
  if (headers.etag !== undefined) keep(world.tags, String(headers.etag));
  const [, cursor] = /"nextCursor":"([^"]+)"/.exec(text) ?? [];
  if (cursor !== undefined) keep(world.cursors, cursor);
}

/** Steps of the parser for every filter of a request, in its query or in its body. */
function checkSteps({ path, body }: FuzzRequest): number {
  const texts = [...new URLSearchParams(path.split("?")[1] ?? "").getAll("filter")];
  for (const [, literal] of String(body ?? "").matchAll(/"(?:filter|path)":("(?:[^"\\]|\\.)*")/g)) {
    try {
      texts.push(JSON.parse(String(literal)) as string);
    } catch {}
  }
  for (const text of texts)
    for (const type of [userType, groupType]) {
      const cost: Cost = { steps: 0 };
      try {
        parseFilter(generic, text, type, cost);
      } catch {}
      expect(cost.steps, text).toBeLessThanOrEqual(8 * Math.max(1, text.length));
    }
  return texts.length;
}

/** Everything that a request could have changed for all objects of the process. */
function prototypes(): string {
  return JSON.stringify(
    [Object, Array, Function, String, Number, Boolean, Map, Set, Promise, RegExp, Date, Error, JSON].map((each) =>
      [each, (each as { prototype?: object }).prototype ?? {}].map((holder) =>
        Object.entries(Object.getOwnPropertyDescriptors(holder)).map(([name, { value, writable, enumerable }]) => [
          name,
          typeof value,
          writable,
          enumerable,
        ]),
      ),
    ),
  );
}

/** What no request, whole or broken, may leave behind. Each statement counts rows that must not be. */
const INVARIANTS: [what: string, sql: string][] = [
  [
    "a record without its account",
    "select 1 from directory_users u where not exists (select from accounts a where a.organization = u.organization and a.id = u.account)",
  ],
  [
    "a live record in the account of another name",
    "select 1 from directory_users u join accounts a on a.organization = u.organization and a.id = u.account where u.deleted_at is null and u.user_name_key <> a.user_name_key",
  ],
  [
    "an account whose canonical record is gone or another's",
    "select 1 from accounts a join directory_users u on u.organization = a.organization and u.id = a.canonical where u.deleted_at is not null or u.account <> a.id",
  ],
  [
    "a live record whose account has no canonical one",
    "select 1 from directory_users u join accounts a on a.organization = u.organization and a.id = u.account where u.deleted_at is null and a.canonical is null",
  ],
  [
    "a version below 1",
    "select 1 from directory_users where version < 1 union all select 1 from directory_groups where version < 1",
  ],
  [
    "a change before the creation",
    "select 1 from directory_users where updated_at < created_at union all select 1 from directory_groups where updated_at < created_at",
  ],
  [
    "a directory group without its group, or unlike it",
    "select 1 from directory_groups d where not exists (select from groups g where g.organization = d.organization and g.id = d.id and g.directory = d.directory and g.name = d.display_name and (g.deleted_at is null) = (d.deleted_at is null))",
  ],
  [
    "a group that no directory group stands behind",
    "select 1 from groups g where directory is not null and not exists (select from directory_groups d where d.organization = g.organization and d.id = g.id)",
  ],
  [
    "a membership between two directories",
    "select 1 from remote_memberships m join directory_groups g on g.organization = m.organization and g.id = m.group_id join directory_users u on u.organization = m.organization and u.id = m.directory_user where g.directory <> u.directory",
  ],
  [
    "a nesting between two directories",
    "select 1 from group_nestings n join directory_groups p on p.organization = n.organization and p.id = n.parent join directory_groups c on c.organization = n.organization and c.id = n.child where p.directory <> c.directory",
  ],
  [
    "an empty name",
    "select 1 from directory_users where btrim(user_name) = '' union all select 1 from directory_groups where btrim(display_name) = ''",
  ],
  [
    "a stored document that holds what has a column, or is no object",
    "select 1 from directory_users where jsonb_typeof(resource) <> 'object' or resource ?| array['id', 'userName', 'active', 'externalId', 'meta', 'groups', 'password', 'schemas', '__proto__', 'constructor']",
  ],
  [
    "a record that nothing in the audit made",
    "select 1 from directory_users u where not exists (select from audit where audit.organization = u.organization and audit.subject = u.id and audit.action = 'directory-user.created')",
  ],
];

test("fuzzed requests: no 5xx, no body but SCIM's, nothing left half done, nobody else's data", {
  timeout: 900_000,
}, async () => {
  const before = prototypes();
  // What one profile lets pass the other refuses: different code is reached.
  const [at, strict] = [await server.directory(await server.organization()), await strictDirectory()];
  const worlds = [await worldOf(at), await worldOf(strict)];
  const corpus = recorded();
  const next = random(seed);
  const wanted = scaled(20_000);
  const statuses = new Map<number, number>();
  let sent = 0;
  let filters = 0;
  const failures: string[] = [];

  async function sendSome(): Promise<void> {
    while (sent < wanted && failures.length < 5) {
      const number = ++sent;
      const world = worlds[next() < 0.75 ? 0 : 1] as World;
      const fuzzed = next() < 0.6 ? request(next, world) : mutated(next, world, corpus);
      filters += checkSteps(fuzzed);
      const answer = await send(fuzzed).catch((error: Error) => ({ status: 0, headers: {}, text: error.message }));
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const problems = problemsOf(fuzzed, answer, world, MARKER);
      if (problems.length > 0) failures.push(report(number, fuzzed, answer, problems));
      else learn(world, fuzzed, answer);
      if (number % 500 === 0) expect((await at.send("GET", "/Users?count=1")).status).toBe(200);
    }
  }

  await Promise.all(Array.from({ length: CONNECTIONS }, sendSome));
  expect(failures.join("\n\n")).toBe("");
  expect(sent).toBe(wanted);
  // A generator whose every request is refused would show little.
  for (const status of [200, 201, 204, 400, 401, 404, 405, 409, 412, 415])
    expect(statuses.get(status) ?? 0, String(status)).toBeGreaterThan(0);
  expect(statuses.get(200) ?? 0).toBeGreaterThan(wanted / 20);
  expect(filters).toBeGreaterThan(wanted / 10);
  expect(prototypes()).toBe(before);
  expect("polluted" in {}).toBe(false);
  for (const path of ["/Users", "/Groups", "/ServiceProviderConfig"])
    expect((await at.send("GET", path)).status).toBe(200);
  for (const [what, sql] of INVARIANTS)
    expect(await statements(ctx.database.superuserUrl, [`set search_path = muster`, sql]), what).toEqual([]);
  const [row] = await ctx.db.of(at.organization).query<{ users: number; groups: number }>({
    text: `select (select count(*) from directory_users where organization = $1 and directory = $2 and deleted_at is null)::int as users,
        (select count(*) from directory_groups where organization = $1 and directory = $2 and deleted_at is null)::int as groups`,
    values: [at.organization, at.directory],
  });
  expect((await at.send("GET", "/Users?count=0")).body).toMatchObject({ totalResults: row?.users });
  expect((await at.send("GET", "/Groups?count=0")).body).toMatchObject({ totalResults: row?.groups });
  for (const { organization } of [at, strict]) await expectModel(ctx.db.of(organization), `seed ${seed}`);
});

function report(
  number: number,
  { method, path, headers, body }: FuzzRequest,
  answer: FuzzAnswer,
  problems: string[],
): string {
  return [
    `MUSTER_TEST_SEED=${seed}, request ${number}: ${problems.join("; ")}`,
    `${method} ${path.slice(0, 2_000)}`,
    JSON.stringify({ ...headers, authorization: headers.authorization?.slice(0, 16) }),
    String(body ?? "").slice(0, 4_000),
    `-> ${answer.status} ${answer.text.slice(0, 1_000)}`,
  ].join("\n");
}
