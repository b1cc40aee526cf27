import { type Command, Option } from "commander";
import type { GroupId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { listDefaultGroups, setDefaultGroup } from "../identity/default-groups.ts";
import type { Role } from "../identity/grants.ts";
import { resolveGroup } from "../identity/groups.ts";
import { resolveProduct } from "../identity/products.ts";
import { countSeats } from "../identity/seats.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import type { Session } from "./session.ts";

type DefaultGroupOptions = GlobalOptions & DryOption & { role?: Role; group?: string };

/** `muster product seats` and `muster product default-group`. */
export function registerProductSeats(product: Command, line: CommandLine): void {
  product
    .command("seats")
    .description("what is taken of each product's seats and guest slots")
    .action(
      line.inOrganization(async ({ db }, options: GlobalOptions) => {
        const all = (await countSeats(db, null)).filter(
          ({ site }) => options.site === undefined || site === options.site,
        );
        return {
          json: all.map(({ key, product: id, ...rest }) => ({ id, key, ...rest })),
          text: table(
            ["site", "product", "seats used", "reserved", "limit", "guests", "reserved", "limit"],
            all.map(({ site, key, seats, guests }) => [
              site,
              key,
              ...[seats.used, seats.pending, seats.limit ?? "none"],
              ...[guests.used, guests.pending, guests.limit ?? "none"],
            ]),
          ),
        };
      }),
    );
  dryable(product.command("default-group <product>"))
    .description("the groups that invitations to a product's roles lead into; with a role and a group: set one")
    .addOption(new Option("--role <role>", "for which role").choices(["admin", "user", "guest"]))
    .option("--group <group>", "a local group that has this role, as local/NAME; none: - ")
    .action(
      line.inOrganization(async (session, options: DefaultGroupOptions, key: string) => {
        const { id } = await resolveProduct(session.db, key, options.site);
        if (options.role === undefined && options.group === undefined) {
          const all = await listDefaultGroups(session.db, id);
          const rows = all.map(({ role, group }) => [role, group.name, group.id]);
          return { json: all, text: table(["role", "group", "id"], rows) };
        }
        const { role, group } = options;
        if (role === undefined || group === undefined)
          throw new MusterError("usage", "give --role and --group, or neither", { at: "--group" });
        const wanted = group === "-" ? null : await localGroup(session.db, group);
        const told = (changed: boolean) => {
          const view = { product: key, role, group: wanted, changed };
          return { json: view, text: facts(view) };
        };
        return writeOrTell(session, options, (tx) => setDefaultGroup(tx, id, role, wanted), told, "exclusive");
      }),
    );
}

async function localGroup(db: Session["db"], name: string): Promise<GroupId> {
  const found = await resolveGroup(db, name);
  if (!("id" in found)) throw new MusterError("not-found", `there is no group ${name} yet`, { at: "--group" });
  return found.id;
}
