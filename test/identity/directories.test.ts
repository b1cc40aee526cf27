import { describe, expect, it } from "vitest";
import { type DirectoryUserId, newId, type OrganizationId } from "../../src/db/id.ts";
import { type Actor, inTransaction, type Tx } from "../../src/db/transaction.ts";
import { getAccount } from "../../src/identity/account-overview.ts";
import { resolvePerson } from "../../src/identity/accounts/person.ts";
import { addAdministrator, ensureAdministrator, rightsOf } from "../../src/identity/administrators.ts";
import {
  addDirectory,
  type Directory,
  listDirectories,
  readDirectorySecret,
  resolveDirectory,
  updateDirectory,
} from "../../src/identity/directories.ts";
import { orderDirectories } from "../../src/identity/directory-order.ts";
import { insertDirectoryUsers } from "../../src/identity/directory-users/insert.ts";
import { grantRole } from "../../src/identity/grants.ts";
import { createLocalGroup } from "../../src/identity/groups.ts";
import {
  createOrganization,
  getOrganization,
  resolveOrganization,
  setMembershipMode,
} from "../../src/identity/organizations.ts";
import { createProduct, resolveProduct, updateProduct } from "../../src/identity/products.ts";
import { loadSecretKey } from "../../src/identity/secrets.ts";
import { resolveSite } from "../../src/identity/sites.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();
const key = loadSecretKey(ctx.config);

/** A new organization and a way to write in it. */
async function world(orgKey: string) {
  const organization = newId<OrganizationId>();
  const actor: Actor = { organization, kind: "command", id: "test", requestId: null };
  const write = <T>(work: (tx: Tx) => Promise<T>) => inTransaction(ctx, actor, work, { lock: "exclusive" });
  await write((tx) => createOrganization(tx, { key: orgKey }));
  return { organization, write, db: ctx.db.of(organization) };
}

const record = (userName: string, email: string, active = true) => ({
  id: newId<DirectoryUserId>(),
  immutableId: null,
  externalId: null,
  userName,
  active,
  email,
  displayName: null,
  resource: {},
  contentHash: null,
});

const names = (directories: readonly Directory[]) => directories.map(({ name, position }) => `${position} ${name}`);

describe("organizations", () => {
  it("are found by key, or as the only one", async () => {
    await expect(resolveOrganization(ctx.db, undefined)).rejects.toMatchObject({ code: "usage" });
    const { organization } = await world("first");
    expect((await resolveOrganization(ctx.db, undefined)).id).toBe(organization);
    await world("second");
    await expect(resolveOrganization(ctx.db, undefined)).rejects.toMatchObject({
      code: "usage",
      candidates: ["first", "second"],
    });
    await expect(resolveOrganization(ctx.db, "third")).rejects.toMatchObject({ code: "not-found" });
    await expect(world("first")).rejects.toMatchObject({ code: "uniqueness", at: "key" });
    await expect(world("-bad")).rejects.toMatchObject({ code: "invalid" });
  });

  it("change their membership mode once", async () => {
    const { write, db } = await world("modes");
    expect(await write((tx) => setMembershipMode(tx, "masking"))).toBe(true);
    expect(await write((tx) => setMembershipMode(tx, "masking"))).toBe(false);
    expect((await getOrganization(db)).membershipMode).toBe("masking");
  });
});

describe("directories", () => {
  it("R161: stand before internal while it is last, else at the end, also when added at the same moment", async () => {
    const { write, db } = await world("places");
    await Promise.all(["a", "b", "c"].map((name) => write((tx) => addDirectory(tx, { name, kind: "scim" }))));
    const all = await listDirectories(db);
    expect(all.map((one) => one.position)).toEqual([1, 2, 3, 4]);
    expect(all.at(-1)?.name).toBe("internal");
    await write((tx) => orderDirectories(tx, ["internal", "c", "b", "a"]));
    await write((tx) => addDirectory(tx, { name: "d", kind: "scim" }));
    expect(names(await listDirectories(db))).toEqual(["1 internal", "2 c", "3 b", "4 a", "5 d"]);
    expect((await resolveDirectory(db, "d")).id).toBe((await listDirectories(db)).at(-1)?.id);
    await expect(write((tx) => orderDirectories(tx, ["internal", "c"]))).rejects.toMatchObject({ code: "invalid" });
  });

  it("R163: in another order give another canonical record, and the same order changes nothing", async () => {
    const { write, db } = await world("orders");
    const [one, two] = await write(async (tx) => {
      const first = await addDirectory(tx, { name: "one", kind: "scim" });
      const second = await addDirectory(tx, { name: "two", kind: "scim" });
      await insertDirectoryUsers(tx, first.id, [record("Ada", "ada@one.example")]);
      await insertDirectoryUsers(tx, second.id, [record("ada", "ada@two.example", false)]);
      return [first, second] as const;
    });
    const ada = await resolvePerson(db, "ada");
    expect(await getAccount(db, ada)).toMatchObject({ email: "ada@one.example", status: "invited-not-sent" });
    expect((await write((tx) => orderDirectories(tx, [two.name, one.name, "internal"]))).changed).toBe(true);
    expect(await getAccount(db, ada)).toMatchObject({
      email: "ada@two.example",
      status: "deactivated",
      records: [
        { directory: "two", canonical: true, active: false },
        { directory: "one", canonical: false, active: true },
      ],
    });
    expect((await write((tx) => orderDirectories(tx, [two.name, one.name, "internal"]))).changed).toBe(false);
  });

  it("keep their secret sealed, replace it only when it is another, and tell what changed", async () => {
    const { write, db } = await world("secrets");
    const settings = { url: "ldaps://ldap.example.com", base: "dc=example,dc=com" };
    const company = await write((tx) =>
      addDirectory(tx, { name: "company", kind: "ldap", settings, syncEvery: 3_600 }, { key, text: "swordfish" }),
    );
    expect(company).toMatchObject({ hasSecret: true, syncEvery: 3_600, firstRun: "preview", settings });
    expect(await readDirectorySecret(db, key, company.id)).toBe("swordfish");
    const stored = () =>
      db.query<{ secret: Buffer; next: Date }>({
        text: "select secret, next_run_at as next from directories where name = 'company'",
      });
    const [before] = await stored();
    expect(
      await write((tx) => updateDirectory(tx, company.id, { settings, syncEvery: 3_600 }, { key, text: "swordfish" })),
    ).toBe(false);
    expect(await stored()).toEqual([before]);
    expect(await write((tx) => updateDirectory(tx, company.id, {}, { key, text: "hunter2" }))).toBe(true);
    expect(await readDirectorySecret(db, key, company.id)).toBe("hunter2");
    expect(await write((tx) => updateDirectory(tx, company.id, { syncEvery: null }))).toBe(true);
    expect((await stored())[0]?.next).toBeNull();
    const [audit] = await db.query<{ text: string }>({
      text: "select string_agg(detail::text, ' ') as text from audit",
    });
    expect(audit?.text).not.toMatch(/swordfish|hunter2/);
  });

  it("of another organization are not found", async () => {
    const { write } = await world("mine");
    const { db } = await world("yours");
    const mine = await write((tx) => addDirectory(tx, { name: "okta", kind: "scim" }));
    await expect(resolveDirectory(db, mine.id)).rejects.toMatchObject({ code: "not-found" });
    await expect(resolveDirectory(db, "okta")).rejects.toMatchObject({ code: "not-found" });
    await expect(write((tx) => addDirectory(tx, { name: "local", kind: "scim" }))).rejects.toMatchObject({
      code: "invalid",
    });
  });
});

describe("products", () => {
  it("R8: cannot lose their guests while a grant gives the role guest", async () => {
    const { write, db } = await world("guests");
    const site = await resolveSite(db, undefined);
    const wiki = await write(async (tx) => {
      const product = await createProduct(tx, site, { key: "wiki", hasGuests: true });
      const group = await createLocalGroup(tx, "partners");
      await grantRole(tx, { group: group.id, product: product.id, role: "guest" });
      return product;
    });
    await expect(write((tx) => updateProduct(tx, wiki.id, { ...wiki, hasGuests: false }))).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await resolveProduct(db, "wiki")).toMatchObject(wiki);
    expect(await write((tx) => updateProduct(tx, wiki.id, { ...wiki, seats: 5 }))).toBe(true);
    expect(await write((tx) => updateProduct(tx, wiki.id, { ...wiki, seats: 5 }))).toBe(false);
  });
});

describe("administrators", () => {
  it("are who has the address, by user name or e-mail, else a new record in internal", async () => {
    const { write, db } = await world("admins");
    await write(async (tx) => {
      const okta = await addDirectory(tx, { name: "okta", kind: "scim" });
      await insertDirectoryUsers(tx, okta.id, [
        record("ada", "ada@example.com"),
        record("two", "same@example.com"),
        record("twin", "same@example.com"),
      ]);
    });
    const ada = await write((tx) => addAdministrator(tx, "ADA@example.com"));
    expect(ada).toEqual({
      id: await resolvePerson(db, "ada"),
      userName: "ada",
      rights: ["organization-administrator"],
    });
    await expect(write((tx) => addAdministrator(tx, "ada@example.com"))).rejects.toMatchObject({ code: "uniqueness" });
    expect(await write((tx) => ensureAdministrator(tx, "ada@example.com"))).toBe(false);
    await expect(write((tx) => addAdministrator(tx, "same@example.com"))).rejects.toMatchObject({
      code: "conflict",
      candidates: ["twin", "two"],
    });
    await expect(write((tx) => addAdministrator(tx, "no address"))).rejects.toMatchObject({ code: "invalid" });
    expect(await write((tx) => ensureAdministrator(tx, "new@example.com"))).toBe(true);
    const stranger = await resolvePerson(db, "new@example.com");
    expect(await rightsOf(db, stranger)).toEqual(["organization-administrator"]);
    expect((await getAccount(db, stranger)).records).toMatchObject([{ directory: "internal", canonical: true }]);
  });
});
