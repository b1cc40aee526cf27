import { expect, test } from "vitest";
import { type AccountId, type InvitationId, type MailId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { removeDirectoryUsers } from "../../src/identity/directory-users/remove.ts";
import { updateDirectoryUsers } from "../../src/identity/directory-users/update.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { removeLocalMembers } from "../../src/identity/groups.ts";
import { getInvitation } from "../../src/identity/invitation-pages.ts";
import { copyInvitationLink } from "../../src/identity/invitations/change.ts";
import { correctInvitation } from "../../src/identity/invitations/correct.ts";
import { type Invite, invite } from "../../src/identity/invitations/invite.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { claimMail } from "../../src/identity/mail-sending.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import type { Held } from "../../src/identity/rights/permissions.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import { countSeats } from "../../src/identity/seats.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { hashToken, newTokenText } from "../../src/identity/token-form.ts";
import { testContext } from "../harness/postgres.ts";
import { scaled } from "../harness/scale.ts";
import { statements } from "../harness/server.ts";
import { person } from "../mail/world.ts";
import { asGuest, asUser, inviting, company as makeCompany, settings } from "./inviting-company.ts";

const ctx = await testContext();
const company = (product?: Parameters<typeof makeCompany>[1]) => makeCompany(ctx, product);
type Company = Awaited<ReturnType<typeof company>>;

/** Invites as somebody signed in; with an id of nobody: whoever may it now and holds nothing later. */
const askAs = (c: Company, id: string, wanted: Partial<Invite>, held: readonly Held[] = [EVERYTHING]) =>
  inTransaction(ctx, { ...c.actor, kind: "session", id }, (tx) => invite(tx, settings, held, inviting(wanted)));

/** The token of the mail, as the worker would send it. */
async function mailed(c: Company, mail: MailId | null | undefined): Promise<string> {
  const token = newTokenText("inv");
  const claim = { tokenHash: () => hashToken(token), holdSeconds: 60 };
  expect(await c.write((tx) => claimMail(tx, mail as MailId, claim), "none")).toMatchObject({ outcome: "send" });
  return token;
}

test("R11: each part of an offer is vouched for by whoever offered it, whoever else joined in later", async () => {
  const c = await company();
  const emails = ["ann@x.example"];
  const { results } = await askAs(c, newId(), { emails, roles: asUser(c.wiki), notify: false });
  await c.ask({ emails, notify: false });
  expect(await c.open(await c.link(results[0]))).toBe("review");
  expect(await c.roleOf(results[0]?.account ?? null)).toBe("null false");
  const bob = await c.ask({ emails: ["bob@x.example"], roles: asUser(c.wiki), notify: false });
  await askAs(c, newId(), { emails: ["bob@x.example"], notify: false });
  expect(await c.open(await c.link(bob.results[0]))).toBe("accepted");
  expect(await c.roleOf(bob.results[0]?.account ?? null)).toBe("user true");
});

test("R11: a group that got a higher role since is given only where whoever offered it may give that role", async () => {
  const c = await company();
  const boss = await c.write(async (tx) => {
    await insertDirectoryUsers(tx, c.okta, [person("boss", { email: "boss@acme.example" })]);
    const [account, site] = [await resolvePerson(tx, "boss"), await resolveSite(tx, undefined)];
    await giveRight(tx, [EVERYTHING], { account, bundle: "trusted", scope: { kind: "site", id: site.id } });
    return account;
  });
  const offered = { groups: [c.groups.user], notify: false };
  const ann = await askAs(c, boss, { ...offered, emails: ["ann@x.example"] });
  const bob = await c.ask({ ...offered, emails: ["bob@x.example"] });
  const cyd = await askAs(c, boss, { ...offered, emails: ["cyd@x.example"] });
  expect(await c.open(await c.link(cyd.results[0]))).toBe("accepted");
  await c.write((tx) => grantRole(tx, { group: c.groups.user, product: c.wiki, role: "admin" }));
  expect(await c.open(await c.link(ann.results[0]))).toBe("review");
  expect(await c.open(await c.link(bob.results[0]))).toBe("accepted");
  expect(await c.roleOf(bob.results[0]?.account ?? null)).toBe("admin true");
});

test("R11 R173: nobody takes a link, or gives another address, to an offer beyond what they may give", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ceo@x.example"], groups: [c.groups.admin], notify: false });
  const id = results[0]?.invitation as InvitationId;
  const few: Held[] = [{ permissions: new Set(["invitations:write"]), scope: { kind: "organization" } }];
  const refused = { code: "not-allowed", message: expect.stringContaining("role admin") };
  await expect(c.write((tx) => copyInvitationLink(tx, settings, few, id), "none")).rejects.toMatchObject(refused);
  await expect(c.write((tx) => correctInvitation(tx, few, id, "me@x.example"))).rejects.toMatchObject(refused);
  expect(await getInvitation(c.db, id)).toMatchObject({ email: "ceo@x.example", state: "pending" });
});

test("R96: a link to an address that the person has no more opens nothing: the mailbox may be another's by now", async () => {
  const c = await company();
  const eve = person("eve", { email: "eve@old.example" });
  await c.write((tx) => insertDirectoryUsers(tx, c.okta, [eve]));
  const { results } = await c.ask({ emails: ["eve@old.example"], roles: asUser(c.wiki), notify: false });
  const token = await c.link(results[0]);
  await c.write((tx) => updateDirectoryUsers(tx, c.okta, [{ ...eve, email: "eve@new.example" }]), "shared");
  expect(await c.open(token)).toBe("closed");
  expect(await c.roleOf(results[0]?.account ?? null)).toBe("null false");
});

test("R38: a mailbox is proven by a mail alone, and for the record that stood there: a recycled name proves itself anew", async () => {
  const c = await company();
  const [eve, emails] = [person("eve", { email: "eve@x.example" }), ["eve@x.example"]];
  await c.write((tx) => insertDirectoryUsers(tx, c.okta, [eve]));
  const copied = await c.ask({ emails, notify: false });
  expect(await c.open(await c.link(copied.results[0]))).toBe("accepted");
  const sent = await c.ask({ emails, roles: asUser(c.wiki) });
  expect(sent.results[0]).toMatchObject({ verdict: "invited" });
  expect(await c.open(await mailed(c, sent.results[0]?.mail))).toBe("accepted");
  const again = { emails, groups: [c.groups.guest], notify: false };
  expect((await c.preview(again)).results[0]).toMatchObject({ verdict: "given" });
  await c.write(async (tx) => {
    await removeDirectoryUsers(tx, c.okta, [eve.id]);
    await insertDirectoryUsers(tx, c.okta, [person("eve", { email: "eve@x.example" })]);
  });
  expect((await c.preview(again)).results[0]).toMatchObject({ verdict: "invited" });
});

test("R38: what was given at once and taken away since does not come back with a later acceptance; what waits is not lost", async () => {
  const c = await company();
  const emails = ["ada@acme.example"];
  await c.write((tx) => insertDirectoryUsers(tx, c.okta, [person("ada", { email: "ada@acme.example" })]));
  const believe = (domains: string[]) =>
    c.db.query({
      text: "update directories set authoritative_domains = $3 where organization = $1 and id = $2",
      values: [c.organization, c.okta, domains],
    });
  const given = await c.ask({ emails, roles: asUser(c.wiki) });
  const account = given.results[0]?.account as AccountId;
  expect(given.results[0]).toMatchObject({ verdict: "given" });
  await c.write((tx) => removeLocalMembers(tx, c.groups.user, [account]), "shared");
  await believe([]);
  const waits = await c.ask({ emails, groups: [c.groups.guest], notify: false });
  expect(waits.results[0]).toMatchObject({ verdict: "invited", invitation: given.results[0]?.invitation });
  await believe(["acme.example"]);
  expect((await c.ask({ emails, groups: [c.groups.admin] })).results[0]).toMatchObject({ verdict: "given" });
  await c.write((tx) => removeLocalMembers(tx, c.groups.admin, [account]), "shared");
  expect(await c.open(await c.link(waits.results[0]))).toBe("accepted");
  expect(await c.roleOf(account)).toBe("guest false");
});

test(`R143 R144: of ${scaled(200)} invitations at the same moment exactly as many are sent as there are slots`, async () => {
  const many = scaled(200);
  const slots = Math.ceil(many / 3);
  const c = await company({ guestBasis: "fixed", guestRatio: slots });
  const asked = await Promise.allSettled(
    Array.from({ length: many }, (_, index) =>
      c.ask({ emails: [`g${index}@x.example`], ...asGuest(c), notify: false }),
    ),
  );
  const codes = asked.map((one) => (one.status === "fulfilled" ? "sent" : one.reason.code));
  expect(codes.filter((code) => code === "sent")).toHaveLength(slots);
  expect(codes.filter((code) => code === "conflict")).toHaveLength(many - slots);
  expect((await countSeats(c.db, [c.wiki]))[0]?.guests).toMatchObject({ used: 0, pending: slots });
});

test("R37: one address invited 20 times at the same moment, in lists of every order, is one person with one mail", async () => {
  const c = await company();
  const emails = ["a@x.example", "b@x.example", "c@x.example"];
  const asked = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) =>
      c.ask({ emails: index % 2 === 0 ? emails : emails.toReversed(), roles: asUser(c.wiki) }),
    ),
  );
  expect(asked.map((one) => (one.status === "fulfilled" ? "done" : String(one.reason)))).toEqual(
    asked.map(() => "done"),
  );
  expect((await c.mails()).sort()).toEqual(emails);
});

test("accepting waits for its person before it holds the invitation, so that it stands in nobody's way (design §3.4)", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ann@x.example"], roles: asUser(c.wiki), notify: false });
  const [ann] = results;
  const token = await c.link(ann);
  const waiting = () =>
    statements<{ pid: number }>(ctx.database.superuserUrl, [
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    ]);
  const accepted = await c.write(async (tx) => {
    await tx.query({
      text: "select id from accounts where organization = $1 and id = $2 for no key update",
      values: [c.organization, ann?.account],
    });
    const accepting = c.open(token);
    await expect.poll(waiting, { timeout: 30_000 }).toHaveLength(1);
    await tx.query({
      text: "select id from invitations where organization = $1 and id = $2 for no key update nowait",
      values: [c.organization, ann?.invitation],
    });
    return { accepting };
  }, "shared");
  expect(await accepted.accepting).toBe("accepted");
});

test("R98: accepting and sending once more at the same moment end in one of the two, never in a failure", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ann@x.example"], roles: asUser(c.wiki), notify: false });
  const token = await c.link(results[0]);
  const account = results[0]?.account as AccountId;
  const done = await Promise.allSettled(
    Array.from({ length: 30 }, (_, index) =>
      index % 2 === 0
        ? c.open(token)
        : c.write((tx) => resendInvitation(tx, { ...settings, resendCoolDown: 0 }, account), "none"),
    ),
  );
  expect(done.flatMap((one) => (one.status === "rejected" ? String(one.reason) : []))).toEqual([]);
});
