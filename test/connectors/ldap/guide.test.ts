import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { settingsFault } from "../../../connectors/index.ts";
import { makeAuthority } from "../../harness/certificates.ts";

const guide = readFileSync(new URL("../../../docs/directories/ldap.md", import.meta.url), "utf8");
const blocks = [...guide.matchAll(/^```yaml\n(.*?)^```/gms)].map((match) => match[1] ?? "");

it("the guide's settings are settings", () => {
  expect(blocks.length).toBeGreaterThanOrEqual(5);
  const whole = new Set<string>();
  for (const block of blocks)
    for (const { name, kind, firstRun, every, deltaEvery, bindPasswordFile, caFile, ...settings } of parse(block)
      .directories) {
      expect([name, kind]).toEqual(["corp", "ldap"]);
      const ca = caFile === undefined ? {} : { ca: makeAuthority().ca };
      expect(settingsFault("ldap", { ...settings, ...ca })).toBeUndefined();
      for (const key of Object.keys(settings.attributes ?? {})) whole.add(key);
    }
  expect([...whole].sort()).toEqual([
    "displayName",
    "email",
    "familyName",
    "givenName",
    "groupName",
    "id",
    "member",
    "userName",
  ]);
});
