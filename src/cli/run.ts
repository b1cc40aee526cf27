import { Command, CommanderError } from "commander";
import { isMusterError, MusterError } from "../errors.ts";
import { version } from "../version.ts";
import { registerAccess } from "./access.ts";
import { registerAdmin } from "./admin.ts";
import { type Answer, printable } from "./answer.ts";
import { registerApply } from "./apply/command.ts";
import { registerBackup } from "./backup.ts";
import { registerBreakGlass } from "./break-glass.ts";
import { type CommandLine, commandLine } from "./command-line.ts";
import { registerDirectory } from "./directory.ts";
import { registerDoctor } from "./doctor/command.ts";
import { registerDomain } from "./domain.ts";
import { exitCode } from "./exit-code.ts";
import { registerGrant } from "./grant.ts";
import { registerGroup } from "./group.ts";
import { registerGuest } from "./guest.ts";
import { registerInvite } from "./invite.ts";
import { registerLink } from "./link.ts";
import { registerMail } from "./mail.ts";
import { registerOrganization } from "./organization.ts";
import { registerProduct } from "./product.ts";
import { registerRequest } from "./request.ts";
import { registerRunning } from "./running.ts";
import { registerSchema } from "./schema.ts";
import { registerScim } from "./scim.ts";
import { registerSignUp } from "./sign-up.ts";
import { registerSupport } from "./support.ts";
import { registerSync } from "./sync.ts";
import { registerToken } from "./token.ts";
import { registerUser } from "./user.ts";

const NOUNS: readonly ((program: Command, line: CommandLine) => void)[] = [
  registerRunning,
  registerApply,
  registerOrganization,
  registerAdmin,
  registerBreakGlass,
  registerProduct,
  registerDirectory,
  registerScim,
  registerSchema,
  registerSync,
  registerGroup,
  registerGrant,
  registerUser,
  registerAccess,
  registerInvite,
  registerMail,
  registerLink,
  registerRequest,
  registerSignUp,
  registerGuest,
  registerDomain,
  registerToken,
  registerDoctor,
  registerSupport,
  registerBackup,
];

/** Where a command's words go; a test may listen. */
export type Output = { out(text: string): void; err(text: string): void };

const STANDARD: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};

/**
 * Runs one command to its end and tells its exit code.
 *
 * Afterwards standard output holds the answer (with `--json` exactly one JSON value) or, after a failure, nothing,
 * and the last line of standard error then names the error, under `--json` as `{"error":{"code","message","at"}}`.
 * @param argv the words after `muster`.
 */
export async function runCommand(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
  output: Output = STANDARD,
): Promise<number> {
  const json = wantsJson(argv);
  let answer: Answer | undefined;
  let help = "";
  const program = makeProgram(
    commandLine(
      environment,
      (given) => {
        answer = given;
      },
      (text) => json || output.out(`${text}\n`),
    ),
    (text) => {
      help += text;
    },
  );
  try {
    await program.parseAsync([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      output.out(json ? `${JSON.stringify({ help })}\n` : help);
      return 0;
    }
    return fail(toMusterError(error), json, output);
  }
  if (answer === undefined) return 0;
  output.out(json ? `${JSON.stringify(answer.json)}\n` : answer.text === "" ? "" : `${answer.text}\n`);
  if (answer.error) fail(answer.error, json, output);
  return answer.exitCode ?? 0;
}

/** @param explain receives the text of --help and --version. */
function makeProgram(line: CommandLine, explain: (text: string) => void): Command {
  const program = new Command("muster")
    .description("Muster: a self-hosted SCIM 2.0 provisioning server and identity-sync daemon")
    .version(version(), "--version", "say which Muster this is")
    .option("--json", "answer with one JSON value on standard output")
    .option("--org <key>", "the organization; may be left out while there is only one")
    .option("--site <key>", "the site; may be left out while there is only one")
    .helpCommand("help [command]", "explain a command")
    .showSuggestionAfterError(true);
  for (const register of NOUNS) register(program, line);
  configure(program, explain);
  return program;
}

/** Commander prints nothing by itself; its errors become ours. */
function configure(command: Command, explain: (text: string) => void): void {
  command.exitOverride().configureOutput({ writeOut: explain, writeErr: () => {}, outputError: () => {} });
  for (const inner of command.commands) configure(inner, explain);
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
  return /'(-[^' ]*)|'([^']*)'/.exec(message)?.slice(1).find(Boolean) ?? "";
}

function fail(error: MusterError, json: boolean, output: Output): number {
  const { code, message, at, candidates } = error;
  if (json)
    output.err(
      `${JSON.stringify({ error: { code, message, at: at ?? "", ...(candidates ? { candidates } : {}) } })}\n`,
    );
  else {
    for (const candidate of candidates ?? []) output.err(`  ${printable(candidate)}\n`);
    output.err(`muster: ${printable(message)}${at ? ` (${printable(at)})` : ""}\n`);
  }
  return exitCode(code);
}

/** Known before anything is parsed, because a wrong command line must be told in the same form. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? undefined : end).includes("--json");
}
