import type { Command } from "commander";
import type { AccountId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import {
  assignGuest,
  extendGuest,
  type GuestAssignment,
  listGuestAssignments,
  removeGuest,
} from "../identity/guests.ts";
import { listProducts, resolveProduct } from "../identity/products.ts";
import { listSpaces, resolveSpace } from "../identity/spaces.ts";
import { facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { registerGuestConvert } from "./guest-convert.ts";
import { type GuestStay, guestStay, type StayEnd, stayEnd, stayEndOf, stayOf } from "./guest-stay.ts";
import type { Session } from "./session.ts";

type AssignOptions = GlobalOptions & GuestStay & { product: string };

/** `muster guest …`: which space a guest has, with which permission and until when. */
export function registerGuest(program: Command, line: CommandLine): void {
  const guest = program.command("guest").description("guests and the spaces they are given");
  guest
    .command("list")
    .description("every guest's space, the first to end first")
    .action(
      line.inOrganization(async ({ db }) => {
        const views = [];
        for (const assignment of await listGuestAssignments(db)) views.push(await assignmentView(db, assignment));
        return {
          json: views,
          text: table(
            ["guest", "product", "space", "permission", "ends"],
            views.map((one) => [one.userName, one.product, one.space, one.permission, one.expiresAt ?? "never"]),
          ),
        };
      }),
    );
  guestStay(
    guest
      .command("assign <person> <space>")
      .description("give a guest a space")
      .requiredOption("--product <key>", "the product of the space"),
  ).action(
    line.inOrganization(async (session, options: AssignOptions, person: string, spaceKey: string) => {
      const made = await session.write(async (tx) => {
        const product = await resolveProduct(tx, options.product, options.site);
        const space = await resolveSpace(tx, product.id, spaceKey);
        return assignGuest(tx, {
          account: await resolvePerson(tx, person),
          space: space.id,
          ...(await stayOf(tx, options)),
        });
      });
      const view = await assignmentView(session.db, made);
      return { json: view, text: facts(view) };
    }),
  );
  stayEnd(
    guest
      .command("extend <person>")
      .description("set anew when a guest's space ends, counted from now; without a period: never")
      .requiredOption("--product <key>", "the product of the space"),
  ).action(
    line.inOrganization(async (session, options: GlobalOptions & StayEnd & { product: string }, person: string) => {
      const extended = await session.write(async (tx) =>
        extendGuest(tx, (await theAssignment(tx, options, person)).id, await stayEndOf(tx, options)),
      );
      const view = await assignmentView(session.db, extended);
      return { json: view, text: facts(view) };
    }),
  );
  registerGuestConvert(guest, line);
  guest
    .command("remove <person>")
    .description("take a guest out of the space; the person and their groups stay")
    .requiredOption("--product <key>", "the product of the space")
    .action(
      line.inOrganization(async (session, options: GlobalOptions & { product: string }, person: string) => {
        const { id } = await session.write(async (tx) => {
          const assignment = await theAssignment(tx, options, person);
          await removeGuest(tx, assignment.id);
          return assignment;
        });
        return { json: { id, removed: true }, text: "the guest has the space no more" };
      }),
    );
}

/** A guest has one space of a product at most. R130. */
async function theAssignment(
  tx: Tx,
  options: GlobalOptions & { product: string },
  person: string,
): Promise<GuestAssignment> {
  const product = await resolveProduct(tx, options.product, options.site);
  const account = await resolvePerson(tx, person);
  const found = (await listGuestAssignments(tx, account)).find((assignment) => assignment.product === product.id);
  if (!found) throw new MusterError("not-found", `${person} has no space of ${product.key}`, { at: person });
  return found;
}

async function assignmentView(db: Session["db"], assignment: GuestAssignment) {
  const product = (await listProducts(db)).find((one) => one.id === assignment.product);
  const space = (await listSpaces(db, assignment.product)).find((one) => one.id === assignment.space);
  const { id, account, permission, expiresAt, parked } = assignment;
  return {
    id,
    account,
    userName: await userName(db, account),
    product: product?.key ?? assignment.product,
    space: space?.key ?? assignment.space,
    permission,
    expiresAt,
    sponsor: assignment.sponsor,
    parked,
  };
}

async function userName(db: Session["db"], account: AccountId): Promise<string> {
  return (await getAccount(db, account)).userName;
}
