import type { Command } from "commander";
import { commandLine } from "../../src/cli/command-line.ts";
import { makeProgram } from "../../src/cli/program.ts";

/** The whole command, of which nothing is run. */
export function wholeCommand(): Command {
  return makeProgram(
    commandLine(
      {},
      () => {},
      () => {},
    ),
    () => {},
  );
}

export type Leaf = { name: string; command: Command };

/** Every command that does something itself, with its words after `muster`. */
export function leavesOf(command: Command, words: readonly string[] = []): Leaf[] {
  const inner = command.commands.flatMap((each) => leavesOf(each, [...words, each.name()]));
  // `muster grant GROUP PRODUCT ROLE` has commands below it, too.
  const itself = words.length > 0 && (inner.length === 0 || command.registeredArguments.length > 0);
  return itself ? [{ name: words.join(" "), command }, ...inner] : inner;
}
