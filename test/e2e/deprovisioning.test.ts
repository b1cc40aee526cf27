import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, expect, test } from "vitest";
import {
  type AccountId,
  type DirectoryUserId,
  type InvitationId,
  newId,
  type OrganizationId,
} from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { SESSION_COOKIE } from "../../src/http/session-cookie.ts";
import { addDirectory, listDirectories } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { copyInvitationLink } from "../../src/identity/invitations/change.ts";
import { invite } from "../../src/identity/invitations/invite.ts";
import { createLink } from "../../src/identity/links.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { beginSession } from "../../src/identity/sessions.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { runJob } from "../../src/jobs/run-job.ts";
import { doors } from "../../src/start/doors.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";

// Dead credentials are counted against whoever comes with them: each person comes from an address of their own.
const ctx = await testContext({ config: { trustedProxies: ["loopback"] } });
const server = createServer(makeApp(ctx, doors, { draining: false }));
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
ctx.config.publicUrl = origin;
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const settings = { validDays: 7, resendCoolDown: 60 };
const [LEAVERS, PEOPLE] = [Math.max(6, scaled(100)), Math.max(60, scaled(2_000))];
const organization = newId<OrganizationId>();
const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
const write = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive", by: Actor = actor) =>
  inTransaction(ctx, by, work, { lock });

type Where = "okta" | "internal";
/** Everything by which somebody can get in, or do something here, and where it is tried. */
type Leaver = {
  account: AccountId;
  record: DirectoryUserId;
  where: Where;
  address: string;
  session: string;
  token: string;
  scimToken: string | null;
  invited: string;
  sent: { token: string; account: AccountId };
  link: string;
  scimPath: string;
};

const made = await write(async (tx) => {
  await createOrganization(tx, { key: "acme" });
  const site = await resolveSite(tx, undefined);
  const wiki = await createProduct(tx, site, { key: "wiki", hasGuests: true });
  const shop = await createProduct(tx, site, { key: "shop" });
  const [users, guests] = [await createLocalGroup(tx, "users"), await createLocalGroup(tx, "guests")];
  await grantRole(tx, { group: users.id, product: shop.id, role: "user" });
  await grantRole(tx, { group: guests.id, product: wiki.id, role: "guest" });
  const docs = await createSpace(tx, wiki.id, { key: "docs" });
  const okta = await addDirectory(tx, { name: "okta", kind: "scim" });
  const internal = (await listDirectories(tx)).find(({ kind }) => kind === "internal");
  if (!internal) throw new Error("no directory internal");
  const admin = (await createToken(tx, { administration: true })).token;
  const scim = (await createToken(tx, { directory: okta.id })).token;
  return { users, guests, docs, okta: okta.id, internal: internal.id, admin, scim };
});

const record = (name: string) => ({
  id: newId<DirectoryUserId>(),
  immutableId: null,
  externalId: null,
  userName: `${name}@acme.example`,
  active: true,
  email: `${name}@acme.example`,
  displayName: null,
  resource: {},
  contentHash: null,
});

async function person(number: number, where: Where): Promise<Leaver> {
  const input = record(`leaver-${number}`);
  const directory = made[where];
  const account = await write(async (tx) => {
    await insertDirectoryUsers(tx, directory, [input]);
    const [row] = await tx.query<{ id: AccountId }>({
      text: "select account as id from directory_users where organization = $1 and id = $2",
      values: [tx.organization, input.id],
    });
    if (!row) throw new Error("nobody was added");
    await giveRight(tx, [EVERYTHING], {
      account: row.id,
      bundle: "organization-administrator",
      scope: { kind: "organization" },
    });
    await addLocalMembers(tx, made.users.id, [row.id]);
    await addLocalMembers(tx, made.guests.id, [row.id]);
    await assignGuest(tx, {
      account: row.id,
      space: made.docs.id,
      permission: "read-only",
      expiresAt: null,
      sponsor: null,
    });
    return row.id;
  });
  const asLeaver: Actor = { organization, kind: "session", id: account, requestId: null };
  const wish = { roles: [], groups: [made.users.id], spaces: [], notify: false, message: null };
  return write(
    async (tx) => {
      const holder = { account, record: input.id };
      const facts = { method: "password", authenticated: "now", address: null } as const;
      const session = (await beginSession(tx, holder, facts, { idle: 3_600, longest: 3_600 })).token;
      const token = (await createToken(tx, { administration: true, owner: account })).token;
      const scimToken =
        where === "okta"
          ? (await createToken(tx, { directory: made.okta }, undefined, { scopes: ["me"], subject: input.id })).token
          : null;
      const linkOf = (id: InvitationId | null | undefined) =>
        copyInvitationLink(tx, settings, [EVERYTHING], id as InvitationId);
      const [theirs] = (await invite(tx, settings, [EVERYTHING], { emails: [input.email], ...wish, groups: [] }))
        .results;
      const [sent] = (
        await invite(tx, settings, [EVERYTHING], { emails: [`outsider-${number}@elsewhere.example`], ...wish })
      ).results;
      const limits = {
        label: "mine",
        maxUses: null,
        expiresAt: null,
        allowedDomains: [],
        email: null,
        needsApproval: false,
      };
      const link = await createLink(tx, [EVERYTHING], limits, { roles: [], groups: [made.users.id], spaces: [] });
      return {
        account,
        record: input.id,
        where,
        address: `198.51.${100 + Math.floor(number / 250)}.${number % 250}`,
        ...{ session, token, scimToken },
        invited: await linkOf(theirs?.invitation),
        sent: { token: await linkOf(sent?.invitation), account: sent?.account as AccountId },
        link: link.token,
        scimPath: `/scim/v2/${made.okta}/Users/${input.id}`,
      };
    },
    "exclusive",
    asLeaver,
  );
}

const leavers: Leaver[] = [];
for (let number = 0; number < LEAVERS; number++)
  leavers.push(await person(number, number % 2 === 0 ? "okta" : "internal"));
const stayer = await person(LEAVERS, "okta");
await write((tx) =>
  insertDirectoryUsers(
    tx,
    made.okta,
    Array.from({ length: PEOPLE - LEAVERS - 1 }, (_, number) => record(`stayer-${number}`)),
  ),
);

const send = (path: string, headers: Record<string, string>, method = "GET", body?: unknown) =>
  fetch(origin + path, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    redirect: "manual",
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const byAdmin = (method: string, path: string, body?: unknown) =>
  send(`/api/v1${path}`, bearer(made.admin), method, body);

/** What each door says to everything that the person has; only what changes nothing, so that it can be asked of the living too. */
async function tried(one: Leaver): Promise<Record<string, boolean>> {
  const from = { "x-forwarded-for": one.address };
  const ok = async (answer: Promise<Response>) => (await answer).status === 200;
  const allowed = async (product: string) => {
    const answer = await byAdmin("POST", "/access/check", { product, user: { id: one.account } });
    return ((await answer.json()) as { allowed: boolean }).allowed;
  };
  return {
    session: await ok(send("/api/v1/users?limit=1", { ...from, cookie: `${SESSION_COOKIE}=${one.session}` })),
    token: await ok(send("/api/v1/users?limit=1", { ...from, ...bearer(one.token) })),
    ...(one.scimToken !== null && {
      me: await ok(send(`/scim/v2/${made.okta}/Me`, { ...from, ...bearer(one.scimToken) })),
    }),
    invitation: await ok(send(`/i/${one.invited}`, from)),
    link: await ok(send(`/l/${one.link}`, from)),
    role: await allowed("shop"),
    guest: await allowed("wiki"),
  };
}

const every = (one: Leaver, alive: boolean) => ({
  session: alive,
  token: alive,
  ...(one.scimToken !== null && { me: alive }),
  ...{ invitation: alive, link: alive, role: alive, guest: alive },
});

/** At the answer; but whose a SCIM token is is believed for at most a second, where the word of its end comes late (decision 8). */
async function expectDead(one: Leaver, by: string): Promise<void> {
  const { me: _, ...atTheAnswer } = await tried(one);
  expect({ me: false, ...atTheAnswer }, by).toEqual({ me: false, ...every(one, false) });
  await expect.poll(() => tried(one), { message: by }).toEqual(every(one, false));
}

/** And what would change something is tried too, once it is dead. */
async function pressed(one: Leaver): Promise<void> {
  const from = { "x-forwarded-for": one.address };
  expect((await send(`/i/${one.invited}`, from, "POST")).status).toBeGreaterThanOrEqual(400);
  await send(`/i/${one.sent.token}`, from, "POST");
  await fetch(`${origin}/l/${one.link}`, {
    method: "POST",
    headers: from,
    body: new URLSearchParams({ email: `friend-${one.account}@elsewhere.example` }),
  });
  const [row] = await ctx.db.of(organization).query<{ theirs: number; given: number; used: number; rights: number }>({
    text: `select (select count(*)::integer from invitations where organization = $1 and account = $2 and state in ('pending', 'accepted'))
          as theirs,
        (select count(*)::integer from live_access where organization = $1 and account = $3) as given,
        (select count(*)::integer from link_uses u join links l on l.organization = $1 and l.id = u.link
          where u.organization = $1 and l.maker = $2::text) as used,
        (select count(*)::integer from rights where organization = $1 and account = $2 and in_force) as rights`,
    values: [organization, one.account, one.sent.account],
  });
  expect(row).toEqual({ theirs: 0, given: 0, used: 0, rights: 0 });
}

test(`R82, R84, R158: deprovisioning ${LEAVERS} people in an organization of ${PEOPLE}: every credential is dead at the answer`, async () => {
  for (const one of [...leavers.slice(0, 2), stayer]) expect(await tried(one)).toEqual(every(one, true));
  const [fromOkta, fromInternal] = [
    leavers.filter(({ where }) => where === "okta"),
    leavers.filter(({ where }) => where === "internal"),
  ];
  const half = (list: Leaver[]) => [list.slice(0, Math.ceil(list.length / 2)), list.slice(Math.ceil(list.length / 2))];
  const [suspendedOkta = [], byScim = []] = half(fromOkta);
  const [suspendedInternal = [], removed = []] = half(fromInternal);

  for (const [place, one] of byScim.entries()) {
    const answer =
      place % 2 === 0
        ? await send(one.scimPath, bearer(made.scim), "DELETE")
        : await send(one.scimPath, bearer(made.scim), "PATCH", {
            schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            Operations: [{ op: "replace", path: "active", value: false }],
          });
    expect(answer.status, await answer.text()).toBeLessThan(300);
    await expectDead(one, "SCIM");
  }
  for (const one of removed) {
    const answer = await byAdmin("POST", `/users/${one.account}/remove`, {});
    expect(answer.status, await answer.text()).toBe(200);
    await expectDead(one, "removed");
  }
  const suspended = [...suspendedOkta, ...suspendedInternal];
  const asked = await byAdmin("POST", "/users/bulk", {
    action: "suspend",
    ids: suspended.map(({ account }) => account),
  });
  const { job } = (await asked.json()) as { job: { id: string } };
  await runJob(ctx, { organization, job: job.id }, undefined);
  const told = (await (await byAdmin("GET", `/jobs/${job.id}`)).json()) as { counts: object };
  expect(told.counts).toMatchObject({ done: suspended.length, refused: 0 });
  for (const one of suspended) await expectDead(one, "suspended");

  await Promise.all(leavers.map(pressed));
  // Whoever stays keeps everything.
  expect(await tried(stayer)).toEqual(every(stayer, true));
});
