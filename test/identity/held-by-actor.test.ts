import { expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { heldByActor } from "../../src/identity/rights/held-by-actor.ts";
import { holds } from "../../src/identity/rights/permissions.ts";
import { createToken, revokeToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const organization = newId<OrganizationId>();
const db = ctx.db.of(organization);
const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
  inTransaction(ctx, { organization, kind: "system", id: null, requestId: null }, work, { lock: "exclusive" });
const [ann, bob] = await write(async (tx) => {
  await createOrganization(tx, { key: "acme" });
  return [await addAdministrator(tx, "ann@acme.example"), await addAdministrator(tx, "bob@acme.example")];
});
const may = async (kind: Actor["kind"], id: string | null) =>
  holds(await heldByActor(db, { kind, id }), "users:write", { kind: "organization" });

test("a token does what it was made for until it is revoked", async () => {
  const [all, some] = await write(async (tx) => [
    await createToken(tx, { administration: true }),
    await createToken(tx, { administration: true, permissions: ["users:read"] }),
  ]);
  expect([await may("api-token", all.id), await may("api-token", some.id)]).toEqual([true, false]);
  await write((tx) => revokeToken(tx, all.id));
  expect(await may("api-token", all.id)).toBe(false);
});

test("a person's session, and a person's own token, do what the person may by then", async () => {
  const { id: token } = await write((tx) => createToken(tx, { administration: true, owner: bob.id }));
  expect([await may("session", ann.id), await may("session", bob.id), await may("api-token", token)]).toEqual([
    true,
    true,
    true,
  ]);
  await write((tx) => suspendAccount(tx, bob.id, null));
  expect([await may("session", ann.id), await may("session", bob.id), await may("api-token", token)]).toEqual([
    true,
    false,
    false,
  ]);
});

test("who works at the machine may everything; who is unknown, or a directory's, nothing", async () => {
  expect(await may("command", "root")).toBe(true);
  for (const kind of ["session", "api-token", "break-glass", "scim-token", "oauth-client", "sync", "job"] as const)
    expect(await may(kind, newId<never>()), kind).toBe(false);
});
