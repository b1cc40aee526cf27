import { readFileSync } from "node:fs";
import { Command } from "commander";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { scopesFor } from "../../../connectors/google-workspace/place.ts";
import { googleWorkspaceSettings } from "../../../connectors/google-workspace/settings.ts";
import { settingsFault } from "../../../connectors/index.ts";
import { googleWorkspaceKind } from "../../../src/cli/directory-pulled-google-workspace.ts";
import { ADMIN } from "./company.ts";

const guide = readFileSync(new URL("../../../docs/directories/google-workspace.md", import.meta.url), "utf8");
const blocks = guide.split("```");

it("the guide names exactly the scopes that are asked for", () => {
  const of = (settings: object) => scopesFor(googleWorkspaceSettings.parse({ admin: ADMIN, ...settings }));
  const [least = [], more = []] = blocks
    .map((block) => block.trim())
    .filter((block) => block.startsWith("https://"))
    .map((block) => block.split(","));
  expect(least).toEqual(of({}));
  expect([...least, ...more]).toEqual(of({ organizationalUnits: ["/Sales"] }));
});

it("the guide's settings are settings, and every option of the command stands in it", () => {
  const yaml = blocks.find((block) => block.startsWith("yaml\n"))?.slice("yaml\n".length) ?? "";
  const { name: _name, kind, keyFile, every, ...settings } = parse(yaml).directories[0];
  expect([kind, typeof keyFile, every]).toEqual(["google-workspace", "string", "60m"]);
  expect(settingsFault("google-workspace", settings)).toBeUndefined();
  const command = new Command();
  googleWorkspaceKind.add(command);
  expect(command.options.length).toBeGreaterThan(8);
  for (const { long } of command.options) expect(guide).toContain(`\`${long}`);
});
