import { type Command, Option } from "commander";
import type { AccountId } from "../db/id.ts";
import { simulate, type Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { deactivateAccounts, reactivateAccounts } from "../identity/accounts/deactivate.ts";
import { eraseAccounts } from "../identity/accounts/erase.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { removeAccounts, undoRemoval } from "../identity/accounts/remove.ts";
import { type RevokedFrom, revokeAccess } from "../identity/accounts/revoke-access.ts";
import { resolveProduct } from "../identity/products.ts";
import { changesOf, latestChange } from "../identity/record.ts";
import { EVERYTHING } from "../identity/rights/held.ts";
import { getSite } from "../identity/sites.ts";
import { table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import type { Session } from "./session.ts";
import { answerOf } from "./user-answer.ts";

type Options = GlobalOptions & { reason?: string; dryRun?: true };

/** `muster user deactivate` and its like: what ends a person's access, each in a way of its own, and the ways back. */
export function registerUserVerbs(user: Command, line: CommandLine): void {
  const verb = (
    name: string,
    description: string,
    work: (tx: Tx, account: AccountId, options: Options) => Promise<unknown>,
    more: (command: Command) => Command = (command) => command,
  ) =>
    more(user.command(`${name} <person>`).description(description))
      .option("--dry-run", "tell what would come of it, and do nothing")
      .action(
        line.inOrganization(async (session, options: Options, person: string) =>
          done(session, options, async (tx) => {
            const account = await resolvePerson(tx, person);
            await work(tx, account, options);
            return account;
          }),
        ),
      );
  const withReason = (command: Command) => command.option("--reason <text>", "stands in the audit");
  verb(
    "deactivate",
    "deactivate a person whom the organization manages and whose record is Muster's own",
    async (tx, account, { reason }) =>
      something(await deactivateAccounts(tx, [account], reason ?? null), "the person is deactivated already"),
    withReason,
  );
  verb("reactivate", "activate a person again who was deactivated here", async (tx, account) =>
    something(await reactivateAccounts(tx, [account]), "the person is not deactivated"),
  );
  verb(
    "revoke-access",
    "take away what a person was given here: on a product, on the site of --site, or everything",
    async (tx, account, options) =>
      something(
        await revokeAccess(tx, [EVERYTHING], [account], await placeOf(tx, options), options.reason ?? null),
        "the person was given nothing there",
      ),
    (command) => withReason(command).addOption(new Option("--product <key>", "only there")),
  );
  verb(
    "remove",
    "take a person out of the organization; can be undone for 30 days",
    (tx, account, { reason }) => removeAccounts(tx, [account], reason ?? null),
    withReason,
  );
  verb("undo-remove", "bring a removed person back as they were", undoRemoval);
  user
    .command("erase <person>")
    .description("take everything personal of a person out of Muster, for good")
    .option("--yes", "nothing undoes it: say that you mean it")
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: DryOption & { yes?: true }, person: string) => {
        if (!options.yes && !options.dryRun)
          throw new MusterError("usage", "nothing brings an erased person back; add --yes", { at: "--yes" });
        const work = async (tx: Tx) => {
          const account = await resolvePerson(tx, person);
          await eraseAccounts(tx, [account]);
          return account;
        };
        const told = (id: AccountId) => ({ json: { id, erased: true }, text: `erased; only the id ${id} is left` });
        return writeOrTell(session, options, work, told, "exclusive");
      }),
    );
}

/** Done, or done and undone again: then what it would change is told. */
async function done(session: Session, options: Options, work: (tx: Tx) => Promise<AccountId>) {
  if (!options.dryRun) return session.write(async (tx) => answerOf(await getAccount(tx, await work(tx))), "exclusive");
  const changes = await simulate(
    session.ctx,
    session.actor,
    async (tx) => {
      const since = await latestChange(tx);
      await work(tx);
      return changesOf(tx, since);
    },
    { lock: "exclusive" },
  );
  return {
    json: { dryRun: true, changes },
    text: table(
      ["what", "of", "id"],
      changes.map(({ action, subject }) => [action, subject.kind, subject.id]),
    ),
  };
}

async function placeOf(tx: Tx, { product, site }: Options & { product?: string }): Promise<RevokedFrom> {
  if (product !== undefined) return { kind: "product", id: (await resolveProduct(tx, product, site)).id };
  return site === undefined ? { kind: "organization" } : { kind: "site", id: (await getSite(tx, site)).id };
}

function something(changed: readonly AccountId[], otherwise: string): void {
  if (changed.length === 0) throw new MusterError("conflict", otherwise);
}
