import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { expect, it } from "vitest";
import { leavesOf, wholeCommand } from "./tree.ts";

const DOCUMENT = join(import.meta.dirname, "..", "..", "docs", "cli.md");

const cell = (text: string) => text.replaceAll("|", "\\|");

function describeOption({ flags, description, argChoices, mandatory, defaultValue }: Option): string {
  const words = argChoices ? `one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}` : "";
  const usual = typeof defaultValue === "string" || typeof defaultValue === "number" ? `default: ${defaultValue}` : "";
  return `| \`${cell(flags)}\` | ${cell([description, words, usual, mandatory ? "needed" : ""].filter(Boolean).join("; "))} |`;
}

function describeCommand(name: string, command: Command): string {
  const usage = command.usage().replace("[options] ", "").replace("[options]", "").replace("[command]", "").trim();
  const options = command.options.filter(({ hidden }) => !hidden);
  const arguments_ = command.registeredArguments
    .filter(({ description, argChoices }) => description || argChoices)
    .map((argument) => {
      const { description, argChoices } = argument;
      const words = argChoices ? `one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}` : "";
      return `| \`${argument.name()}\` | ${cell([description, words].filter(Boolean).join("; "))} |`;
    });
  const rows = [...arguments_, ...options.map(describeOption)];
  return [
    `#### \`${["muster", name, usage].filter(Boolean).join(" ")}\``,
    "",
    `${command.description().replace(/^./, (first) => first.toUpperCase())}.`,
    ...(rows.length === 0 ? [] : ["", "| | |", "|---|---|", ...rows]),
  ].join("\n");
}

it("docs/cli.md has the commands as they are (this test with --update writes it)", async () => {
  const program = wholeCommand();
  const nouns = program.commands.filter((command) => !("_hidden" in command && command._hidden === true));
  const section = nouns
    .map((noun) => {
      const leaves = leavesOf(program).filter(({ name }) => name.split(" ")[0] === noun.name());
      const head =
        noun.commands.length === 0 ? [] : [`${noun.description().replace(/^./, (first) => first.toUpperCase())}.`];
      return [`### ${noun.name()}`, ...head, ...leaves.map(({ name, command }) => describeCommand(name, command))].join(
        "\n\n",
      );
    })
    .join("\n\n");
  const written = readFileSync(DOCUMENT, "utf8");
  const [begin, end] = ["<!-- begin commands -->", "<!-- end commands -->"];
  const wanted = `${written.slice(0, written.indexOf(begin) + begin.length)}\n\n${section}\n\n${written.slice(written.indexOf(end))}`;
  await expect(wanted).toMatchFileSnapshot(DOCUMENT);
});
