import type { Command } from "commander";
import type { Tx } from "../db/transaction.ts";
import { createProduct, listProducts, type Product } from "../identity/products.ts";
import { resolveSite } from "../identity/sites.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryRunOption, writeOrTell } from "./dry-run.ts";
import { count } from "./input.ts";
import { registerProductGuestPolicy } from "./product-guest-policy.ts";
import { registerProductSeats } from "./product-seats.ts";
import { registerProductSet } from "./product-set.ts";

type AddOptions = { guests?: true; seats?: number; name?: string; url?: string };

/** `muster product …`. */
export function registerProduct(program: Command, line: CommandLine): void {
  const product = program.command("product").description("products of a site");
  product
    .command("add <key>")
    .description("add a product; nobody has access until a grant is made")
    .option("--guests", "the product has guests")
    .option("--seats <n>", "how many users and admins it has room for", count)
    .option("--name <name>", "what people read; the key by default")
    .option("--url <url>", "where an accepted invitation ends")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: AddOptions & DryOption & GlobalOptions, key: string) => {
        const work = async (tx: Tx) =>
          createProduct(tx, await resolveSite(tx, options.site), {
            key,
            hasGuests: options.guests ?? false,
            seats: options.seats ?? null,
            url: options.url ?? null,
            name: options.name ?? key,
          });
        return writeOrTell(session, options, work, (made) => ({
          json: productView(made),
          text: facts(productView(made)),
        }));
      }),
    );
  product
    .command("list")
    .description("the organization's products")
    .action(
      line.inOrganization(async ({ db }, options: GlobalOptions) => {
        const all = (await listProducts(db)).filter((one) => options.site === undefined || one.site === options.site);
        return {
          json: all.map(productView),
          text: table(
            ["site", "product", "guests", "seats"],
            all.map((one) => [one.site, one.key, one.hasGuests ? "yes" : "no", one.seats]),
          ),
        };
      }),
    );
  registerProductSeats(product, line);
  registerProductGuestPolicy(product, line);
  registerProductSet(product, line);
}

function productView({ id, key, site, hasGuests, seats }: Product) {
  return { id, key, site, hasGuests, seats };
}
