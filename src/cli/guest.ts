import type { Command } from "commander";
import type { AccountId, AssignmentId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { getAccount } from "../identity/account-overview.ts";
import { resolvePerson } from "../identity/accounts/person.ts";
import { GUEST_FIELDS, pageOfGuests, type ShownGuest } from "../identity/guest-pages.ts";
import {
  assignGuest,
  extendGuest,
  type GuestAssignment,
  listGuestAssignments,
  removeGuest,
} from "../identity/guests.ts";
import { listProducts, resolveProduct } from "../identity/products.ts";
import { listSpaces, resolveSpace } from "../identity/spaces.ts";
import type { IdPage } from "../identity/within.ts";
import { type Answer, facts, table } from "./answer.ts";
import type { CommandLine, GlobalOptions } from "./command-line.ts";
import { type DryOption, dryable, writeOrTell } from "./dry-run.ts";
import { registerGuestConvert } from "./guest-convert.ts";
import { type GuestStay, guestStay, type StayEnd, stayEnd, stayEndOf, stayOf } from "./guest-stay.ts";
import { type FilterOptions, filtered, filterOf, listed, whole } from "./list.ts";
import type { Session } from "./session.ts";

type OfProduct = GlobalOptions & DryOption & { product: string };
type AssignOptions = OfProduct & GuestStay;

/** `muster guest …`: which space a guest has, with which permission and until when. */
export function registerGuest(program: Command, line: CommandLine): void {
  const guest = program.command("guest").description("guests and the spaces they are given");
  filtered(
    whole(guest.command("list").description("every guest's space, the first to end first")),
    'product eq "wiki"',
  ).action(
    line.inOrganization(async ({ db }, options: FilterOptions) => {
      const filter = filterOf(options, GUEST_FIELDS, "guests");
      const read = (page: IdPage<AssignmentId>) => pageOfGuests(db, { ...page, within: null, filter });
      const views = (await listed<ShownGuest>(options, read, "whole")).sort(byEnd).map(({ user, sponsor, ...one }) => ({
        ...one,
        account: user.id,
        userName: user.userName,
        sponsor: sponsor?.id ?? null,
      }));
      return {
        json: views,
        text: table(
          ["guest", "product", "space", "permission", "ends"],
          views.map((one) => [one.userName, one.product, one.space, one.permission, one.expiresAt ?? "never"]),
        ),
      };
    }),
  );
  guestStay(dryable(guest.command("assign <person> <space>")).description("give a guest a space"))
    .requiredOption("--product <key>", "the product of the space")
    .action(
      line.inOrganization((session, options: AssignOptions, person: string, spaceKey: string) => {
        const work = async (tx: Tx) => {
          const product = await resolveProduct(tx, options.product, options.site);
          const space = await resolveSpace(tx, product.id, spaceKey);
          const account = await resolvePerson(tx, person);
          return assignmentView(
            tx,
            await assignGuest(tx, { account, space: space.id, ...(await stayOf(tx, options)) }),
          );
        };
        return writeOrTell(session, options, work, shown);
      }),
    );
  stayEnd(dryable(guest.command("extend <person>")))
    .description("set anew when a guest's space ends, counted from now; without a period: never")
    .requiredOption("--product <key>", "the product of the space")
    .action(
      line.inOrganization((session, options: OfProduct & StayEnd, person: string) => {
        const work = async (tx: Tx) => {
          const { id } = await theAssignment(tx, options, person);
          return assignmentView(tx, await extendGuest(tx, id, await stayEndOf(tx, options)));
        };
        return writeOrTell(session, options, work, shown);
      }),
    );
  registerGuestConvert(guest, line);
  dryable(guest.command("remove <person>"))
    .description("take a guest out of the space; the person and their groups stay")
    .requiredOption("--product <key>", "the product of the space")
    .action(
      line.inOrganization((session, options: OfProduct, person: string) => {
        const work = async (tx: Tx) => {
          const { id } = await theAssignment(tx, options, person);
          await removeGuest(tx, id);
          return id;
        };
        return writeOrTell(session, options, work, (id) => ({
          json: { id, removed: true },
          text: "the guest has the space no more",
        }));
      }),
    );
}

function byEnd(one: ShownGuest, other: ShownGuest): number {
  const end = ({ expiresAt }: ShownGuest) => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return end(one) === end(other) ? 0 : end(one) - end(other);
}

function shown(view: Awaited<ReturnType<typeof assignmentView>>): Answer {
  return { json: view, text: facts(view) };
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
