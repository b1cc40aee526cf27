import type { Command } from "commander";
import type { TestStep } from "../../connectors/connector.ts";
import { MusterError } from "../errors.ts";
import { resolveDirectory } from "../identity/directories.ts";
import { testSettings, triedOf } from "../sync/test.ts";
import { type Answer, printable } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";

/** Columns of the names of steps and verdicts, with what stands behind them. */
const [NAME, VERDICT] = [10, 9];

/** `muster directory test`. */
export function registerDirectoryTest(directory: Command, line: CommandLine): void {
  directory
    .command("test <name>")
    .description("try a directory's settings step by step, without keeping anything")
    .action(
      line.inOrganization(async ({ ctx, db }, _options: object, name: string) => {
        const found = await resolveDirectory(db, name);
        const tried = await triedOf(ctx, db, found);
        const steps: TestStep[] = [];
        line.say(row("STEP", "VERDICT", "DETAIL"));
        for await (const step of testSettings(ctx, tried)) {
          steps.push(step);
          for (const text of linesOf(step)) line.say(text);
        }
        return answerOf(found.name, steps);
      }),
    );
}

/** Each step as it is reached: what was seen, what to do about it, and some of what was found. */
function linesOf({ name, verdict, detail, hint, samples }: TestStep): string[] {
  const below = " ".repeat(NAME + VERDICT);
  return [
    row(name, verdict, printable(detail)),
    ...(hint === null ? [] : [`${below}→ ${printable(hint)}`]),
    ...samples.map((sample) => {
      const more = [sample.id, sample.location].filter((text) => text !== "").map(printable);
      return `${below}- ${[printable(sample.name), ...more].join("  ")}`;
    }),
  ];
}

function row(name: string, verdict: string, detail: string): string {
  return `${name.padEnd(NAME)}${verdict.padEnd(VERDICT)}${detail}`;
}

/** Everything was said already; what failed decides how the command ends. */
function answerOf(directory: string, steps: readonly TestStep[]): Answer {
  const failed = steps.find(({ verdict }) => verdict === "failed");
  const answer = { json: { directory, passed: failed === undefined, steps }, text: "" };
  if (failed === undefined) return answer;
  const isSettings = failed.name === "settings";
  const what = `${failed.name}: ${[failed.detail, failed.hint].filter((text) => text !== null).join("; ")}`;
  const error = new MusterError(isSettings ? "invalid" : "unavailable", what, { at: directory });
  const text = `What is wrong here is changed with: muster directory set ${directory}`;
  return { ...answer, text, exitCode: isSettings ? 6 : 1, error };
}
