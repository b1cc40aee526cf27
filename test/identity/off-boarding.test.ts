import { expect, test } from "vitest";
import type { AccountId } from "../../src/db/id.ts";
import { inTransaction, simulate, type Tx } from "../../src/db/transaction.ts";
import { addPerson } from "../../src/identity/accounts/add.ts";
import { assignGuest, listGuestAssignments } from "../../src/identity/guests.ts";
import { invite } from "../../src/identity/invitations/invite.ts";
import { createLink, getLink } from "../../src/identity/links.ts";
import { leftBehindBy } from "../../src/identity/off-boarding/left-behind.ts";
import { type OffBoarding, offBoard } from "../../src/identity/off-boarding/off-board.ts";
import type { Bundle } from "../../src/identity/rights/bundles.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { giveRight, listRights } from "../../src/identity/rights/rights.ts";
import { statusOf } from "../../src/identity/statuses.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { testContext } from "../harness/postgres.ts";
import { asUser, company, inviting, settings } from "./inviting-company.ts";

const ctx = await testContext();

/** Ann sponsors a guest, administers, invited somebody to be an administrator and somebody to be a user, and made two links. */
async function leaver() {
  const c = await company(ctx);
  const add = (email: string) => c.write((tx) => addPerson(tx, { email }), "shared");
  const [ann, ben, gus, boss] = [
    await add("ann@acme.example"),
    await add("ben@acme.example"),
    await add("gus@elsewhere.example"),
    await add("boss@acme.example"),
  ];
  const give = (account: AccountId, bundle: Bundle, scope: Parameters<typeof giveRight>[2]["scope"]) =>
    c.write((tx) => giveRight(tx, [EVERYTHING], { account, bundle, scope }));
  await give(ann, "organization-administrator", { kind: "organization" });
  await give(boss, "organization-administrator", { kind: "organization" });
  await give(ben, "user-access-administrator", { kind: "product", id: c.wiki });
  const assignment = await c.write((tx) =>
    assignGuest(tx, { account: gus, space: c.docs, permission: "read-only", expiresAt: null, sponsor: ann }),
  );
  const asAnn = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, { ...c.actor, kind: "session", id: ann }, work);
  const invited = async (email: string, more: object) =>
    (await asAnn((tx) => invite(tx, settings, [EVERYTHING], inviting({ emails: [email], ...more })))).results[0];
  const user = await invited("ursula@elsewhere.example", { roles: asUser(c.wiki) });
  const guest = await invited("gerd@elsewhere.example", { groups: [c.groups.guest] });
  const made = (label: string, groups: typeof c.groups.user) =>
    asAnn(async (tx) => {
      const limits = { label, maxUses: null, expiresAt: null, allowedDomains: [], email: null, needsApproval: false };
      return (await createLink(tx, [EVERYTHING], limits, { roles: [], groups: [groups], spaces: [] })).id;
    });
  const [userLink, guestLink] = [await made("users", c.groups.user), await made("guests", c.groups.guest)];
  await c.write((tx) => createToken(tx, { administration: true, owner: ann }, undefined, { name: "mine" }));
  const leave = (wanted: Partial<OffBoarding>) => (tx: Tx) =>
    offBoard(tx, [EVERYTHING], ann, { to: null, leaving: null, rights: false, reason: null, ...wanted });
  const inviterOf = async (id: unknown) =>
    (
      await c.db.query<{ state: string; inviter: string }>({
        text: "select state, inviter from invitations where organization = $1 and id = $2",
        values: [c.organization, id],
      })
    )[0];
  return { ...c, ann, ben, boss, gus, assignment, user, guest, userLink, guestLink, leave, inviterOf };
}

const totals = async (c: Awaited<ReturnType<typeof leaver>>) =>
  Object.fromEntries(Object.entries(await leftBehindBy(c.db, c.ann)).map(([kind, { total }]) => [kind, total]));
const everything = { guests: 1, rights: 1, invitations: 2, links: 2, tokens: 1, webhooks: 0, jobs: 0 };
const nothing = { guests: 0, rights: 0, invitations: 0, links: 0, tokens: 0, webhooks: 0, jobs: 0 };

test("off-boarding tells what a person leaves behind, and a dry run changes nothing of it", async () => {
  const c = await leaver();
  expect(await totals(c)).toEqual(everything);
  expect((await leftBehindBy(c.db, c.ann)).guests.named).toMatchObject([
    { userName: "gus@elsewhere.example", product: "wiki", space: "docs", expiresAt: null },
  ]);
  await simulate(ctx, c.actor, c.leave({ to: c.ben, leaving: "suspend" }), { lock: "exclusive" });
  expect(await totals(c)).toEqual(everything);
});

test("F13: who takes over vouches for what they may give themselves; the rest ends", async () => {
  const c = await leaver();
  // Ben says who uses the wiki, but lets no guests in.
  const told = await c.write(c.leave({ to: c.ben, leaving: "suspend" }));
  expect(told).toMatchObject({
    handedOver: { guests: [c.assignment.id], rights: [], invitations: [c.user?.invitation], links: [c.userLink] },
    ended: { guests: [], invitations: [c.guest?.invitation], links: [c.guestLink] },
  });
  expect([told.ended.rights.length, told.ended.tokens.length]).toEqual([1, 1]);
  expect(await totals(c)).toEqual(nothing);
  expect(await statusOf(c.db, c.ann)).toBe("suspended");
  expect((await listGuestAssignments(c.db, c.gus))[0]?.sponsor).toBe(c.ben);
  expect(await c.inviterOf(c.user?.invitation)).toEqual({ state: "pending", inviter: c.ben });
  expect(await c.inviterOf(c.guest?.invitation)).toMatchObject({ state: "revoked" });
  expect([(await getLink(c.db, c.userLink)).state, (await getLink(c.db, c.guestLink)).state]).toEqual([
    "usable",
    "disabled",
  ]);
  // The invitation that was handed over still gives what it offers: Ben vouches for it now.
  expect(await c.open(await c.link(c.user))).toBe("accepted");
  expect(await c.roleOf(c.user?.account as AccountId)).toBe("user true");
});

test("with the rights handed over everything goes over, the last administrator's too", async () => {
  const c = await leaver();
  await c.write((tx) =>
    offBoard(tx, [EVERYTHING], c.boss, { to: null, leaving: "remove", rights: false, reason: null }),
  );
  await expect(c.write(c.leave({ leaving: "remove" }))).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/last administrator/),
  });
  const told = await c.write(c.leave({ to: c.ben, leaving: "remove", rights: true }));
  expect([told.handedOver.invitations.length, told.handedOver.links.length]).toEqual([2, 2]);
  const rights = await listRights(c.db, { account: c.ben, within: null, after: null, limit: 10 });
  expect(rights.map(({ bundle }) => bundle).sort()).toEqual([
    "organization-administrator",
    "user-access-administrator",
  ]);
  expect(await statusOf(c.db, c.ann)).toBe("deactivated");
});

test("F13: nobody hands over rights that they do not have themselves", async () => {
  const c = await leaver();
  const held = [{ permissions: new Set(["users:write"] as const), scope: { kind: "organization" as const } }];
  await expect(
    c.write((tx) => offBoard(tx, held, c.ann, { to: c.ben, leaving: null, rights: true, reason: null })),
  ).rejects.toMatchObject({ code: "not-allowed" });
});

test("nobody takes over who is not there: themselves, somebody suspended, somebody unknown", async () => {
  const c = await leaver();
  await expect(c.write(c.leave({ to: c.ann }))).rejects.toMatchObject({ code: "conflict" });
  await c.write((tx) =>
    offBoard(tx, [EVERYTHING], c.ben, { to: null, leaving: "suspend", rights: false, reason: null }),
  );
  await expect(c.write(c.leave({ to: c.ben }))).rejects.toMatchObject({ code: "conflict" });
  expect(await totals(c)).toEqual(everything);
});
