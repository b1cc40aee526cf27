import { Argument, type Command } from "commander";
import type { Db } from "../db/connection.ts";
import { type GrantId, parseId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { pageOfGrants } from "../identity/grant-pages.ts";
import { confirmGrant, type Granted, grantRole, type ListedGrant, type Role, revokeGrant } from "../identity/grants.ts";
import { resolveGroup } from "../identity/groups.ts";
import { resolveProduct } from "../identity/products.ts";
import type { IdPage } from "../identity/within.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import { type ListOptions, listed, whole } from "./list.ts";

type Listed = GlobalOptions & ListOptions & { product?: string; group?: string };

/** `muster grant GROUP PRODUCT ROLE`, and what can be done with grants that stand. */
export function registerGrant(program: Command, line: CommandLine): void {
  const grant = program.command("grant").description("give a group a role on a product");
  dryable(grant)
    .addArgument(
      new Argument("<group>", "DIRECTORY/NAME, local/NAME or id:UUID; a directory's group may not exist yet"),
    )
    .addArgument(new Argument("<product>", "the product's key"))
    .addArgument(new Argument("<role>").choices(["admin", "user", "guest"]))
    .action(
      line.inOrganization(
        (session, options: GlobalOptions & DryOption, groupText: string, productKey: string, role: Role) => {
          const work = async (tx: Tx) => {
            const product = await resolveProduct(tx, productKey, options.site);
            const group = await resolveGroup(tx, groupText);
            return grantRole(tx, { group: "id" in group ? group.id : group, product: product.id, role });
          };
          return writeOrTell(session, options, work, grantedAnswer, "exclusive");
        },
      ),
    );
  whole(grant.command("list").description("all grants"))
    .option("--product <key>", "only on this product")
    .option("--group <group>", "only of this group, as DIRECTORY/NAME or local/NAME")
    .action(
      line.inOrganization(async ({ db }, options: Listed) => {
        const of = await narrowedTo(db, options);
        const read = (page: IdPage<GrantId>) => pageOfGrants(db, { ...page, within: null, ...of });
        const all = await listed<ListedGrant>(options, read, "whole");
        return {
          json: all,
          text: table(
            ["product", "group", "role", "state", "id"],
            all.map((one) => [
              `${one.site}/${one.product}`,
              `${one.directory ?? "local"}/${one.group.name}`,
              one.role,
              one.state,
              one.id,
            ]),
          ),
        };
      }),
    );
  dryable(
    grant.command("confirm <id>").description("let a grant of admin that had to wait for its group count"),
  ).action(
    line.inOrganization((session, options: DryOption, text: string) => {
      const id = grantId(text);
      const told = (accountsChanged: number) => ({
        json: { id, state: "in-force", accountsChanged },
        text: `the grant counts; ${accountsChanged} people noticed`,
      });
      return writeOrTell(session, options, (tx) => confirmGrant(tx, id), told, "exclusive");
    }),
  );
  dryable(grant.command("revoke <id>").description("take a grant away")).action(
    line.inOrganization((session, options: DryOption, text: string) => {
      const id = grantId(text);
      const told = (accountsChanged: number) => ({
        json: { id, revoked: true, accountsChanged },
        text: `the grant is gone; ${accountsChanged} people noticed`,
      });
      return writeOrTell(session, options, (tx) => revokeGrant(tx, id), told, "exclusive");
    }),
  );
}

async function narrowedTo(db: Db, { product, group, site }: Listed) {
  const found = group === undefined ? undefined : await resolveGroup(db, group);
  if (found && !("id" in found)) throw new MusterError("not-found", `there is no group ${group}`, { at: "--group" });
  return {
    product: product === undefined ? undefined : (await resolveProduct(db, product, site)).id,
    group: found?.id,
  };
}

function grantedAnswer(made: Granted): Answer {
  const { group, ...rest } = made;
  return { json: made, text: facts({ grant: made.id, group: group.name, ...rest }) };
}

function grantId(text: string): GrantId {
  const id = parseId<GrantId>(text);
  if (id === undefined) throw new MusterError("not-found", "there is no such grant", { at: "id" });
  return id;
}
