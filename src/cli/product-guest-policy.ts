import type { Command } from "commander";
import { MusterError } from "../errors.ts";
import { resolveProduct } from "../identity/products.ts";
import { changeGuestPolicy, getGuestPolicy } from "../identity/settings/guest-policy.ts";
import { guestPolicyForm } from "../identity/settings/guest-policy-form.ts";
import { facts } from "./answer.ts";
import { assignments } from "./assignments.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";

type Options = GlobalOptions & { inherit: string[] };

/** `muster product guest-policy`. */
export function registerProductGuestPolicy(product: Command, line: CommandLine): void {
  product
    .command("guest-policy <product> [settings...]")
    .description("what holds for guests of a product; with NAME=VALUE: change it")
    .option("--inherit <names...>", "settings that are the organization's again", [])
    .action(
      line.inOrganization(async (session, options: Options, key: string, texts: string[]) => {
        const wanted = assignments(guestPolicyForm.partial(), texts);
        const inherit = options.inherit.map(known);
        const { id } = await resolveProduct(session.db, key, options.site);
        if (texts.length + options.inherit.length > 0)
          await session.write((tx) => changeGuestPolicy(tx, id, { ...wanted, inherit }), "exclusive");
        const view = await getGuestPolicy(session.db, id);
        return { json: view, text: facts(view) };
      }),
    );
}

function known(name: string) {
  const parsed = guestPolicyForm.keyof().safeParse(name);
  if (parsed.success) return parsed.data;
  throw new MusterError("invalid", `${name}: there is no such setting`, { at: name });
}
