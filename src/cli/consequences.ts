import type { Consequences } from "../identity/directory-preview.ts";
import { table } from "./answer.ts";

type Standing = Consequences["roles"]["named"][number]["from"];

/** What a change of the directories does to whom, for a person to read: counts of all, names of the first. */
export function consequencesText(told: Consequences): string {
  const { canonical, roles, products, administrators } = told;
  return [
    told.locksOutCaller ? "THIS LOCKS YOU OUT: a right of your own would not count any more." : null,
    `${canonical.total} people get another canonical record, or none; ${told.deactivated} are deactivated, what was given here to ${told.parked} waits for confirmation`,
    list(canonical, ["user name", "from", "to", ""], ({ user, from, to, deactivated, parked }) => [
      user.userName,
      from,
      to ?? "nowhere",
      [deactivated ? "deactivated" : "", parked ? "parked" : ""].filter(Boolean).join(", "),
    ]),
    `${roles.total} roles change`,
    list(roles, ["user name", "product", "from", "to"], ({ user, site, product, from, to }) => [
      user.userName,
      `${site}/${product}`,
      standing(from),
      standing(to),
    ]),
    products.length === 0
      ? null
      : table(
          ["product", "seats", "guest slots"],
          products.map(({ site, product, seats, guestSlots }) => [
            `${site}/${product}`,
            `+${seats.gained} -${seats.lost}`,
            `+${guestSlots.gained} -${guestSlots.lost}`,
          ]),
        ),
    `${administrators.total} rights of administrators stop counting`,
    list(administrators, ["user name", "right", "becomes"], ({ user, bundle, becomes }) => [
      user.userName,
      bundle,
      becomes,
    ]),
  ]
    .filter((part) => part !== null)
    .join("\n");
}

function list<Row>(
  { total, named }: { total: number; named: readonly Row[] },
  headings: readonly string[],
  row: (one: Row) => readonly unknown[],
): string | null {
  if (total === 0) return null;
  const more = total > named.length ? `\n… and ${total - named.length} more` : "";
  return `${table(headings, named.map(row))}${more}`;
}

function standing({ role, allowed }: Standing): string {
  return role === null ? "none" : allowed ? role : `${role}, not allowed`;
}
