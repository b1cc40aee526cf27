import type { Command } from "commander";
import type { Context } from "../context.ts";
import type { Answer } from "./answer.ts";
import type { Form } from "./form.ts";
import { openSession, type Session, withContext } from "./session.ts";

/** What every command may be given. */
export type GlobalOptions = { json?: true; output?: Form; org?: string; site?: string };

/** What commander calls: the arguments, then the options, then the command. */
type Action = (...raw: unknown[]) => Promise<void>;

type Plain<O, A extends unknown[]> = (options: O, ...args: A) => Promise<Answer>;
/** Without an answer it has said everything itself while it ran. */
type With<First, O, A extends unknown[]> = (first: First, options: O, ...args: A) => Promise<Answer | undefined>;

/** Joins a command's work to commander: the work gets its options and arguments, its answer is kept for printing. */
export type CommandLine = {
  environment: NodeJS.ProcessEnv;
  /** Says a line while the work is under way, to a person only: what stands under --json is one value. */
  say(line: string): void;
  /** Work that needs neither database nor organization. */
  plain<O, A extends unknown[]>(work: Plain<O, A>): Action;
  /** Work on the database, before or without an organization. */
  onDatabase<O, A extends unknown[]>(work: With<Context, O, A>): Action;
  /** Work in the organization of --org, or the only one. */
  inOrganization<O, A extends unknown[]>(work: With<Session, O, A>): Action;
};

/** @param keep receives the answer of the one command that ran. */
export function commandLine(
  environment: NodeJS.ProcessEnv,
  keep: (answer: Answer | undefined) => void,
  say: (line: string) => void,
): CommandLine {
  const action =
    <O, A extends unknown[]>(work: (options: O & GlobalOptions, args: A) => Promise<Answer | undefined>): Action =>
    async (...raw) => {
      const command = raw.at(-1) as Command;
      const options = command.optsWithGlobals() as O & GlobalOptions;
      // Whatever is no table is read by a program: what commands leave out for --json, they leave out for all of them.
      const read = options.output !== undefined && options.output !== "table";
      keep(await work(read ? { ...options, json: true } : options, raw.slice(0, -2) as A));
    };
  return {
    environment,
    say,
    plain: <O, A extends unknown[]>(work: Plain<O, A>) => action<O, A>((options, args) => work(options, ...args)),
    onDatabase: <O, A extends unknown[]>(work: With<Context, O, A>) =>
      action<O, A>((options, args) => withContext(environment, (ctx) => work(ctx, options, ...args))),
    inOrganization: <O, A extends unknown[]>(work: With<Session, O, A>) =>
      action<O, A>((options, args) =>
        withContext(environment, async (ctx) =>
          work(await openSession(ctx, environment, options.org), options, ...args),
        ),
      ),
  };
}
