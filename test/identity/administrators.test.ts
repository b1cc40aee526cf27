import { expect, test } from "vitest";
import { confirmAccount } from "../../src/identity/accounts/confirm.ts";
import { addAdministrator, ensureAdministrator, rightsOf } from "../../src/identity/administrators.ts";
import { EVERYTHING } from "../../src/identity/rights/held.ts";
import { testContext } from "../harness/postgres.ts";
import { makeOrganization } from "./access/organization.ts";

const ctx = await testContext();
const org = await makeOrganization(ctx, "administrators");
const mails = () => org.db.query({ text: "select id from mails" });

test("an unknown address becomes a person of internal, without a mail", async () => {
  const made = await org.shared((tx) => addAdministrator(tx, "Root@Example.com"));
  expect(made).toMatchObject({ userName: "root@example.com", rights: ["organization-administrator"] });
  expect(await mails()).toEqual([]);
});

test("who has the right is refused by add and left alone by apply", async () => {
  await expect(org.shared((tx) => addAdministrator(tx, "root@example.com"))).rejects.toMatchObject({
    code: "uniqueness",
  });
  expect(await org.shared((tx) => ensureAdministrator(tx, "root@example.com"))).toBe(false);
  await expect(org.shared((tx) => addAdministrator(tx, "root"))).rejects.toMatchObject({ code: "invalid" });
});

test("a right does not pass to another directory's person of the same name until an administrator confirms (design §7)", async () => {
  const { id } = await org.shared((tx) => addAdministrator(tx, "ada@example.com"));
  const c = await org.directory("c");
  await org.order("c", "internal");
  await org.person(c, "ada@example.com");
  expect(await rightsOf(org.db, id)).toEqual([]);
  expect(await org.shared((tx) => confirmAccount(tx, id, [EVERYTHING]))).toBe(1);
  expect(await rightsOf(org.db, id)).toEqual(["organization-administrator"]);
});
