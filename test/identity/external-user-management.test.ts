import { describe, expect, test } from "vitest";
import type { Tx } from "../../src/db/transaction.ts";
import { addPerson } from "../../src/identity/accounts/add.ts";
import { editPerson } from "../../src/identity/accounts/edit.ts";
import { restoreAccount, suspendAccount } from "../../src/identity/accounts/suspend.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { addDirectory, updateDirectory } from "../../src/identity/directories.ts";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { setExternalUserManagement } from "../../src/identity/external-user-management.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { assignGuest } from "../../src/identity/guests.ts";
import { resendInvitation } from "../../src/identity/invitations/resend.ts";
import { getOrganization } from "../../src/identity/organizations.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { writeTarget } from "../../src/identity/write-target.ts";
import { runSync } from "../../src/sync/run.ts";
import { testContext } from "../harness/postgres.ts";
import { ScriptedDirectory } from "../harness/scripted-directory.ts";
import { silent } from "../sync/world.ts";
import { makeOrganization, type Organization } from "./access/organization.ts";

const ctx = await testContext({ logger: silent });
let count = 0;

async function company() {
  const org = await makeOrganization(ctx, `external-${++count}`);
  const wiki = await org.product("wiki", { hasGuests: true });
  const docs = await org.alone((tx) => createSpace(tx, wiki, { key: "docs" }));
  const [okta, corp] = [await org.directory("okta"), await org.pulled("corp")];
  const own = await org.alone((tx) => addPerson(tx, { email: "own@example.com" }));
  const ada = await org.person(okta, "ada");
  const group = (await org.shared((tx) => createLocalGroup(tx, "users"))).id;
  return { org, wiki, docs, okta, corp, own, ada, group };
}
type Company = Awaited<ReturnType<typeof company>>;

const turn = (org: Organization, on: boolean) => org.alone((tx) => setExternalUserManagement(tx, on));
const inTx = (work: (tx: Tx, company: Company) => Promise<unknown>) => (company: Company) =>
  company.org.alone((tx) => work(tx, company));

/** The table of src/identity/external-user-management.ts, asked. */
const REFUSED: Record<string, (company: Company) => Promise<unknown>> = {
  "adding a person": inTx((tx) => addPerson(tx, { email: "new@example.com" })),
  "editing a person": inTx((tx, { own }) => editPerson(tx, own, { displayName: "Another" }, [EVERYTHING])),
  "inviting, a person of internal": inTx((tx, { own }) => resendInvitation(tx, ctx.config.invitations, own)),
  "inviting, a person of a directory": inTx((tx, { ada }) => resendInvitation(tx, ctx.config.invitations, ada.account)),
};
const GOES_ON: Record<string, (company: Company) => Promise<unknown>> = {
  "a SCIM request that adds": ({ org, okta }) => org.person(okta, "grace"),
  "a SCIM request that edits": ({ org, ada }) => org.update(ada, { displayName: "Ada L." }),
  "a SCIM request that removes": ({ org, ada }) => org.remove(ada),
  "a sync run": ({ org, corp }) =>
    runSync(ctx, corp, {
      mode: "run",
      trigger: "command",
      actor: org.actor,
      connector: new ScriptedDirectory().user("a").connector(),
    }),
  "suspending and restoring": inTx(async (tx, { own }) => {
    await suspendAccount(tx, own, "lost laptop");
    await restoreAccount(tx, own);
  }),
  "members of groups": inTx((tx, { group, ada }) => addLocalMembers(tx, group, [ada.account])),
  "roles of groups": ({ org, group, wiki }) => org.grant(group, wiki, "user"),
  "a guest's space": inTx((tx, { ada, docs }) =>
    assignGuest(tx, { account: ada.account, space: docs.id, permission: "read-only", expiresAt: null, sponsor: null }),
  ),
  "an administrator by the command line": inTx((tx) => addAdministrator(tx, "rescue@example.com")),
  "another order": ({ org }) => org.order("internal", "okta", "corp"),
  "other permissions": inTx((tx, { okta }) => updateDirectory(tx, okta, { permissions: "read-write" })),
};

describe("external user management", () => {
  test.each(Object.entries(REFUSED))(
    "R23, R24, R25: refuses %s, with the setting, its place and what changing it brings; off, it works at once",
    async (_, ask) => {
      const world = await company();
      await turn(world.org, true);
      await expect(ask(world)).rejects.toMatchObject({
        code: "externally-managed",
        message: expect.stringMatching(/external user management is on.*muster org set --no-external-user-management/),
        setting: {
          name: "externalUserManagement",
          value: "on",
          path: "/settings",
          consequence: expect.stringContaining("at once"),
        },
      });
      await turn(world.org, false);
      await ask(world);
    },
  );

  test.each(Object.entries(GOES_ON))("leaves %s alone", async (_, ask) => {
    const world = await company();
    await turn(world.org, true);
    await ask(world);
  });

  test("R164: another order or other permissions bring no adding back, and the answer says so", async () => {
    const { org, okta } = await company();
    await turn(org, true);
    await org.alone((tx) => updateDirectory(tx, okta, { permissions: "read-write" }));
    const ordered = await org.alone((tx) => orderDirectories(tx, ["internal", "okta", "corp"]));
    expect(ordered.writeTarget).toMatchObject({
      directory: null,
      refusal: {
        code: "externally-managed",
        message: expect.stringContaining("Another order of the directories does not change that"),
      },
      directories: ["internal", "okta", "corp"].map((name) => ({
        name,
        capabilities: { addPeople: false, editPeople: false, localMembers: true },
        refusal: { code: "externally-managed" },
      })),
    });
    await expect(org.alone((tx) => addPerson(tx, { email: "new@example.com" }))).rejects.toMatchObject({
      code: "externally-managed",
    });
    await turn(org, false);
    expect((await writeTarget(org.db)).directory).toBe("internal");
  });

  test("is turned on and off once each, with an audit row, and touches nobody", async () => {
    const { org } = await company();
    const actions = () =>
      org.db.query({ text: "select action, detail from audit where organization = $1 order by id", values: [org.id] });
    const before = await actions();
    expect([await turn(org, true), await turn(org, true)]).toEqual([true, false]);
    expect((await getOrganization(org.db)).externalUserManagement).toBe(true);
    expect(await turn(org, false)).toBe(true);
    expect((await actions()).slice(before.length)).toEqual([
      { action: "organization.updated", detail: { externalUserManagement: true } },
      { action: "organization.updated", detail: { externalUserManagement: false } },
    ]);
  });

  test("being turned on waits for nobody who is adding: of both orders the person is there, or refused", async () => {
    const { org } = await company();
    const results = await Promise.allSettled([
      turn(org, true),
      ...Array.from({ length: 8 }, (_, n) => org.shared((tx) => addPerson(tx, { email: `p${n}@example.com` }))),
    ]);
    for (const [n, result] of results.slice(1).entries()) {
      const there = await org.account(`p${n}@example.com`).then(
        () => true,
        () => false,
      );
      expect(there).toBe(result.status === "fulfilled");
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "externally-managed" });
    }
    await expect(org.shared((tx) => addPerson(tx, { email: "after@example.com" }))).rejects.toMatchObject({
      code: "externally-managed",
    });
  });
});

describe("permissions", () => {
  test("are refused where the next sync would take an edit back, and schedules where an edit would be", async () => {
    const { org, corp, okta } = await company();
    const set = (directory: typeof corp, changes: Parameters<typeof updateDirectory>[2]) =>
      org.alone((tx) => updateDirectory(tx, directory, changes));
    await expect(set(corp, { permissions: "read-write" })).rejects.toMatchObject({
      code: "invalid",
      at: "permissions",
      message: expect.stringContaining("the next sync of corp"),
    });
    const [csv] = await org.alone((tx) =>
      tx.query<{ id: typeof corp }>({
        text: `insert into directories (organization, id, name, kind, position) values ($1, gen_random_uuid(), 'files', 'csv', 9) returning id`,
        values: [tx.organization],
      }),
    );
    const files = csv?.id as typeof corp;
    expect(await set(files, { permissions: "read-write" })).toBe(true);
    await expect(set(files, { syncEvery: 3_600 })).rejects.toMatchObject({ code: "invalid", at: "permissions" });
    expect(await set(files, { permissions: "read-only", syncEvery: 3_600 })).toBe(true);
    for (const permissions of ["read-write", "read-only", "read-only-local-groups"] as const)
      expect(await set(okta, { permissions })).toBe(true);
    expect((await writeTarget(org.db)).directories.map(({ name, permissions }) => [name, permissions])).toEqual([
      ["okta", "read-only-local-groups"],
      ["corp", "read-only-local-groups"],
      ["internal", "read-write"],
      ["files", "read-only"],
    ]);
  });

  test("edits are refused with a way out that the directory takes", async () => {
    const { org, okta, corp } = await company();
    const csv = await org.alone((tx) => addDirectory(tx, { name: "files", kind: "csv" }));
    const commands = async () =>
      (await writeTarget(org.db)).directories.map(({ name, refusal }) => [name, refusal?.setting.command]);
    const policy = (name: string) => [name, `muster directory policy ${name} --permissions read-write`];
    const sync = (name: string) => [name, `muster directory sync ${name}`];
    expect(await commands()).toEqual([policy("okta"), sync("corp"), policy("files"), ["internal", undefined]]);
    await org.alone((tx) => updateDirectory(tx, csv.id, { syncEvery: 3_600 }));
    expect(await commands()).toEqual([policy("okta"), sync("corp"), sync("files"), ["internal", undefined]]);

    for (const [directory, takes] of [
      [okta, true],
      [corp, false],
      [csv.id, false],
    ] as const) {
      const opened = org.alone((tx) => updateDirectory(tx, directory, { permissions: "read-write" }));
      await (takes ? expect(opened).resolves.toBe(true) : expect(opened).rejects.toMatchObject({ at: "permissions" }));
    }
    const read = await org.person(corp, "grace");
    await expect(
      org.shared((tx) => editPerson(tx, read.account, { displayName: "Grace" }, [EVERYTHING])),
    ).rejects.toMatchObject({
      code: "read-only",
      message: expect.stringContaining(
        "what is edited in corp itself, a directory of kind ldap, comes with its next sync",
      ),
      setting: { command: "muster directory sync corp" },
    });
  });

  test("a directory whose people were switched to another one rests: nobody is written there", async () => {
    const { org, okta } = await company();
    await org.alone((tx) => updateDirectory(tx, okta, { permissions: "read-write" }));
    expect((await writeTarget(org.db)).directory).toBe("okta");
    const entra = await org.directory("entra");
    await org.alone((tx) =>
      tx.query({
        text: "update directories set switched_at = now(), switched_to = $3 where organization = $1 and id = $2",
        values: [org.id, okta, entra],
      }),
    );
    expect(await writeTarget(org.db)).toMatchObject({
      directory: "internal",
      directories: expect.arrayContaining([
        expect.objectContaining({
          name: "okta",
          refusal: expect.objectContaining({
            code: "read-only",
            message: expect.stringContaining("switched to entra"),
          }),
        }),
      ]),
    });
  });

  test("an edit of names and address: parts stay together, null takes away, a foreign address is refused", async () => {
    const { org, okta, own, ada } = await company();
    const edit = (changes: Parameters<typeof editPerson>[2], held = [EVERYTHING]) =>
      org.shared((tx) => editPerson(tx, own, changes, held));
    const resource = async () =>
      (
        await org.db.query<{ resource: object; name: string | null }>({
          text: `select u.resource, a.display_name as name from directory_users u
            join accounts a on a.organization = $1 and a.id = u.account where u.organization = $1 and a.id = $2`,
          values: [org.id, own],
        })
      )[0];
    expect(await edit({ givenName: "Grace", familyName: "Hopper" })).toBe(true);
    expect(await resource()).toEqual({
      resource: {
        emails: [{ value: "own@example.com", primary: true }],
        name: { givenName: "Grace", familyName: "Hopper" },
      },
      name: "Grace Hopper",
    });
    expect(await edit({ displayName: "Amazing Grace", givenName: null, familyName: null })).toBe(true);
    expect(await resource()).toEqual({
      resource: { emails: [{ value: "own@example.com", primary: true }], displayName: "Amazing Grace" },
      name: "Amazing Grace",
    });
    expect(await edit({ displayName: "Amazing Grace" })).toBe(false);
    expect(await edit({ email: "grace@example.com" })).toBe(true);
    await expect(edit({ email: "ADA@example.com" })).rejects.toMatchObject({ code: "uniqueness" });
    await expect(edit({ email: "no address" })).rejects.toMatchObject({ code: "invalid" });
    await org.alone((tx) => updateDirectory(tx, okta, { permissions: "read-write" }));
    await org.remove(ada);
    await expect(org.shared((tx) => editPerson(tx, ada.account, {}, [EVERYTHING]))).rejects.toMatchObject({
      code: "conflict",
    });
  });

  test("whoever has less than an administrator does not say what that one's address is", async () => {
    const { org, own } = await company();
    await org.alone((tx) => addAdministrator(tx, "own@example.com"));
    const held = [{ permissions: new Set(["users:write" as const]), scope: { kind: "organization" as const } }];
    await expect(org.shared((tx) => editPerson(tx, own, { email: "mine@example.com" }, held))).rejects.toMatchObject({
      code: "not-allowed",
    });
    expect(await org.shared((tx) => editPerson(tx, own, { email: "new@example.com" }, [EVERYTHING]))).toBe(true);
  });
});
