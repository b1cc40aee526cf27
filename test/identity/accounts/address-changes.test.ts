import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeEach, expect, test } from "vitest";
import type { Context } from "../../../src/context.ts";
import type { AccountId } from "../../../src/db/id.ts";
import { makeApp } from "../../../src/http/app.ts";
import { getAccount } from "../../../src/identity/account-overview.ts";
import { addPerson } from "../../../src/identity/accounts/add.ts";
import {
  askForAddress,
  cancelAddressChange,
  listAddressChanges,
  resendAddressChange,
} from "../../../src/identity/accounts/address-change.ts";
import { editPerson } from "../../../src/identity/accounts/edit.ts";
import { suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { setSignUpDomains } from "../../../src/identity/domains.ts";
import { verdictsOn } from "../../../src/identity/invitations/verdicts.ts";
import { EVERYTHING } from "../../../src/identity/rights/held.ts";
import { giveRight } from "../../../src/identity/rights/rights.ts";
import { beginSession, listSessions } from "../../../src/identity/sessions.ts";
import { newTokenText, type TokenKind } from "../../../src/identity/token-form.ts";
import { createToken } from "../../../src/identity/tokens.ts";
import { startJobs } from "../../../src/jobs/start.ts";
import { pagesRouter } from "../../../src/pages/router.ts";
import { testContext } from "../../harness/postgres.ts";
import { scaled } from "../../harness/scale.ts";
import { startSmtpSink } from "../../harness/smtp-sink.ts";
import { asUser, company as makeCompany } from "../inviting-company.ts";

const sink = await startSmtpSink();
const base = await testContext();
const ctx: Context = {
  ...base,
  config: { ...base.config, mail: { smtpUrl: sink.url, from: "muster@example.com", retryDelays: [0] } },
};
const jobs = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
const server = createServer(makeApp(ctx, [{ path: "/", router: pagesRouter }], { draining: false }));
server.listen(0, "127.0.0.1");

afterAll(async () => {
  await jobs.stop();
  await sink.stop();
  await new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  });
});
beforeEach(() => {
  sink.mails.length = 0;
});

const settings = { validDays: 7, resendCoolDown: 60 };
const at = (path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { redirect: "manual", ...init });
const press = async (token: string) => (await at(`/address/${token}`, { method: "POST" })).status;

/** A company with one person of `internal`, and what is done to their address. */
async function company(email = "ann@old.example") {
  const c = await makeCompany(ctx);
  const ann = await c.write((tx) => addPerson(tx, { email }));
  const ask = (to: string, account = ann) =>
    c.write((tx) => askForAddress(tx, settings, [EVERYTHING], { account, email: to }), "shared");
  const shown = () => getAccount(c.db, ann);
  const changes = () => listAddressChanges(c.db, ann);
  const waitOver = () =>
    c.db.query({
      text: "update mails set created_at = created_at - interval '1 hour' where organization = $1",
      values: [c.organization],
    });
  const audited = async () =>
    (
      await c.db.query<{ action: string }>({
        text: "select action from audit where organization = $1 and action like 'account.address%' order by id",
        values: [c.organization],
      })
    ).map(({ action }) => action);
  return { ...c, ann, ask, shown, changes, waitOver, audited };
}
type Company = Awaited<ReturnType<typeof company>>;

/** The token in the mail that this mailbox got, once it is there. */
async function tokenTo(mailbox: string, kind: "adr" | "rev" = "adr", nth = 1): Promise<string> {
  const found = () =>
    sink.mails
      .filter((mail) => mail.to.includes(mailbox))
      .flatMap(({ parsed }) => {
        const token = new RegExp(`/address/(mst_${kind}_\\w+)`).exec(parsed.text ?? "")?.[1];
        return token === undefined ? [] : [token];
      });
  await expect.poll(() => found().length, { timeout: 30_000 }).toBeGreaterThanOrEqual(nth);
  return found()[nth - 1] as string;
}

async function confirmed(c: Company, to: string): Promise<void> {
  await c.ask(to);
  expect(await press(await tokenTo(to))).toBe(200);
}

test("C16, R159: nothing changes until the new mailbox says so; then address and user name do, sessions end, the old one is told", async () => {
  const c = await company();
  const record = (await c.shown()).records[0]?.id as never;
  await c.write((tx) =>
    beginSession(
      tx,
      { account: c.ann, record },
      { method: "password", authenticated: "now", address: null },
      { idle: 600, longest: 600 },
    ),
  );
  await c.ask("ann@new.example");
  const token = await tokenTo("ann@new.example");
  expect(await c.shown()).toMatchObject({ userName: "ann@old.example", email: "ann@old.example" });
  expect(await c.changes()).toMatchObject([{ state: "pending", before: "ann@old.example", email: "ann@new.example" }]);
  expect(sink.mails).toHaveLength(1);
  expect(JSON.stringify(sink.mails[0]?.parsed)).not.toContain("ann@old.example");

  const page = await at(`/address/${token}`);
  expect(page.headers.get("referrer-policy")).toBe("no-referrer");
  expect(await page.text()).not.toContain("old.example");
  expect(await press(token)).toBe(200);
  expect(await c.shown()).toMatchObject({ id: c.ann, userName: "ann@new.example", email: "ann@new.example" });
  expect(await listSessions(c.db, { account: c.ann })).toEqual([]);
  expect(await c.changes()).toMatchObject([{ state: "confirmed", revertUntil: expect.any(Date) }]);
  await tokenTo("ann@old.example", "rev");
  expect(JSON.stringify(sink.mails[1]?.parsed)).not.toContain("new.example");
  expect(await press(token)).toBe(410);
  expect(await c.audited()).toEqual(["account.address-asked", "account.address-changed"]);
  const people = await c.db.query({
    text: "select id from accounts where organization = $1",
    values: [c.organization],
  });
  expect(people).toHaveLength(1);
});

test("C16: 50 scanners that open either link change nothing; each works once after them", async () => {
  const c = await company();
  const scan = async (token: string) => {
    const pages = await Promise.all(
      Array.from({ length: 50 }, (_, index) => at(`/address/${token}`, { method: index % 2 === 0 ? "GET" : "HEAD" })),
    );
    expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([200]));
  };
  await c.ask("ann@new.example");
  const token = await tokenTo("ann@new.example");
  await scan(token);
  expect((await c.shown()).email).toBe("ann@old.example");
  expect(await press(token)).toBe(200);
  const back = await tokenTo("ann@old.example", "rev");
  await scan(back);
  expect((await c.shown()).email).toBe("ann@new.example");
  expect(await press(back)).toBe(200);
  expect(await c.shown()).toMatchObject({ userName: "ann@old.example", email: "ann@old.example" });
  expect(await press(back)).toBe(410);
  expect(await press(token)).toBe(410);
  expect((await c.changes())[0]).toMatchObject({ state: "reverted", revertedAt: expect.any(Date) });
});

test("C16: what came under the new address ends when the old mailbox takes the change back", async () => {
  const c = await company();
  const earlier = await c.write((tx) => createToken(tx, { administration: true, owner: c.ann }));
  await confirmed(c, "ann@new.example");
  const later = await c.write((tx) => createToken(tx, { administration: true, owner: c.ann }));
  await c.db.query({
    text: `insert into single_sign_on_bindings (organization, issuer, subject, account, record)
      select organization, 'https://id.example', 'mallory', id, canonical from accounts where organization = $1 and id = $2`,
    values: [c.organization, c.ann],
  });
  expect(await press(await tokenTo("ann@old.example", "rev"))).toBe(200);
  const live = await c.db.query({
    text: "select id from tokens where organization = $1 and revoked_at is null",
    values: [c.organization],
  });
  expect(live).toEqual([{ id: earlier.id }]);
  expect(later.id).not.toBe(earlier.id);
  const bound = await c.db.query({
    text: "select subject from single_sign_on_bindings where organization = $1",
    values: [c.organization],
  });
  expect(bound).toEqual([]);
});

test("C16: a second change does not shut the first mailbox out, and takes its own way back with it", async () => {
  const c = await company();
  await confirmed(c, "ann@new.example");
  const first = await tokenTo("ann@old.example", "rev");
  await confirmed(c, "ann@newer.example");
  const second = await tokenTo("ann@new.example", "rev");
  expect(await press(first)).toBe(200);
  expect(await c.shown()).toMatchObject({ userName: "ann@old.example", email: "ann@old.example" });
  expect(await press(second)).toBe(410);
  expect((await c.changes()).map(({ state }) => state)).toEqual(["reverted", "reverted"]);
});

test("C16: forged, swapped, expired, replaced and withdrawn tokens of both kinds change nothing", async () => {
  const c = await company();
  const other = await company("bob@old.example");
  await confirmed(c, "ann@new.example");
  const back = await tokenTo("ann@old.example", "rev");
  await other.ask("bob@new.example");
  const token = await tokenTo("bob@new.example");
  const swap = (text: string, kind: TokenKind) => text.replace(/^mst_[a-z]+/, `mst_${kind}`);
  const kinds: TokenKind[] = ["adr", "rev", "inv", "lnk", "ses", "api"];
  const forged = Array.from({ length: scaled(500) }, (_, index) =>
    newTokenText(kinds[index % kinds.length] as TokenKind),
  );
  for (const one of [
    ...forged,
    swap(token, "rev"),
    swap(back, "adr"),
    swap(token, "inv"),
    `${token}x`,
    token.slice(1),
    "%2e%2e",
  ])
    expect(await press(one)).toBe(404);
  for (const [where, one] of [
    ["i", token],
    ["i", back],
    ["l", token],
  ])
    expect((await at(`/${where}/${one}`, { method: "POST" })).status).toBe(404);
  expect((await other.shown()).email).toBe("bob@old.example");
  expect((await c.shown()).email).toBe("ann@new.example");

  await c.db.query({
    text: "update address_changes set revert_until = now() - interval '1 second' where organization = $1",
    values: [c.organization],
  });
  expect(await press(back)).toBe(410);
  await other.waitOver();
  await other.write((tx) => resendAddressChange(tx, settings, [EVERYTHING], other.ann), "shared");
  expect(await press(token)).toBe(410);
  const latest = await tokenTo("bob@new.example", "adr", 2);
  await other.db.query({
    text: "update address_changes set expires_at = now() - interval '1 second' where organization = $1",
    values: [other.organization],
  });
  expect(await press(latest)).toBe(410);
  expect((await other.changes())[0]?.state).toBe("expired");
  await other.db.query({
    text: "update address_changes set expires_at = now() + interval '1 day' where organization = $1",
    values: [other.organization],
  });
  await other.write((tx) => cancelAddressChange(tx, other.ann), "shared");
  expect(await press(latest)).toBe(410);
  expect((await other.shown()).email).toBe("bob@old.example");
  expect((await c.shown()).email).toBe("ann@new.example");
});

test("C16: of many presses of one link at once one counts; of two people who claim one mailbox one gets it", async () => {
  const c = await company();
  await c.ask("ann@new.example");
  const token = await tokenTo("ann@new.example");
  const answers = await Promise.all(Array.from({ length: 8 }, () => press(token)));
  expect(answers.filter((status) => status === 200)).toHaveLength(1);
  expect((await c.audited()).filter((action) => action === "account.address-changed")).toHaveLength(1);
  const back = await tokenTo("ann@old.example", "rev");
  const reverts = await Promise.all(Array.from({ length: 8 }, () => press(back)));
  expect(reverts.filter((status) => status === 200)).toHaveLength(1);
  expect((await c.audited()).filter((action) => action === "account.address-reverted")).toHaveLength(1);

  const bob = await c.write((tx) => addPerson(tx, { email: "bob@old.example" }));
  const eve = await c.write((tx) => addPerson(tx, { email: "eve@old.example" }));
  await c.ask("shared@new.example", bob);
  await expect(c.ask("shared@new.example", eve)).rejects.toMatchObject({ code: "cool-down" });
  await c.waitOver();
  await c.ask("shared@new.example", eve);
  const tokens = [await tokenTo("shared@new.example"), await tokenTo("shared@new.example", "adr", 2)];
  expect((await Promise.all(tokens.map(press))).sort()).toEqual([200, 409]);
  const holders = await c.db.query({
    text: "select id from accounts where organization = $1 and email_key = 'shared@new.example'",
    values: [c.organization],
  });
  expect(holders).toHaveLength(1);
  const refusals = [...(await listAddressChanges(c.db, bob)), ...(await listAddressChanges(c.db, eve))];
  expect(refusals.map(({ refusal }) => refusal).sort()).toEqual(["address-taken", null]);
});

test("C16, R25: a person of another directory is refused, naming it; so are those who are taken, suspended or unknown", async () => {
  const c = await company();
  const record = {
    id: "",
    immutableId: null,
    externalId: null,
    userName: "pat",
    active: true,
    email: "pat@acme.example",
  };
  const { insertDirectoryUsers } = await import("../../../src/identity/directory-users/insert.ts");
  const { newId } = await import("../../../src/db/id.ts");
  await c.write((tx) =>
    insertDirectoryUsers(tx, c.okta, [{ ...record, id: newId(), displayName: null, resource: {}, contentHash: null }]),
  );
  const [pat] = await c.db.query<{ id: AccountId }>({
    text: "select id from accounts where organization = $1 and user_name = 'pat'",
    values: [c.organization],
  });
  await expect(c.ask("pat@new.example", pat?.id)).rejects.toMatchObject({
    code: "read-only",
    message: expect.stringContaining("okta owns this person's address"),
  });
  await expect(c.ask("PAT@acme.example")).rejects.toMatchObject({ code: "uniqueness", at: "email" });
  await expect(c.ask("Ann@OLD.example")).rejects.toMatchObject({ code: "invalid" });
  await expect(c.ask("no address")).rejects.toMatchObject({ code: "invalid" });
  await c.write((tx) => suspendAccount(tx, c.ann, null));
  await expect(c.ask("ann@new.example")).rejects.toMatchObject({ code: "conflict" });
  expect(await c.mails()).toEqual([]);
});

test("C16, R106: who signed up within the sign-up domains does not leave them by a change, also not between asking and answering", async () => {
  const c = await company();
  await c.write((tx) => setSignUpDomains(tx, ["old.example", "new.example"]));
  await c.db.query({ text: "update organizations set sign_up = 'restricted' where id = $1", values: [c.organization] });
  await c.ask("ann@elsewhere.example");
  await c.ask("ann@new.example");
  await c.db.query({
    text: `insert into invitations (organization, id, account, email, email_key, state, source)
      values ($1, gen_random_uuid(), $2, 'ann@old.example', 'ann@old.example', 'accepted', 'sign-up')`,
    values: [c.organization, c.ann],
  });
  await expect(c.ask("ann@other.example")).rejects.toMatchObject({ code: "conflict", at: "email" });
  await c.write((tx) => setSignUpDomains(tx, ["old.example"]));
  expect(await press(await tokenTo("ann@new.example"))).toBe(409);
  expect((await c.shown()).email).toBe("ann@old.example");
  expect((await c.changes())[0]).toMatchObject({ state: "refused", refusal: "outside-sign-up" });
});

test("C16: who asked is asked again: a right that the person got since is not handed to the new mailbox", async () => {
  const c = await company();
  const token = await c.write((tx) => createToken(tx, { administration: true, permissions: ["users:write"] }));
  const asker = { ...c.actor, kind: "api-token" as const, id: token.id };
  const { inTransaction } = await import("../../../src/db/transaction.ts");
  await inTransaction(ctx, asker, (tx) =>
    askForAddress(tx, settings, [EVERYTHING], { account: c.ann, email: "ann@new.example" }),
  );
  await c.write((tx) =>
    giveRight(tx, [EVERYTHING], {
      account: c.ann,
      bundle: "organization-administrator",
      scope: { kind: "organization" },
    }),
  );
  expect(await press(await tokenTo("ann@new.example"))).toBe(409);
  expect((await c.changes())[0]).toMatchObject({ state: "refused", refusal: "asker-may-not" });
  expect((await c.shown()).email).toBe("ann@old.example");
});

test("R38, R159: a confirmed mailbox counts as proven; an address that an administrator typed does not", async () => {
  const c = await company();
  const offer = { groups: [c.groups.user], spaces: [] };
  const verdict = async (email: string) => (await verdictsOn(c.db, [{ typed: email, key: email }], offer))[0]?.verdict;
  await confirmed(c, "ann@new.example");
  expect(await verdict("ann@new.example")).toBe("given");
  const edit = (email: string) => c.write((tx) => editPerson(tx, c.ann, { email }, [EVERYTHING]), "shared");
  await edit("ann@typed.example");
  expect(await verdict("ann@typed.example")).toBe("invited");
  await edit("ann@new.example");
  expect(await verdict("ann@new.example")).toBe("invited");
});

test("R173: an open invitation goes with its person, and its former links are dead", async () => {
  const c = await makeCompany(ctx);
  const { results } = await c.ask({ emails: ["ann@old.example"], roles: asUser(c.wiki), notify: false });
  const link = await c.link(results[0]);
  const ann = results[0]?.account as AccountId;
  await c.write(
    (tx) => askForAddress(tx, settings, [EVERYTHING], { account: ann, email: "ann@new.example" }),
    "shared",
  );
  expect(await press(await tokenTo("ann@new.example"))).toBe(200);
  expect(await c.open(link)).toBe("closed");
  expect(await c.open(await c.link(results[0]))).toBe("accepted");
  expect(await c.roleOf(ann)).toBe("user true");
});

test("C16: a mailbox is asked once in the cool-down and five times a day, whoever the person is; a change that is over mails nobody", async () => {
  const c = await company();
  await jobs.stop();
  await c.ask("quiet@new.example");
  await expect(c.ask("quiet@new.example")).rejects.toMatchObject({ code: "cool-down", retryAfter: expect.any(Number) });
  for (let asked = 2; asked <= 5; asked++) {
    await c.waitOver();
    await c.ask("quiet@new.example");
  }
  await c.waitOver();
  await expect(c.ask("quiet@new.example")).rejects.toMatchObject({ code: "cool-down" });
  await c.write((tx) => cancelAddressChange(tx, c.ann), "shared");
  const again = await startJobs(ctx, { ownerUrl: base.database.ownerUrl });
  const states = async () =>
    (
      await c.db.query<{ state: string }>({
        text: "select state from mails where organization = $1 order by id",
        values: [c.organization],
      })
    ).map(({ state }) => state);
  await expect.poll(states, { timeout: 30_000 }).toEqual(Array.from({ length: 5 }, () => "cancelled"));
  await again.stop();
  expect(sink.mails.filter(({ to }) => to.includes("quiet@new.example"))).toEqual([]);
});
