import { expect, test } from "vitest";
import { type AccountId, newId } from "../../src/db/id.ts";
import { followUpExpired } from "../../src/identity/access/reconcile.ts";
import { getAccount } from "../../src/identity/account-overview.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { addLocalMembers } from "../../src/identity/groups.ts";
import { getInvitation } from "../../src/identity/invitation-pages.ts";
import { approveInvitation, revokeInvitation } from "../../src/identity/invitations/change.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import type { Held } from "../../src/identity/rights/permissions.ts";
import { countSeats } from "../../src/identity/seats.ts";
import { testContext } from "../harness/postgres.ts";
import { person } from "../mail/world.ts";
import { asGuest, asUser, company as makeCompany } from "./inviting-company.ts";

const ctx = await testContext();
const company = (product?: Parameters<typeof makeCompany>[1]) => makeCompany(ctx, product);

test("R28 R29 R30: commas, blanks, line ends and names in any mixture give each address once", async () => {
  const c = await company();
  const { results } = await c.ask({
    emails: [
      'a@x.example, b@x.example c@x.example;\n "Ann Roe" <A@X.example>\r\nBob <d@x.example>,,nonsense',
      "b@x.example",
    ],
  });
  expect(results.map(({ email, typed, verdict }) => `${email ?? typed} ${verdict}`)).toEqual([
    "a@x.example invited",
    "b@x.example invited",
    "c@x.example invited",
    "d@x.example invited",
    "nonsense refused",
  ]);
  expect(await c.mails()).toEqual(["a@x.example", "b@x.example", "c@x.example", "d@x.example"]);
});

test("R31 R32 R33 C12: an eleventh guest is refused with all of them, and the message says limit and count", async () => {
  const c = await company();
  const emails = Array.from({ length: 11 }, (_, index) => `g${index}@x.example`);
  await expect(c.ask({ emails, ...asGuest(c) })).rejects.toMatchObject({ code: "too-many", message: /10 guests.*11/ });
  await expect(c.ask({ emails, groups: [c.groups.guest] })).rejects.toMatchObject({ code: "too-many" });
  expect(await c.mails()).toEqual([]);
  expect(
    await c.db.query({ text: "select id from invitations where organization = $1", values: [c.organization] }),
  ).toEqual([]);
  expect((await c.ask({ emails: emails.slice(1), ...asGuest(c) })).results).toHaveLength(10);
});

test("R1 R34 R39 R78 R79: a stranger is added under the address, invited, and may use nothing before accepting", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ann@x.example"], roles: asUser(c.wiki), notify: false });
  const [ann] = results;
  const account = await getAccount(c.db, ann?.account as AccountId);
  expect(account).toMatchObject({ userName: "ann@x.example", email: "ann@x.example", status: "invited-not-sent" });
  expect(await c.roleOf(account.id)).toBe("null false");
  expect(await c.mails()).toEqual([]);
  const sent = await c.ask({ emails: ["ann@x.example"] });
  expect(sent.results[0]?.invitation).toBe(ann?.invitation);
  expect((await getAccount(c.db, account.id)).status).toBe("invited");
  expect(await c.open(await c.link(ann))).toBe("accepted");
  expect(await c.roleOf(account.id)).toBe("user true");
});

test("R36 R144: what is previewed writes nothing and mails nobody, and tells what the real one tells", async () => {
  const c = await company({ seats: 3 });
  const wanted = { emails: ["ann@x.example"], roles: asUser(c.wiki) };
  const shown = await c.preview(wanted);
  expect(shown.effects).toMatchObject([{ role: "user", use: { seats: { used: 0, pending: 1, limit: 3 } } }]);
  expect(
    await c.db.query({ text: "select id from accounts where organization = $1", values: [c.organization] }),
  ).toEqual([]);
  expect(await c.mails()).toEqual([]);
  const real = await c.ask(wanted);
  expect(real.effects).toEqual(shown.effects);
  expect(real.results[0]?.verdict).toBe(shown.results[0]?.verdict);
});

test("R38: whom a believed directory knows under the address gets it at once; whom none vouches for, with acceptance", async () => {
  const c = await company();
  await c.write((tx) =>
    insertDirectoryUsers(tx, c.okta, [
      person("ada", { email: "ada@acme.example" }),
      person("eve", { email: "eve@elsewhere.example" }),
    ]),
  );
  const emails = ["ada@acme.example eve@elsewhere.example"];
  const { results } = await c.ask({ emails, roles: asUser(c.wiki), notify: false });
  const [ada, eve] = results;
  expect(ada).toMatchObject({ verdict: "given" });
  expect(await c.roleOf(ada?.account ?? null)).toBe("user true");
  expect(eve).toMatchObject({ verdict: "invited" });
  expect(await c.roleOf(eve?.account ?? null)).toBe("null false");
  expect((await c.ask({ emails: ["ada@acme.example"], roles: asUser(c.wiki) })).results[0]?.verdict).toBe("member");
});

test("R37: suspended and deactivated people, several of one address and taken names each get their own verdict", async () => {
  const c = await company();
  await c.write(async (tx) => {
    await insertDirectoryUsers(tx, c.okta, [
      person("off", { email: "off@x.example", active: false }),
      person("one", { email: "both@x.example" }),
      person("two", { email: "both@x.example" }),
      person("named@x.example", { email: "elsewhere@x.example" }),
    ]);
  });
  const { results } = await c.ask({ emails: ["off@x.example both@x.example named@x.example"], roles: asUser(c.wiki) });
  expect(results.map((one) => [one.verdict, "code" in one ? one.code : null])).toEqual([
    ["refused", "deactivated"],
    ["needs-review", "several-accounts"],
    ["needs-review", "name-taken"],
  ]);
  expect(await c.mails()).toEqual([]);
  const two = await c.db.query<{ id: AccountId }>({
    text: "select id from accounts where organization = $1 and user_name_key = 'two'",
    values: [c.organization],
  });
  const review = results[1]?.invitation as never;
  await expect(c.write((tx) => approveInvitation(tx, [EVERYTHING], review, null))).rejects.toMatchObject({
    code: "invalid",
  });
  await c.write((tx) => approveInvitation(tx, [EVERYTHING], review, two[0]?.id as AccountId), "shared");
  expect(await c.roleOf(two[0]?.id ?? null)).toBe("user true");
});

test("R23: while people are managed outside nobody is invited, and the refusal names the setting", async () => {
  const c = await company();
  await c.db.query({
    text: "update organizations set external_user_management = true where id = $1",
    values: [c.organization],
  });
  await expect(c.ask({ emails: ["a@x.example"] })).rejects.toMatchObject({
    code: "externally-managed",
    setting: { name: "externalUserManagement" },
  });
  await c.db.query({
    text: "update organizations set external_user_management = false where id = $1",
    values: [c.organization],
  });
  expect((await c.ask({ emails: ["a@x.example"] })).results[0]?.verdict).toBe("invited");
});

test("R165: whose directory is read-only is put into no group, and the others of the same request are", async () => {
  const c = await company();
  await c.write(async (tx) => {
    await insertDirectoryUsers(tx, c.okta, [person("ada", { email: "ada@acme.example" })]);
    await tx.query({
      text: "update directories set permissions = 'read-only' where organization = $1 and id = $2",
      values: [c.organization, c.okta],
    });
  });
  const { results } = await c.ask({ emails: ["ada@acme.example new@x.example"], roles: asUser(c.wiki) });
  expect(results.map((one) => [one.verdict, "code" in one ? one.code : null])).toEqual([
    ["refused", "read-only"],
    ["invited", null],
  ]);
});

test("R42 R43 R48 R49 R50: guest and user of one product are not offered together, and groups tell what they come to", async () => {
  const c = await company();
  const both = [...asUser(c.wiki), { product: c.wiki, role: "guest" as const }];
  await expect(c.preview({ emails: ["a@x.example"], roles: both })).rejects.toMatchObject({ code: "invalid" });
  const only = await c.preview({ emails: ["a@x.example"], groups: [c.groups.guest] });
  expect(only.effects.map(({ role }) => role)).toEqual(["guest"]);
  const mixed = await c.preview({ emails: ["a@x.example"], groups: [c.groups.guest, c.groups.user] });
  expect(mixed.effects.map(({ role }) => role)).toEqual(["user"]);
});

test("R128 R130 R137 R140: a guest's space waits in the invitation, comes with acceptance and stays the only one", async () => {
  const c = await company();
  const until = new Date(Date.now() + 30 * 86_400_000);
  const { results } = await c.ask({ emails: ["gus@x.example"], ...asGuest(c, until), notify: false });
  const [gus] = results;
  expect(await getInvitation(c.db, gus?.invitation as never)).toMatchObject({
    state: "pending",
    spaces: [{ product: "wiki", space: "docs", permission: "read-only", expiresAt: until.toISOString() }],
  });
  expect(await c.open(await c.link(gus))).toBe("accepted");
  expect(await c.roleOf(gus?.account ?? null)).toBe("guest true");
  const elsewhere = [
    { product: c.wiki, space: c.other, permission: "read-only" as const, sponsor: null, expiresAt: null },
  ];
  expect((await c.ask({ emails: ["gus@x.example"], spaces: elsewhere })).results[0]).toMatchObject({
    verdict: "refused",
    code: "second-space",
  });
});

test("R96 R98: a link works once, also for 50 at the same moment", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ann@x.example"], roles: asUser(c.wiki), notify: false });
  const token = await c.link(results[0]);
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => c.open(token)));
  expect(outcomes.filter((outcome) => outcome === "accepted")).toHaveLength(1);
  expect(await c.open(token)).toBe("closed");
});

test("R143: seats and slots that block are never overbooked by invitations, those that are open included", async () => {
  const c = await company({ seats: 2, seatEnforcement: "block", guestBasis: "fixed", guestRatio: 1 });
  await c.ask({ emails: ["a@x.example b@x.example"], roles: asUser(c.wiki), notify: false });
  await expect(c.ask({ emails: ["c@x.example"], roles: asUser(c.wiki) })).rejects.toMatchObject({
    code: "conflict",
    message: /2 seats; 0 are used.*3 would be reserved/,
  });
  await c.ask({ emails: ["g@x.example"], ...asGuest(c), notify: false });
  await expect(c.ask({ emails: ["h@x.example"], ...asGuest(c) })).rejects.toMatchObject({
    message: /room for 1 guests/,
  });
  const pending = await c.db.query<{ id: string }>({
    text: "select id from invitations where organization = $1 and email_key = 'a@x.example'",
    values: [c.organization],
  });
  await c.write((tx) => revokeInvitation(tx, pending[0]?.id as never), "shared");
  expect((await c.ask({ emails: ["c@x.example"], roles: asUser(c.wiki) })).results[0]?.verdict).toBe("invited");
  expect((await countSeats(c.db, null))[0]).toMatchObject({ seats: { used: 0, pending: 2 }, guests: { pending: 1 } });
});

test("R86 R156: accepting uses the invitation's own reservation", async () => {
  const c = await company({ seats: 1, seatEnforcement: "block" });
  const { results } = await c.ask({ emails: ["a@x.example"], roles: asUser(c.wiki), notify: false });
  expect(await c.open(await c.link(results[0]))).toBe("accepted");
  expect(await c.roleOf(results[0]?.account ?? null)).toBe("user true");
  expect((await countSeats(c.db, null))[0]).toMatchObject({ seats: { used: 1, pending: 0 } });
});

test("R86: what an open invitation has reserved nobody else gets, until it is revoked or its time is over", async () => {
  const c = await company({ seats: 1, seatEnforcement: "block" });
  const { results } = await c.ask({ emails: ["a@x.example"], roles: asUser(c.wiki), notify: false });
  await c.write((tx) => insertDirectoryUsers(tx, c.okta, [person("ada"), person("bob")]));
  const [ada, bob] = await Promise.all(["ada", "bob"].map((name) => resolvePerson(c.db, name)));
  await c.write((tx) => addLocalMembers(tx, c.groups.user, [ada as AccountId]), "shared");
  expect(await c.roleOf(ada as AccountId)).toBe("user false");
  await c.write((tx) => revokeInvitation(tx, results[0]?.invitation as never), "shared");
  expect(await c.roleOf(ada as AccountId)).toBe("user true");
  await c.write((tx) => addLocalMembers(tx, c.groups.user, [bob as AccountId]), "shared");
  await c.write((tx) =>
    tx.query({ text: "update products set seats = 3 where organization = $1", values: [c.organization] }),
  );
  await c.ask({ emails: ["b@x.example c@x.example"], roles: asUser(c.wiki), notify: false }).catch(() => {});
  await c.ask({ emails: ["b@x.example"], roles: asUser(c.wiki), notify: false });
  await c.db.query({
    text: "update invitations set expires_at = now() - interval '1 minute' where organization = $1",
    values: [c.organization],
  });
  await c.write(followUpExpired, "shared");
  expect(await c.roleOf(bob as AccountId)).toBe("user true");
});

test("R11: nobody offers more than they hold, neither now nor when it is accepted", async () => {
  const c = await company();
  const trusted: Held[] = [{ permissions: new Set(["invitations:write"]), scope: { kind: "product", id: c.wiki } }];
  await expect(c.ask({ emails: ["a@x.example"], ...asGuest(c) }, trusted)).rejects.toMatchObject({
    code: "not-allowed",
  });
  await expect(c.ask({ emails: ["a@x.example"], groups: [c.groups.admin] }, trusted)).rejects.toMatchObject({
    code: "not-allowed",
  });
  await expect(c.ask({ emails: ["a@x.example"] }, trusted)).rejects.toMatchObject({ code: "not-allowed" });
  const { results } = await c.ask({ emails: ["a@x.example"], roles: asUser(c.wiki), notify: false }, trusted);
  // Whoever sent it has lost the right since.
  await c.db.query({
    text: "update invitation_groups set inviter_kind = 'session', inviter = $2 where organization = $1",
    values: [c.organization, newId()],
  });
  expect(await c.open(await c.link(results[0]))).toBe("review");
  expect(await c.roleOf(results[0]?.account ?? null)).toBe("null false");
  const review = await getInvitation(c.db, results[0]?.invitation as never);
  expect(review).toMatchObject({ state: "needs-review", review: "inviter-may-not" });
  await c.write((tx) => approveInvitation(tx, [EVERYTHING], review.id, null), "shared");
  expect(await c.roleOf(results[0]?.account ?? null)).toBe("user true");
});
