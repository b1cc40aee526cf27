import { expect, test } from "vitest";
import type { AccountId } from "../../src/db/id.ts";
import { getAccount } from "../../src/identity/account-overview.ts";
import { getInvitation } from "../../src/identity/invitation-pages.ts";
import { extendInvitation, revokeInvitation } from "../../src/identity/invitations/change.ts";
import { correctInvitation } from "../../src/identity/invitations/correct.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { testContext } from "../harness/postgres.ts";
import { asUser, company as makeCompany } from "./inviting-company.ts";

const ctx = await testContext();
const company = () => makeCompany(ctx);

test("R173: a wrong address is corrected without a second person; links to the old one are dead", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["anm@x.example"], roles: asUser(c.wiki), notify: false });
  const [wrong] = results;
  const old = await c.link(wrong);
  await c.write((tx) => correctInvitation(tx, [EVERYTHING], wrong?.invitation as never, "ann@x.example"), "shared");
  expect(await c.open(old)).toBe("closed");
  expect(await getAccount(c.db, wrong?.account as AccountId)).toMatchObject({
    userName: "ann@x.example",
    email: "ann@x.example",
  });
  const people = await c.db.query({
    text: "select id from accounts where organization = $1",
    values: [c.organization],
  });
  expect(people).toHaveLength(1);
  expect(await c.open(await c.link(wrong))).toBe("accepted");
  expect(await c.roleOf(wrong?.account ?? null)).toBe("user true");
});

test("R92 R73: a copied link ends the earlier ones, an expired one is extended, a revoked one opens nothing", async () => {
  const c = await company();
  const { results } = await c.ask({ emails: ["ann@x.example"], roles: asUser(c.wiki), notify: false });
  const first = await c.link(results[0]);
  const second = await c.link(results[0]);
  expect(await c.open(first)).toBe("closed");
  await c.db.query({
    text: "update invitations set expires_at = now() - interval '1 minute' where organization = $1",
    values: [c.organization],
  });
  expect(await c.open(second)).toBe("closed");
  expect(await getInvitation(c.db, results[0]?.invitation as never)).toMatchObject({ state: "expired" });
  const id = results[0]?.invitation as never;
  await expect(c.write((tx) => extendInvitation(tx, id, new Date(Date.now() - 1_000)), "none")).rejects.toMatchObject({
    code: "invalid",
  });
  await c.write((tx) => extendInvitation(tx, id, new Date(Date.now() + 86_400_000)), "none");
  await c.write((tx) => revokeInvitation(tx, id), "shared");
  expect(await c.open(second)).toBe("closed");
  expect(await c.roleOf(results[0]?.account ?? null)).toBe("null false");
});
