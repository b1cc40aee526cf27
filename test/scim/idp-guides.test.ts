import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { runCommand } from "../../src/cli/run.ts";
import { PROFILES } from "../../src/identity/profiles.ts";
import { WARNING_NAMES } from "../../src/scim/dialect.ts";
import { exchangeFolders, readExchangeFiles } from "../harness/replay.ts";

const root = join(import.meta.dirname, "../..");
const folder = join(root, "docs/idp");
const guides = readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
const index = guides.find(({ name }) => name === "index.md")?.text ?? "";

/** The commands in code blocks and in running text, without comments. */
function commandsIn(text: string): string[] {
  const spans = [...text.matchAll(/`(muster [^`\n]+)`/g)].map((match) => match[1] ?? "");
  const lines = [...text.matchAll(/^muster .+$/gm)].map((match) => match[0].replace(/\s+#.*$/, ""));
  return [...new Set([...spans, ...lines])];
}

/** Words as a shell takes them apart: blanks separate, double quotes keep together. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? "");
}

function linksIn(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
}

/** The anchors of a page's headings, as they are made of their words. */
function anchorsOf(path: string): string[] {
  const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm)].map((match) => match[1] ?? "");
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

describe.each(guides)("$name", ({ name, text }) => {
  const commands = commandsIn(text);

  test.each(commands)("%s is a command that Muster takes", async (command) => {
    const [first, ...words] = wordsOf(command);
    expect(first).toBe("muster");
    // Whatever is typed wrong is told before the configuration is read, and this one cannot be.
    const err: string[] = [];
    const output = { out: () => {}, err: (line: string) => void err.push(line) };
    const exit = await runCommand(words, { MUSTER_CONFIG: join(folder, "nowhere.yaml") }, output);
    expect({ exit, err: err.join("") }).toMatchObject({ exit: 78 });
  });

  test("links to what is there", () => {
    for (const link of linksIn(text)) {
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? join(folder, name) : join(folder, path);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), link).toContain(anchor);
    }
  });
});

describe.each(guides.filter(({ name }) => !["index.md", "others.md"].includes(name)))("$name", ({ text }) => {
  test("says everything that a guide says", () => {
    const commands = commandsIn(text);
    const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    for (const heading of [
      "In Muster",
      "Attributes",
      "Groups",
      "Leaving",
      "The token ends",
      "When it does not work",
      "Quirks",
    ])
      expect(headings).toContain(heading);
    expect(commands.filter((command) => command.startsWith("muster directory add "))).not.toEqual([]);
    expect(commands.filter((command) => command.startsWith("muster scim log "))).not.toEqual([]);
    expect(commands.filter((command) => command.startsWith("muster directory token rotate "))).not.toEqual([]);
  });
});

describe("the guides together", () => {
  test("link every recorded exchange but the demo's", () => {
    const linked = new Set(guides.flatMap(({ text }) => linksIn(text).map((link) => join(folder, link))));
    const files = exchangeFolders().flatMap((each) =>
      [...readExchangeFiles(each).keys()].map((name) => join(each, name)),
    );
    const missing = files.filter((file) => basename(file) !== "demo-company.json" && !linked.has(file));
    expect(missing.map((file) => relative(dirname(folder), file))).toEqual([]);
  });

  test("are all in the index", () => {
    expect(linksIn(index)).toEqual(
      expect.arrayContaining(guides.map(({ name }) => name).filter((name) => name !== "index.md")),
    );
  });

  test("explain every warning and every profile, and no other", () => {
    const rows = [...index.matchAll(/^\| `([a-z-]+)` \| .* \| (?:4|understood)/gm)].map((match) => match[1]);
    expect(rows.sort()).toEqual([...WARNING_NAMES].sort());
    for (const profile of PROFILES) expect(index).toContain(`\`${profile}\``);
  });
});
