import { expect, test } from "vitest";
import type { AccountId, DirectoryUserId } from "../../../src/db/id.ts";
import { newId } from "../../../src/db/id.ts";
import { simulate, type Tx } from "../../../src/db/transaction.ts";
import { getAccount } from "../../../src/identity/account-overview.ts";
import { addPerson } from "../../../src/identity/accounts/add.ts";
import { findDuplicates } from "../../../src/identity/accounts/duplicates.ts";
import { resolvePerson } from "../../../src/identity/accounts/person.ts";
import { type Repair, repairAddress } from "../../../src/identity/accounts/wrong-address.ts";
import { insertDirectoryUsers } from "../../../src/identity/directory-users/insert.ts";
import { addLocalMembers } from "../../../src/identity/groups.ts";
import { getInvitation } from "../../../src/identity/invitation-pages.ts";
import { editDistance, mistypedProvider } from "../../../src/identity/invitations/near.ts";
import { EVERYTHING } from "../../../src/identity/rights/held.ts";
import type { Held } from "../../../src/identity/rights/permissions.ts";
import { testContext } from "../../harness/postgres.ts";
import { scaled } from "../../harness/scale.ts";
import { asGuest, asUser, company as makeCompany, settings } from "../inviting-company.ts";

const ctx = await testContext();

async function company() {
  const c = await makeCompany(ctx);
  const add = (email: string, displayName?: string) => c.write((tx) => addPerson(tx, { email, displayName }));
  const work = (account: AccountId, right: string, repair?: Repair) => (tx: Tx) =>
    repairAddress(tx, settings, [EVERYTHING], { account, right, repair, notify: false });
  const mend = (account: AccountId, right: string, repair?: Repair) => c.write(work(account, right, repair));
  const wouldMend = (account: AccountId, right: string) =>
    simulate(ctx, c.actor, work(account, right), { lock: "exclusive" });
  const duplicates = async () =>
    (await findDuplicates(c.db, { skip: 0, limit: 100 })).map(
      ({ reasons, accounts }) => `${accounts.map(({ userName }) => userName).sort()} ${reasons}`,
    );
  return { ...c, add, mend, wouldMend, duplicates };
}

/** People of a directory, who may share an address. */
async function outside(c: Awaited<ReturnType<typeof company>>, people: readonly { userName: string; email: string }[]) {
  await c.write((tx) =>
    insertDirectoryUsers(
      tx,
      c.okta,
      people.map((one) => ({
        ...one,
        id: newId<DirectoryUserId>(),
        immutableId: null,
        externalId: null,
        active: true,
        displayName: null,
        resource: {},
        contentHash: null,
      })),
    ),
  );
}

test("R169, R172: people who are there twice are found, by address, alias, name and near spelling, and others are not", async () => {
  const c = await company();
  await c.add("ann.smith@x.example", "Ann Smith");
  await c.add("asmith@x.example", "ANN SMITH");
  await c.add("bob.jones@x.example");
  await c.add("bob.jomes@x.example");
  await c.add("carol+news@x.example");
  await c.add("carol@x.example");
  await c.add("dan.brown@gmail.com");
  await c.add("danbrown@gmail.com");
  await c.add("ann.smith@y.example", "Ann Smith");
  await c.add("user17@x.example");
  await c.add("user18@x.example");
  await outside(c, [
    { userName: "e1", email: "eve@acme.example" },
    { userName: "e2", email: "eve@acme.example" },
  ]);
  expect(await c.duplicates()).toEqual([
    "e1,e2 same-address,alias-address",
    "dan.brown@gmail.com,danbrown@gmail.com alias-address,near-address",
    "carol+news@x.example,carol@x.example alias-address",
    "ann.smith@x.example,asmith@x.example same-name",
    "bob.jomes@x.example,bob.jones@x.example near-address",
  ]);
});

test("R169: of many who are alike the answer grows with their number and not with its square, page by page", async () => {
  const c = await company();
  const many = scaled(2_000);
  await outside(
    c,
    Array.from({ length: many }, (_, index) => ({ userName: `shared-${index}`, email: "office@acme.example" })),
  );
  const all = await findDuplicates(c.db, { skip: 0, limit: many * 2 });
  expect(all).toHaveLength(many - 1);
  const second = await findDuplicates(c.db, { skip: 50, limit: 50 });
  expect(second).toEqual(all.slice(50, 100));
});

test("R172: a probable mistake in an address is told before sending and after, and refuses nothing", async () => {
  const c = await company();
  await c.add("ann.smith@x.example");
  await c.add("bob@gmail.com");
  const typed = [
    "ann.smyth@x.example",
    "new@gmial.com",
    "bob+1@gmail.com",
    "quite.other@x.example",
    "ann.smith@x.example",
  ];
  const wanted = { emails: typed, roles: asUser(c.wiki), notify: false };
  const told = async (work: typeof c.ask | typeof c.preview) =>
    (await work(wanted)).results.map(({ verdict, warnings }) => [
      verdict,
      ...warnings.map((one) => `${one.code} ${one.suggestion}`),
    ]);
  const expected = [
    ["invited", "near-to ann.smith@x.example"],
    ["invited", "mistyped-domain new@gmail.com"],
    ["invited", "alias-of bob@gmail.com"],
    ["invited"],
    ["invited"],
  ];
  expect(await told(c.preview)).toEqual(expected);
  expect(await told(c.ask)).toEqual(expected);
  // Who may not see the organization's people learns of none of them.
  const inviter: Held[] = [{ permissions: new Set(["invitations:write"]), scope: { kind: "organization" } }];
  const { results } = await c.ask({ ...wanted, emails: ["anm.smith@x.example", "b@gmial.com"] }, inviter);
  expect(results.map(({ warnings }) => warnings.map(({ code }) => code))).toEqual([[], ["mistyped-domain"]]);
});

test("R172: edits are counted as people make them, and a provider is no other one's mistake", () => {
  const cases: [string, string, number][] = [
    ["ann", "ann", 0],
    ["anm", "ann", 1],
    ["nan", "ann", 1],
    ["gmial.com", "gmail.com", 1],
    ["smith", "smyht", 2],
    ["abc", "xyz", 3],
    ["short", "much-longer", 3],
    ["", "ab", 2],
  ];
  for (const [a, b, distance] of cases) {
    expect([a, b, editDistance(a, b, 2)]).toEqual([a, b, distance]);
    expect([b, a, editDistance(b, a, 2)]).toEqual([b, a, distance]);
  }
  expect(["gmial.com", "gmail.co", "hotmial.com", "outlok.com", "yaho.com"].map(mistypedProvider)).toEqual([
    "gmail.com",
    "gmail.com",
    "hotmail.com",
    "outlook.com",
    "yahoo.com",
  ]);
  for (const right of ["gmail.com", "ymail.com", "mail.com", "acme.example", "example.com", "gmx.at"])
    expect([right, mistypedProvider(right)]).toEqual([right, undefined]);
});

test("R173, R170: an open invitation to a wrong address is corrected, and no second account is left", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["anm@x.example"], roles: asUser(c.wiki), notify: false });
  const wrong = results[0]?.account as AccountId;
  const old = await c.link(results[0]);
  expect(await c.wouldMend(wrong, "ann@x.example")).toMatchObject({ repair: "correct-invitation", right: null });
  expect((await getAccount(c.db, wrong)).userName).toBe("anm@x.example");
  expect(await c.mend(wrong, "ann@x.example")).toMatchObject({ repair: "correct-invitation", wrong });
  expect(await c.open(old)).toBe("closed");
  expect(await c.open(await c.link(results[0]))).toBe("accepted");
  const people = await c.db.query({
    text: "select id from accounts where organization = $1",
    values: [c.organization],
  });
  expect(people).toEqual([{ id: wrong }]);
});

test("R170, R172: who uses the account already is asked for the right mailbox; who is there under it is merged with what was offered", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["anm@x.example"], roles: asUser(c.wiki), notify: false });
  const wrong = results[0]?.account as AccountId;
  await c.open(await c.link(results[0]));
  expect(await c.mend(wrong, "anne@x.example")).toMatchObject({ repair: "change-address", change: expect.any(String) });
  const right = await c.add("ann@x.example");
  expect(await c.mend(wrong, "ann@x.example")).toMatchObject({
    repair: "merge",
    right,
    facts: [{ name: "wiki users" }],
  });
  expect(await c.roleOf(right)).toBe("user true");

  const { results: open } = await c.ask({ emails: ["bop@x.example"], roles: asUser(c.wiki), notify: false });
  const bob = await c.add("bob@x.example");
  const mended = await c.mend(open[0]?.account as AccountId, "bob@x.example");
  expect(mended).toMatchObject({ repair: "merge", right: bob, invitation: expect.any(String) });
  expect(await getInvitation(c.db, mended.invitation as never)).toMatchObject({
    email: "bob@x.example",
    state: "pending",
    groups: [{ name: "wiki users" }],
  });
  await expect(c.mend(bob, "bob@x.example")).rejects.toMatchObject({ code: "invalid" });
  await expect(c.mend(open[0]?.account as AccountId, "x@x.example")).rejects.toMatchObject({ code: "merged" });
});

test("R170, R171: a stranger's account loses what the right address is invited to, and stays what it is", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["stranger@x.example"], ...asGuest(c), notify: false });
  const stranger = results[0]?.account as AccountId;
  await c.open(await c.link(results[0]));
  expect(await c.roleOf(stranger)).toBe("guest true");
  const mended = await c.mend(stranger, "ann@x.example", "reinvite");
  expect(mended).toMatchObject({ repair: "reinvite", why: "it was asked for", mail: null });
  expect(await c.roleOf(stranger)).toBe("null false");
  expect(await getAccount(c.db, stranger)).toMatchObject({ userName: "stranger@x.example" });
  const invitation = await getInvitation(c.db, mended.invitation as never);
  expect(invitation).toMatchObject({
    email: "ann@x.example",
    spaces: [{ space: "docs" }],
    groups: [{ name: "wiki guests" }],
  });
  expect(await c.open(await c.link({ invitation: mended.invitation } as never))).toBe("accepted");
  expect(await c.roleOf(await resolvePerson(c.db, "ann@x.example"))).toBe("guest true");
});

test("R170: of somebody whom a directory owns only what was given here goes over", async () => {
  const c = await company();
  await outside(c, [{ userName: "pat", email: "pat@acme.example" }]);
  const pat = await resolvePerson(c.db, "pat");
  await c.write((tx) => addLocalMembers(tx, c.groups.user, [pat]));
  expect(await c.mend(pat, "pam@x.example")).toMatchObject({ repair: "reinvite" });
  expect(await c.roleOf(pat)).toBe("null false");
});
