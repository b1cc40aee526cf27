import { expect, test } from "vitest";
import { newId, type OrganizationId } from "../../src/db/id.ts";
import { testContext } from "../harness/postgres.ts";

const ctx = await testContext();

// Memberships and access name these without foreign keys (migration 0027); a change of that has to bring those back.
test.each(["accounts", "products", "directory_users", "directory_groups"])(
  "the application cannot delete %s: they stay, as tombstones if need be",
  async (table) => {
    const organization = newId<OrganizationId>();
    const refused = ctx.db
      .of(organization)
      .query({ text: `delete from ${table} where organization = $1`, values: [organization] });
    await expect(refused).rejects.toMatchObject({ cause: { code: "42501" } });
  },
);
