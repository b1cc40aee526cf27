import { expect, test } from "vitest";
import type { AccountId } from "../../src/db/id.ts";
import { type Actor, inTransaction } from "../../src/db/transaction.ts";
import { ensureAdministrator } from "../../src/identity/administrators.ts";
import { type Invite, invite } from "../../src/identity/invitations/invite.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { giveRight } from "../../src/identity/rights/rights.ts";
import type { SettingsChange } from "../../src/identity/settings/form.ts";
import { changeSettings } from "../../src/identity/settings/settings.ts";
import { testContext } from "../harness/postgres.ts";
import { company } from "./inviting-company.ts";

const ctx = await testContext();
const settings = { validDays: 7, resendCoolDown: 0 };

/** A company with an administrator and somebody who looks after the wiki, who invite as themselves. */
async function acme(invitationBudget: SettingsChange["invitationBudget"]) {
  const org = await company(ctx);
  const emails = ["ada@acme.example", "pam@acme.example"];
  const { results } = await org.ask({ emails, roles: [{ product: org.wiki, role: "user" }], notify: false });
  const [ada, pam] = results.map(({ account }) => account as AccountId) as [AccountId, AccountId];
  await org.write(async (tx) => {
    await ensureAdministrator(tx, "ada@acme.example");
    const scope = { kind: "product", id: org.wiki } as const;
    await giveRight(tx, [EVERYTHING], { account: pam, bundle: "user-access-administrator", scope });
    await changeSettings(tx, { invitationBudget });
  });
  const as = (account: AccountId): Actor => ({ ...org.actor, kind: "session", id: account });
  const ask = (account: AccountId, typed: string[], more: Partial<Invite> = {}) =>
    inTransaction(ctx, as(account), (tx) =>
      invite(tx, settings, [EVERYTHING], {
        emails: typed,
        notify: true,
        message: null,
        roles: [{ product: org.wiki, role: "user" }],
        groups: [],
        spaces: [],
        ...more,
      }),
    );
  const resend = (by: AccountId, account: AccountId) =>
    inTransaction(ctx, as(by), (tx) => resendInvitation(tx, settings, account));
  /** Mails went out so long ago. */
  const age = (hours: number) =>
    org.db.query({
      text: "update mails set created_at = created_at - make_interval(hours => $2) where organization = $1",
      values: [org.organization, hours],
    });
  return { ...org, ada, pam, ask, resend, age };
}

const people = (name: string, count: number) => Array.from({ length: count }, (_, at) => `${name}${at}@b.example`);

test("an inviter's hour and day, and the organization's day, hold; the refusal says when and tells the way out", async () => {
  const { ada, pam, ask, mails, age } = await acme({ inviterPerHour: 3, inviterPerDay: 4, organizationPerDay: 6 });
  await ask(pam, people("a", 3));
  await expect(ask(pam, people("b", 1))).rejects.toMatchObject({
    code: "cool-down",
    retryAfter: expect.toSatisfy((wait: number) => wait > 3_500 && wait <= 3_600),
    message: expect.stringContaining("copy-link"),
  });
  // Nobody was invited by what was refused, and without a mail nothing is spent.
  expect(await mails()).toHaveLength(3);
  expect((await ask(pam, people("b", 1), { notify: false })).results).toMatchObject([
    { verdict: "invited", mail: null },
  ]);
  await age(2);
  await ask(pam, people("c", 1));
  await expect(ask(pam, people("d", 1))).rejects.toMatchObject({
    code: "cool-down",
    retryAfter: expect.toSatisfy((wait: number) => wait > 21 * 3_600 && wait <= 22 * 3_600),
  });
  // An administrator of the organization is held by the organization's day alone.
  await ask(ada, people("e", 2));
  await expect(ask(ada, people("f", 1))).rejects.toMatchObject({ code: "cool-down", at: "invitationBudget" });
  await age(24);
  await ask(ada, people("f", 6));
});

test("one address gets one mail a day from whoever is no administrator, and so many in all from anybody", async () => {
  const { ada, pam, ask, resend, mails, age } = await acme({ addressInAll: 4 });
  const [first] = (await ask(pam, ["a@b.example"])).results;
  expect(first?.mail).not.toBeNull();
  const account = first?.account as AccountId;
  // Invited once more, the invitation stands without a mail; resent, it is refused.
  expect((await ask(pam, ["a@b.example"])).results).toMatchObject([{ verdict: "invited", mail: null }]);
  await expect(resend(pam, account)).rejects.toMatchObject({ code: "cool-down", retryAfter: expect.any(Number) });
  await resend(ada, account);
  await age(25);
  await resend(pam, account);
  await resend(ada, account);
  await expect(resend(ada, account)).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringContaining("4 invitations"),
  });
  expect(await mails()).toHaveLength(4);
});

test("no more invitations are open than an organization of this size needs", async () => {
  const { ada, pam, ask, db, organization } = await acme({ openAtLeast: 6, openPerMember: 2 });
  const quiet = { notify: false };
  // Two are open from the beginning.
  await ask(pam, people("a", 4), quiet);
  await expect(ask(pam, people("b", 1), quiet)).rejects.toMatchObject({ code: "cool-down", at: "invitationBudget" });
  await ask(ada, people("c", 1), quiet);
  await db.query({
    text: "update invitations set expires_at = statement_timestamp() where organization = $1",
    values: [organization],
  });
  await ask(pam, people("b", 1), quiet);
});

test("R64: 40 requests at the same moment do not get through a budget together", async () => {
  const { pam, ask, mails } = await acme({ inviterPerHour: 7 });
  const outcomes = await Promise.allSettled(people("p", 40).map((email) => ask(pam, [email])));
  const refused = outcomes.flatMap((one) => (one.status === "rejected" ? [one.reason.code] : []));
  expect(refused).toEqual(Array(33).fill("cool-down"));
  expect(await mails()).toHaveLength(7);
});
