import { type Command, InvalidArgumentError, Option } from "commander";
import type { Tx } from "../db/transaction.ts";
import { getProduct, type ProductSettings, resolveProduct, updateProduct } from "../identity/products.ts";
import { facts } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { count } from "./input.ts";

/** How strictly a limit is kept. */
const ENFORCEMENTS = ["warn", "block"] as const satisfies readonly ProductSettings["seatEnforcement"][];
const BASES = [
  "unlimited",
  "fixed",
  "paid-seats",
  "members",
] as const satisfies readonly ProductSettings["guestBasis"][];

type Options = GlobalOptions &
  DryOption & { guests?: boolean; seats?: number | "none"; url?: string } & {
    [Name in Exclude<keyof ProductSettings, "hasGuests" | "seats" | "url">]?: ProductSettings[Name];
  };

/** `muster product show` and `muster product set`. */
export function registerProductSet(product: Command, line: CommandLine): void {
  product
    .command("show <product>")
    .description("one product with its settings")
    .action(
      line.inOrganization(async ({ db }, options: GlobalOptions, key: string) => {
        const found = await getProduct(db, (await resolveProduct(db, key, options.site)).id);
        return { json: found, text: facts(found) };
      }),
    );
  product
    .command("set <product>")
    .description("change a product's settings; what is left out stays, nobody is dropped")
    .option("--name <name>", "what people read")
    .option("--url <url>", "where an accepted invitation ends; empty: nowhere")
    .option("--guests", "the product has guests")
    .option("--no-guests", "it has none")
    .option("--seats <n>", "how many users and admins it has room for; none: any number", seats)
    .addOption(new Option("--seat-enforcement <how>", "what comes of too many").choices([...ENFORCEMENTS]))
    .addOption(new Option("--guest-basis <what>", "what guest slots are counted from").choices([...BASES]))
    .option("--guest-ratio <n>", "guest slots for each of them; with fixed: how many", count)
    .addOption(new Option("--guest-enforcement <how>", "what comes of too many guests").choices([...ENFORCEMENTS]))
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: Options, key: string) => {
        const work = async (tx: Tx) => {
          const {
            id,
            key: name,
            site,
            ...before
          } = await getProduct(tx, (await resolveProduct(tx, key, options.site)).id);
          const changed = await updateProduct(tx, id, { ...before, ...wantedOf(options) });
          return { ...(await getProduct(tx, id)), changed };
        };
        return writeOrTell(session, options, work, (view) => ({ json: view, text: facts(view) }), "exclusive");
      }),
    );
}

function wantedOf(options: Options): Partial<ProductSettings> {
  const { name, url, guests, seats: room, seatEnforcement, guestBasis, guestRatio, guestEnforcement } = options;
  return {
    ...(name !== undefined && { name }),
    ...(url !== undefined && { url: url === "" ? null : url }),
    ...(guests !== undefined && { hasGuests: guests }),
    ...(room !== undefined && { seats: room === "none" ? null : room }),
    ...(seatEnforcement !== undefined && { seatEnforcement }),
    ...(guestBasis !== undefined && { guestBasis }),
    ...(guestRatio !== undefined && { guestRatio }),
    ...(guestEnforcement !== undefined && { guestEnforcement }),
  };
}

function seats(text: string): number | "none" {
  if (text === "none") return text;
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("it must be a whole number, or none");
  return Number(text);
}
