import { expect, test } from "vitest";
import { type AccountId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type OrganizationLock, type Tx } from "../../src/db/transaction.ts";
import { accessOf } from "../../src/identity/access/access-of.ts";
import { reconcile } from "../../src/identity/access/reconcile.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addAdministrator } from "../../src/identity/administrators.ts";
import { setDefaultGroup } from "../../src/identity/default-groups.ts";
import { addDirectory } from "../../src/identity/directories.ts";
import { changeMembers } from "../../src/identity/directory-groups/members.ts";
import { insertDirectoryGroups } from "../../src/identity/directory-groups/write.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { addLocalMembers, createLocalGroup } from "../../src/identity/groups.ts";
import { convert } from "../../src/identity/guest-conversion.ts";
import { remindOfEndingGuests } from "../../src/identity/guest-reminders.ts";
import { assignGuest, extendGuest, listGuestAssignments } from "../../src/identity/guests.ts";
import { claimMail } from "../../src/identity/mail-sending.ts";
import { createOrganization } from "../../src/identity/organizations.ts";
import { createProduct } from "../../src/identity/products.ts";
import { countSeats } from "../../src/identity/seats.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { createSpace } from "../../src/identity/spaces.ts";
import { testContext } from "../harness/postgres.ts";
import { person } from "../mail/world.ts";

const ctx = await testContext();
let organizations = 0;

async function company() {
  organizations += 1;
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const write = <T>(work: (tx: Tx) => Promise<T>, lock: OrganizationLock = "exclusive") =>
    inTransaction(ctx, actor, work, { lock });
  const gus = person("gus", { email: "gus@x.example" });
  const made = await write(async (tx) => {
    await createOrganization(tx, { key: `acme-${organizations}` });
    const wiki = await createProduct(tx, await resolveSite(tx, undefined), {
      ...{ key: "wiki", hasGuests: true, seats: 5 },
      ...({ guestBasis: "fixed", guestRatio: 5 } as const),
    });
    const docs = await createSpace(tx, wiki.id, { key: "docs" });
    const users = await createLocalGroup(tx, "users");
    const guests = await createLocalGroup(tx, "guests");
    await grantRole(tx, { group: users.id, product: wiki.id, role: "user" });
    await grantRole(tx, { group: guests.id, product: wiki.id, role: "guest" });
    await setDefaultGroup(tx, wiki.id, "user", users.id);
    await setDefaultGroup(tx, wiki.id, "guest", guests.id);
    const okta = await addDirectory(tx, { name: "okta", kind: "scim" });
    await insertDirectoryUsers(tx, okta.id, [gus, person("sam", { email: "sam@acme.example" })]);
    await addAdministrator(tx, "boss@acme.example");
    const [account, sponsor] = [await resolvePerson(tx, "gus"), await resolvePerson(tx, "sam")];
    await addLocalMembers(tx, guests.id, [account]);
    return { wiki: wiki.id, docs: docs.id, okta: okta.id, account, sponsor };
  });
  const db = ctx.db.of(organization);
  const assign = (hours: number | null, sponsor: AccountId | null = null) =>
    write((tx) =>
      assignGuest(tx, {
        ...{ account: made.account, space: made.docs, permission: "read-only" as const, sponsor },
        expiresAt: hours === null ? null : new Date(Date.now() + hours * 3_600_000),
      }),
    );
  const mails = () =>
    db.query<{ id: never; recipient: string; state: string }>({
      text: "select id, recipient, state from mails where organization = $1 and kind = 'guest-ending' order by id",
      values: [organization],
    });
  return {
    ...made,
    ...{ organization, write, db, assign, mails, record: gus.id },
    remind: () => write(remindOfEndingGuests, "none"),
    told: async () => (await mails()).map(({ recipient }) => recipient),
    role: async () => (await accessOf(db, made.account)).access.map(({ role, allowed }) => `${role} ${allowed}`).join(),
    taken: async () => (await countSeats(db, null)).flatMap(({ seats, guests }) => [seats.used, guests.used]),
  };
}

test("R126 R152: the day before a guest's end whoever answers for them is told, once; another end is told of anew", async () => {
  const c = await company();
  const { id } = await c.assign(30, c.sponsor);
  await c.remind();
  expect(await c.told()).toEqual([]);
  await c.write((tx) => extendGuest(tx, id, new Date(Date.now() + 23 * 3_600_000)));
  for (let times = 0; times < 3; times += 1) await c.remind();
  expect(await c.told()).toEqual(["sam@acme.example"]);
  await c.write((tx) => extendGuest(tx, id, new Date(Date.now() + 72 * 3_600_000)));
  await c.remind();
  expect(await c.told()).toHaveLength(1);
  await c.write((tx) => extendGuest(tx, id, new Date(Date.now() + 20 * 3_600_000)));
  await c.remind();
  expect(await c.told()).toEqual(["sam@acme.example", "sam@acme.example"]);
});

test("R126: where nobody answers for the guest the administrators are told; a guest without an end is nobody's matter", async () => {
  const c = await company();
  const { id } = await c.assign(null);
  await c.remind();
  expect(await c.told()).toEqual([]);
  await c.write((tx) => extendGuest(tx, id, new Date(Date.now() + 3_600_000)));
  await c.remind();
  expect(await c.told()).toEqual(["boss@acme.example"]);
});

test("R152: a reminder that waits does not leave once the guest was extended; one that still holds does", async () => {
  const c = await company();
  const { id } = await c.assign(3, c.sponsor);
  await c.remind();
  const [mail] = await c.mails();
  const claim = { tokenHash: () => Buffer.alloc(32), holdSeconds: 0 };
  expect((await c.write((tx) => claimMail(tx, mail?.id as never, claim))).outcome).toBe("send");
  await c.write((tx) => extendGuest(tx, id, null));
  expect(await c.write((tx) => claimMail(tx, mail?.id as never, claim))).toMatchObject({ outcome: "cancelled" });
});

test("R154 R155 R156: a guest becomes a user and back; slot and seat follow at once", async () => {
  const c = await company();
  await c.assign(30);
  expect([await c.role(), await c.taken()]).toEqual(["guest true", [0, 1]]);
  const up = await c.write((tx) => convert(tx, c.account, c.wiki, { to: "user" }));
  expect([up.before?.guests.used, up.after?.seats.used]).toEqual([1, 1]);
  expect([await c.role(), await c.taken(), await listGuestAssignments(c.db)]).toEqual(["user true", [1, 0], []]);
  const guest = {
    to: "guest" as const,
    space: c.docs,
    permission: "read-only" as const,
    sponsor: null,
    expiresAt: null,
  };
  await c.write((tx) => convert(tx, c.account, c.wiki, guest));
  expect([await c.role(), await c.taken()]).toEqual(["guest true", [0, 1]]);
});

test("R134: a guest is never an administrator, and whom a directory makes a user is none's guest", async () => {
  const c = await company();
  const guest = {
    to: "guest" as const,
    space: c.docs,
    permission: "read-only" as const,
    sponsor: null,
    expiresAt: null,
  };
  const boss = await resolvePerson(c.db, "boss@acme.example");
  await expect(c.write((tx) => convert(tx, boss, c.wiki, guest))).rejects.toMatchObject({
    code: "invalid",
    message: /right/,
  });
  await c.write(async (tx) => {
    const group = newId<never>();
    const facts = { immutableId: null, externalId: null, resource: {}, contentHash: null, uniqueName: true };
    await insertDirectoryGroups(tx, c.okta, [{ ...facts, id: group, displayName: "staff" }]);
    await grantRole(tx, { group, product: c.wiki, role: "user" });
    await changeMembers(tx, c.okta, { add: [{ group, member: c.record }], remove: [] });
  });
  await expect(c.write((tx) => convert(tx, c.account, c.wiki, guest))).rejects.toMatchObject({
    code: "conflict",
    message: /still be user there, through the group staff of okta/,
  });
  expect(await c.role()).toBe("user true");
});

test("R143 R156: a conversion that finds no seat is refused, and nothing of it is kept", async () => {
  const c = await company();
  await c.assign(30);
  await c.write((tx) =>
    tx.query({
      text: "update products set seats = 0, seat_enforcement = 'block' where organization = $1",
      values: [c.organization],
    }),
  );
  await expect(c.write((tx) => convert(tx, c.account, c.wiki, { to: "user" }))).rejects.toMatchObject({
    code: "conflict",
  });
  expect([await c.role(), await c.taken()]).toEqual(["guest true", [0, 1]]);
});

test("R126: of a guest who has no access any more nobody is told", async () => {
  const c = await company();
  await c.assign(12);
  await c.db.query({
    text: "update directory_users set active = false where organization = $1 and account = $2",
    values: [c.organization, c.account],
  });
  await c.write((tx) => reconcile(tx, [c.account]));
  expect(await c.write(remindOfEndingGuests, "shared")).toBe(0);
  expect(await c.mails()).toEqual([]);
});
