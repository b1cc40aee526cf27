import type { Command } from "commander";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { namesOf, setPassword } from "../identity/credentials.ts";
import { heldByAccount } from "../identity/rights/held.ts";
import { removeSecondFactor } from "../identity/second-factor.ts";
import { generatePassword } from "../identity/sign-in/generated-password.ts";
import { hashPassword } from "../identity/sign-in/password-hash.ts";
import { checkPassword } from "../identity/sign-in/password-rules.ts";
import { facts } from "./answer.ts";
import type { CommandLine } from "./command-line.ts";
import { type DryOption, dryRunOption, shownOnce, writeOrTell } from "./dry-run.ts";
import { readSecret, typedPath } from "./input.ts";

type Options = DryOption & { passwordFile?: string; removeSecondFactor?: true };

/** `muster admin password PERSON`: the first password of an administrator, and the way back for one who is locked out. */
export function registerAdminPassword(admin: Command, line: CommandLine): void {
  admin
    .command("password <person>")
    .description("give an administrator of internal a new password, shown once; all their sessions end")
    .option("--password-file <file>", "take it from a file instead of making one")
    .option("--remove-second-factor", "take the second factor away too, for one who has lost it")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: Options, person: string) => {
        const { db, environment } = session;
        const account = await resolvePerson(db, person);
        if (!(await heldByAccount(db, account)).some(({ permissions }) => permissions.size > 0))
          throw new MusterError("conflict", "this person has no rights in force; passwords are for administrators", {
            at: person,
          });
        const given =
          options.passwordFile === undefined
            ? undefined
            : readSecret(typedPath(environment, options.passwordFile), "--password-file");
        if (given !== undefined) checkPassword(given, await namesOf(db, account), "--password-file");
        const made = given === undefined ? await generatePassword() : undefined;
        const hash = made?.hash ?? (await hashPassword(given ?? ""));
        const { userName } = await getAccount(db, account);
        const password = made === undefined ? null : shownOnce(options, made.password);
        return writeOrTell(
          session,
          options,
          async (tx) => {
            await setPassword(tx, account, hash);
            return options.removeSecondFactor === true && (await removeSecondFactor(tx, account));
          },
          (removed) => ({
            json: { id: account, userName, password, secondFactorRemoved: removed },
            text: facts({
              administrator: userName,
              ...(password !== null && { password }),
              "second factor": removed ? "removed" : "as before",
            }),
          }),
          "none",
        );
      }),
    );
}
