import { expect, test } from "vitest";
import type { AccountId, MailId } from "../../../src/db/id.ts";
import { inTransaction } from "../../../src/db/transaction.ts";
import { suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { ensureAdministrator } from "../../../src/identity/administrators.ts";
import { setSignUpDomains } from "../../../src/identity/domains.ts";
import { grantRole } from "../../../src/identity/grants.ts";
import { createLocalGroup } from "../../../src/identity/groups.ts";
import { assignGuest } from "../../../src/identity/guests.ts";
import type { Invite } from "../../../src/identity/invitations/invite.ts";
import { roleOrDefault } from "../../../src/identity/invitations/rules.ts";
import { useLink } from "../../../src/identity/joining.ts";
import { createLink, findLink, getLink } from "../../../src/identity/links.ts";
import { premiseOf } from "../../../src/identity/mail-premises.ts";
import { peopleToTell } from "../../../src/identity/people-to-tell.ts";
import { createProduct, getProduct, updateProduct } from "../../../src/identity/products.ts";
import { EVERYTHING, heldByAccount } from "../../../src/identity/rights/held.ts";
import { holds } from "../../../src/identity/rights/permissions.ts";
import { giveRight } from "../../../src/identity/rights/rights.ts";
import { countSeats } from "../../../src/identity/seats.ts";
import type { SettingsChange } from "../../../src/identity/settings/form.ts";
import { changeGuestPolicy } from "../../../src/identity/settings/guest-policy.ts";
import { changeSettings, getSettings } from "../../../src/identity/settings/settings.ts";
import { getSignUp, setSignUp } from "../../../src/identity/sign-up.ts";
import { tellOfRequest } from "../../../src/identity/sign-up-notice.ts";
import { createSite, resolveSite } from "../../../src/identity/sites.ts";
import { createSpace } from "../../../src/identity/spaces.ts";
import { hashToken } from "../../../src/identity/token-form.ts";
import { testContext } from "../../harness/postgres.ts";
import { company } from "../inviting-company.ts";

const ctx = await testContext();
const mail = { smtpUrl: "smtp://127.0.0.1:1" };

async function acme(settings: SettingsChange = {}) {
  const org = await company(ctx);
  const set = (wanted: SettingsChange) => org.write((tx) => changeSettings(tx, wanted));
  const guest = (email: string, more: Partial<Invite> = {}) =>
    org.ask({ emails: [email], roles: [{ product: org.wiki, role: "guest" }], spaces: [], ...more });
  const docs = { product: org.wiki, space: org.docs, permission: "read-only", sponsor: null, expiresAt: null } as const;
  await set(settings);
  return { ...org, set, guest, docs: { id: org.docs, offered: docs } };
}

test("C1: guests are counted from what is set, block or warn, with open invitations or without", async () => {
  const org = await acme();
  const quota = (guestEnforcement: "block" | "warn") =>
    org.write(async (tx) => {
      const { id: _, key: __, site: ___, ...before } = await getProduct(tx, org.wiki);
      await updateProduct(tx, org.wiki, { ...before, guestBasis: "fixed", guestRatio: 1, guestEnforcement });
    });
  await quota("block");
  await org.guest("one@partner.example");
  await expect(org.guest("two@partner.example")).rejects.toMatchObject({ code: "conflict" });
  await org.set({ guestPolicy: { countPending: false } });
  const [{ guests } = { guests: undefined }] = await countSeats(org.db, [org.wiki]);
  expect(guests).toMatchObject({ used: 0, pending: 0, limit: 1 });
  expect((await org.guest("two@partner.example")).results).toMatchObject([{ verdict: "invited" }]);
  await org.set({ guestPolicy: { countPending: true } });
  await expect(org.guest("three@partner.example")).rejects.toMatchObject({ code: "conflict" });
  await quota("warn");
  expect((await org.guest("three@partner.example")).results).toMatchObject([{ verdict: "invited" }]);
});

test("C1: what a new product's guests are counted from is the organization's word", async () => {
  const org = await acme({ guestQuota: { basis: "members", ratio: 3 } });
  const made = await org.write(async (tx) => createProduct(tx, await resolveSite(tx, undefined), { key: "desk" }));
  expect(made).toMatchObject({ guestBasis: "members", guestRatio: 3, guestEnforcement: "block" });
  expect(await org.write((tx) => getProduct(tx, made.id))).toMatchObject({ guestBasis: "members", guestRatio: 3 });
});

test("C2: site by site one invitation is to one site; in the organization it reaches any", async () => {
  const org = await acme();
  const roles = await org.write(async (tx) => {
    const north = await createSite(tx, { key: "north", name: "North" });
    const desk = await createProduct(tx, north, { key: "desk" });
    return [
      { product: org.wiki, role: "user" as const },
      { product: desk.id, role: "user" as const },
    ];
  });
  const groups = await org.write(async (tx) => {
    const group = (await createLocalGroup(tx, "both")).id;
    for (const { product, role } of roles) await grantRole(tx, { group, product, role });
    return [group];
  });
  expect((await org.ask({ emails: ["a@b.example"], groups })).results).toMatchObject([{ verdict: "invited" }]);
  await org.set({ experience: "site" });
  await expect(org.ask({ emails: ["c@b.example"], groups })).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("north"),
  });
});

test("C4: a guest has one space, so many, or any number; the grant itself is refused", async () => {
  const org = await acme();
  const { results } = await org.guest("gus@partner.example", { spaces: [org.docs.offered] });
  const account = results[0]?.account as AccountId;
  const assign = (space: typeof org.other) =>
    org.write((tx) => assignGuest(tx, { account, space, permission: "read-only", expiresAt: null, sponsor: null }));
  await assign(org.docs.id);
  await expect(assign(org.other)).rejects.toMatchObject({ code: "conflict" });
  const invited = await org.guest("gus@partner.example", { spaces: [{ ...org.docs.offered, space: org.other }] });
  expect(invited.results).toMatchObject([{ verdict: "refused", code: "second-space" }]);
  await org.set({ guestPolicy: { mostSpaces: 2 } });
  // 10 at the same moment: one of them is the second space, and nobody's third.
  const third = await org.write(async (tx) => {
    return (await createSpace(tx, org.wiki, { key: "third" })).id;
  });
  const raced = await Promise.allSettled(
    [org.other, third, org.other, third].map((space) =>
      inTransaction(ctx, org.actor, (tx) =>
        assignGuest(tx, { account, space, permission: "read-only", expiresAt: null, sponsor: null }),
      ),
    ),
  );
  expect(raced.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await org.write((tx) => changeGuestPolicy(tx, org.wiki, { mostSpaces: null }));
  const held = await org.db.query<{ space: string }>({
    text: "select space from guest_assignments where organization = $1",
    values: [org.organization],
  });
  await assign([org.other, third].find((one) => !held.some(({ space }) => space === one)) as typeof third);
});

test("C5: a guest is invited before a space is chosen, and has no access yet; or that is refused", async () => {
  const org = await acme();
  const { results } = await org.guest("gus@partner.example");
  expect(results).toMatchObject([{ verdict: "invited" }]);
  await org.open(await org.link(results[0]));
  expect(await org.roleOf(results[0]?.account ?? null)).toBe("guest false");
  await org.set({ guestPolicy: { withoutSpace: false } });
  await expect(org.guest("eve@partner.example")).rejects.toMatchObject({ code: "invalid", at: "spaces" });
  expect((await org.guest("eve@partner.example", { spaces: [org.docs.offered] })).results).toMatchObject([
    { verdict: "invited" },
  ]);
});

test("C6: who invites beside administrators is nobody, the trusted, or managers with guests too", async () => {
  const org = await acme();
  const { results } = await org.ask({ emails: ["tess@acme.example"], roles: [{ product: org.wiki, role: "user" }] });
  const account = results[0]?.account as AccountId;
  const site = await org.write((tx) => resolveSite(tx, undefined));
  await org.write((tx) =>
    giveRight(tx, [EVERYTHING], { account, bundle: "trusted", scope: { kind: "site", id: site.id } }),
  );
  const target = { kind: "site", id: site.id } as const;
  const may = async () => {
    const held = await heldByAccount(org.db, account);
    return [holds(held, "invitations:write", target), holds(held, "guests:write", target)];
  };
  expect(await may()).toEqual([true, false]);
  await org.set({ whoMayInvite: "administrators" });
  expect(await may()).toEqual([false, false]);
  await org.set({ whoMayInvite: "managers" });
  expect(await may()).toEqual([true, true]);
});

test("C7: a link ends by itself where the organization's do, lasts where somebody says so", async () => {
  const org = await acme();
  const limits = { label: "x", maxUses: null, allowedDomains: [], email: null, needsApproval: false };
  const wish = { roles: [{ product: org.wiki, role: "user" as const }], groups: [], spaces: [] };
  const made = async (more: { expiresAt?: null } = {}) => {
    const { id } = await org.write((tx) => createLink(tx, [EVERYTHING], { ...limits, ...more }, wish));
    return (await getLink(org.db, id)).expiresAt;
  };
  expect(await made()).toBeNull();
  await org.set({ linkPeriod: "P30D" });
  const days = ((await made()) as Date).getTime() - Date.now();
  expect(Math.round(days / 86_400_000)).toBe(30);
  expect(await made({ expiresAt: null })).toBeNull();
});

test("C8, R94, R95, R108: the sign-up domains hold for nobody who is invited, for shared links, or always; guests come from anywhere", async () => {
  const org = await acme();
  await org.write(async (tx) => {
    await setSignUpDomains(tx, ["acme.example"]);
    await setSignUp(tx, mail, { ...(await getSignUp(tx)), mode: "restricted" });
  });
  let next = 0;
  const verdicts = async () => {
    next += 1;
    const limits = { label: "x", maxUses: null, allowedDomains: [], email: null, needsApproval: false };
    const wish = { roles: [{ product: org.wiki, role: "user" as const }], groups: [], spaces: [] };
    const { token } = await org.write((tx) => createLink(tx, [EVERYTHING], limits, wish));
    const found = await findLink(ctx.db, hashToken(token));
    const email = `link${next}@elsewhere.example`;
    if (found)
      await useLink(ctx, found, hashToken(token), {
        email,
        name: null,
        message: null,
        network: `n${next}`,
        requestId: null,
      });
    const [byLink] = await org.db.query({
      text: "select 1 from invitations where organization = $1 and email_key = $2",
      values: [org.organization, email],
    });
    const named = await org.ask({
      emails: [`named${next}@elsewhere.example`],
      roles: [{ product: org.wiki, role: "user" }],
    });
    const guest = await org.guest(`guest${next}@elsewhere.example`);
    return [byLink ? "invited" : "refused", named.results[0]?.verdict, guest.results[0]?.verdict];
  };
  expect(await verdicts()).toEqual(["refused", "invited", "invited"]);
  await org.set({ respectDomainPolicy: "never" });
  expect(await verdicts()).toEqual(["invited", "invited", "invited"]);
  await org.set({ respectDomainPolicy: "always" });
  expect(await verdicts()).toEqual(["refused", "refused", "invited"]);
});

test("C11, R62, R63: whether a mail goes out is the organization's word, and each request's before it", async () => {
  const org = await acme();
  const invite = async (email: string, notify?: boolean) =>
    (await org.ask({ emails: [email], roles: [{ product: org.wiki, role: "user" }], notify })).results[0]?.mail !==
    null;
  expect([await invite("a@b.example"), await invite("c@b.example", false)]).toEqual([true, false]);
  await org.set({ notify: false });
  expect([await invite("d@b.example"), await invite("e@b.example", true)]).toEqual([false, true]);
});

test("C12, R31, R33: how many one request invites is set, for guests and for people; one too many and nobody is invited", async () => {
  const org = await acme();
  const emails = (count: number) => Array.from({ length: count }, (_, at) => `p${at}@partner.example`);
  const ask = (count: number, role: "guest" | "user") =>
    org.ask({ emails: emails(count), roles: [{ product: org.wiki, role }] });
  await expect(ask(11, "guest")).rejects.toMatchObject({ code: "too-many" });
  await org.set({ invitesPerRequest: { guests: 11, people: 12 } });
  expect((await ask(11, "guest")).results).toHaveLength(11);
  await expect(ask(13, "user")).rejects.toMatchObject({ code: "too-many", message: expect.stringContaining("13") });
  expect(await getSettings(org.db)).toMatchObject({ invitesPerRequest: { guests: 11, people: 12 } });
});

test("C13, R42: a product that is named without a role gives none by itself, or the user's", async () => {
  const org = await acme();
  const role = () => roleOrDefault(org.db, undefined, "role");
  await expect(role()).rejects.toMatchObject({ code: "invalid", at: "role" });
  await org.set({ defaultSelection: "product-default" });
  expect([await role(), await roleOrDefault(org.db, "guest", "role")]).toEqual(["user", "guest"]);
});

test("C18, R124, R126: administrators, a sponsor, those who look after a product or people by name are told, as it is set", async () => {
  const org = await acme();
  const emails = ["ada@acme.example", "sue@acme.example", "pam@acme.example", "ned@acme.example"];
  const { results } = await org.ask({ emails, roles: [{ product: org.wiki, role: "user" }], notify: false });
  const [, sponsor, owner] = results.map(({ account }) => account as AccountId);
  await org.write(async (tx) => {
    await ensureAdministrator(tx, "ada@acme.example");
    const scope = { kind: "product", id: org.wiki } as const;
    await giveRight(tx, [EVERYTHING], { account: owner as AccountId, bundle: "user-access-administrator", scope });
  });
  const told = async (event: "signUp" | "guestEnding", about: { sponsor?: AccountId | null } = {}) =>
    (await peopleToTell(org.db, event, { products: [org.wiki], ...about })).map(
      ({ recipient }) => recipient.split("@")[0],
    );
  expect(await told("signUp")).toEqual(["ada"]);
  expect(await told("guestEnding", { sponsor: sponsor ?? null })).toEqual(["sue"]);
  expect(await told("guestEnding")).toEqual(["ada"]);
  await org.set({
    notifications: {
      signUp: ["scope-owners", "ned@acme.example"],
      guestEnding: ["administrators", "sponsor", "scope-owners"],
    },
  });
  expect((await told("signUp")).sort()).toEqual(["ned", "pam"]);
  expect((await told("guestEnding", { sponsor: sponsor ?? null })).sort()).toEqual(["ada", "pam", "sue"]);
  // Who is told need not be an administrator for the mail to leave, but active.
  await org.set({ notifications: { request: ["ned@acme.example"] } });
  await org.write((tx) => tellOfRequest(tx, "new@elsewhere.example", org.wiki));
  const refusal = () =>
    org.write(async (tx) => {
      const [mail] = await tx.query<{ id: MailId }>({
        text: "select id from mails where organization = $1 and kind = 'request' and recipient = 'ned@acme.example'",
        values: [tx.organization],
      });
      return (await premiseOf(tx, mail?.id as MailId)).refusal;
    });
  expect(await refusal()).toBeNull();
  await org.write((tx) => suspendAccount(tx, results[3]?.account as AccountId, null));
  expect(await refusal()).toBe("the user is suspended or deactivated");
  await org.set({ notifications: { signUp: [] } });
  expect(await told("signUp")).toEqual([]);
  await expect(org.set({ notifications: { signUp: ["stranger@elsewhere.example"] } })).rejects.toMatchObject({
    code: "invalid",
    at: "/notifications/signUp",
  });
});

test("C19, R10, R19: guests that are off are refused with the reason and what would enable them; in beta they are let in", async () => {
  const org = await acme();
  await org.write((tx) => changeGuestPolicy(tx, org.wiki, { state: "off", stateReason: "the contract is not signed" }));
  await expect(org.guest("gus@partner.example")).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("the contract is not signed"),
    setting: { name: "state", command: expect.stringContaining("muster product guest-policy") },
  });
  await org.write((tx) => changeGuestPolicy(tx, org.wiki, { state: "beta" }));
  expect((await org.guest("gus@partner.example")).results).toMatchObject([{ verdict: "invited" }]);
  await org.write((tx) => changeGuestPolicy(tx, org.wiki, { inherit: ["state", "stateReason"] }));
  expect((await org.guest("eve@partner.example")).results).toMatchObject([{ verdict: "invited" }]);
});
