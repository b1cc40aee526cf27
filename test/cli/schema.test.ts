import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { readApplyFile } from "../../src/cli/apply/read.ts";
import { testContext } from "../harness/postgres.ts";
import { statements } from "../harness/server.ts";
import { commands } from "./world.ts";

const ctx = await testContext();
const { answer, failure, words } = commands({ ...ctx.database.environment, MUSTER_DATA_DIR: ctx.config.dataDirectory });
const path = join(ctx.config.dataDirectory, "company.yaml");

const guide = readFileSync(join(import.meta.dirname, "../../docs/schema-extensions.md"), "utf8");
const example = /```yaml\n(.*?)```/s.exec(guide)?.[1] ?? "";

type Extension = { urn: string; attributes: Record<string, unknown>[] };

/** The guide's file, changed. */
function written(change: (extensions: Extension[], organization: Record<string, unknown>) => void): void {
  const file = parse(example);
  const [organization] = file.organizations;
  change(organization.schemaExtensions, organization);
  writeFileSync(path, stringify(file));
}

function refused(change: (extensions: Extension[]) => void): string {
  written(change);
  try {
    readApplyFile(path);
  } catch (error) {
    const { message, at } = error as { message: string; at: string };
    const [, line] = /:(\d+):\d+$/.exec(at) ?? [];
    return `${message} | ${readFileSync(path, "utf8").split("\n")[Number(line) - 1]?.trim()}`;
  }
  return "";
}

const BADGE = "urn:example:scim:1.0:Badge";
const NOTHING = { created: 0, updated: 0, unchanged: 0, removed: 0 };

describe("schemaExtensions of a file for apply", () => {
  it("are refused with the path to them and their line, before anything is opened", () => {
    expect(refused(([badge]) => void badge?.attributes.push({ name: "a b", type: "string" }))).toMatch(
      /^organizations\.0\.schemaExtensions\.0\.attributes\.6\.name: a name is .* \| - name: a b$/,
    );
    expect(refused(([badge]) => void Object.assign(badge?.attributes[0] ?? {}, { uniqueness: "server" }))).toMatch(
      /attributes\.0\.uniqueness: Muster cannot promise .* \| uniqueness: server$/,
    );
    expect(
      refused(([badge]) => void Object.assign(badge ?? {}, { urn: "urn:ietf:params:scim:schemas:core:2.0:User" })),
    ).toMatch(/schemaExtensions\.0\.urn: .* \| - urn: urn:ietf/);
    expect(refused(([badge]) => void Object.assign(badge ?? {}, { colour: "red" }))).toMatch(
      /colour: there is no such key \| colour: red$/,
    );
    expect(refused(([badge]) => void delete badge?.attributes[5]?.subAttributes)).toMatch(
      /attributes\.5\.type: .* \| type: complex$/,
    );
  });

  it("are made as the guide says, and the second time nothing at all", async () => {
    writeFileSync(path, example);
    expect(await answer("apply", "-f", path, "--dry-run")).toEqual({ ...NOTHING, created: 3 });
    expect(await answer("apply", "-f", path)).toEqual({ ...NOTHING, created: 3 });
    expect(await answer("apply", "-f", path)).toEqual({ ...NOTHING, unchanged: 3 });
    expect(await answer("schema", "list")).toEqual([
      { urn: BADGE, resource: "User", name: "Badge", required: false, attributes: 6, records: 0 },
      { urn: "urn:example:scim:1.0:Team", resource: "Group", name: "Team", required: false, attributes: 1, records: 0 },
    ]);
    expect(await answer("schema", "show", BADGE.toUpperCase())).toMatchObject({
      urn: BADGE,
      resource: "User",
      description: "What opens doors",
      records: 0,
      attributes: [{ name: "number", required: true, mutability: "immutable" }, {}, {}, { returned: "never" }, {}, {}],
    });
    expect(await failure("schema", "show", "urn:example:none")).toMatchObject({ exit: 3, code: "not-found" });
    const { out } = await words("schema", "show", BADGE);
    expect(out).toMatch(/^doors\.floor +integer +no +readWrite +default$/m);
    expect((await words("schema", "list")).out).toMatch(/^urn:example:scim:1\.0:Team +Group +no +1 +0$/m);
  });

  it("stay where the file does not speak of them, and go where it leaves them out", async () => {
    written((_extensions, organization) => void delete organization.schemaExtensions);
    expect(await answer("apply", "-f", path)).toEqual({ ...NOTHING, unchanged: 1 });
    written((extensions) => void extensions.pop());
    expect(await answer("apply", "-f", path, "--dry-run")).toEqual({ ...NOTHING, unchanged: 2, removed: 1 });
    expect((await words("apply", "-f", path)).out).toContain("- schema extension urn:example:scim:1.0:Team\n");
    expect(await answer<unknown[]>("schema", "list")).toHaveLength(1);
  });

  it("are left alone where records stand against the change, also by a dry run, with how many and where to look", async () => {
    await answer("directory", "add", "okta", "--kind", "scim");
    await statements(ctx.database.superuserUrl, [
      `with a as (
         insert into muster.accounts (organization, id, user_name, user_name_key)
         select id, gen_random_uuid(), 'ada', 'ada' from muster.organizations returning organization, id
       )
       insert into muster.directory_users (organization, id, directory, account, user_name, user_name_key, active, resource)
       select a.organization, gen_random_uuid(), d.id, a.id, 'ada', 'ada', true, '{"${BADGE}": {"number": "7"}}'
       from a join muster.directories d on d.name = 'okta'`,
    ]);
    expect(await answer("schema", "list")).toMatchObject([{ records: 1 }]);
    written((extensions) => void extensions[0]?.attributes.shift());
    for (const dry of [[], ["--dry-run"]])
      expect(await failure("apply", "-f", path, ...dry)).toMatchObject({
        exit: 5,
        code: "conflict",
        at: `${BADGE}:number`,
        message: expect.stringMatching(/^1 user has a value of .*SCIM filter: urn:example:scim:1\.0:Badge:number pr/),
      });
    expect(await answer("schema", "show", BADGE)).toMatchObject({ attributes: { length: 6 } });
  });
});
