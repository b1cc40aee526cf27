import { type Command, Option } from "commander";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { type Conversion, convert } from "../identity/guest-conversion.ts";
import { resolveProduct } from "../identity/products.ts";
import type { SeatUse } from "../identity/seats.ts";
import { resolveSpace } from "../identity/spaces.ts";
import { facts } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import { type GuestStay, guestStay, stayOf } from "./guest-stay.ts";

type Options = GlobalOptions &
  DryOption &
  GuestStay & {
    product: string;
    to: "user" | "guest";
    space?: string;
  };

/** `muster guest convert`. */
export function registerGuestConvert(guest: Command, line: CommandLine): void {
  guestStay(dryable(guest.command("convert <person>")))
    .description("make a guest a user of a product, or a user a guest; seats and slots follow at once")
    .requiredOption("--product <key>", "the product")
    .addOption(new Option("--to <role>", "what the person becomes").choices(["user", "guest"]).makeOptionMandatory())
    .option("--space <key>", "the guest's space")
    .action(
      line.inOrganization((session, options: Options, person: string) => {
        const work = async (tx: Tx) => {
          const { id } = await resolveProduct(tx, options.product, options.site);
          return convert(tx, await resolvePerson(tx, person), id, await conversionOf(tx, id, options));
        };
        return writeOrTell(session, options, work, ({ before, after }) => ({
          json: { dryRun: false, before, after },
          text: facts({ before: taken(before), after: taken(after) }),
        }));
      }),
    );
}

async function conversionOf(
  tx: Tx,
  product: Parameters<typeof resolveSpace>[1],
  options: Options,
): Promise<Conversion> {
  if (options.to === "user") return { to: "user" };
  if (options.space === undefined)
    throw new MusterError("usage", "a guest needs a space: give --space", { at: "--space" });
  return {
    to: "guest",
    space: (await resolveSpace(tx, product, options.space)).id,
    ...(await stayOf(tx, options)),
  };
}

function taken(use: SeatUse | undefined): string {
  return use === undefined ? "" : `${use.seats.used} seats and ${use.guests.used} guest slots used`;
}
