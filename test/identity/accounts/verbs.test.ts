import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type AccountId, type DirectoryUserId, newId } from "../../../src/db/id.ts";
import { simulate, type Tx } from "../../../src/db/transaction.ts";
import { getAccount, listAccounts } from "../../../src/identity/account-overview.ts";
import { addPerson } from "../../../src/identity/accounts/add.ts";
import { deactivateAccounts, reactivateAccounts } from "../../../src/identity/accounts/deactivate.ts";
import { eraseAccounts } from "../../../src/identity/accounts/erase.ts";
import { forgetOldTombstones } from "../../../src/identity/accounts/forget.ts";
import { resolvePerson } from "../../../src/identity/accounts/person.ts";
import { removeAccounts, undoRemoval } from "../../../src/identity/accounts/remove.ts";
import { revokeAccess } from "../../../src/identity/accounts/revoke-access.ts";
import { restoreAccount, suspendAccount } from "../../../src/identity/accounts/suspend.ts";
import { insertDirectoryGroups } from "../../../src/identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../../src/identity/directory-users/insert.ts";
import { removeDirectoryUsers } from "../../../src/identity/directory-users/remove.ts";
import { setSignUpDomains } from "../../../src/identity/domains.ts";
import { grantRole } from "../../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup, nestGroups } from "../../../src/identity/groups.ts";
import { createLink, getLink } from "../../../src/identity/links.ts";
import { createProduct } from "../../../src/identity/products.ts";
import { changesOf, latestChange } from "../../../src/identity/record.ts";
import { EVERYTHING } from "../../../src/identity/rights/held.ts";
import { giveRight } from "../../../src/identity/rights/rights.ts";
import { countSeats } from "../../../src/identity/seats.ts";
import { resolveSite } from "../../../src/identity/sites.ts";
import { createToken, findToken } from "../../../src/identity/tokens.ts";
import { testContext } from "../../harness/postgres.ts";
import { person } from "../../mail/world.ts";
import { asGuest, asUser, company } from "../inviting-company.ts";

const ctx = await testContext();

type Company = Awaited<ReturnType<typeof company>>;

async function organization() {
  const c = await company(ctx);
  await c.write((tx) => setSignUpDomains(tx, ["acme.example"]));
  const add = (email: string) => c.write((tx) => addPerson(tx, { email }), "shared");
  const user = async (email: string) => {
    const id = await add(email);
    await c.write((tx) => addLocalMembers(tx, c.groups.user, [id]), "shared");
    return id;
  };
  const fromOkta = async (name: string) => {
    await c.write(
      (tx) => insertDirectoryUsers(tx, c.okta, [person(name, { email: `${name}@acme.example` })]),
      "shared",
    );
    return resolvePerson(c.db, name);
  };
  const statusOf = async (id: AccountId) => (await getAccount(c.db, id)).status;
  const stateOf = async (invitation: unknown) =>
    (
      await c.db.query<{ state: string }>({
        text: "select state from invitations where organization = $1 and id = $2",
        values: [c.organization, invitation],
      })
    )[0]?.state;
  return { ...c, add, user, fromOkta, statusOf, stateOf };
}

const one = (id: AccountId) => [id] as const;
const ask = (c: Company, work: (tx: Tx) => Promise<unknown>) => c.write(work);

test("R84: whom the organization manages is deactivated and reactivated here; what was given waits", async () => {
  const c = await organization();
  const ann = await c.user("ann@acme.example");
  expect(await c.roleOf(ann)).toBe("user true");
  expect(await c.write((tx) => deactivateAccounts(tx, one(ann), "on leave"))).toEqual([ann]);
  expect([await c.statusOf(ann), await c.roleOf(ann)]).toEqual(["deactivated", "null false"]);
  expect(await c.write((tx) => deactivateAccounts(tx, one(ann), null))).toEqual([]);
  expect(await c.write((tx) => reactivateAccounts(tx, one(ann)))).toEqual([ann]);
  expect([await c.statusOf(ann), await c.roleOf(ann)]).toEqual(["invited-not-sent", "user true"]);
});

test("R85, C20: a record of another directory, and a person of a foreign domain, are not deactivated here; each is told why and what to do", async () => {
  const c = await organization();
  const [okta, foreign] = [await c.fromOkta("olga"), await c.add("max@elsewhere.example")];
  await expect(ask(c, (tx) => deactivateAccounts(tx, one(okta), null))).rejects.toMatchObject({
    code: "read-only",
    message: expect.stringMatching(/okta.*suspend them here.*deactivate them there/),
  });
  await expect(ask(c, (tx) => deactivateAccounts(tx, one(foreign), null))).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/does not manage.*suspend/),
  });
  await expect(ask(c, (tx) => removeAccounts(tx, one(okta), null))).rejects.toMatchObject({
    code: "read-only",
    message: expect.stringMatching(/okta/),
  });
  await expect(ask(c, (tx) => eraseAccounts(tx, one(okta)))).rejects.toMatchObject({ code: "read-only" });
  expect(await c.statusOf(okta)).toBe("invited-not-sent");
  // The verb that works.
  await c.write((tx) => suspendAccount(tx, okta, null));
  expect(await c.statusOf(okta)).toBe("suspended");
});

test("R77, R157, C10: revoking access takes what was given here, on a product, a site or everywhere, and leaves the person", async () => {
  const c = await organization();
  const ann = await c.user("ann@acme.example");
  const { site, shop } = await c.write(async (tx) => {
    const place = await resolveSite(tx, undefined);
    const product = await createProduct(tx, place, { key: "shop" });
    const group = await createLocalGroup(tx, "shoppers");
    await grantRole(tx, { group: group.id, product: product.id, role: "user" });
    await addLocalMembers(tx, group.id, [ann]);
    await giveRight(tx, [EVERYTHING], { account: ann, bundle: "trusted", scope: { kind: "site", id: place.id } });
    return { site: place.id, shop: product.id };
  });
  const from = { kind: "product", id: c.wiki } as const;
  expect(await c.write((tx) => revokeAccess(tx, [EVERYTHING], one(ann), from, null))).toEqual([ann]);
  expect(await c.roleOf(ann)).toBe("user true,null false");
  expect(await c.write((tx) => revokeAccess(tx, [EVERYTHING], one(ann), from, null))).toEqual([]);
  expect((await getAccount(c.db, ann)).sites).toEqual([expect.objectContaining({ status: "invitation-not-sent" })]);
  await c.write((tx) => revokeAccess(tx, [EVERYTHING], one(ann), { kind: "site", id: site }, null));
  expect((await getAccount(c.db, ann)).sites).toEqual([expect.objectContaining({ status: "no-site-access" })]);
  expect((await countSeats(c.db, [shop]))[0]?.seats.used).toBe(0);
  expect(await c.statusOf(ann)).toBe("invited-not-sent");
});

test("R157, F15: a guest loses the space, and an open invitation does not bring it back", async () => {
  const c = await organization();
  const [gus] = (await c.ask({ emails: ["gus@elsewhere.example"], ...asGuest(c), notify: false })).results;
  const guest = gus?.account as AccountId;
  const token = await c.link(gus);
  await c.write((tx) => revokeAccess(tx, [EVERYTHING], one(guest), { kind: "product", id: c.wiki }, null));
  expect(await c.stateOf(gus?.invitation)).toBe("revoked");
  expect(await c.open(token)).toBe("closed");
  const [ida] = (await c.ask({ emails: ["ida@elsewhere.example"], ...asGuest(c), notify: false })).results;
  expect(await c.open(await c.link(ida))).toBe("accepted");
  expect(await c.roleOf(ida?.account as AccountId)).toBe("guest true");
  await c.write((tx) => revokeAccess(tx, [EVERYTHING], [ida?.account as AccountId], { kind: "organization" }, null));
  expect(await c.roleOf(ida?.account as AccountId)).toBe("null false");
});

test("C10: what a directory's group gives is refused, naming person, group, directory and the ways out; and so is a group that gives more", async () => {
  const c = await organization();
  const olga = await c.fromOkta("olga");
  await c.write(async (tx) => {
    const id = newId<never>();
    await insertDirectoryGroups(tx, c.okta, [
      {
        id,
        immutableId: null,
        externalId: null,
        displayName: "staff",
        resource: {},
        contentHash: null,
        uniqueName: true,
      },
    ]);
    await tx.query({
      text: `insert into remote_memberships (organization, group_id, directory_user)
        select organization, $2, canonical from accounts where organization = $1 and id = $3`,
      values: [tx.organization, id, olga],
    });
    await nestGroups(tx, c.groups.user, [id]);
  });
  const everything = { kind: "organization" } as const;
  await expect(ask(c, (tx) => revokeAccess(tx, [EVERYTHING], one(olga), everything, null))).rejects.toMatchObject({
    code: "conflict",
    message: expect.stringMatching(/olga .*wiki.*staff of okta.*suspend/),
  });
  const ann = await c.user("ann@acme.example");
  await c.write(async (tx) => {
    const shop = await createProduct(tx, await resolveSite(tx, undefined), { key: "shop" });
    await grantRole(tx, { group: c.groups.user, product: shop.id, role: "user" });
  });
  const from = { kind: "product", id: c.wiki } as const;
  await expect(ask(c, (tx) => revokeAccess(tx, [EVERYTHING], one(ann), from, null))).rejects.toMatchObject({
    message: expect.stringMatching(/wiki users, which gives access to shop too/),
  });
  expect(await c.roleOf(ann)).toBe("user true,user true");
});

test("R158, R7: a removed person is out, the user name is free, and the removal is undone as long as nobody took it", async () => {
  const c = await organization();
  const ann = await c.user("ann@acme.example");
  const there = await organization();
  const other = await there.user("ann@acme.example");
  await c.write((tx) => removeAccounts(tx, one(ann), "left"));
  expect([await c.statusOf(ann), await c.roleOf(ann)]).toEqual(["deactivated", "null false"]);
  // The same human in another organization is another account.
  expect(await there.roleOf(other)).toBe("user true");
  await expect(ask(c, (tx) => removeAccounts(tx, one(ann), null))).rejects.toMatchObject({ code: "conflict" });
  await c.write((tx) => undoRemoval(tx, ann), "shared");
  expect(await c.roleOf(ann)).toBe("user true");
  await c.write((tx) => removeAccounts(tx, one(ann), null));
  // Somebody else by the same name gets nothing that the other one was given.
  const again = await c.add("ann@acme.example");
  expect(await c.roleOf(again)).toBe("null false");
  await expect(ask(c, (tx) => undoRemoval(tx, ann))).rejects.toMatchObject({ code: "conflict" });
});

test("R170, R171: the right address is invited, the wrong account loses its access, and what it did stays its own", async () => {
  const c = await organization();
  const ask = async (email: string) =>
    (await c.ask({ emails: [email], roles: asUser(c.wiki), notify: false })).results[0];
  const wrong = await ask("ann@elsewhere.example");
  expect(await c.open(await c.link(wrong))).toBe("accepted");
  const account = wrong?.account as AccountId;
  const traces = () =>
    c.db.query({
      text: `select a.id from audit a where a.organization = $1 and (a.subject in ($2, $3) or a.detail ->> 'account' = $2::uuid::text)
        order by a.id`,
      values: [c.organization, account, wrong?.invitation],
    });
  const before = await traces();
  const right = await ask("ann@acme.example");
  expect(await c.open(await c.link(right))).toBe("accepted");
  await c.write((tx) => revokeAccess(tx, [EVERYTHING], one(account), { kind: "organization" }, "wrong address"));
  expect([await c.roleOf(right?.account as AccountId), await c.roleOf(account)]).toEqual(["user true", "null false"]);
  expect((await getAccount(c.db, account)).id).toBe(account);
  expect((await traces()).slice(0, before.length)).toEqual(before);
  expect(before.length).toBeGreaterThan(2);
});

test("F16: an invitation brings a removed person back, with what it offers and nothing of before", async () => {
  const c = await organization();
  const ann = await c.user("ann@acme.example");
  await c.write((tx) => removeAccounts(tx, one(ann), null));
  const invited = await c.ask({ emails: ["ann@acme.example"], roles: asGuest(c).roles, spaces: asGuest(c).spaces });
  expect(invited.results).toMatchObject([{ verdict: "invited" }]);
  expect(await c.open(await c.link(invited.results[0]))).toBe("accepted");
  expect(await c.roleOf(invited.results[0]?.account as AccountId)).toBe("guest true");
});

test("F35: the last administrator is not deactivated, removed, erased or left without rights", async () => {
  const c = await organization();
  const boss = await c.add("boss@acme.example");
  await c.write((tx) =>
    giveRight(tx, [EVERYTHING], {
      account: boss,
      bundle: "organization-administrator",
      scope: { kind: "organization" },
    }),
  );
  for (const work of [
    (tx: Tx) => deactivateAccounts(tx, one(boss), null),
    (tx: Tx) => removeAccounts(tx, one(boss), null),
    (tx: Tx) => eraseAccounts(tx, one(boss)),
    (tx: Tx) => revokeAccess(tx, [EVERYTHING], one(boss), { kind: "organization" }, null),
  ])
    await expect(ask(c, work)).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringMatching(/last admin/),
    });
});

const causes: Record<string, (c: Awaited<ReturnType<typeof organization>>, id: AccountId) => Promise<unknown>> = {
  suspended: (c, id) => c.write((tx) => suspendAccount(tx, id, null)),
  deactivated: (c, id) => c.write((tx) => deactivateAccounts(tx, one(id), null)),
  removed: (c, id) => c.write((tx) => removeAccounts(tx, one(id), null)),
  "removed by a directory": (c, id) =>
    c.write(async (tx) => {
      const [record] = await tx.query<{ id: DirectoryUserId; directory: never }>({
        text: `select u.id, u.directory from accounts a join directory_users u on u.organization = a.organization and u.id = a.canonical
          where a.organization = $1 and a.id = $2`,
        values: [tx.organization, id],
      });
      if (record) await removeDirectoryUsers(tx, record.directory, [record.id]);
    }, "shared"),
  "deactivated by a directory": (c, id) =>
    c.db.query({
      text: `update directory_users set active = false where organization = $1
        and id = (select canonical from accounts where organization = $1 and id = $2)`,
      values: [c.organization, id],
    }),
};

test.each(Object.keys(causes))(
  "F15: whoever is %s leaves nothing behind that opens a door, and coming back brings none of it back",
  async (cause) => {
    const c = await organization();
    const ann = await c.user("ann@acme.example");
    const maker = { ...c.actor, kind: "session" as const, id: ann };
    const [asked] = (await c.ask({ emails: ["ann@acme.example"], groups: [c.groups.admin], notify: false })).results;
    const { token, link } = await c.write(async (tx) => {
      await giveRight(tx, [EVERYTHING], { account: ann, bundle: "auditor", scope: { kind: "organization" } });
      const made = await createToken(tx, { administration: true, owner: ann });
      const limits = {
        label: "mine",
        maxUses: null,
        expiresAt: null,
        allowedDomains: [],
        email: null,
        needsApproval: false,
      };
      const by = Object.assign(Object.create(tx), { actor: maker }) as Tx;
      return {
        token: made.token,
        link: (await createLink(by, [EVERYTHING], limits, { roles: asUser(c.wiki), groups: [], spaces: [] })).id,
      };
    });
    expect(await findToken(ctx.db, token, "api")).toBeDefined();
    await causes[cause]?.(c, ann);
    const dead = async () => [
      await c.stateOf(asked?.invitation),
      (await getLink(c.db, link)).state,
      (
        await c.db.query<{ revoked: boolean }>({
          text: "select revoked_at is not null as revoked from tokens where organization = $1 and owner = $2",
          values: [c.organization, ann],
        })
      )[0]?.revoked,
    ];
    expect(await dead()).toEqual(["revoked", "disabled", true]);
    if (cause === "suspended") await c.write((tx) => restoreAccount(tx, ann), "shared");
    if (cause === "deactivated") await c.write((tx) => reactivateAccounts(tx, one(ann)));
    if (cause.startsWith("removed")) await c.write((tx) => undoRemoval(tx, ann), "shared");
    expect(await dead()).toEqual(["revoked", "disabled", true]);
    const rows = await c.db.query<{ kind: string }>({
      text: `select distinct actor_kind as kind from audit where organization = $1 and detail ->> 'because' is not null
        and action in ('token.revoked', 'invitation.revoked', 'link.disabled')`,
      values: [c.organization],
    });
    // Whoever made them leave is who ended it; a bare statement is nobody's.
    expect(rows).toEqual([{ kind: cause === "deactivated by a directory" ? expect.any(String) : "command" }]);
  },
);

test("F20: a dry run tells what else ends, and ends nothing", async () => {
  const c = await organization();
  const ann = await c.user("ann@acme.example");
  await c.write((tx) => createToken(tx, { administration: true, owner: ann }));
  const changes = await simulate(
    ctx,
    c.actor,
    async (tx) => {
      const since = await latestChange(tx);
      await suspendAccount(tx, ann, "left");
      return changesOf(tx, since);
    },
    { lock: "exclusive" },
  );
  expect(changes.map(({ action }) => action)).toEqual(["account.suspended", "access.revoked", "token.revoked"]);
  expect(changes.at(-1)?.detail).toEqual({ because: "suspended", account: ann });
  expect(await c.statusOf(ann)).not.toBe("suspended");
});

test("R158: an erased person is nowhere in the organization's data but as ids in the audit; the name is somebody new's", async () => {
  const c = await organization();
  const secret = "wanda.needle@acme.example";
  const wanda = await c.user(secret);
  await c.ask({ emails: [secret], groups: [c.groups.admin] });
  await c.write((tx) => suspendAccount(tx, wanda, "wanda.needle took the silver"));
  await c.write((tx) => restoreAccount(tx, wanda));
  const before = await c.db.query<{ rows: number }>({
    text: "select count(*)::integer as rows from audit where organization = $1",
    values: [c.organization],
  });
  expect(await everywhere("needle")).not.toEqual([]);
  await c.write((tx) => eraseAccounts(tx, one(wanda)));
  expect(await everywhere("needle")).toEqual([]);
  const [after] = await c.db.query<{ rows: number; about: number }>({
    text: "select count(*)::integer as rows, count(*) filter (where subject = $2)::integer as about from audit where organization = $1",
    values: [c.organization, wanda],
  });
  expect(after?.rows).toBeGreaterThan(before[0]?.rows ?? 0);
  expect(after?.about).toBeGreaterThan(3);
  await expect(getAccount(c.db, wanda)).rejects.toMatchObject({ code: "not-found" });
  expect((await listAccounts(c.db, { filter: null, after: null, limit: 100 })).map(({ id }) => id)).not.toContain(
    wanda,
  );
  expect(await c.write((tx) => eraseAccounts(tx, one(wanda)))).toEqual([]);
  expect(await c.add(secret)).not.toBe(wanda);

  /** Tables of the organization in which some row holds the word. */
  async function everywhere(word: string): Promise<string[]> {
    const tables = await c.db.query<{ name: string }>({
      text: `select c.table_name as name from information_schema.columns c join pg_tables t
        on t.schemaname = c.table_schema and t.tablename = c.table_name
        where c.table_schema = 'muster' and c.column_name = 'organization' order by 1`,
    });
    const found: string[] = [];
    for (const { name } of tables) {
      const [row] = await c.db.query<{ held: boolean }>({
        text: `select exists (select from ${name} t where t.organization = $1 and position($2 in lower(t::text)) > 0) as held`,
        values: [c.organization, word],
      });
      if (row?.held) found.push(name);
    }
    return found;
  }
});

test("R158: every table that can name a person is known to erasing, or holds ids alone", async () => {
  const c = await organization();
  const rows = await c.db.query<{ name: string }>({
    text: `select distinct c.table_name as name from information_schema.columns c join pg_tables t
      on t.schemaname = c.table_schema and t.tablename = c.table_name
      where c.table_schema = 'muster' and c.column_name in ('account', 'email', 'email_key', 'recipient', 'user_name', 'owner', 'sponsor')
      order by 1`,
  });
  // Recovery codes go with the credentials; what is staged is a run's own, and gone with it.
  const idsAlone = ["removals", "recovery_codes", "sync_staged_users"];
  const source = ["erase", "forget"].map((file) => readFileSync(`src/identity/accounts/${file}.ts`, "utf8")).join();
  const unknown = rows.map(({ name }) => name).filter((name) => !new RegExp(`\\b${name}\\b`).test(source));
  expect(unknown.filter((name) => !idsAlone.includes(name))).toEqual([]);
});

test("T19: what a directory no longer holds is forgotten after 30 days, and not a day earlier", async () => {
  const c = await organization();
  const [old, young] = [await c.fromOkta("olga"), await c.fromOkta("yuri")];
  const remove = (id: AccountId, days: number) =>
    c.write(async (tx) => {
      const [row] = await tx.query<{ canonical: DirectoryUserId }>({
        text: "select canonical from accounts where organization = $1 and id = $2",
        values: [tx.organization, id],
      });
      if (row) await removeDirectoryUsers(tx, c.okta, [row.canonical]);
      await tx.query({
        text: "update directory_users set deleted_at = deleted_at - make_interval(days => $3) where organization = $1 and account = $2",
        values: [tx.organization, id, days],
      });
    }, "shared");
  await remove(old, 32);
  await remove(young, 30);
  expect(await c.write(forgetOldTombstones, "shared")).toBe(1);
  expect(await c.write(forgetOldTombstones, "shared")).toBe(0);
  await expect(getAccount(c.db, old)).rejects.toMatchObject({ code: "not-found" });
  expect((await getAccount(c.db, young)).userName).toBe("yuri");
  expect(await c.fromOkta("olga")).not.toBe(old);
});
