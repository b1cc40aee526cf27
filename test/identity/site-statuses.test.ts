import { expect, test } from "vitest";
import { type AccountId, type DirectoryUserId, newId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { parseFieldFilter } from "../../src/filter/fields.ts";
import { ACCOUNT_FIELDS, listAccounts } from "../../src/identity/account-overview.ts";
import { suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addLocalMembers } from "../../src/identity/groups.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { countSeats } from "../../src/identity/seats.ts";
import { createSite } from "../../src/identity/sites.ts";
import { SITE_STATUSES, type SiteStatus } from "../../src/identity/statuses.ts";
import { testContext } from "../harness/postgres.ts";
import { asUser, company, settings } from "./inviting-company.ts";

const ctx = await testContext();

type Facts = {
  /** The canonical record is there and active, and nobody suspended the person. */
  active: boolean;
  /** Given the site, or with live access to a product of it. */
  onSite: boolean;
  /** An open invitation offers something of the site that was not given yet. */
  offered: boolean;
  /** An invitation went out, or is on its way. */
  sent: boolean;
  /** The person has used a product (R80). */
  hadAccess: boolean;
};

/** R74 to R77, written a second time. */
function deriveSiteStatus({ active, onSite, offered, sent, hadAccess }: Facts): SiteStatus {
  if (!active || !(onSite || offered)) return "no-site-access";
  if (onSite && hadAccess) return "has-site-access";
  return sent ? "invitation-pending" : "invitation-not-sent";
}

test("R74, R75, R76, R77: the words of a site", () => {
  const facts = { active: true, onSite: true, offered: false, sent: false, hadAccess: false };
  expect(deriveSiteStatus(facts)).toBe("invitation-not-sent");
  expect(deriveSiteStatus({ ...facts, sent: true })).toBe("invitation-pending");
  expect(deriveSiteStatus({ ...facts, sent: true, hadAccess: true })).toBe("has-site-access");
  expect(deriveSiteStatus({ ...facts, onSite: false })).toBe("no-site-access");
  expect(deriveSiteStatus({ ...facts, hadAccess: true, active: false })).toBe("no-site-access");
});

test("R74, R75, R76, R77, C3: every combination of facts has the same word in SQL, for each person and for a list of those who have it", async () => {
  const c = await company(ctx);
  await c.write((tx) => createSite(tx, { key: "empty" }));
  const both = [false, true];
  const words = new Map<AccountId, SiteStatus>();
  const combinations = both.flatMap((hadAccess) =>
    both.flatMap((sent) =>
      [null, "open", "given", "expired"].flatMap((offer) =>
        ["no", "role", "right", "waiting"].flatMap((standing) =>
          ["active", "inactive", "gone", "suspended"].map((life) => ({ hadAccess, sent, offer, standing, life })),
        ),
      ),
    ),
  );
  // Written as rows, so that also what no door makes has its word.
  await inTransaction(ctx, c.actor, async (tx) => {
    for (const { hadAccess, sent, offer, standing, life } of combinations) {
      const [account, record, invitation] = [newId<AccountId>(), newId<DirectoryUserId>(), newId()];
      const lives = life === "active";
      const values = [tx.organization, account, record];
      await tx.query({
        text: `insert into accounts (organization, id, user_name, user_name_key, canonical, suspended_at, first_access_at)
          values ($1, $2::uuid, $2::uuid::text, $2::uuid::text, $3, case when $4 then now() end, case when $5 then now() end)`,
        values: [...values, life === "suspended", hadAccess],
      });
      await tx.query({
        text: `insert into directory_users (organization, id, directory, account, user_name, user_name_key, active, deleted_at)
          values ($1, $3, $4, $2::uuid, $2::uuid::text, $2::uuid::text, $5, case when $6 then now() end)`,
        values: [...values, c.okta, life !== "inactive", life === "gone"],
      });
      if (standing === "right")
        await tx.query({
          text: `insert into rights (organization, id, account, bundle, scope_kind, scope_id, in_force)
            select $1, gen_random_uuid(), $2, 'basic', 'site', p.site, $3 from products p where p.organization = $1 and p.id = $4`,
          values: [tx.organization, account, lives, c.wiki],
        });
      // The reconciler leaves no live access to whoever is not active.
      if ((standing === "role" && lives) || standing === "waiting")
        await tx.query({
          text: `insert into access (organization, account, product, role, state, waiting_since)
            values ($1, $2, $3, 'user', $4, case when $4 = 'no-seat' then now() end)`,
          values: [tx.organization, account, c.wiki, standing === "role" ? "live" : "no-seat"],
        });
      if (offer !== null || sent)
        await tx.query({
          text: `insert into invitations (organization, id, account, email, email_key, delivery, granted_at, expires_at)
            values ($1, $2::uuid, $3, $2::uuid::text, $2::uuid::text, $4, case when $5 = 'given' then now() end,
              now() + case when $5 = 'expired' then interval '-1 day' else interval '1 day' end)`,
          values: [tx.organization, invitation, account, sent ? "accepted" : "not-requested", offer],
        });
      if (offer !== null)
        await tx.query({
          text: "insert into invitation_groups (organization, invitation, group_id) values ($1, $2, $3)",
          values: [tx.organization, invitation, c.groups.user],
        });
      words.set(
        account,
        deriveSiteStatus({
          active: lives,
          onSite: lives && (standing === "right" || standing === "role"),
          offered: offer === "open",
          sent,
          hadAccess,
        }),
      );
    }
  });
  const page = { after: null, limit: 1_000 };
  const shown = await listAccounts(c.db, { filter: null, ...page });
  expect(shown.length).toBe(combinations.length);
  const site = shown[0]?.sites.find((one) => one.site !== "empty")?.site;
  for (const { id, sites } of shown)
    expect(sites).toEqual(
      [
        { site, status: words.get(id) },
        { site: "empty", status: "no-site-access" },
      ].sort((a, b) => (String(a.site) < String(b.site) ? -1 : 1)),
    );
  for (const word of SITE_STATUSES.filter((one) => one !== "no-site-access")) {
    const filter = parseFieldFilter(`siteStatus eq "${word}"`, ACCOUNT_FIELDS, "users");
    const found = (await listAccounts(c.db, { filter, ...page })).map(({ id }) => id);
    const expected = [...words].filter(([, one]) => one === word).map(([id]) => id);
    expect(found.length).toBeGreaterThan(5);
    expect(found).toEqual(expected.sort());
  }
});

test("R88: whether and when an invited person was asked and signed up is seen", async () => {
  const c = await company(ctx);
  const [ann] = (await c.ask({ emails: ["ann@elsewhere.example"], roles: asUser(c.wiki) })).results;
  const seen = async () => (await listAccounts(c.db, { filter: null, after: null, limit: 10 }))[0];
  expect(await seen()).toMatchObject({ invitedAt: null, signedUpAt: null });
  await c.db.query({
    text: "update invitations set sent_at = now() - interval '2 days' where organization = $1",
    values: [c.organization],
  });
  expect(await seen()).toMatchObject({ invitedAt: expect.any(Date), signedUpAt: null });
  expect(await c.open(await c.link(ann))).toBe("accepted");
  const { invitedAt, signedUpAt } = (await seen()) ?? {};
  expect(signedUpAt?.getTime()).toBeGreaterThan((invitedAt?.getTime() ?? 0) + 86_400_000);
});

test("R86: whoever is on a product takes a seat, invited or active; whoever has no access takes none", async () => {
  const c = await company(ctx);
  const people = ["ann", "ben", "cyd", "dan"].map((name) => `${name}@elsewhere.example`);
  const { results } = await c.ask({ emails: people, notify: false });
  const [ann, ben, cyd] = results.map(({ account }) => account as AccountId);
  await c.write(async (tx) => {
    await addLocalMembers(tx, c.groups.user, [ann, ben, cyd] as AccountId[]);
    await resendInvitation(tx, settings, ben as AccountId);
    await tx.query({
      text: "update accounts set first_access_at = now() where organization = $1 and id = $2",
      values: [tx.organization, cyd],
    });
  });
  const taken = async () => (await countSeats(c.db, [c.wiki]))[0]?.seats.used;
  const withAccess = async () =>
    (await listAccounts(c.db, { filter: null, after: null, limit: 10 })).filter(({ sites }) =>
      sites.some(({ status }) => status !== "no-site-access"),
    );
  expect((await withAccess()).map(({ status }) => status).sort()).toEqual(["active", "invited", "invited-not-sent"]);
  expect(await taken()).toBe(3);
  await c.write((tx) => suspendAccount(tx, cyd as AccountId, null));
  expect([(await withAccess()).length, await taken()]).toEqual([2, 2]);
});
