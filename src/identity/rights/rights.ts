import type { Db } from "../../db/connection.ts";
import { type AccountId, newId, type RightId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { reconcile } from "../access/reconcile.ts";
import { recordOfAccounts } from "../record.ts";
import { binding } from "../within.ts";
import { type Bundle, PERMISSIONS_OF, SCOPE_OF } from "./bundles.ts";
import { refuseBeyond } from "./ceiling.ts";
import { refuseLastAdministrator } from "./last-administrator.ts";
import type { Held, Permission, RightScope, Target } from "./permissions.ts";
import { knownTarget, type ScopeColumns, scopeNameSql, scopeOf, targetOf, withinScopes } from "./scope.ts";

/** A bundle that an account has for a scope, or is to have. */
export type WantedRight = { account: AccountId; bundle: Bundle; scope: RightScope };

export type Right = {
  id: RightId;
  account: { id: AccountId; userName: string; email: string | null };
  bundle: Bundle;
  scope: RightScope;
  /** What people call the scope: a site's key, SITE/KEY of a product, a group's name; null for the organization. */
  scopeName: string | null;
  /** False while it is parked, or its holder is suspended or deactivated. */
  inForce: boolean;
  /** Waits for an administrator who confirms the person since then (design §7). */
  parkedAt: Date | null;
  createdAt: Date;
};

/**
 * Gives an account a bundle for a scope. Rights are given here only, by somebody who has rights: never by a synced group (design §1).
 *
 * Before: any. After: the account has the right, in force if it is active, with an audit row and an event; access is not
 * touched.
 * @param held what the giver holds: `rights:write` and everything in the bundle, for that scope (F13 of the notes).
 * @throws MusterError `invalid` when the bundle is for another kind of scope; `not-found` for an unknown scope or
 *   account; `not-allowed` beyond the giver's own; `uniqueness` when the account has it; `conflict` when it has it parked.
 */
export async function giveRight(tx: Tx, held: readonly Held[], wanted: WantedRight): Promise<Right> {
  const { account, bundle, scope } = wanted;
  if (SCOPE_OF[bundle] !== scope.kind)
    throw new MusterError("invalid", `${bundle} is given for one ${SCOPE_OF[bundle]}`, { at: "scope" });
  refuseBeyond(held, needed(bundle), await knownTarget(tx, scope));
  const id = newId<RightId>();
  const [given] = await tx.query({
    text: `insert into rights (organization, id, account, bundle, scope_kind, scope_id)
      select $1, $2, a.id, $4, $5, $6 from accounts a where a.organization = $1 and a.id = $3
      on conflict on constraint rights_unique do nothing returning id`,
    values: [
      tx.organization,
      id,
      account,
      bundle,
      scope.kind,
      scope.kind === "organization" ? tx.organization : scope.id,
    ],
  });
  if (!given) throw await whyNotGiven(tx, wanted);
  await recordOfAccounts(tx, "right.given", [account], { id, bundle, scope });
  await reconcile(tx, [account]);
  return getRight(tx, id);
}

async function whyNotGiven(tx: Tx, { account, bundle }: WantedRight): Promise<MusterError> {
  const [known] = await tx.query<{ parked: boolean }>({
    text: `select exists (select from rights r where r.organization = $1 and r.account = $2 and r.bundle = $3
        and r.parked_at is not null) as parked
      from accounts where organization = $1 and id = $2`,
    values: [tx.organization, account, bundle],
  });
  if (!known) return new MusterError("not-found", "there is no user with this id", { at: "account" });
  return known.parked
    ? new MusterError("conflict", "the account has this right, parked: confirm that it is still the same person", {
        at: "account",
      })
    : new MusterError("uniqueness", "the account has this right already", { at: "rights" });
}

/** Whoever gives or takes a bundle must hold these. */
function needed(bundle: Bundle): Permission[] {
  return ["rights:write", ...PERMISSIONS_OF[bundle]];
}

/**
 * Takes a right away. Before: the organization is locked exclusively. After: the account does not have it, from its next
 * request on, with an audit row and an event.
 * @param held as for `giveRight`.
 * @throws MusterError `not-found`; `not-allowed` beyond the taker's own; `conflict` for the last organization administrator.
 */
export async function takeRight(tx: Tx, held: readonly Held[], id: RightId): Promise<void> {
  const { account, bundle, scope, inForce } = await getRight(tx, id);
  refuseBeyond(held, needed(bundle), (await targetOf(tx, scope)) ?? { kind: "organization" });
  if (bundle === "organization-administrator" && inForce) await refuseLastAdministrator(tx, account.id);
  const taken = await tx.query({
    text: "delete from rights where organization = $1 and id = $2 returning id",
    values: [tx.organization, id],
  });
  if (taken.length === 0) throw unknown();
  await recordOfAccounts(tx, "right.taken", [account.id], { id, bundle, scope });
}

/** Whoever says that a person is still the same gives the rights that are parked. @throws MusterError `not-allowed`. */
export async function refuseConfirmingBeyond(tx: Tx, held: readonly Held[], account: AccountId): Promise<void> {
  await refuseBeyondRights(tx, held, account, ({ parkedAt }) => parkedAt !== null);
}

/** Whoever says what a person's address is can come to act as that person. @throws MusterError `not-allowed`. */
export async function refuseActingForBeyond(tx: Tx, held: readonly Held[], account: AccountId): Promise<void> {
  await refuseBeyondRights(tx, held, account, () => true);
}

async function refuseBeyondRights(
  tx: Tx,
  held: readonly Held[],
  account: AccountId,
  counts: (right: Right) => boolean,
) {
  const rights = await listRights(tx, { account, within: null, after: null, limit: MOST_OF_ONE });
  for (const { bundle, scope } of rights.filter(counts))
    refuseBeyond(held, needed(bundle), (await targetOf(tx, scope)) ?? { kind: "organization" });
}

/** More rights than anybody has. */
const MOST_OF_ONE = 100_000;

type Row = Omit<Right, "account" | "scope"> &
  ScopeColumns & { account: AccountId; userName: string; email: string | null };

const RIGHTS = `
  select r.id, r.account, a.user_name as "userName", a.email, r.bundle, r.scope_kind as "scopeKind", r.scope_id as "scopeId",
    ${scopeNameSql("r")} as "scopeName", r.in_force as "inForce", r.parked_at as "parkedAt", r.created_at as "createdAt"
  from rights r join accounts a on a.organization = r.organization and a.id = r.account`;

function shown({ account, userName, email, scopeKind, scopeId, ...row }: Row): Right {
  return { ...row, account: { id: account, userName, email }, scope: scopeOf({ scopeKind, scopeId }) };
}

function unknown(): MusterError {
  return new MusterError("not-found", "there is no right with this id", { at: "id" });
}

/** @throws MusterError `not-found`, the same for a foreign id as for an unknown one. */
export async function getRight(db: Db, id: RightId): Promise<Right> {
  const [row] = await db.query<Row>({
    text: `${RIGHTS} where r.organization = $1 and r.id = $2`,
    values: [db.organization, id],
  });
  if (!row) throw unknown();
  return shown(row);
}

export type RightsQuery = {
  account?: AccountId | undefined;
  bundle?: Bundle | undefined;
  /** Only those that lie in one of these; null: all. */
  within: readonly RightScope[] | null;
  after: RightId | null;
  limit: number;
};

/** Who has which right, in the order of ids; those that are not in force too. */
export async function listRights(db: Db, { account, bundle, within, after, limit }: RightsQuery): Promise<Right[]> {
  const values: unknown[] = [db.organization];
  const bind = binding(values);
  const conditions = [
    "r.organization = $1",
    ...(account === undefined ? [] : [`r.account = ${bind(account)}`]),
    ...(bundle === undefined ? [] : [`r.bundle = ${bind(bundle)}`]),
    ...(after === null ? [] : [`r.id > ${bind(after)}`]),
    ...withinScopes("r", within, bind),
  ];
  const rows = await db.query<Row>({
    text: `${RIGHTS} where ${conditions.join(" and ")} order by r.id limit ${Math.trunc(limit)}`,
    values,
    prepared: true,
  });
  return rows.map(shown);
}

/** What a right is about; undefined for an unknown one. */
export async function targetOfRight(db: Db, id: RightId): Promise<Target | undefined> {
  const [row] = await db.query<ScopeColumns>({
    text: `select scope_kind as "scopeKind", scope_id as "scopeId" from rights where organization = $1 and id = $2`,
    values: [db.organization, id],
  });
  return row && targetOf(db, scopeOf(row));
}
