import { expect, test } from "vitest";
import type { AccountId } from "../../../src/db/id.ts";
import { convert } from "../../../src/identity/guest-conversion.ts";
import { remindOfEndingGuests } from "../../../src/identity/guest-reminders.ts";
import { assignGuest, extendGuest, listGuestAssignments, removeGuest } from "../../../src/identity/guests.ts";
import type { Invite } from "../../../src/identity/invitations/invite.ts";
import { OF_A_PRODUCTS_TOKEN } from "../../../src/identity/rights/held.ts";
import type { Held } from "../../../src/identity/rights/permissions.ts";
import type { GuestPolicyChange } from "../../../src/identity/settings/guest-policy.ts";
import { changeGuestPolicy, getGuestPolicy } from "../../../src/identity/settings/guest-policy.ts";
import { changeSettings } from "../../../src/identity/settings/settings.ts";
import { testContext } from "../../harness/postgres.ts";
import { company } from "../inviting-company.ts";

const ctx = await testContext();
const DAY = 86_400_000;

async function acme(policy: GuestPolicyChange = {}) {
  const org = await company(ctx);
  const set = (wanted: GuestPolicyChange) => org.write((tx) => changeGuestPolicy(tx, org.wiki, wanted));
  await set(policy);
  const space = {
    product: org.wiki,
    space: org.docs,
    permission: "read-only",
    sponsor: null,
    expiresAt: null,
  } as const;
  const ask = (email: string, more: Partial<typeof space> | { expiresAt: Date } = {}, held?: readonly Held[]) => {
    const wish: Partial<Invite> = {
      emails: [email],
      roles: [{ product: org.wiki, role: "guest" }],
      spaces: [{ ...space, ...more }],
    };
    return held ? org.ask(wish, held) : org.ask(wish);
  };
  const person = async (email: string, role: "guest" | "user") =>
    (await org.ask({ emails: [email], roles: [{ product: org.wiki, role }] })).results[0]?.account as AccountId;
  const give = (account: AccountId, more: { sponsor?: AccountId; expiresAt?: Date } = {}) =>
    org.write((tx) =>
      assignGuest(tx, { account, space: org.docs, permission: "read-only", expiresAt: null, sponsor: null, ...more }),
    );
  return { ...org, set, invited: ask, person, give };
}

const inDays = (days: number) => new Date(Date.now() + days * DAY);
const daysLeft = (end: Date | null) => (end === null ? null : Math.round((end.getTime() - Date.now()) / DAY));

test("R147, R148, R150: a stay that nobody limits is for good, for the usual period, or for the longest there is", async () => {
  const org = await acme();
  const gus = await org.person("gus@partner.example", "guest");
  expect((await org.give(gus)).expiresAt).toBeNull();
  const eve = await org.person("eve@partner.example", "guest");
  await org.set({ period: "P30D", longestPeriod: "P90D" });
  const { id, expiresAt } = await org.give(eve);
  expect(daysLeft(expiresAt)).toBe(30);
  const extend = (end: Date | null) => org.write((tx) => extendGuest(tx, id, end));
  expect(daysLeft((await extend(inDays(80))).expiresAt)).toBe(80);
  await expect(extend(inDays(91))).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining("P90D") });
  await expect(extend(null)).rejects.toMatchObject({ code: "invalid" });
  const fay = await org.person("fay@partner.example", "guest");
  await expect(org.give(fay, { expiresAt: inDays(91) })).rejects.toMatchObject({ code: "invalid" });
  await org.set({ period: null });
  expect(daysLeft((await org.give(fay)).expiresAt)).toBe(90);
});

test("R148: whoever is no administrator lets guests stay for less; it is fixed when they are invited", async () => {
  const org = await acme({ longestPeriod: "P1Y", longestPeriodByOthers: "P10D" });
  const scope = { kind: "organization" } as const;
  const manager: Held[] = [
    { permissions: new Set([...OF_A_PRODUCTS_TOKEN, "invitations:write", "guests:write"]), scope },
  ];
  await expect(org.invited("gus@partner.example", { expiresAt: inDays(11) }, manager)).rejects.toMatchObject({
    code: "invalid",
    at: "/spaces/0/expiresAt",
  });
  const { results } = await org.invited("gus@partner.example", {}, manager);
  const [offered] = await org.db.query<{ expiresAt: Date }>({
    text: `select expires_at as "expiresAt" from invitation_spaces where organization = $1 and invitation = $2`,
    values: [org.organization, results[0]?.invitation],
  });
  expect(daysLeft(offered?.expiresAt ?? null)).toBe(10);
  // An administrator is bound by the other limit alone.
  expect((await org.invited("eve@partner.example", { expiresAt: inDays(300) })).results[0]?.verdict).toBe("invited");
});

test("R126: somebody answers for each guest where that is asked for", async () => {
  const org = await acme({ sponsorRequired: true });
  const ada = await org.person("ada@acme.example", "user");
  await expect(org.invited("gus@partner.example")).rejects.toMatchObject({ code: "invalid", at: "/spaces/0/sponsor" });
  const gus = await org.person("gus@partner.example", "guest");
  await expect(org.give(gus)).rejects.toMatchObject({ code: "invalid", at: "sponsor" });
  expect((await org.give(gus, { sponsor: ada })).sponsor).toBe(ada);
});

test("R126, R152: reminders go out as often as it is set, each once for one end", async () => {
  const org = await acme({ reminders: ["P7D", "P1D"] });
  const ada = await org.person("ada@acme.example", "user");
  const gus = await org.person("gus@partner.example", "guest");
  const { open, link, ask } = org;
  const again = await ask({ emails: ["gus@partner.example"], roles: [{ product: org.wiki, role: "guest" }] });
  await open(await link(again.results[0]));
  const { id } = await org.give(gus, { sponsor: ada, expiresAt: inDays(6) });
  const remind = () => org.write(remindOfEndingGuests);
  expect([await remind(), await remind()]).toEqual([1, 0]);
  await org.db.query({
    text: `update guest_assignments set expires_at = statement_timestamp() + interval '20 hours',
      reminded_for = statement_timestamp() + interval '20 hours' where organization = $1 and id = $2`,
    values: [org.organization, id],
  });
  expect([await remind(), await remind()]).toEqual([1, 0]);
  await org.set({ reminders: [] });
  await org.write((tx) => extendGuest(tx, id, inDays(0.5)));
  expect(await remind()).toBe(0);
});

test("R118, R119: guests come from anywhere, from the domains that are listed, and not from one's own where that is denied", async () => {
  const org = await acme();
  const verdict = async (email: string) => {
    const [result] = (await org.invited(email)).results;
    return result?.verdict === "refused" ? result.code : result?.verdict;
  };
  expect(await verdict("ada1@acme.example")).toBe("invited");
  await org.set({ deniedDomains: ["own", "rival.example"] });
  expect(await verdict("ada2@acme.example")).toBe("domain-not-allowed");
  expect(await verdict("ann@rival.example")).toBe("domain-not-allowed");
  expect(await verdict("ann@sub.rival.example")).toBe("invited");
  await org.set({ deniedDomains: ["*.rival.example"], allowedDomains: [] });
  expect(await verdict("ben@sub.rival.example")).toBe("domain-not-allowed");
  await org.set({ deniedDomains: [], allowedDomains: ["partner.example"] });
  expect([await verdict("gus@partner.example"), await verdict("gus@other.example")]).toEqual([
    "invited",
    "domain-not-allowed",
  ]);
  // The same rule where a space is given by hand, also to somebody who came before it.
  const [before] = (await org.ask({ emails: ["old@other.example"] })).results;
  await expect(org.give(before?.account as AccountId)).rejects.toMatchObject({ code: "invalid", at: "account" });
  // Nobody was added who was refused.
  const rows = await org.db.query({
    text: "select id from accounts where organization = $1 and email_key = 'gus@other.example'",
    values: [org.organization],
  });
  expect(rows).toEqual([]);
});

test("R138, R154: who is or was a user becomes a guest, or does not where former members stay out", async () => {
  const org = await acme();
  const wanted = { to: "guest", space: org.docs, permission: "read-only", sponsor: null, expiresAt: null } as const;
  const user = async (email: string) => {
    const asked = await org.ask({ emails: [email], roles: [{ product: org.wiki, role: "user" }] });
    await org.open(await org.link(asked.results[0]));
    return asked.results[0]?.account as AccountId;
  };
  const bob = await user("bob@acme.example");
  await org.write((tx) => convert(tx, bob, org.wiki, wanted));
  expect(await org.roleOf(bob)).toBe("guest true");
  await org.set({ formerMembers: false });
  const eve = await user("eve@acme.example");
  await expect(org.write((tx) => convert(tx, eve, org.wiki, wanted))).rejects.toMatchObject({ code: "conflict" });
  expect(await org.roleOf(eve)).toBe("user true");
  // Who was one before is told by the audit.
  const [space] = await listGuestAssignments(org.db, bob);
  await org.write((tx) => removeGuest(tx, space?.id as never));
  expect((await org.invited("bob@acme.example")).results).toMatchObject([
    { verdict: "refused", code: "former-member" },
  ]);
  expect((await org.invited("new@acme.example")).results).toMatchObject([{ verdict: "invited" }]);
});

test("R9: what guests cannot do with a client stands with the product, inherited from the organization until it says otherwise", async () => {
  const org = await acme();
  const mobile = { client: "mobile", limit: "guests cannot sign in", url: "https://tracker.example.com/1" };
  await org.write((tx) => changeSettings(tx, { guestPolicy: { clientLimits: [mobile] } }));
  expect((await getGuestPolicy(org.db, org.wiki)).clientLimits).toEqual([mobile]);
  await org.set({ clientLimits: [] });
  expect((await getGuestPolicy(org.db, org.wiki)).clientLimits).toEqual([]);
  await org.set({ inherit: ["clientLimits"] });
  expect((await getGuestPolicy(org.db, org.wiki)).clientLimits).toEqual([mobile]);
});
