import type { Command } from "commander";
import type { Db } from "../db/connection.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolveProduct } from "../identity/products.ts";
import { changeGuestPolicy, getGuestPolicy } from "../identity/settings/guest-policy.ts";
import { guestPolicyForm } from "../identity/settings/guest-policy-form.ts";
import { facts } from "./answer.ts";
import { assignments } from "./assignments.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption } from "./dry-run.ts";

type Options = GlobalOptions & DryOption & { inherit: string[] };

/** `muster product guest-policy`. */
export function registerProductGuestPolicy(product: Command, line: CommandLine): void {
  product
    .command("guest-policy <product> [settings...]")
    .description("what holds for guests of a product; with NAME=VALUE: change it")
    .option("--inherit <names...>", "settings that are the organization's again", [])
    .addOption(dryRunOption())
    .action(
      line.inOrganization(async (session, options: Options, key: string, texts: string[]) => {
        const wanted = assignments(guestPolicyForm.partial(), texts);
        const inherit = options.inherit.map(known);
        const { id } = await resolveProduct(session.db, key, options.site);
        const shown = async (db: Db) => {
          const view = await getGuestPolicy(db, id);
          return { json: view, text: facts(view) };
        };
        if (texts.length + options.inherit.length === 0) return shown(session.db);
        const work = async (tx: Tx) => {
          await changeGuestPolicy(tx, id, { ...wanted, inherit });
          return shown(tx);
        };
        return answerOrTell(session, options, work, "exclusive");
      }),
    );
}

function known(name: string) {
  const parsed = guestPolicyForm.keyof().safeParse(name);
  if (parsed.success) return parsed.data;
  throw new MusterError("invalid", `${name}: there is no such setting`, { at: name });
}
