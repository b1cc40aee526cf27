import { expect, test } from "vitest";
import type { GroupId } from "../../../src/db/id.ts";
import { removeDirectoryGroups, restoreDirectoryGroups } from "../../../src/identity/directory-groups/remove.ts";
import { testContext } from "../../harness/postgres.ts";
import { makeOrganization } from "../access/organization.ts";

const ctx = await testContext();

test("a group whose inner group goes or comes back has another version each time, and no other group has", async () => {
  const org = await makeOrganization(ctx, "inside");
  const directory = await org.directory("okta");
  const [outer, inner, aside] = [
    await org.group(directory, "outer"),
    await org.group(directory, "inner"),
    await org.group(directory, "aside"),
  ];
  await org.nest(directory, outer, inner);
  const version = async (group: GroupId) => {
    const [row] = await org.db.query<{ version: number }>({
      text: "select version from directory_groups where organization = $1 and id = $2",
      values: [org.id, group],
    });
    return row?.version ?? 0;
  };
  const before = [await version(outer), await version(aside)] as const;
  await org.alone((tx) => removeDirectoryGroups(tx, directory, [inner]));
  expect([await version(outer), await version(aside)]).toEqual([before[0] + 1, before[1]]);
  await org.alone((tx) => restoreDirectoryGroups(tx, directory, [inner]));
  expect([await version(outer), await version(aside)]).toEqual([before[0] + 2, before[1]]);
});
