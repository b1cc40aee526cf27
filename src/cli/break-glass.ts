import type { Command } from "commander";
import {
  type BreakGlassSecrets,
  createBreakGlass,
  listBreakGlass,
  resetBreakGlass,
  revokeBreakGlass,
} from "../identity/break-glass.ts";
import { generatePassword } from "../identity/sign-in/generated-password.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { secretKey } from "./session.ts";

/** `muster break-glass …`: administrators for the day when nobody else can sign in (R26). Made here alone. */
export function registerBreakGlass(program: Command, line: CommandLine): void {
  const breakGlass = program
    .command("break-glass")
    .description("administrators that no directory holds, for the day when nobody else can sign in");
  breakGlass
    .command("create <name>")
    .description("make one; its password and the secret of its codes are shown once")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption, name: string) => {
        const generated = await generatePassword();
        const key = secretKey(session.ctx);
        const told = (made: Made) => shown(options, made);
        return writeOrTell(session, options, (tx) => createBreakGlass(tx, key, name, generated), told, "none");
      }),
    );
  breakGlass
    .command("list")
    .description("those that can sign in")
    .action(
      line.inOrganization(async ({ db }) => {
        const all = await listBreakGlass(db);
        return {
          json: all,
          text: table(
            ["name", "created", "last used"],
            all.map((one) => [one.name, one.createdAt, one.lastUsedAt]),
          ),
        };
      }),
    );
  breakGlass
    .command("reset <name>")
    .description("give it a new password and new codes; its sessions end")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption, name: string) => {
        const generated = await generatePassword();
        const key = secretKey(session.ctx);
        const told = (made: Made) => shown(options, made);
        return writeOrTell(session, options, (tx) => resetBreakGlass(tx, key, name, generated), told, "none");
      }),
    );
  breakGlass
    .command("revoke <name>")
    .description("end it and its sessions")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: DryOption, name: string) => {
        const told = (id: string) => ({ json: { id, name }, text: `${name} cannot sign in any more` });
        return writeOrTell(session, options, (tx) => revokeBreakGlass(tx, name), told, "none");
      }),
    );
}

type Made = BreakGlassSecrets & { id: string; name: string };

function shown(options: DryOption, made: Made): Answer {
  const { id, name } = made;
  if (options.dryRun) return { json: { id, name }, text: facts({ name }) };
  const { password, secret, uri } = made;
  return {
    json: { id, name, password, totpSecret: secret, totpUri: uri },
    text: `${facts({ name, password, "secret of its codes": secret, "the same as a URI": uri })}
Keep both where no directory is needed to reach them; they are not shown again.`,
  };
}
