import { expect, test } from "vitest";
import { type AccountId, type DirectoryId, type DirectoryUserId, newId } from "../../src/db/id.ts";
import { type Status, statusOf } from "../../src/identity/statuses.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization } from "./access/organization.ts";

/** The facts that a status is derived from. */
type StatusFacts = {
  /** The canonical record exists and its directory says that the person is active. */
  canonicalActive: boolean;
  suspended: boolean;
  /** The person has used one of the products (R80). */
  hadAccess: boolean;
  /** An invitation was sent, or is on its way (R79), and has not been superseded because the name passed on. */
  invitationSent: boolean;
};

/** Deactivated over suspended over active over invited (R78 to R84; C3). */
function deriveStatus(facts: StatusFacts): Status {
  if (!facts.canonicalActive) return "deactivated";
  if (facts.suspended) return "suspended";
  if (facts.hadAccess) return "active";
  return facts.invitationSent ? "invited" : "invited-not-sent";
}

const ctx = await testContext();
const both = [false, true];
const deliveries = [null, "not-requested", "queued", "accepted", "deferred", "bounced", "failed"];

test("R78, R79, R81, R82, R84: the words, the strongest first", () => {
  const facts = { canonicalActive: true, suspended: false, hadAccess: false, invitationSent: false };
  expect(deriveStatus(facts)).toBe("invited-not-sent");
  expect(deriveStatus({ ...facts, invitationSent: true })).toBe("invited");
  expect(deriveStatus({ ...facts, invitationSent: true, hadAccess: true })).toBe("active");
  expect(deriveStatus({ ...facts, hadAccess: true, suspended: true })).toBe("suspended");
  expect(deriveStatus({ ...facts, hadAccess: true, suspended: true, canonicalActive: false })).toBe("deactivated");
});

test("every combination of facts has the same word in SQL", async () => {
  const org = await makeOrganization(ctx, "statuses");
  const directory = await org.directory("c");
  let compared = 0;
  for (const record of ["none", "inactive", "active", "tombstone"])
    for (const suspended of both)
      for (const hadAccess of both)
        for (const delivery of deliveries) {
          const account = await write(directory, { record, suspended, hadAccess, delivery });
          const word = deriveStatus({
            canonicalActive: record === "active",
            suspended,
            hadAccess,
            invitationSent: delivery !== null && delivery !== "not-requested",
          });
          expect(await statusOf(org.db, account), JSON.stringify({ record, suspended, hadAccess, delivery })).toBe(
            word,
          );
          compared++;
        }
  expect(compared).toBe(112);

  async function write(
    home: DirectoryId,
    facts: { record: string; suspended: boolean; hadAccess: boolean; delivery: string | null },
  ): Promise<AccountId> {
    const [account, record] = [newId<AccountId>(), newId<DirectoryUserId>()];
    await org.shared(async (tx) => {
      await tx.query({
        text: `insert into accounts (organization, id, user_name, user_name_key, canonical, suspended_at, first_access_at)
          values ($1, $2::uuid, $2::uuid::text, $2::uuid::text, $3, case when $4 then now() end, case when $5 then now() end)`,
        values: [tx.organization, account, facts.record === "none" ? null : record, facts.suspended, facts.hadAccess],
      });
      if (facts.record !== "none")
        await tx.query({
          text: `insert into directory_users (organization, id, directory, account, user_name, user_name_key, active, deleted_at)
            values ($1, $2::uuid, $3, $4, $2::uuid::text, $2::uuid::text, $5, case when $6 then now() end)`,
          values: [tx.organization, record, home, account, facts.record !== "inactive", facts.record === "tombstone"],
        });
      if (facts.delivery !== null)
        await tx.query({
          text: `insert into invitations (organization, id, account, email, email_key, delivery) values ($1, $2::uuid, $3, $2::uuid::text, $2::uuid::text, $4)`,
          values: [tx.organization, newId(), account, facts.delivery],
        });
    });
    return account;
  }
});

test("an invitation that was superseded, because the name passed to another record, invites nobody", async () => {
  const org = await makeOrganization(ctx, "statuses-superseded");
  const account = newId<AccountId>();
  const record = newId<DirectoryUserId>();
  const home = await org.directory("c");
  await org.shared(async (tx) => {
    await tx.query({
      text: "insert into accounts (organization, id, user_name, user_name_key, canonical) values ($1, $2, 'a', 'a', $3)",
      values: [tx.organization, account, record],
    });
    await tx.query({
      text: `insert into directory_users (organization, id, directory, account, user_name, user_name_key, active)
        values ($1, $2, $3, $4, 'a', 'a', true)`,
      values: [tx.organization, record, home, account],
    });
    await tx.query({
      text: `insert into invitations (organization, id, account, email, email_key, delivery, state)
        values ($1, $2, $3, 'a@example.com', 'a@example.com', 'accepted', 'superseded')`,
      values: [tx.organization, newId(), account],
    });
  });
  expect(await statusOf(org.db, account)).toBe("invited-not-sent");
});

test("an account that the organization does not have", async () => {
  const org = await makeOrganization(ctx, "statuses-none");
  await expect(statusOf(org.db, newId<AccountId>())).rejects.toMatchObject({ code: "not-found" });
});
