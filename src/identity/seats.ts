import type { Db } from "../db/connection.ts";
import type { AccountId, ProductId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";

type Enforcement = "warn" | "block";

/**
 * How much of a product is taken. `used` is held now, `pending` reserved by invitations that are open and not expired, `limit`
 * null where there is none. Guest slots: the limit is the quota, `ratio × basis` (R141, R142).
 */
export type SeatUse = {
  product: ProductId;
  site: string;
  key: string;
  seats: { used: number; pending: number; limit: number | null; enforcement: Enforcement };
  guests: {
    used: number;
    pending: number;
    limit: number | null;
    enforcement: Enforcement;
    basis: string;
    ratio: number;
  };
};

/**
 * Seats and guest slots of products (R86, R141 to R146), counted by this one statement for every preview and every refusal; the
 * reconciler admits by the same figures (migration 0046), which are kept as people come and go. Who waits takes none. All products
 * when none is named.
 */
export async function countSeats(db: Db, products: readonly ProductId[] | null): Promise<SeatUse[]> {
  return db.query<SeatUse>({ name: "count-seats", text: COUNT, values: [db.organization, products] });
}

const COUNT = "select product, site, key, seats, guests from seats_taken($1, $2::uuid[])";

/** What open invitations hold back, by the function that the count above and the reconciler use; products without any are left out. */
export async function reservedPlaces(db: Db): Promise<{ product: ProductId; seats: number; guests: number }[]> {
  return db.query({
    text: `select product, seats, guests
      from reserved_places($1, array(select o.id from products o where o.organization = $1)) order by product`,
    values: [db.organization],
  });
}

/** Locks products' rows, in the order of their ids: from here on nobody else gains or loses a limited seat or slot (design §4.6). */
export async function lockProducts(tx: Tx, products: readonly ProductId[]): Promise<void> {
  await tx.query({
    text: "select id from products where organization = $1 and id = any ($2) order by id for no key update",
    values: [tx.organization, products],
  });
}

/**
 * Refuses what has just taken more seats or slots than there are, where the limits block (R143). What was over its limit before
 * and took no more stays (R146); what is reserved counts.
 * Before: the products of `before` are locked and the change is made. After: it took nothing that is not there.
 * @param before what was taken before the change. @param accounts who was to get access by it, and must not have to wait.
 * @throws MusterError `conflict` with used, reserved, limit and what it is counted from.
 */
export async function refuseOverLimits(
  tx: Tx,
  before: readonly SeatUse[],
  accounts: readonly AccountId[],
): Promise<SeatUse[]> {
  const products = before.map(({ product }) => product);
  const now = await countSeats(tx, products);
  const waiting = new Set(await productsWaitedFor(tx, products, accounts));
  for (const { product, key, seats, guests } of now) {
    const earlier = before.find((one) => one.product === product);
    if (isOver(seats, earlier?.seats) || waiting.has(`${product} seat`))
      throw new MusterError(
        "conflict",
        `${key} has ${seats.limit} seats; ${seats.used} are used, and with this ${seats.pending} would be reserved by invitations`,
        { at: "products" },
      );
    if (isOver(guests, earlier?.guests) || waiting.has(`${product} slot`))
      throw new MusterError(
        "conflict",
        `${key} has room for ${guests.limit} guests (${basisInWords(guests)}); ${guests.used} are there, and with this ${guests.pending} would be reserved by invitations`,
        { at: "products" },
      );
  }
  return now;
}

type Use = { used: number; pending: number; limit: number | null; enforcement: Enforcement };

function isOver(now: Use, before: Use | undefined): boolean {
  const taken = now.used + now.pending;
  return (
    now.enforcement === "block" &&
    now.limit !== null &&
    taken > now.limit &&
    taken > (before ? before.used + before.pending : 0)
  );
}

async function productsWaitedFor(
  db: Db,
  products: readonly ProductId[],
  accounts: readonly AccountId[],
): Promise<string[]> {
  const rows = await db.query<{ product: ProductId; kind: string }>({
    text: `select distinct product, case state when 'no-seat' then 'seat' else 'slot' end as kind from access
      where organization = $1 and product = any ($2) and account = any ($3) and state in ('no-seat', 'over-quota')`,
    values: [db.organization, products, accounts],
  });
  return rows.map(({ product, kind }) => `${product} ${kind}`);
}

function basisInWords({ basis, ratio }: SeatUse["guests"]): string {
  switch (basis) {
    case "paid-seats":
      return `${ratio} for each paid seat`;
    case "members":
      return `${ratio} for each member`;
    default:
      return "a fixed number";
  }
}
