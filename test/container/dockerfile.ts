import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DockerfileParser, type Instruction, JSONInstruction } from "dockerfile-ast";

export const root = join(import.meta.dirname, "../..");

export const instructions = DockerfileParser.parse(readFileSync(join(root, "Dockerfile"), "utf8")).getInstructions();

export function words(instruction: Instruction): string[] {
  return instruction.getArguments().map((argument) => argument.getValue());
}

/** The words of every instruction of this kind. */
export function wordsOf(keyword: string): string[][] {
  return instructions.filter((instruction) => instruction.getKeyword() === keyword).map(words);
}

/** The words of the instruction of this kind that is written as JSON. */
export function jsonOf(keyword: string): string[] {
  return instructions.flatMap((instruction) =>
    instruction.getKeyword() === keyword && instruction instanceof JSONInstruction
      ? instruction.getJSONStrings().map((text) => text.getJSONValue())
      : [],
  );
}
