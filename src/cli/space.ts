import type { Command } from "commander";
import { resolveProduct } from "../identity/products.ts";
import { createSpace, listSpaces, renameSpace, resolveSpace } from "../identity/spaces.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { answerOrTell, type DryOption, dryRunOption } from "./dry-run.ts";

type OfProduct = GlobalOptions & { product: string };

/** `muster space …`. */
export function registerSpace(program: Command, line: CommandLine): void {
  const space = program.command("space").description("spaces of a product");
  space
    .command("add <key>")
    .description("add a space that guests can be given")
    .requiredOption("--product <key>", "the product it is a part of")
    .option("--name <name>", "what people read; the key by default")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: OfProduct & DryOption & { name?: string }, key: string) =>
        answerOrTell(session, options, async (tx) => {
          const product = await resolveProduct(tx, options.product, options.site);
          const { id } = await createSpace(tx, product.id, { key, name: options.name ?? key });
          const view = { id, key, product: product.key };
          return { json: view, text: facts(view) };
        }),
      ),
    );
  space
    .command("list")
    .description("the spaces of a product")
    .requiredOption("--product <key>", "the product")
    .action(
      line.inOrganization(async ({ db }, options: OfProduct) => {
        const product = await resolveProduct(db, options.product, options.site);
        const all = await listSpaces(db, product.id);
        return {
          json: all.map((one) => ({ id: one.id, key: one.key, product: product.key })),
          text: table(
            ["space", "name", "id"],
            all.map((one) => [one.key, one.name, one.id]),
          ),
        };
      }),
    );
  space
    .command("rename <key> <name>")
    .description("give a space another name; its key and its guests stay")
    .requiredOption("--product <key>", "the product it is a part of")
    .addOption(dryRunOption())
    .action(
      line.inOrganization((session, options: OfProduct & DryOption, key: string, name: string) =>
        answerOrTell(session, options, async (tx) => {
          const product = await resolveProduct(tx, options.product, options.site);
          const { id } = await resolveSpace(tx, product.id, key);
          const view = { id, key, product: product.key, name, changed: await renameSpace(tx, id, name) };
          return { json: view, text: facts(view) };
        }),
      ),
    );
}
