import { createHash } from "node:crypto";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import type { TestStep } from "../../../connectors/connector.ts";
import { csvConnector } from "../../../connectors/csv/csv-connector.ts";
import { type CsvFolder, csv, csvFolder, SETTINGS, USER_HEADINGS } from "./files.ts";

let folder: CsvFolder | undefined;
afterEach(() => folder?.remove());

const people = [1, 2, 3, 4, 5, 6].map((number) => [
  `${number}`,
  `p${number}`,
  "true",
  `p${number}@example.com`,
  "",
  "",
  "",
]);
const GOOD = {
  "users.csv": csv([USER_HEADINGS, ...people]),
  "groups.csv": "id,name\r\ng,Editors\r\n",
  "members.csv": "group,user,subgroup\r\ng,1,\r\ng,2,\r\n",
};

type Steps = Record<TestStep["name"], TestStep>;

async function steps(files: Record<string, string> = {}, settings: object = {}): Promise<Steps> {
  folder = await csvFolder();
  for (const [name, text] of Object.entries({ ...GOOD, ...files })) await folder.write(name, text);
  return stepsIn(folder.path, settings);
}

async function stepsIn(path: string, settings: object = {}): Promise<Steps> {
  const connector = csvConnector({ ...SETTINGS, ...settings }, path);
  const told = await Array.fromAsync(connector.test(new AbortController().signal));
  return Object.fromEntries(told.map((step) => [step.name, step])) as Steps;
}

const verdicts = (told: Steps) => Object.values(told).map(({ name, verdict }) => `${name} ${verdict}`);

it("what the files hold, with five of the people", async () => {
  const told = await steps();
  expect(verdicts(told)).toEqual(
    ["settings", "base", "users", "groups", "count", "members"].map((name) => `${name} passed`),
  );
  expect(told.settings.detail).toBe("reads users.csv, groups.csv, members.csv");
  expect(told.users.samples).toHaveLength(5);
  expect(told.users.samples[0]).toEqual({ id: "1", name: "p1", location: "users.csv line 2" });
  expect(told.groups.samples).toEqual([{ id: "g", name: "Editors", location: "groups.csv line 2" }]);
  expect(told.count.detail).toBe("6 people and 1 group would be taken");
  expect(told.members.detail).toBe("2 of 2 memberships would be taken");
});

it("files of groups and members that are not named are passed over", async () => {
  const told = await steps({}, { groups: undefined, members: undefined });
  expect(verdicts(told).slice(2)).toEqual(["users passed", "groups skipped", "count passed", "members skipped"]);
  expect(told.groups.detail).toBe("no file of groups is named");
});

it.each<[string, Record<string, string>, string, RegExp, RegExp]>([
  ["a row of people", { "users.csv": `${GOOD["users.csv"]}7,p7\r\n` }, "users", /^users\.csv line 8 column 3/, /UTF-8/],
  [
    "a row of groups",
    { "groups.csv": "id,name\r\n,x\r\n" },
    "groups",
    /^groups\.csv line 2 column id: there is no id/,
    /whole/,
  ],
  ["a heading", { "users.csv": "id,login\r\n1,a\r\n" }, "users", /there is no such heading/, /setting/],
  ["a row of members", { "members.csv": "group,user,subgroup\r\ng,1\r\n" }, "members", /^members\.csv line 2/, /UTF-8/],
])(
  "a fault in %s fails its step, by its place; what does not need it goes on",
  async (_, files, name, detail, hint) => {
    const told = await steps(files);
    const failed = Object.values(told).filter(({ verdict }) => verdict === "failed");
    expect(failed.map((step) => step.name)).toEqual([name]);
    expect(failed[0]?.detail).toMatch(detail);
    expect(failed[0]?.hint).toMatch(hint);
    if (name === "users")
      expect(verdicts(told).slice(3)).toEqual(["groups passed", "count skipped", "members skipped"]);
  },
);

it("people without a user name and members whom nobody knows are warned about", async () => {
  const told = await steps({
    "users.csv": csv([USER_HEADINGS, ...people, ["7", "", "true", "", "", "", ""]]),
    "members.csv": "group,user,subgroup\r\ng,1,\r\ng,nobody,\r\nnowhere,1,\r\n",
  });
  expect(told.users).toMatchObject({
    verdict: "warned",
    detail: "1 person without a user name would be left as they are",
  });
  expect(told.members).toMatchObject({
    verdict: "warned",
    detail: "1 of 3 memberships would be taken; the others name nobody in the files",
    samples: [{ location: "members.csv line 3 column user" }, { location: "members.csv line 4 column group" }],
  });
});

it("checksums are compared before anything is taken", async () => {
  const sums = (text: string) => `${createHash("sha256").update(text).digest("hex")}  users.csv\n`;
  const settings = { groups: undefined, members: undefined, sums: "SUMS" };
  const good = await steps({ SUMS: sums(GOOD["users.csv"]) }, settings);
  expect(good.base).toMatchObject({ verdict: "passed", detail: "the files can be read and are what SUMS says" });
  await folder?.remove();
  const bad = await steps({ SUMS: sums("other") }, settings);
  expect(bad.base).toMatchObject({
    verdict: "failed",
    detail: expect.stringMatching(/^users\.csv may not have arrived whole/),
  });
  expect(
    verdicts(bad)
      .slice(2)
      .every((verdict) => verdict.endsWith("skipped")),
  ).toBe(true);
});

it("a file that is not there, and one behind a link, are told without what stands elsewhere", async () => {
  folder = await csvFolder();
  await mkdir(join(folder.path, "in"));
  await writeFile(join(folder.path, "secret.txt"), "swordfish\n");
  const missing = await stepsIn(join(folder.path, "in"));
  expect(missing.base).toMatchObject({ verdict: "failed", detail: "users.csv is not there" });
  expect(missing.base.hint).toContain("MUSTER_FILES_DIR");
  await symlink(join(folder.path, "secret.txt"), join(folder.path, "in", "users.csv"));
  const linked = await stepsIn(join(folder.path, "in"));
  expect(linked.base).toMatchObject({ verdict: "failed", detail: expect.stringContaining("symbolic link") });
  expect(JSON.stringify(linked)).not.toMatch(/swordfish|muster-csv-/);
});
