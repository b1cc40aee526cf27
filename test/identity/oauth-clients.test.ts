import { expect, test } from "vitest";
import { newId, type OAuthClientId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import {
  createClient,
  findClient,
  grantToken,
  listClients,
  pruneClientTokens,
  revokeClient,
} from "../../src/identity/oauth-clients.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { hashToken, newTokenText } from "../../src/identity/token-form.ts";
import { createToken, findToken, listTokens, rotateDirectoryToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { until } from "../harness/process.ts";
import { statements } from "../harness/server.ts";

const ctx = await testContext();
const actor: Actor = { organization: newId<OrganizationId>(), kind: "command", id: "test", requestId: null };
const write = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
const db = ctx.db.of(actor.organization);
const [okta, entra] = await write(async (tx) => {
  await createOrganization(tx, { key: "acme" });
  return [
    await addDirectory(tx, { name: "okta", kind: "scim" }),
    await addDirectory(tx, { name: "entra", kind: "scim" }),
  ] as const;
});

test("a client is found by its id, its secret and its directory together, and only SHA-256 is stored", async () => {
  const { id, secret } = await write((tx) => createClient(tx, okta.id, { name: "Okta" }));
  const other = await write((tx) => createClient(tx, okta.id, {}));
  expect(secret).toMatch(/^mst_cli_[0-9A-Za-z]{49}$/);
  expect(await findClient(ctx.db, okta.id, id, secret)).toEqual({ organization: actor.organization, id });
  for (const [directory, client, text] of [
    [entra.id, id, secret],
    [okta.id, other.id, secret],
    [okta.id, newId<OAuthClientId>(), secret],
    [okta.id, id, other.secret],
    [okta.id, id, newTokenText("cli")],
    [okta.id, id, secret.slice(0, -1)],
    [okta.id, id, ""],
  ] as const)
    expect(await findClient(ctx.db, directory, client, text)).toBeUndefined();
  const rows = await db.query<{ secret_hash: Buffer }>({
    text: "select secret_hash from oauth_clients where organization = $1 and id = $2",
    values: [actor.organization, id],
  });
  expect(rows.map((row) => row.secret_hash.equals(hashToken(secret)))).toEqual([true]);
});

test("its secret is no token, and no token is its secret", async () => {
  const { id, secret } = await write((tx) => createClient(tx, okta.id, {}));
  const { token } = await write((tx) => createToken(tx, { directory: okta.id }));
  expect(await findToken(ctx.db, secret)).toBeUndefined();
  expect(await findClient(ctx.db, okta.id, id, token)).toBeUndefined();
});

test("it gets ordinary tokens for an hour, with its scopes or fewer, never more", async () => {
  const { id } = await write((tx) => createClient(tx, okta.id, { scopes: ["users:read", "users:write"] }));
  const all = await write((tx) => grantToken(tx, okta.id, id, []));
  const fewer = await write((tx) => grantToken(tx, okta.id, id, ["users:read"]));
  expect(all).toMatchObject({ expiresIn: 3_600, scopes: ["users:read", "users:write"] });
  expect(await findToken(ctx.db, fewer?.token ?? "")).toMatchObject({
    directory: okta.id,
    client: id,
    scopes: ["users:read"],
    expiresIn: expect.closeTo(3_600, -2),
  });
  for (const wanted of [["groups:read"], ["users:read", "me"], ["everything"]])
    await expect(write((tx) => grantToken(tx, okta.id, id, wanted))).rejects.toMatchObject({ code: "invalid-value" });
  const free = await write((tx) => createClient(tx, okta.id, {}));
  expect(await write((tx) => grantToken(tx, okta.id, free.id, []))).toMatchObject({
    scopes: ["users:read", "users:write", "groups:read", "groups:write"],
  });
  await expect(write((tx) => grantToken(tx, okta.id, free.id, ["me"]))).rejects.toMatchObject({
    code: "invalid-value",
  });
});

test("its tokens stand with it in the list of clients, not among the directory's own", async () => {
  const { id } = await write((tx) => createClient(tx, entra.id, { name: "Entra" }));
  await write((tx) => grantToken(tx, entra.id, id, []));
  await write((tx) => grantToken(tx, entra.id, id, []));
  expect(await listClients(db, entra.id)).toEqual([
    { id, name: "Entra", scopes: null, createdAt: expect.any(Date), liveTokens: 2, lastUsedAt: null },
  ]);
  expect(await listTokens(db, entra.id)).toEqual([]);
});

test("it ends with all its tokens at once, and gets no more", async () => {
  const { id, secret } = await write((tx) => createClient(tx, okta.id, {}));
  const { token } = (await write((tx) => grantToken(tx, okta.id, id, [])))!;
  expect(await findToken(ctx.db, token)).toBeDefined();
  await write((tx) => revokeClient(tx, id));
  await until("its token is refused", 60, async () => (await findToken(ctx.db, token)) === undefined);
  expect(await findClient(ctx.db, okta.id, id, secret)).toBeUndefined();
  expect(await write((tx) => grantToken(tx, okta.id, id, []))).toBeUndefined();
  await expect(write((tx) => revokeClient(tx, id))).rejects.toMatchObject({ code: "not-found" });
});

test("no token slips through while its client is being revoked, whichever comes first", async () => {
  const none = { lock: "none" } as const;
  const { id } = await write((tx) => createClient(tx, okta.id, {}));
  const [granted, hold] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const grant = inTransaction(
    ctx,
    actor,
    async (tx) => {
      const made = await grantToken(tx, okta.id, id, []);
      granted.resolve();
      await hold.promise;
      return made;
    },
    none,
  );
  await granted.promise;
  const revoke = inTransaction(ctx, actor, (tx) => revokeClient(tx, id), none);
  await until("the revocation waits for the grant", 60, async () => (await waiting()) === 1);
  hold.resolve();
  await revoke;
  expect(await findToken(ctx.db, (await grant)?.token ?? "")).toBeUndefined();

  const second = await write((tx) => createClient(tx, okta.id, {}));
  const [revoked, wait] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const revokeFirst = inTransaction(
    ctx,
    actor,
    async (tx) => {
      await revokeClient(tx, second.id);
      revoked.resolve();
      await wait.promise;
    },
    none,
  );
  await revoked.promise;
  const late = inTransaction(ctx, actor, (tx) => grantToken(tx, okta.id, second.id, []), none);
  await until("the grant waits for the revocation", 60, async () => (await waiting()) === 1);
  wait.resolve();
  await revokeFirst;
  expect(await late).toBeUndefined();
});

test("rotating the directory's token without an overlap ends a client's tokens too, but not the client", async () => {
  const { id, secret } = await write((tx) => createClient(tx, okta.id, {}));
  const { token } = (await write((tx) => grantToken(tx, okta.id, id, [])))!;
  await write((tx) => rotateDirectoryToken(tx, okta.id, 0));
  expect(await findToken(ctx.db, token)).toBeUndefined();
  expect(await findClient(ctx.db, okta.id, id, secret)).toBeDefined();
});

test("expired tokens of clients are removed; those of directories stay for the record", async () => {
  const { id } = await write((tx) => createClient(tx, okta.id, {}));
  await write((tx) => grantToken(tx, okta.id, id, []));
  const own = await write((tx) => createToken(tx, { directory: okta.id }));
  const live = await write((tx) => grantToken(tx, okta.id, id, []));
  await statements(ctx.database.superuserUrl, [
    `update muster.tokens set expires_at = now() where client is distinct from null and hash <> '\\x${hashToken(live?.token ?? "").toString("hex")}'`,
    `update muster.tokens set expires_at = now() where id = '${own.id}'`,
  ]);
  expect(await write(pruneClientTokens)).toBeGreaterThan(0);
  expect(await write(pruneClientTokens)).toBe(0);
  expect(await findToken(ctx.db, live?.token ?? "")).toMatchObject({ client: id });
  const rows = await db.query({
    text: "select 1 from tokens where organization = $1 and id = $2",
    values: [actor.organization, own.id],
  });
  expect(rows).toHaveLength(1);
});

test("what was done with clients stands in the audit, without a secret", async () => {
  const { id, secret } = await write((tx) => createClient(tx, okta.id, { name: "Audited" }));
  const { token } = (await write((tx) => grantToken(tx, okta.id, id, [])))!;
  await write((tx) => revokeClient(tx, id));
  const rows = await db.query<{ action: string; detail: object }>({
    text: "select action, detail from audit where organization = $1 and (subject = $2 or detail ->> 'client' = $2::text) order by id",
    values: [actor.organization, id],
  });
  expect(rows.map((row) => row.action)).toEqual(["oauth-client.created", "token.created", "oauth-client.revoked"]);
  for (const text of [secret, token]) expect(JSON.stringify(rows)).not.toContain(text);
});

/** Sessions of this database that wait for a lock. */
async function waiting(): Promise<number> {
  const [row] = await statements<{ count: number }>(ctx.database.superuserUrl, [
    "select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  ]);
  return row?.count ?? 0;
}
