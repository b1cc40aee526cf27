import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import type { Config } from "../../src/config.ts";
import type { Context } from "../../src/context.ts";
import { type DirectoryUserId, type GroupId, newId, type OrganizationId, type SyncRunId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup, nestGroups } from "../../src/identity/groups.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { checkAnswer } from "../harness/api.ts";
import { testContext } from "../harness/postgres.ts";

export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is asked of it is what the test is about.
  body: any;
};

export type Ask = { token?: string | null; body?: unknown; raw?: string; headers?: Record<string, string> };

type Options = Parameters<typeof testContext>[0] & { limits?: Partial<Config["limits"]["api"]> };

/** The API of a server of its own over a database of its own, asked as the bytes of a request stand: nothing is normalized. */
export async function apiServer({ limits, ...overrides }: Options = {}) {
  return serveApi(await testContext(overrides), limits);
}

/** The same over any database. */
export async function serveApi<C extends Context>(ctx: C, limits: Options["limits"] = {}) {
  Object.assign(ctx.config.limits.api, { perSecond: 1_000_000, burst: 1_000_000 }, limits);
  const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  // An agent's idle connection is not closed under its next request.
  server.keepAliveTimeout = 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  afterAll(() => {
    agent.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;

  /** The answer to what is sent as it stands, whether or not the document allows it. */
  async function send(method: string, path: string, { token, body, raw, headers = {} }: Ask = {}): Promise<Answer> {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const all = {
      ...(token === null || token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) }),
      ...headers,
    };
    const answer = await new Promise<Omit<Answer, "body">>((resolve, reject) => {
      const sending = request({ agent, port, method, path: `/api/v1${path}`, headers: all }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: new Headers(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            text: Buffer.concat(parts).toString("utf8"),
          }),
        );
      });
      sending.on("error", reject);
      sending.end(sent);
    });
    const isJson = /json/.test(answer.headers.get("content-type") ?? "");
    return { ...answer, body: isJson && answer.text !== "" ? JSON.parse(answer.text) : undefined };
  }

  /** Every answer is held against the API's document; of a path that is none, that it is a problem is enough. */
  async function ask(method: string, path: string, options: Ask = {}): Promise<Answer> {
    const answer = await send(method, path, options);
    const url = URL.parse(`http://127.0.0.1/api/v1${path}`);
    if (url === null || url.pathname !== `/api/v1${path}`.split("?")[0]) {
      // A written dot is a value to the server and a step to whoever reads addresses.
      if (answer.status < 400 && !path.includes("%2E")) throw new Error(`${method} ${path} → ${answer.status}`);
      return answer;
    }
    const init = { method, ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }) };
    const ok = answer.status >= 200 && answer.status < 300;
    checkAnswer(method, url, init, { status: answer.status, ok, headers: answer.headers }, answer.text);
    return answer;
  }

  const write = <T>(
    organization: OrganizationId,
    work: (tx: Tx) => Promise<T>,
    lock: OrganizationLock = "exclusive",
  ) => {
    const actor: Actor = { organization, kind: "system", id: null, requestId: null };
    return inTransaction(ctx, actor, work, { lock });
  };
  return { ctx, ask, write };
}

export type Api = Awaited<ReturnType<typeof apiServer>>;

/** An organization in which every noun stands at least once, in the states that its verbs need. */
export async function makeCompany({ ctx, write }: Pick<Api, "ctx" | "write">, key: string) {
  const organization = newId<OrganizationId>();
  const secret = { key: loadSecretKey(ctx.config), text: "reader's password" };
  return write(organization, async (tx) => {
    await createOrganization(tx, { key });
    const site = await resolveSite(tx, key);
    const wiki = await createProduct(tx, site, { key: "wiki", hasGuests: true });
    const tracker = await createProduct(tx, site, { key: "tracker" });
    const docs = await createSpace(tx, wiki.id, { key: "docs" });
    const okta = await addDirectory(tx, { name: "okta", kind: "scim" });
    const settings = {
      url: "ldaps://ldap.example.com",
      bindDn: "cn=muster,dc=example,dc=com",
      base: "dc=example,dc=com",
    };
    const corp = await addDirectory(tx, { name: "corp", kind: "ldap", settings, syncEvery: 3_600 }, secret);
    const people = ["ada", "bob", "carol", "dave", "eve", "fay"];
    await insertDirectoryUsers(
      tx,
      okta.id,
      people.map((userName) => ({
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: `ext-${userName}`,
        userName,
        active: true,
        email: `${userName}@${key}.example`,
        displayName: null,
        resource: {},
        contentHash: null,
      })),
    );
    const [ada, bob, carol, dave, eve, fay] = await inOrder(people, (name) => resolvePerson(tx, name));
    const [users, guests, empty] = await inOrder(["users", "guests", "empty"], (name) => createLocalGroup(tx, name));
    const waiting = await grantRole(tx, {
      group: { directory: okta.id, name: "owners" },
      product: wiki.id,
      role: "admin",
    });
    const owners = newId<GroupId>();
    await insertDirectoryGroups(tx, okta.id, [
      {
        id: owners,
        immutableId: null,
        externalId: null,
        displayName: "owners",
        resource: {},
        contentHash: null,
        uniqueName: true,
      },
    ]);
    const grant = await grantRole(tx, { group: users.id, product: wiki.id, role: "user" });
    await grantRole(tx, { group: guests.id, product: wiki.id, role: "guest" });
    await addLocalMembers(tx, users.id, [ada, dave]);
    await addLocalMembers(tx, guests.id, [bob, eve]);
    await nestGroups(tx, users.id, [owners]);
    const guest = await assignGuest(tx, {
      account: bob,
      space: docs.id,
      permission: "read-only",
      expiresAt: null,
      sponsor: ada,
    });
    await suspendAccount(tx, dave, "on leave");
    const mail = await resendInvitation(tx, ctx.config.invitations, carol);
    await tx.query({
      text: `update local_memberships set parked_at = now() where organization = $1 and account = $2 and group_id = $3`,
      values: [organization, eve, guests.id],
    });
    const [held, done] = [newId<SyncRunId>(), newId<SyncRunId>()];
    for (const [id, state] of [
      [done, "done"],
      [held, "previewed"],
    ])
      await tx.query({
        text: `insert into sync_runs (organization, id, directory, mode, trigger, state, phase, epoch, counts, applied_at,
            rows_written, approvable_until)
          values ($1, $2, $3, 'run', 'command', $4, 'over', 0, $5, case when $4 = 'done' then now() - interval '1 hour' end,
            case when $4 = 'done' then 1 else 0 end, case when $4 = 'previewed' then now() + interval '1 day' end)`,
        values: [
          organization,
          id,
          corp.id,
          state,
          { read: 0, added: 0, updated: 0, deactivated: 0, removed: 0, unchanged: 0, conflicts: 0 },
        ],
      });
    await tx.query({
      text: `insert into sync_plan (organization, run, kind, name, next) values ($1, $2, 'user-add', 'gus', '{"active": true}')`,
      values: [organization, held],
    });
    const token = (await createToken(tx, { administration: true })).token;
    return {
      organization,
      key,
      site,
      wiki,
      tracker,
      docs,
      okta,
      corp,
      people: { ada, bob, carol, dave, eve, fay },
      groups: { users, guests, empty, owners: { id: owners } },
      grants: { waiting, users: grant },
      guest,
      mail,
      runs: { held, done },
      token,
    };
  });
}

export type Company = Awaited<ReturnType<typeof makeCompany>>;

/** One after the other: a transaction has one connection. Typed so that what is taken out of it is there. */
async function inOrder<Item, Made>(items: readonly Item[], make: (item: Item) => Promise<Made>) {
  const made: Made[] = [];
  for (const item of items) made.push(await make(item));
  return made as unknown as [Made, Made, Made, Made, Made, Made];
}
