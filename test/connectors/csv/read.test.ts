import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, link, mkdir, readFile, rename, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { csvConnector } from "../../../connectors/csv/csv-connector.ts";
import { csvSettings } from "../../../connectors/csv/settings.ts";
import { scaled, seed } from "../../harness/scale.ts";
import { failureOf, readAll } from "../ldap/read-all.ts";
import { type CsvFolder, csv, csvFolder, SETTINGS, USER_HEADINGS } from "./files.ts";

let folder: CsvFolder;
beforeEach(async () => {
  folder = await csvFolder();
});
afterEach(() => folder.remove());

const ANA = ["1", "ana", "true", "ana@example.com", "Ana Álvarez", "Ana", "Álvarez"];
const BEN = ["2", "ben", "false", "", "", "", ""];

async function people(text: string | Buffer, settings: object = {}) {
  await folder.write("users.csv", text);
  return csvConnector({ users: "users.csv", ...settings }, folder.path);
}

async function company(
  settings: object = {},
  members = csv([
    ["group", "user", "subgroup"],
    ["g", "1", ""],
  ]),
) {
  await folder.write(
    "groups.csv",
    csv([
      ["id", "name"],
      ["g", "Group"],
    ]),
  );
  await folder.write("members.csv", members);
  return people(csv([USER_HEADINGS, ANA, BEN]), { ...SETTINGS, ...settings });
}

describe("what stands in a file", () => {
  it("is taken as it stands, empty cells for nothing, and says where it stood", async () => {
    const { users, proof } = await readAll(await people(csv([USER_HEADINGS, ANA, BEN])));
    expect([...users.values()]).toEqual([
      {
        ...{ id: "1", userName: "ana", active: true, email: "ana@example.com", displayName: "Ana Álvarez" },
        ...{ givenName: "Ana", familyName: "Álvarez", location: "users.csv line 2" },
      },
      {
        ...{ id: "2", userName: "ben", active: false, email: null, displayName: null },
        ...{ givenName: null, familyName: null, location: "users.csv line 3" },
      },
    ]);
    expect(proof).toEqual({
      ...{ users: 2, groups: 0, memberships: 0, pages: 1, oddities: [], oddityCount: 0 },
      boundAs: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  });

  it("may begin with a byte order mark, end lines either way, leave lines empty and order columns freely", async () => {
    const text = "\ufeffname,userName, extra ,id,active\r\n\nAna,ana,,1,Yes\n\r\nBen,ben,x,2,0\r\n\r\n";
    const columns = { users: { displayName: "name", email: null, givenName: null, familyName: null } };
    const { users } = await readAll(await people(text, { columns }));
    expect([...users.values()].map(({ id, displayName, active }) => [id, displayName, active])).toEqual([
      ["1", "Ana", true],
      ["2", "Ben", false],
    ]);
  });

  it.each([";", "\t", "|"])("may be delimited by %j", async (delimiter) => {
    const text = [USER_HEADINGS, ANA].map((row) => `${row.join(delimiter)}\n`).join("");
    expect((await readAll(await people(text, { delimiter }))).users.get("1")?.familyName).toBe("Álvarez");
  });

  it("is any text that RFC 4180 can quote", async () => {
    const text = fc
      .string({ unit: fc.constantFrom(..."a,;\"'\r\n\té𠮷 \ufeff=\\") })
      .map((value) => value.trim())
      .filter((value) => value !== "");
    await fc.assert(
      fc.asyncProperty(fc.array(text, { maxLength: 20 }), fc.constantFrom("\n", "\r\n"), async (names, end) => {
        const rows = names.map((name, index) => [`id ${index}`, name, "1", name, name, name, name]);
        const { users } = await readAll(await people(csv([USER_HEADINGS, ...rows], end)));
        expect([...users.values()].map((user) => user.userName)).toEqual(names);
        // The line of a row is the line that it begins on.
        const lines = rows.map((_, index) => csv(rows.slice(0, index), end).split("\n").length + 1);
        expect([...users.values()].map((user) => user.location)).toEqual(lines.map((line) => `users.csv line ${line}`));
      }),
      { numRuns: scaled(300), seed },
    );
  });

  it("is the same wherever a reading of the file is cut, inside characters too", async () => {
    // 64 kB are read at once; one more byte in front moves every character against the cut.
    const filler = "é".repeat(100);
    for (let shift = 0; shift < 4; shift++) {
      const rows = Array.from({ length: 700 }, (_, index) => [
        ...[`${"s".repeat(shift)}${index}`, `u${index}`, "1", "", "𠮷€".repeat(20), filler, ""],
      ]);
      const { users } = await readAll(await people(csv([USER_HEADINGS, ...rows])));
      expect(users.size).toBe(700);
      for (const user of users.values()) {
        expect(user.displayName).toBe("𠮷€".repeat(20));
        expect(user.givenName).toBe(filler);
      }
    }
  });

  it("keeps people of one user name apart by their ids, and ids as they are spelt", async () => {
    const { users } = await readAll(
      await people(csv([USER_HEADINGS, ANA, ["A", ...ANA.slice(1)], ["a", ...BEN.slice(1)]])),
    );
    expect([...users.keys()]).toEqual(["1", "A", "a"]);
  });

  it("names members that are nowhere, at most a thousand", async () => {
    const rows = Array.from({ length: 1200 }, (_, index) => ["g", `x${index}`, ""]);
    const members = csv([["group", "user", "subgroup"], ["h", "1", ""], ["g", "", "h"], ["g", "2", ""], ...rows]);
    const { proof } = await readAll(await company({}, members));
    expect(proof).toMatchObject({ memberships: 1, oddityCount: 1202 });
    expect(proof.oddities).toHaveLength(1000);
    expect(proof.oddities.slice(0, 3)).toEqual([
      { code: "unresolved-member", location: "members.csv line 2 column group", detail: "no group has the id h" },
      { code: "unresolved-member", location: "members.csv line 3 column subgroup", detail: "no group has the id h" },
      { code: "unresolved-member", location: "members.csv line 5 column user", detail: "no user has the id x0" },
    ]);
  });
});

describe("a fault is named by file, line and column", () => {
  const row = (more: Record<number, string>) => ANA.map((cell, index) => more[index] ?? cell);
  const rows = (...more: string[][]) => csv([USER_HEADINGS, BEN, ...more]);
  it.each<[string, string | Buffer, string, string]>([
    ["no id", rows(row({ 0: "" })), "incomplete", "users.csv line 3 column id: there is no id"],
    [
      "one id twice",
      rows(row({ 0: "2" })),
      "incomplete",
      "users.csv line 3 column id: this id stood on line 2 already",
    ],
    ["a word for active", rows(row({ 2: "maybe" })), "protocol", "users.csv line 3 column active: is none of "],
    ["nothing for active", rows(row({ 2: "" })), "protocol", "users.csv line 3 column active: is none of "],
    ["a NUL", rows(row({ 3: "a\0b" })), "protocol", "users.csv line 3 column email: holds a NUL"],
    ["a control character in an id", rows(row({ 0: "a\tb" })), "incomplete", "users.csv line 3 column id: an id "],
    ["an id too long", rows(row({ 0: "€".repeat(334) })), "incomplete", "users.csv line 3 column id: an id "],
    [
      "cells too few",
      rows(["1", "ana"]),
      "protocol",
      "users.csv line 3 column 3: the row has 2 cells, the headings are 7",
    ],
    [
      "cells too many",
      rows([...ANA, "x"]),
      "protocol",
      "users.csv line 3 column 8: the row has 8 cells, the headings are 7",
    ],
    ["a quote inside", rows(ANA).replace("ana@", 'an"a@'), "protocol", "users.csv line 3 column email: a quote stands"],
    [
      "a quote not ended",
      rows(ANA).replace("ana@", '"ana@'),
      "incomplete",
      "users.csv line 3 column email: the file ends inside",
    ],
    [
      "text behind a quote",
      rows(ANA).replace("ana@", '"ana"@'),
      "protocol",
      "users.csv line 3 column email: something stands behind",
    ],
    [
      "an endless row",
      rows(row({ 3: "x".repeat(40_000) })),
      "limit",
      "users.csv line 3 column email: the row is longer",
    ],
    [
      "a row with fewer letters than that",
      rows(row({ 3: "é".repeat(20_000) })),
      "limit",
      "users.csv line 3 column email: the row is longer than 32768 bytes",
    ],
    [
      "an endless quote",
      `${rows(ANA).replace("ana@", '"ana@')}${"line\n".repeat(10_000)}`,
      "limit",
      "users.csv line 3 column email: the row is longer",
    ],
    ["Latin-1", Buffer.from(rows(ANA), "latin1"), "protocol", "users.csv line 3 column byte 32: is not UTF-8"],
    [
      "UTF-16",
      Buffer.from(`\ufeff${rows(ANA)}`, "utf16le"),
      "protocol",
      "users.csv line 1 column byte 1: is not UTF-8",
    ],
    [
      "a character not ended",
      Buffer.concat([Buffer.from(rows(ANA)), Buffer.from([0xe2, 0x82])]),
      "protocol",
      "users.csv line 4 column byte 1: is not UTF-8",
    ],
    ["an empty file", "", "protocol", "users.csv line 1 column 1: there are no headings"],
    [
      "no end of the last line",
      rows(ANA).trimEnd(),
      "incomplete",
      "users.csv may be cut off: its last line does not end",
    ],
    [
      "a heading that is missing",
      rows(ANA).replace("email", "emial"),
      "configuration",
      "users.csv line 1 column email: there is no such heading; columns.users.email names it",
    ],
    [
      "a heading that stands twice",
      rows(ANA).replace("email", "id"),
      "configuration",
      "users.csv line 1 column id: this heading stands twice; columns.users.id names it",
    ],
  ])("%s", async (_, text, code, message) => {
    const error = await failureOf(await people(text));
    expect(error.message).toContain(message);
    expect(error.code).toBe(code);
  });

  it.each([[["g", "", ""]], [["g", "1", "g"]]])("of members %j", async (cells) => {
    const members = csv([["group", "user", "subgroup"], ["g", "1", ""], cells]);
    const error = await failureOf(await company({}, members));
    expect(error).toMatchObject({ code: "protocol" });
    expect(error.message).toMatch(/^members\.csv line 3 column user: a row names either a user or/);
  });

  it("of a group without a name", async () => {
    const connector = await company();
    await folder.write(
      "groups.csv",
      csv([
        ["id", "name"],
        ["g", " "],
      ]),
    );
    expect((await failureOf(connector)).message).toBe("groups.csv line 2 column name: the group has no name");
  });

  it("without what stands in the file", async () => {
    for (const text of [rows(ANA).replace("ana@", 'hush"@'), rows(row({ 2: "hush" })), rows(["hush"])])
      expect((await failureOf(await people(text))).message).not.toContain("hush");
  });
});

describe("only plain files of the folder are read", () => {
  const text = csv([USER_HEADINGS, ANA]);

  it.each([
    ...["/etc/passwd", "../users.csv", "a/../users.csv", "./users.csv", "a//users.csv", "users.csv/", "", "."],
    ...["..", "a\\b.csv", "C:users.csv", "users.csv\0", "a\nb", "x".repeat(513)],
  ])("the path %j is none", (users) => {
    expect(() => csvConnector({ users }, folder.path)).toThrow(/^CSV settings: users: /);
  });

  it("a file in a folder below is", async () => {
    await mkdir(join(folder.path, "a"));
    await folder.write("a/users.csv", text);
    expect((await readAll(csvConnector({ users: "a/users.csv" }, folder.path))).proof.users).toBe(1);
  });

  it("a link is not, nor one on the way, nor a second name, a folder or a pipe; nothing is waited for or left open", async () => {
    const outside = await csvFolder();
    try {
      await outside.write("users.csv", text);
      await symlink(join(outside.path, "users.csv"), join(folder.path, "link.csv"));
      await symlink(outside.path, join(folder.path, "way"));
      await folder.write("own.csv", text);
      await symlink("own.csv", join(folder.path, "inside.csv"));
      await link(join(outside.path, "users.csv"), join(folder.path, "second.csv"));
      await mkdir(join(folder.path, "folder.csv"));
      execFileSync("/usr/bin/mkfifo", [join(folder.path, "pipe.csv")]);
      for (const users of [
        ...["link.csv", "way/users.csv", "inside.csv", "second.csv", "folder.csv", "pipe.csv"],
        ...["own.csv/users.csv"],
      ]) {
        const error = await failureOf(csvConnector({ users }, folder.path));
        expect(error.message).toContain(users);
        expect.soft(error.code, `${users}: ${error.message}`).toBe("configuration");
        if (/link|way|inside/.test(users)) expect(error.message).toContain("leads through a symbolic link");
        expect(await folder.held()).toBe(0);
        expect(await outside.held()).toBe(0);
      }
    } finally {
      await outside.remove();
    }
  });

  it("a device is not", async () => {
    expect(await failureOf(csvConnector({ users: "null" }, "/dev"))).toMatchObject({ code: "configuration" });
  });

  it("a folder that is itself a link is the installation's choice", async () => {
    await folder.write("users.csv", text);
    await symlink(folder.path, `${folder.path}-link`);
    try {
      const connector = csvConnector({ users: "users.csv" }, `${folder.path}-link`);
      expect((await readAll(connector)).proof.users).toBe(1);
    } finally {
      await rename(`${folder.path}-link`, join(folder.path, "gone"));
    }
  });

  it("a file or folder that is missing may come, one that may not be read is told apart", async () => {
    expect(await failureOf(csvConnector({ users: "users.csv" }, folder.path))).toMatchObject({
      code: "unreachable",
      message: "users.csv is not there",
    });
    expect(await failureOf(csvConnector({ users: "users.csv" }, join(folder.path, "none")))).toMatchObject({
      code: "unreachable",
    });
    expect(() => csvConnector({ users: "users.csv" }, null)).toThrow(/names no folder/);
    const connector = await people(text);
    await chmod(join(folder.path, "users.csv"), 0);
    // Nothing is closed to root.
    if (process.getuid?.() !== 0) expect(await failureOf(connector)).toMatchObject({ code: "credentials" });
  });

  it("a file beyond the size that is allowed is refused whole", async () => {
    const connector = await people(text, { maxMegabytes: 1 });
    await truncate(join(folder.path, "users.csv"), 1024 * 1024 + 1);
    const error = await failureOf(connector);
    expect(error).toMatchObject({ code: "limit" });
    expect(error.message).toMatch(/^users\.csv has 1048577 bytes/);
  });
});

describe("docs/directories/csv.md", () => {
  it("shows files that are read as it says, and settings that there are", async () => {
    const text = await readFile(new URL("../../../docs/directories/csv.md", import.meta.url), "utf8");
    const blocks = text.split("```");
    const example = (begin: string) =>
      blocks.find((part) => part.startsWith(begin))?.slice(begin.indexOf("\n") + 1) ?? "";
    await folder.write("users.csv", example("\nid,userName,"));
    await folder.write("groups.csv", example("\nid,name\n"));
    await folder.write("members.csv", example("\ngroup,user,subgroup\n"));
    const read = await readAll(csvConnector(SETTINGS, folder.path));
    expect(read.proof).toMatchObject({ users: 2, groups: 2, memberships: 3, oddityCount: 0 });
    expect(read.users.get("1002")).toMatchObject({ displayName: 'Ben "Benny" Okafor', active: false });
    const { directories } = parse(example("yaml\ndirectories:"));
    const { name, kind, firstRun, every, ...settings } = directories[0];
    expect([name, kind, firstRun, every]).toEqual(["old-server", "csv", "preview", "24h"]);
    expect(csvSettings.safeParse(settings).error).toBeUndefined();
    const all = Object.keys(csvSettings.shape);
    expect(Object.keys(settings).sort()).toEqual(all.sort());
  });
});

describe("checksums", () => {
  const digest = (text: string) => createHash("sha256").update(text).digest("hex");
  const users = csv([USER_HEADINGS, ANA]);
  const connector = async (sums: string) => {
    await mkdir(join(folder.path, "in"), { recursive: true });
    await folder.write("in/users.csv", users);
    await folder.write("in/SHA256SUMS", sums);
    return csvConnector({ users: "in/users.csv", sums: "in/SHA256SUMS" }, folder.path);
  };

  it("prove files that they name, relative to where they stand", async () => {
    for (const line of [`${digest(users)}  users.csv\n`, `${digest("x")}  other\n${digest(users)} *./users.csv`])
      expect((await readAll(await connector(line))).proof.users).toBe(1);
  });

  it.each([
    [
      "another sum",
      `${digest("x")}  users.csv\n`,
      "incomplete",
      /^in\/users\.csv may not have arrived whole: .* says otherwise$/,
    ],
    ["no sum", `${digest(users)}  in/users.csv\n`, "incomplete", /does not name it$/],
    ["no list", `\n${digest(users)}\n`, "protocol", /^in\/SHA256SUMS line 2 column 1: is not what sha256sum writes$/],
    ["a list without end", "\n".repeat(1_100_000), "limit", /too long/],
  ])("refuse with %s before anything is given out", async (_, sums, code, message) => {
    const reading = (await connector(sums)).read(new AbortController().signal);
    const error = await reading.next().catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe("settings", () => {
  it.each<[object, RegExp]>([
    [{}, /users: /],
    [{ users: "u.csv", path: "x" }, /path: there is no such setting/],
    [{ users: "u.csv", members: "m.csv" }, /members: needs a file of groups/],
    [{ users: "u.csv", groups: "u.csv" }, /groups: is another file's path/],
    [{ users: "u.csv", delimiter: "x" }, /delimiter: /],
    [{ users: "u.csv", maxMegabytes: 0 }, /maxMegabytes: /],
    [{ users: "u.csv", columns: { users: { userName: "id" } } }, /columns\.users\.userName: is another field's column/],
    [{ users: "u.csv", columns: { users: { id: null } } }, /columns\.users\.id: /],
    [{ users: "u.csv", columns: { users: { emial: "x" } } }, /columns\.users\.emial: there is no such setting/],
    ...["email", "E-Mail", "userName", "user_name", "login", "name", "Display Name"].map((id): [object, RegExp] => [
      { users: "u.csv", columns: { users: { id } } },
      /columns\.users\.id: can change, so it cannot be the immutable id/,
    ]),
  ])("%j are refused", (settings, message) => {
    expect(() => csvConnector(settings, folder.path)).toThrow(message);
  });

  it("columns are called as they say", async () => {
    const connector = await company(
      {
        columns: {
          ...{ users: { id: "Nr", userName: "Konto", active: null, email: null, displayName: null } },
          ...{ groups: { id: "Nr", name: "Titel" }, members: { group: "G", user: "U", subgroup: null } },
        },
      },
      "G,U\ng,1\n",
    );
    await folder.write("users.csv", "Nr,Konto,givenName,familyName\n1,ana,Ana,Álvarez\n");
    await folder.write("groups.csv", "Titel,Nr\nGroup,g\n");
    const { users, groups, members } = await readAll(connector);
    expect(users.get("1")).toMatchObject({ userName: "ana", active: true, email: null, givenName: "Ana" });
    expect(groups.get("g")?.name).toBe("Group");
    expect(members.get("g")).toEqual(new Set(["1"]));
  });
});
