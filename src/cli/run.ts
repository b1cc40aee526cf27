import { CommanderError } from "commander";
import { isMusterError, MusterError } from "../errors.ts";
import { type Answer, jsonLine, printable, printableLines } from "./answer.ts";
import { commandLine } from "./command-line.ts";
import { exitCode } from "./exit-code.ts";
import { formOf, inForm } from "./form.ts";
import { makeProgram } from "./program.ts";

/** Where a command's words go; a test may listen. */
export type Output = { out(text: string): void; err(text: string): void };

const STANDARD: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/**
 * Runs one command to its end and tells its exit code.
 *
 * Afterwards standard output holds the answer (with `--json` exactly one JSON value, in which no control character stands raw)
 * or, after a failure, nothing,
 * and the last line of standard error then names the error, under `--json` as `{"error":{"code","message","at"}}`.
 * @param argv the words after `muster`.
 */
export async function runCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  output: Output = STANDARD,
): Promise<number> {
  const form = formOf(argv);
  const json = form === "json";
  let answer: Answer | undefined;
  let help = "";
  const program = makeProgram(
    commandLine(
      environment,
      (given) => {
        answer = given;
      },
      (text) => form === "table" && output.out(`${printableLines(text)}\n`),
    ),
    (text) => {
      help += text;
    },
  );
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      output.out(json ? `${jsonLine({ help })}\n` : help);
      return 0;
    }
    return fail(toMusterError(error), json, output);
  }
  if (answer === undefined) return 0;
  try {
    output.out(inForm(form, answer));
  } catch (error) {
    return fail(toMusterError(error), json, output);
  }
  if (answer.error) fail(answer.error, json, output);
  return answer.exitCode ?? 0;
}

function toMusterError(error: unknown): MusterError {
  if (isMusterError(error)) return error;
  if (error instanceof CommanderError) {
    const help = error.code === "commander.help" || error.code === "commander.helpDisplayed";
    const message = help ? "say what to do; muster --help lists the commands" : error.message.replace(/^error: /, "");
    return new MusterError("usage", message.replaceAll(/\s*\n\s*/g, " "), { at: flagIn(error.message) });
  }
  return new MusterError("internal", error instanceof Error ? error.message : String(error), { cause: error });
}

function flagIn(message: string): string {
  return /'(?:-\w, )?(-[^' ]*)|'([^']*)'/.exec(message)?.slice(1).find(Boolean) ?? "";
}

function fail(error: MusterError, json: boolean, output: Output): number {
  const { code, message, at, candidates } = error;
  if (json)
    output.err(`${jsonLine({ error: { code, message, at: at ?? "", ...(candidates ? { candidates } : {}) } })}\n`);
  else {
    for (const candidate of candidates ?? []) output.err(`  ${printable(candidate)}\n`);
    output.err(`muster: ${printable(message)}${at ? ` (${printable(at)})` : ""}\n`);
  }
  return exitCode(code);
}
