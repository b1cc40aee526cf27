import type { AccountId, ProductId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";

export type Reconciled = {
  /** Accounts that had live access to some product before and have none now. */
  lost: AccountId[];
  /** How many accounts noticed: another role, state or end on some product. A change of path alone does not count. */
  changed: number;
};

/** Accounts per call: bounds the memory of one statement, and keeps the lock order because the ids are sorted. */
const BATCH = 5_000;
/** Where only one product is looked at: as many rows. */
const BATCH_OF_ONE = 50_000;

/**
 * Gives the accounts exactly the access that grants, memberships, directory order, domains, guest assignments and
 * limits give them (design §4). Called by every change, once, after its own statements, with every account that the
 * change touched; unknown ids are ignored.
 *
 * Before: `tx` holds the organization's lock, shared or exclusive (inTransaction's default), and locks no account
 * above the smallest id given. After: the accounts are locked until the end of `tx`, their `access` rows are what the
 * rule says, every difference but one of path alone has an audit row and an event, and their rights are in force as the
 * accounts are active. What a SCIM token took away is counted against the removal budget of its directory (design §7).
 * @throws MusterError `held` when that budget is crossed; then the whole transaction is to be given up.
 */
export async function reconcile(
  tx: Tx,
  accounts: readonly AccountId[],
  products: readonly ProductId[] | null = null,
): Promise<Reconciled> {
  const total: Reconciled = { lost: [], changed: 0 };
  if (accounts.length === 0 || products?.length === 0) return total;
  if (tx.lock === "none") throw new MusterError("internal", "access was worked out without the organization's lock");
  const ids = [...new Set(accounts)].sort();
  const batch = products?.length === 1 ? BATCH_OF_ONE : BATCH;
  for (let from = 0; from < ids.length; from += batch) {
    const [row] = await tx.query<Reconciled>({
      name: "reconcile",
      text: `select r.lost, r.changed
        from reconcile_each($1, $2::uuid[], $3::uuid[], $4, $5, '{}', array[$6::text], array[$7::text]) r`,
      values: [
        ...[tx.organization, ids.slice(from, from + batch), products],
        // Who holds the organization alone is alone with its access; with people's rights he is not.
        products !== null && tx.lock === "exclusive",
        ...[tx.actor.kind, tx.actor.id, tx.actor.requestId],
      ],
    });
    if (!row) continue;
    total.lost.push(...row.lost);
    total.changed += row.changed;
  }
  return total;
}

/**
 * Reconciles everybody and admits whoever need not wait any more: after a change of what all accounts read (directory
 * order, membership mode, domains, a product's limits; design §4).
 * Before: `tx` holds the organization exclusively. After: as `reconcile`, for every account of the organization.
 */
export async function reconcileAll(tx: Tx): Promise<Reconciled> {
  requireExclusive(tx);
  const accounts = await tx.query<{ id: AccountId }>({
    text: "select id from accounts where organization = $1 order by id",
    values: [tx.organization],
  });
  const total = await reconcile(
    tx,
    accounts.map((account) => account.id),
  );
  total.changed += await settleWaiting(tx);
  return total;
}

/**
 * Admits who need not wait any more: after a reservation ended (an invitation was revoked, or its time is over).
 * Before: `tx` holds the organization's lock. After: as `settle`, for every product that somebody waits for. Returns how many were
 * admitted.
 */
export async function settleWaiting(tx: Tx): Promise<number> {
  const products = await tx.query<{ id: ProductId }>({
    text: `select distinct product as id from access
      where organization = $1 and state in ('no-seat', 'over-quota')`,
    values: [tx.organization],
  });
  return settle(
    tx,
    products.map((product) => product.id),
  );
}

/**
 * Admits who waits for a seat or a guest slot of these products, in the order in which they came, as far as the
 * limits reach now. Nobody is dropped when a limit shrank (R146). Returns how many were admitted.
 */
async function settle(tx: Tx, products: readonly ProductId[]): Promise<number> {
  if (products.length === 0) return 0;
  const [row] = await tx.query<{ admitted: number }>({
    text: "select settle($1, $2::uuid[], $3, $4, $5) as admitted",
    values: [tx.organization, products, tx.actor.kind, tx.actor.id, tx.actor.requestId],
  });
  return row?.admitted ?? 0;
}

/**
 * Follows up guests whose time has run out: their access ended by itself at that instant (R153).
 * Before: `tx` holds the organization's lock. After: the audit row and the event are written and their slots went to
 * whoever waits, for 5,000 guests at most; so did what expired invitations had reserved. Running it twice changes nothing. For a job.
 */
export async function followUpExpired(tx: Tx): Promise<Reconciled> {
  const expired = await tx.query<{ account: AccountId }>({
    text: `select distinct account from access
      where organization = $1 and admitted_at is not null and live_until <= statement_timestamp() limit 5000`,
    values: [tx.organization],
  });
  const followed = await reconcile(
    tx,
    expired.map((row) => row.account),
  );
  return { ...followed, changed: followed.changed + (await settleWaiting(tx)) };
}
