import { expect, test } from "vitest";
import { type AccountId, type DirectoryUserId, newId } from "../../../src/db/id.ts";
import { simulate } from "../../../src/db/transaction.ts";
import { getAccount, listAccounts } from "../../../src/identity/account-overview.ts";
import { addPerson } from "../../../src/identity/accounts/add.ts";
import { confirmAccount } from "../../../src/identity/accounts/confirm.ts";
import { mergeAccounts } from "../../../src/identity/accounts/merge.ts";
import { resolvePerson } from "../../../src/identity/accounts/person.ts";
import { suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { unmergeAccount } from "../../../src/identity/accounts/unmerge.ts";
import { insertDirectoryUsers } from "../../../src/identity/directory-users/insert.ts";
import { getDirectoryUser } from "../../../src/identity/directory-users/read.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { addLocalMembers } from "../../../src/identity/groups.ts";
import { assignGuest, listGuestAssignments } from "../../../src/identity/guests.ts";
import { EVERYTHING, heldByAccount } from "../../../src/identity/rights/held.ts";
import type { Held } from "../../../src/identity/rights/permissions.ts";
import { giveRight, listRights } from "../../../src/identity/rights/rights.ts";
import { beginSession, findSession } from "../../../src/identity/sessions.ts";
import { createToken, findToken } from "../../../src/identity/tokens.ts";
import { testContext } from "../../harness/postgres.ts";
import { asUser, company as makeCompany } from "../inviting-company.ts";

const ctx = await testContext();

/** A company with two accounts of one person, and one of somebody else. */
async function company(product = {}) {
  const c = await makeCompany(ctx, product);
  const add = (name: string) => c.write((tx) => addPerson(tx, { email: `${name}@x.example` }));
  const [wrong, right, eve] = [await add("anm"), await add("ann"), await add("eve")];
  const merge = (from = wrong, to = right, held: readonly Held[] = [EVERYTHING]) =>
    c.write((tx) => mergeAccounts(tx, held, { from, to }));
  const preview = (from = wrong, to = right) =>
    simulate(ctx, c.actor, (tx) => mergeAccounts(tx, [EVERYTHING], { from, to }), { lock: "exclusive" });
  const unmerge = (from = wrong, held: readonly Held[] = [EVERYTHING]) =>
    c.write((tx) => unmergeAccount(tx, held, from));
  const join = (account: AccountId, group = c.groups.user) => c.write((tx) => addLocalMembers(tx, group, [account]));
  const outside = async (userName: string, directory = c.okta) => {
    const id = newId<DirectoryUserId>();
    const facts = { immutableId: null, externalId: null, userName, active: true, email: `${userName}@acme.example` };
    await c.write((tx) =>
      insertDirectoryUsers(tx, directory, [{ id, ...facts, displayName: null, resource: {}, contentHash: null }]),
    );
    return { id, account: await resolvePerson(c.db, userName) };
  };
  const administrator = (account: AccountId) =>
    c.write((tx) =>
      giveRight(tx, [EVERYTHING], { account, bundle: "organization-administrator", scope: { kind: "organization" } }),
    );
  return { ...c, wrong, right, eve, merge, preview, unmerge, join, outside, administrator };
}

test("R169, C16: what was given to the wrong account is the right one's, told before it is done; the wrong one is a tombstone", async () => {
  const c = await company();
  const [record] = (await getAccount(c.db, c.wrong)).records;
  await c.join(c.wrong);
  await c.write((tx) =>
    assignGuest(tx, { account: c.eve, space: c.docs, permission: "read-only", expiresAt: null, sponsor: c.wrong }),
  );
  await c.db.query({
    text: "update accounts set first_access_at = '2026-01-01T00:00:00Z' where organization = $1 and id = $2",
    values: [c.organization, c.wrong],
  });
  const told = await c.preview();
  expect(await getAccount(c.db, c.wrong)).toMatchObject({ userName: "anm@x.example" });
  expect(told).toMatchObject({
    facts: [
      { kind: "group", name: "wiki users", outcome: "moved" },
      { kind: "sponsored-guest", outcome: "moved" },
    ],
    access: [{ product: "wiki", before: { role: null, allowed: false }, after: { role: "user", allowed: true } }],
    seats: [],
  });
  expect(told.fields).toContainEqual({
    field: "email",
    from: "anm@x.example",
    to: "ann@x.example",
    result: "ann@x.example",
  });
  expect(told.fields).toContainEqual(
    expect.objectContaining({ field: "firstAccessAt", to: null, result: "2026-01-01T00:00:00.000Z" }),
  );

  const done = await c.merge();
  expect({ ...done, undoUntil: null }).toEqual({ ...told, undoUntil: null });
  expect(await c.roleOf(c.right)).toBe("user true");
  expect((await listGuestAssignments(c.db, c.eve))[0]?.sponsor).toBe(c.right);
  const gone = { code: "merged", mergedInto: c.right };
  await expect(getAccount(c.db, c.wrong)).rejects.toMatchObject(gone);
  await expect(resolvePerson(c.db, c.wrong)).rejects.toMatchObject(gone);
  await expect(resolvePerson(c.db, "anm@x.example")).rejects.toMatchObject({ code: "not-found" });
  const listed = await listAccounts(c.db, { filter: null, after: null, limit: 10 });
  expect(listed.map(({ id }) => id)).toEqual([c.right, c.eve]);
  const internal = await c.db.query<{ id: never }>({
    text: "select id from directories where organization = $1 and kind = 'internal'",
    values: [c.organization],
  });
  expect(await getDirectoryUser(c.db, internal[0]?.id as never, record?.id as never)).toBeUndefined();
  const events = await c.db.query({
    text: "select subject, data ->> 'from' as from, data ->> 'to' as to from outbox where organization = $1 and kind = 'account.merged'",
    values: [c.organization],
  });
  expect(events).toEqual([{ subject: c.wrong, from: c.wrong, to: c.right }]);
});

test("R169: nobody who could act as the account that goes acts as the one that stays; rights wait for a confirmation", async () => {
  const c = await company();
  await c.administrator(c.eve);
  await c.administrator(c.wrong);
  const record = (await getAccount(c.db, c.wrong)).records[0]?.id as DirectoryUserId;
  const session = await c.write((tx) =>
    beginSession(
      tx,
      { account: c.wrong, record },
      { method: "password", authenticated: "now", address: null },
      { idle: 600, longest: 600 },
    ),
  );
  const token = await c.write((tx) => createToken(tx, { administration: true, owner: c.wrong }));
  await c.db.query({
    text: `insert into single_sign_on_bindings (organization, issuer, subject, account, record) values ($1, 'i', 's', $2, $3)`,
    values: [c.organization, c.wrong, record],
  });
  const { facts } = await c.merge();
  expect(facts.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual([
    "right moved-waits",
    "token lost",
    "sign-in lost",
    "sign-in lost",
  ]);
  expect(await findSession(ctx.db, session.token)).toBeUndefined();
  expect(await findToken(ctx.db, token.token)).toBeUndefined();
  const bound = await c.db.query({
    text: "select account from single_sign_on_bindings where organization = $1",
    values: [c.organization],
  });
  expect(bound).toEqual([]);
  expect(await heldByAccount(c.db, c.right)).toEqual([]);
  await expect(c.write((tx) => confirmAccount(tx, c.right, []))).rejects.toMatchObject({ code: "not-allowed" });
  await c.write((tx) => confirmAccount(tx, c.right, [EVERYTHING]));
  expect(await heldByAccount(c.db, c.right)).toHaveLength(1);
});

test("R169: an open invitation to the wrong mailbox opens nothing of the right account", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ivx@x.example"], roles: asUser(c.wiki), notify: false });
  const link = await c.link(results[0]);
  const { facts } = await c.merge(results[0]?.account as AccountId);
  expect(facts).toMatchObject([{ kind: "invitation", outcome: "lost" }]);
  expect(await c.open(link)).toBe("closed");
  expect(await c.roleOf(c.right)).toBe("null false");
});

test("R169, R11: whoever may edit people merges nobody whose rights or groups they could not give themselves", async () => {
  const c = await company();
  const editor: Held[] = [{ permissions: new Set(["users:read", "users:write"]), scope: { kind: "organization" } }];
  await c.join(c.wrong, c.groups.admin);
  await expect(c.merge(c.wrong, c.right, editor)).rejects.toMatchObject({ code: "not-allowed" });
  const other = await company();
  await other.administrator(other.eve);
  await other.administrator(other.wrong);
  await expect(other.merge(other.wrong, other.right, editor)).rejects.toMatchObject({ code: "not-allowed" });
  await expect(other.merge(other.right, other.wrong, editor)).rejects.toMatchObject({ code: "not-allowed" });
  const plain = await company();
  expect((await plain.merge(plain.wrong, plain.right, editor)).facts).toEqual([]);
});

test("R169: a merge leaves an administrator, and ends no suspension", async () => {
  const c = await company();
  await c.administrator(c.wrong);
  await expect(c.merge()).rejects.toMatchObject({ code: "conflict" });
  expect((await listRights(c.db, { account: c.wrong, within: null, after: null, limit: 5 }))[0]?.inForce).toBe(true);
  await c.write((tx) => suspendAccount(tx, c.eve, null));
  await expect(c.merge(c.eve)).rejects.toMatchObject({ code: "conflict", at: "from" });
  await expect(c.merge(c.right, c.eve)).rejects.toMatchObject({ code: "conflict", at: "to" });
  await expect(c.merge(c.right, c.right)).rejects.toMatchObject({ code: "invalid" });
  await expect(c.merge(newId(), c.right)).rejects.toMatchObject({ code: "not-found", at: "from" });
});

test("C16: two people of directories are not merged, and the refusal says the way out; one of internal goes into one of a directory", async () => {
  const c = await company();
  const pat = await c.outside("pat");
  const pam = await c.outside("pam");
  await expect(c.merge(pat.account, pam.account)).rejects.toThrow(/okta holds both .* take pat out of okta there/);
  await expect(c.merge(pat.account, c.right)).rejects.toThrow(/would bring it back; merge the other way round/);
  await c.join(c.wrong);
  await c.merge(c.wrong, pat.account);
  expect(await c.roleOf(pat.account)).toBe("user true");
  await c.join(pam.account, c.groups.admin);
  await c.write((tx) => removeDirectoryUsers(tx, c.okta, [pam.id]));
  await c.merge(pam.account, pat.account);
  expect(await c.roleOf(pat.account)).toBe("admin true");
  // Their directory brings the name back: it is somebody new, to whom nothing was given.
  const again = await c.outside("pam");
  expect(again.account).not.toBe(pam.account);
  expect(await c.roleOf(again.account)).toBe("null false");
});

test("R133: of two spaces of one product the one that stays stays, and the other is told as lost", async () => {
  const c = await company();
  const assign = (account: AccountId, space = c.docs) =>
    c.write((tx) => assignGuest(tx, { account, space, permission: "read-only", expiresAt: null, sponsor: null }));
  await assign(c.wrong);
  await assign(c.right, c.other);
  expect((await c.merge()).facts).toMatchObject([{ kind: "space", name: "wiki/docs", outcome: "lost" }]);
  expect(await listGuestAssignments(c.db, c.right)).toMatchObject([{ space: c.other }]);
  const d = await company();
  await d.write((tx) =>
    assignGuest(tx, { account: d.wrong, space: d.docs, permission: "read-only", expiresAt: null, sponsor: null }),
  );
  expect((await d.merge()).facts).toMatchObject([{ kind: "space", outcome: "moved" }]);
  expect(await listGuestAssignments(d.db, d.right)).toMatchObject([{ space: d.docs }]);
});

test("R143: the person keeps the seat, though somebody waits for it", async () => {
  const c = await company({ seats: 1, seatEnforcement: "block" });
  await c.join(c.wrong);
  await c.join(c.eve);
  expect([await c.roleOf(c.wrong), await c.roleOf(c.eve)]).toEqual(["user true", "user false"]);
  await c.merge();
  expect([await c.roleOf(c.right), await c.roleOf(c.eve)]).toEqual(["user true", "user false"]);
});

test("R169: merges at once and in a circle end in one account; a chain is followed to its end", async () => {
  const c = await company();
  const answers = await Promise.allSettled([
    c.merge(c.wrong, c.right),
    c.merge(c.right, c.wrong),
    c.merge(c.wrong, c.right),
  ]);
  expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const answer of answers)
    if (answer.status === "rejected") expect(answer.reason).toMatchObject({ code: "merged" });
  const [left, other] = await listAccounts(c.db, { filter: null, after: null, limit: 10 });
  expect([left?.id, other?.id]).toContain(c.eve);
  const standing = left?.id === c.eve ? (other?.id as AccountId) : (left?.id as AccountId);
  const first = standing === c.right ? c.wrong : c.right;
  await c.merge(standing, c.eve);
  await expect(getAccount(c.db, first)).rejects.toMatchObject({ code: "merged", mergedInto: c.eve });
  await expect(c.merge(c.eve, first)).rejects.toMatchObject({ code: "merged" });
  await expect(c.unmerge(first)).rejects.toMatchObject({ code: "conflict" });
  await c.unmerge(standing);
  await c.unmerge(first);
  expect(await listAccounts(c.db, { filter: null, after: null, limit: 10 })).toHaveLength(3);
});

test("R169: a merge is undone within 30 days as if it had not been, but for what it ended; then no more", async () => {
  const c = await company();
  await c.administrator(c.eve);
  await c.administrator(c.wrong);
  for (const account of [c.wrong, c.right]) await c.join(account);
  await c.join(c.wrong, c.groups.admin);
  await c.merge();
  expect(await c.roleOf(c.right)).toBe("admin true");
  expect(await c.unmerge()).toBe(c.right);
  expect([await c.roleOf(c.wrong), await c.roleOf(c.right)]).toEqual(["admin true", "user true"]);
  expect(await getAccount(c.db, c.wrong)).toMatchObject({ userName: "anm@x.example", email: "anm@x.example" });
  expect(await heldByAccount(c.db, c.wrong)).toHaveLength(1);
  expect(await listRights(c.db, { account: c.right, within: null, after: null, limit: 5 })).toEqual([]);
  await expect(c.unmerge()).rejects.toMatchObject({ code: "not-found" });

  await c.merge();
  await c.write((tx) => addPerson(tx, { email: "anm@x.example" }));
  await expect(c.unmerge()).rejects.toMatchObject({ code: "conflict" });
  const d = await company();
  await d.merge();
  await d.db.query({
    text: "update account_merges set merged_at = merged_at - interval '31 days' where organization = $1",
    values: [d.organization],
  });
  await expect(d.unmerge()).rejects.toMatchObject({ code: "conflict" });
});
