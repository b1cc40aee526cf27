import type { Db } from "../db/connection.ts";
import { type AccountId, type AssignmentId, newId, type ProductId, type SpaceId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { MusterError } from "../errors.ts";
import { reconcile } from "./access/reconcile.ts";
import { lockAccounts } from "./accounts/lock.ts";
import { formerMembers, guestDomainObstacle, refuseWhileOff, requireSponsorOf, stayUntil } from "./guest-rules.ts";
import { recordOfAccounts } from "./record.ts";
import { type GuestProduct, guestPolicies } from "./settings/guest-policy.ts";

/** R135. */
export type Permission = "can-create-and-edit" | "read-only";

export type GuestAssignment = {
  id: AssignmentId;
  account: AccountId;
  product: ProductId;
  space: SpaceId;
  permission: Permission;
  /** Who answers for the guest. */
  sponsor: AccountId | null;
  /** The instant at which it ends by itself; null: never (R147). */
  expiresAt: Date | null;
  /** Whether it waits for an administrator to confirm that the person is still the same. */
  parked: boolean;
};

const COLUMNS = `id, account, product, space, permission, sponsor, expires_at as "expiresAt", parked_at is not null as parked`;

/**
 * Gives a guest a space of a product, the only one where nothing else is set (R128, R130, R132). Whether it opens anything is the
 * guest role's matter (R129): one without the other gives no access.
 *
 * Before: any. After: the account has this assignment, and no more on the product than a guest may (C4); its access follows.
 * @param said whether somebody gives it now, or it was offered, and looked at, before.
 * @throws MusterError `not-found` (account, space, sponsor); `invalid` for a product without guests (R8), an end in the past, or
 * what the product's policy for guests does not allow; `conflict` when the account has as many spaces as a guest may (R133),
 * or guests are off.
 */
export async function assignGuest(
  tx: Tx,
  given: {
    account: AccountId;
    space: SpaceId;
    permission: Permission;
    expiresAt: Date | null;
    sponsor: AccountId | null;
  },
  said: "given" | "offered" = "given",
): Promise<GuestAssignment> {
  const space = await requireSpace(tx, given.space);
  const product = (await guestPolicies(tx, [space.product])).get(space.product) as GuestProduct;
  await refusePast(tx, given.expiresAt);
  await lockAccount(tx, given.account);
  await requireSponsor(tx, given.sponsor);
  if (said === "given") {
    requireSponsorOf(product, given.sponsor, "sponsor");
    await refuseAsGuest(tx, product.id, given.account);
  }
  await refuseMoreSpaces(tx, given.account, product);
  const input = { ...given, expiresAt: await stayUntil(tx, product, given.expiresAt, said) };
  const id = newId<AssignmentId>();
  await tx.query({
    text: `insert into guest_assignments (organization, id, account, product, space, permission, sponsor, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      tx.organization,
      id,
      input.account,
      space.product,
      input.space,
      input.permission,
      input.sponsor,
      input.expiresAt,
    ],
  });
  return changed(tx, id, "guest.assigned");
}

/**
 * Sets when an assignment ends, counted from now and not from its beginning (R148 to R150); an expired one comes back
 * (R153), if the quota has room again. Before: any. After: it ends at `expiresAt`, never for null; access follows.
 * @throws MusterError `not-found`; `invalid` for an end in the past, or one later than the product's guests have.
 */
export async function extendGuest(tx: Tx, id: AssignmentId, expiresAt: Date | null): Promise<GuestAssignment> {
  await refusePast(tx, expiresAt);
  await refuseLongStay(tx, id, expiresAt);
  return update(tx, id, "guest.extended", { text: "expires_at = $3", value: expiresAt });
}

/**
 * Changes what a guest may do in his space (R136). Before: any. After: the assignment has this permission, with audit
 * and event; whether the guest has access does not depend on it.
 * @throws MusterError `not-found`.
 */
export async function changeGuestPermission(
  tx: Tx,
  id: AssignmentId,
  permission: Permission,
): Promise<GuestAssignment> {
  return update(tx, id, "guest.permission-changed", { text: "permission = $3", value: permission });
}

/**
 * Takes a guest out of his space (R157); the account and its groups stay. Before: any. After: the assignment is gone
 * and access follows.
 * @throws MusterError `not-found`.
 */
export async function removeGuest(tx: Tx, id: AssignmentId): Promise<void> {
  const before = await getGuestAssignment(tx, id);
  await lockAccount(tx, before.account);
  await tx.query({
    text: "delete from guest_assignments where organization = $1 and id = $2",
    values: [tx.organization, id],
  });
  await record(tx, "guest.removed", before);
  await reconcile(tx, [before.account]);
}

/** Every guest assignment, the first to end first (R151); of one account when it is named. */
export async function listGuestAssignments(db: Db, account?: AccountId): Promise<GuestAssignment[]> {
  return db.query<GuestAssignment>({
    text: `select ${COLUMNS} from guest_assignments
      where organization = $1 and ($2::uuid is null or account = $2) order by expires_at nulls last, id`,
    values: [db.organization, account ?? null],
  });
}

/** @throws MusterError `not-found`. */
async function getGuestAssignment(db: Db, id: AssignmentId): Promise<GuestAssignment> {
  const [row] = await db.query<GuestAssignment>({
    text: `select ${COLUMNS} from guest_assignments where organization = $1 and id = $2`,
    values: [db.organization, id],
  });
  if (!row) throw new MusterError("not-found", "there is no such guest assignment", { at: "assignment" });
  return row;
}

async function update(
  tx: Tx,
  id: AssignmentId,
  action: string,
  set: { text: string; value: unknown },
): Promise<GuestAssignment> {
  await lockAccount(tx, (await getGuestAssignment(tx, id)).account);
  await tx.query({
    text: `update guest_assignments set ${set.text} where organization = $1 and id = $2`,
    values: [tx.organization, id, set.value],
  });
  return changed(tx, id, action);
}

async function changed(tx: Tx, id: AssignmentId, action: string): Promise<GuestAssignment> {
  const assignment = await getGuestAssignment(tx, id);
  await record(tx, action, assignment);
  await reconcile(tx, [assignment.account]);
  return assignment;
}

async function record(tx: Tx, action: string, assignment: GuestAssignment): Promise<void> {
  const { account, parked: _, ...detail } = assignment;
  await recordOfAccounts(tx, action, [account], detail);
}

async function requireSpace(tx: Tx, space: SpaceId): Promise<{ product: ProductId }> {
  const [row] = await tx.query<{ product: ProductId; key: string; hasGuests: boolean }>({
    text: `select s.product, p.key, p.has_guests as "hasGuests" from spaces s
      join products p on p.organization = s.organization and p.id = s.product
      where s.organization = $1 and s.id = $2`,
    values: [tx.organization, space],
  });
  if (!row) throw new MusterError("not-found", "there is no such space", { at: "space" });
  if (!row.hasGuests) throw new MusterError("invalid", `the product ${row.key} has no guests`, { at: "space" });
  return row;
}

async function requireSponsor(tx: Tx, sponsor: AccountId | null): Promise<void> {
  const rows = await tx.query({
    text: "select id from accounts where organization = $1 and id = $2",
    values: [tx.organization, sponsor],
  });
  if (sponsor !== null && rows.length === 0)
    throw new MusterError("not-found", "there is no such account", { at: "sponsor" });
}

async function refusePast(tx: Tx, expiresAt: Date | null): Promise<void> {
  const [row] = await tx.query<{ past: boolean }>({
    text: "select coalesce($1::timestamptz <= statement_timestamp(), false) as past",
    values: [expiresAt],
  });
  if (row?.past)
    throw new MusterError("invalid", "the end lies in the past; remove the guest instead", { at: "expiresAt" });
}

async function lockAccount(tx: Tx, account: AccountId): Promise<void> {
  if (!(await lockAccounts(tx, [account])))
    throw new MusterError("not-found", "there is no such account", { at: "account" });
}

/** Held by the account's lock: two assignments at the same moment come one after the other. */
async function refuseMoreSpaces(tx: Tx, account: AccountId, { id, policy }: GuestProduct): Promise<void> {
  const held = await tx.query<{ key: string; parked: boolean }>({
    text: `select s.key, g.parked_at is not null as parked from guest_assignments g
      join spaces s on s.organization = g.organization and s.id = g.space
      where g.organization = $1 and g.account = $2 and g.product = $3 order by g.id`,
    values: [tx.organization, account, id],
  });
  const [first] = held;
  if (!first || policy.mostSpaces === null || held.length < policy.mostSpaces) return;
  const most = policy.mostSpaces === 1 ? "one space" : `${policy.mostSpaces} spaces at most`;
  throw new MusterError(
    "conflict",
    first.parked
      ? `the guest has the space ${first.key}, which waits for a confirmation; confirm or remove it first`
      : `the guest has the space ${first.key} of this product already; a guest belongs to ${most}, remove it there first`,
    { at: "space" },
  );
}

/**
 * Refuses somebody who cannot be this product's guest, whatever the space.
 * @throws MusterError `conflict` where guests are off, and for a former member where none become guests; `invalid` for a domain
 * that guests do not come from.
 */
export async function refuseAsGuest(tx: Tx, of: ProductId, account: AccountId): Promise<void> {
  const product = (await guestPolicies(tx, [of])).get(of) as GuestProduct;
  refuseWhileOff(product);
  const [person] = await tx.query<{ email: string | null }>({
    text: "select email_key as email from accounts where organization = $1 and id = $2",
    values: [tx.organization, account],
  });
  const obstacle = person?.email == null ? null : (await guestDomainObstacle(tx, [product]))(person.email);
  if (obstacle !== null) throw new MusterError("invalid", obstacle, { at: "account" });
  if ((await formerMembers(tx, [product], [account])).size > 0)
    throw new MusterError(
      "conflict",
      `somebody who is or was a user of ${product.key} does not become its guest; see guestPolicy.formerMembers`,
      { at: "account" },
    );
}

/** An end that is said anew is held against the same limits; null would be for good. */
async function refuseLongStay(tx: Tx, id: AssignmentId, expiresAt: Date | null): Promise<void> {
  const { product: of } = await getGuestAssignment(tx, id);
  const product = (await guestPolicies(tx, [of])).get(of) as GuestProduct;
  const { longestPeriod, longestPeriodByOthers } = product.policy;
  if (expiresAt === null && (longestPeriod !== null || longestPeriodByOthers !== null)) {
    // For good is longer than any period; whoever is bound by one of them hears which.
    const longest = await stayUntil(tx, { ...product, policy: { ...product.policy, period: null } }, null, "given");
    if (longest !== null)
      throw new MusterError("invalid", `a guest of ${product.key} does not stay for good; say until when`, {
        at: "expiresAt",
      });
  }
  if (expiresAt !== null) await stayUntil(tx, product, expiresAt, "given");
}
