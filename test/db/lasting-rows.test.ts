import { expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();

// Memberships, access, accounts and records name these without foreign keys (migrations 0027 and 0047); a change of that has to
// bring those back.
test.each(["organizations", "accounts", "products", "directory_users", "directory_groups"])(
  "the application cannot delete %s: they stay, as tombstones if need be",
  async (table) => {
    const organization = newId<OrganizationId>();
    const refused = ctx.db.of(organization).query({
      text: `delete from ${table} where ${table === "organizations" ? "id" : "organization"} = $1`,
      values: [organization],
    });
    await expect(refused).rejects.toMatchObject({ cause: { code: "42501" } });
  },
);
