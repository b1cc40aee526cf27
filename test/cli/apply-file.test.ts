import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { placed } from "../../src/cli/apply/directories.ts";
import { readApplyFile } from "../../src/cli/apply/read.ts";

const folder = mkdtempSync(join(tmpdir(), "muster-apply-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string) {
  const path = join(folder, "file.yaml");
  writeFileSync(path, text);
  return readApplyFile(path);
}

describe("a file for apply is refused, naming line and column, when", () => {
  it.each([
    ["it is no YAML", "organizations:\n  - key: [a", /no YAML/, ":2:"],
    ["a key is unknown", "organizations:\n  - key: acme\n    colour: red\n", /colour: there is no such key/, ":3:5"],
    [
      "an unknown key is deep",
      "organizations:\n  - key: acme\n    sites:\n      - key: a\n        products:\n          - { key: wiki, guest: true }\n",
      /products\.0\.guest: there is no such key/,
      ":6:26",
    ],
    ["a value is wrong", "organizations:\n  - key: acme\n    membershipMode: both\n", /membershipMode/, ":3:5"],
    ["a key has no form", "organizations:\n  - key: Acme Corp\n", /lower-case/, ":2:5"],
    [
      "a duration is wrong",
      "organizations:\n  - key: acme\n    directories:\n      - { name: c, kind: ldap, bindPasswordFile: p, every: soon }\n",
      /duration/,
      ":4:53",
    ],
    [
      "a directory would be read every second",
      "organizations:\n  - key: acme\n    directories:\n      - { name: c, kind: ldap, bindPasswordFile: p, every: 1s }\n",
      /every: .*once a minute at most/,
      ":4:53",
    ],
    [
      "a name stands there twice",
      "organizations:\n  - key: acme\n    directories:\n      - { name: okta, kind: scim }\n      - { name: okta, kind: scim }\n",
      /okta stands here twice/,
      ":5:11",
    ],
    ["a key is written twice", "organizations:\n  - key: acme\n    key: acme\n", /no YAML/, ":3:5"],
    [
      "a secret stands in it",
      "organizations:\n  - key: acme\n    directories:\n      - { name: okta, kind: scim, bindPassword: swordfish }\n",
      /bindPassword: there is no such key/,
      ":4:35",
    ],
    ["it is empty", "", /the file/, "file.yaml"],
    ["it is two", "organizations: []\n---\norganizations: []\n", /several YAML documents/, ":2:1"],
    ["it nests without end", `organizations: ${"[".repeat(20_000)}`, /nests deeper/, ":1:"],
    [
      "a name cannot be stored",
      'organizations:\n  - { key: acme, name: "a\\0b" }\n',
      /name: it holds a character that cannot be stored/,
      ":2:18",
    ],
    [
      "a group's name is half of a character",
      'organizations:\n  - key: acme\n    grants: [{ group: "okta/\\ud800", product: wiki, role: user }]\n',
      /group: it holds a character that cannot be stored/,
      ":3:16",
    ],
  ])("%s", (_what, text, message, at) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: "invalid",
        message: expect.stringMatching(message),
        at: expect.stringContaining(at),
      }),
    );
  });

  it("its aliases would multiply it beyond measure", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 9; level++) {
      const [before, name] = [String.fromCharCode(96 + level), String.fromCharCode(97 + level)];
      bomb.push(`${name}: &${name} [${`*${before}, `.repeat(9)}*${before}]`);
    }
    expect(() => read(bomb.join("\n"))).toThrow(expect.objectContaining({ code: "invalid" }));
  });
});

describe("the order of directories", () => {
  it("is the list's for those that are listed, in the places they hold; the others stay", () => {
    expect(placed(["a", "b", "c", "internal"], ["c", "a"])).toEqual(["c", "b", "a", "internal"]);
    expect(placed(["a", "internal"], ["internal", "a"])).toEqual(["internal", "a"]);
    expect(placed(["a", "b", "internal"], [])).toEqual(["a", "b", "internal"]);
  });
});
