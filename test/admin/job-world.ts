import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";
import { adminRouter } from "../../src/admin/router.ts";
import type { Context } from "../../src/context.ts";
import { type AccountId, type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { makeApp } from "../../src/http/app.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import type { Permission } from "../../src/identity/rights/permissions.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { runJob } from "../../src/jobs/run-job.ts";
import { checkAnswer } from "../harness/api.ts";

/** The administration API over this context; closed after the file. */
export async function serveApi(ctx: Context): Promise<string> {
  const server = createServer(makeApp(ctx, [{ path: "/api/v1", router: adminRouter }], { draining: false }));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
}

let number = 0;

/** An organization with these people in a SCIM directory; the first half has a role on a product. */
export async function company(
  ctx: Context,
  api: string,
  people: readonly { userName: string; displayName?: string }[],
) {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "system", id: null, requestId: null };
  const write = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive"): Promise<T> =>
    inTransaction(ctx, actor, work, { lock });
  const { token } = await write(async (tx) => {
    await createOrganization(tx, { key: `acme-${++number}` });
    return createToken(tx, { administration: true });
  });
  const accounts = await write(async (tx) => {
    const directory = await addDirectory(tx, { name: "okta", kind: "scim" });
    const inputs = people.map(({ userName, displayName }) => ({
      id: newId<DirectoryUserId>(),
      immutableId: null,
      externalId: null,
      userName,
      active: true,
      email: `u${newId<never>() as string}@acme.example`,
      displayName: displayName ?? null,
      resource: {},
      contentHash: null,
    }));
    await insertDirectoryUsers(tx, directory.id, inputs);
    const rows = await tx.query<{ id: AccountId }>({
      text: "select id from accounts where organization = $1 order by id",
      values: [organization],
    });
    const product = await createProduct(tx, await resolveSite(tx, undefined), { key: "wiki" });
    const group = await createLocalGroup(tx, "users");
    await grantRole(tx, { group: group.id, product: product.id, role: "user" });
    const ids = rows.map((row) => row.id);
    await addLocalMembers(tx, group.id, ids.slice(0, Math.ceil(ids.length / 2)));
    return ids;
  });
  /** Held against the API's document. */
  const ask = async (method: string, path: string, body?: unknown, as = token) => {
    const url = new URL(`${api}${path}`);
    const init = {
      method,
      headers: { authorization: `Bearer ${as}`, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    };
    const response = await fetch(url, init);
    const text = await response.clone().text();
    checkAnswer(method, url, init, response, text);
    const isJson = /json$/.test(response.headers.get("content-type")?.split(";")[0] ?? "");
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
  };
  const tokenFor = (...permissions: Permission[]) =>
    write(async (tx) => (await createToken(tx, { administration: true, permissions })).token, "none");
  /** One turn of the job, as a worker takes it. */
  const run = (job: string) => runJob(ctx, { organization, job }, undefined);
  return { organization, accounts, token, ask, write, run, tokenFor, db: ctx.db.of(organization) };
}
