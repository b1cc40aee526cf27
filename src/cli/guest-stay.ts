import { type Command, Option } from "commander";
import type { AccountId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import type { Permission } from "../identity/guests.ts";
import { endOf, type When } from "../identity/time-zone.ts";
import { when } from "./input.ts";

/** When a guest's stay ends, as options say it. */
export type StayEnd = { for?: When; until?: When };

/** How a guest stays in a space, as options say it. */
export type GuestStay = StayEnd & { permission: Permission; sponsor?: string };

/** The options by which a command says how guests stay. */
export function guestStay(command: Command): Command {
  return stayEnd(
    command
      .addOption(
        new Option("--permission <permission>", "what the guest may do in the space")
          .choices(["can-create-and-edit", "read-only"])
          .default("read-only"),
      )
      .option("--sponsor <person>", "who answers for the guest"),
  );
}

/** The options by which a command says when a stay ends. */
export function stayEnd(command: Command): Command {
  return command
    .option("--for <duration>", "the guest stays for so long from now, as in 30d or P1M", when)
    .option("--until <time>", "the guest stays until then, as in 2027-01-31T00:00:00Z", when);
}

/** null: it has no end (R147). @throws MusterError `usage` when both are given. */
export async function stayEndOf(tx: Tx, options: StayEnd): Promise<Date | null> {
  if (options.for && options.until)
    throw new MusterError("usage", "give --for or --until, not both", { at: "--until" });
  return endOf(tx, options.for ?? options.until ?? null);
}

/** What the options come to. @throws MusterError `usage`; `not-found` (sponsor). */
export async function stayOf(
  tx: Tx,
  options: GuestStay,
): Promise<{ permission: Permission; sponsor: AccountId | null; expiresAt: Date | null }> {
  return {
    permission: options.permission,
    sponsor: options.sponsor === undefined ? null : await resolvePerson(tx, options.sponsor),
    expiresAt: await stayEndOf(tx, options),
  };
}
