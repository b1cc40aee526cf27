import { type AccountId, type DirectoryId, type DirectoryUserId, newId } from "../../db/id.ts";
import { requireExclusive, type Tx } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { accessOf, type ProductAccess } from "../access/access-of.ts";
import { reconcile } from "../access/reconcile.ts";
import { refuseReadOnlyMembers } from "../directory-permissions.ts";
import { removeDirectoryUsers } from "../directory-users/remove.ts";
import { refuseExternallyManaged } from "../external-user-management.ts";
import { refuseOfferBeyond } from "../invitations/ceiling.ts";
import { recordOfAccounts } from "../record.ts";
import { keepAnAdministrator } from "../rights/last-administrator.ts";
import type { Held } from "../rights/permissions.ts";
import { refuseActingForBeyond } from "../rights/rights.ts";
import { countSeats, type SeatUse } from "../seats.ts";
import { lockAccounts } from "./lock.ts";
import {
  type Belongings,
  belongingsOf,
  type Carried,
  carriedOf,
  carry,
  type MergedFact,
  outcomesOf,
  type Pair,
} from "./merge-facts.ts";
import { refuseMerged } from "./merged.ts";
import { UNDO_DAYS } from "./remove.ts";

type Standing = Pick<ProductAccess, "role" | "allowed">;

/** What a merge did. */
export type Merge = {
  from: AccountId;
  to: AccountId;
  /** What people read of the two, and which of it stays. */
  fields: { field: string; from: string | null; to: string | null; result: string | null }[];
  facts: MergedFact[];
  /** What the account that stays may use, where it changes. */
  access: { site: string; product: string; before: Standing; after: Standing }[];
  /** Seats and guest slots, where they change. */
  seats: { before: SeatUse; after: SeatUse }[];
  undoUntil: Date;
};

/** What it takes to undo a merge, as it is stored. */
export type Undo = Carried & {
  userNameKey: string;
  directory: DirectoryId | null;
  records: DirectoryUserId[];
  firstAccessAt: string | null;
  lastAccessAt: string | null;
};

type Side = {
  id: AccountId;
  userName: string;
  userNameKey: string;
  email: string | null;
  displayName: string | null;
  firstAccessAt: Date | null;
  lastAccessAt: Date | null;
  suspended: boolean;
  active: boolean;
  records: { id: DirectoryUserId; directory: DirectoryId; name: string; kind: string }[];
};

/**
 * Makes one account of two, an administrator having said that they are one person (R169, F33). What was given to the one that goes is
 * the other's from then on: groups, spaces, guests that it sponsors; rights, once an administrator has confirmed them
 * (`confirmAccount`). Nobody who could act as the one that goes (session, token, single sign-on, open invitation) acts as the other.
 *
 * Before: the organization is locked exclusively. After: as the answer says; the one that goes is a tombstone that holds no name, no
 * address and no record, and says which it went into; with audit and the event `account.merged`. Nobody is mailed.
 * @param held what the administrator holds: whatever goes over is given, and both people's rights come into one hand.
 * @throws MusterError `externally-managed` (R23); `not-found`; `merged`; `invalid` for one account twice; `conflict` where a directory owns
 * the one that goes, where either is suspended or the other deactivated, and when no administrator would be left; `not-allowed`
 * beyond `held`; `read-only`.
 */
export async function mergeAccounts(tx: Tx, held: readonly Held[], pair: Pair): Promise<Merge> {
  requireExclusive(tx);
  await refuseExternallyManaged(tx);
  const [from, to] = await lockSides(tx, pair);
  refuseUnfit(from, to);
  const belongings = await belongingsOf(tx, pair);
  const carried = carriedOf(belongings);
  await refuseBeyond(tx, held, pair, belongings, carried);
  const before = { access: (await accessOf(tx, to.id)).access, seats: await countSeats(tx, null) };

  await keepAnAdministrator(tx, async () => {
    await carry(tx, pair, carried);
    await tx.query({ text: FIRST_AND_LAST, values: [tx.organization, from.id, to.id] });
    // The one that stays takes its seat before the other one's is free for whoever waits.
    await reconcile(tx, [to.id]);
    const internal = from.records[0]?.directory;
    if (internal !== undefined)
      await removeDirectoryUsers(
        tx,
        internal,
        from.records.map(({ id }) => id),
      );
    await bury(tx, from, to);
    await reconcile(tx, [from.id, to.id]);
  });

  const undo: Undo = {
    ...carried,
    userNameKey: from.userNameKey,
    directory: from.records[0]?.directory ?? null,
    records: from.records.map(({ id }) => id),
    firstAccessAt: to.firstAccessAt?.toISOString() ?? null,
    lastAccessAt: to.lastAccessAt?.toISOString() ?? null,
  };
  const [row] = await tx.query<{ undoUntil: Date }>({
    text: `insert into account_merges (organization, id, from_account, to_account, undo) values ($1, $2, $3, $4, $5)
      returning merged_at + make_interval(days => ${UNDO_DAYS}) as "undoUntil"`,
    values: [tx.organization, newId(), from.id, to.id, undo],
  });
  const facts = outcomesOf(belongings);
  await recordOfAccounts(tx, "account.merged", [from.id], {
    from: from.id,
    to: to.id,
    moved: facts.filter(({ outcome }) => outcome.startsWith("moved")).length,
  });
  return {
    from: from.id,
    to: to.id,
    fields: fieldsOf(from, to),
    facts,
    access: accessChanges(before.access, (await accessOf(tx, to.id)).access),
    seats: seatChanges(before.seats, await countSeats(tx, null)),
    undoUntil: row?.undoUntil as Date,
  };
}

/** Both are held until the transaction ends. */
async function lockSides(tx: Tx, pair: Pair): Promise<[Side, Side]> {
  if (pair.from === pair.to) throw new MusterError("invalid", "this is one account twice", { at: "to" });
  const both = [pair.from, pair.to];
  await tx.query({
    text: `select id from directory_users where organization = $1 and account = any ($2) and deleted_at is null
      order by id for no key update`,
    values: [tx.organization, both],
  });
  await lockAccounts(tx, both);
  return [await sideOf(tx, pair.from, "from"), await sideOf(tx, pair.to, "to")];
}

async function sideOf(tx: Tx, id: AccountId, at: "from" | "to"): Promise<Side> {
  await refuseMerged(tx, id);
  const [side] = await tx.query<Side>({
    text: `select a.id, a.user_name as "userName", a.user_name_key as "userNameKey", a.email, a.display_name as "displayName",
        a.first_access_at as "firstAccessAt", a.last_access_at as "lastAccessAt", a.suspended_at is not null as suspended,
        coalesce((select u.active from directory_users u
          where u.organization = $1 and u.id = a.canonical and u.deleted_at is null), false) as active,
        coalesce((select json_agg(json_build_object('id', u.id, 'directory', u.directory, 'name', d.name, 'kind', d.kind)
            order by d.position, u.id)
          from directory_users u join directories d on d.organization = $1 and d.id = u.directory
          where u.organization = $1 and u.account = a.id and u.deleted_at is null), '[]') as records
      from accounts a where a.organization = $1 and a.id = $2`,
    values: [tx.organization, id],
  });
  if (!side) throw new MusterError("not-found", "there is no user with this id", { at });
  return side;
}

function refuseUnfit(from: Side, to: Side): void {
  const owner = from.records.find(({ kind }) => kind !== "internal");
  if (owner) throw new MusterError("conflict", whyOwned(from, to, owner.name), { at: "from" });
  for (const [side, at] of [
    [from, "from"],
    [to, "to"],
  ] as const)
    if (side.suspended)
      throw new MusterError(
        "conflict",
        `${side.userName} is suspended, and a merge does not end that; restore them first`,
        { at },
      );
  if (!to.active)
    throw new MusterError("conflict", `${to.userName} is deactivated, so nobody could use what goes over`, {
      at: "to",
    });
}

/** What a directory holds comes back with its next word, so Muster cannot end it. */
function whyOwned(from: Side, to: Side, owner: string): string {
  const other = to.records.find(({ kind }) => kind !== "internal");
  if (!other)
    return `the directory ${owner} owns ${from.userName} and would bring it back; merge the other way round, ${to.userName} into ${from.userName}`;
  const why =
    other.name === owner
      ? `the directory ${owner} holds both as two people`
      : `two directories own the two: ${owner} has ${from.userName}, ${other.name} has ${to.userName}`;
  return `${why}; release one: take ${from.userName} out of ${owner} there, and merge once it is gone here`;
}

async function refuseBeyond(
  tx: Tx,
  held: readonly Held[],
  pair: Pair,
  { spaces }: Belongings,
  carried: Carried,
): Promise<void> {
  for (const account of [pair.from, pair.to]) await refuseActingForBeyond(tx, held, account);
  const given = spaces.filter(({ id }) => carried.assignments.includes(id));
  if (carried.groups.length + given.length === 0) return;
  await refuseOfferBeyond(tx, held, {
    groups: carried.groups,
    spaces: given.map(({ product, space }) => ({
      product,
      space,
      permission: "read-only",
      sponsor: null,
      expiresAt: null,
    })),
  });
  await refuseReadOnlyMembers(tx, [pair.to], carried.groups);
}

/** A tombstone has a name that nobody can have: whoever comes under the old name is somebody new. */
async function bury(tx: Tx, from: Side, to: Side): Promise<void> {
  await tx.query({
    text: `update accounts set merged_into = $3, user_name_key = user_name_key || ' (merged ' || id || ')',
        email = null, email_key = null, email_domain = null, updated_at = statement_timestamp()
      where organization = $1 and id = $2`,
    values: [tx.organization, from.id, to.id],
  });
}

const FIRST_AND_LAST = `
  update accounts a set first_access_at = least(a.first_access_at, f.first_access_at),
    last_access_at = greatest(a.last_access_at, f.last_access_at), updated_at = statement_timestamp()
  from accounts f where f.organization = $1 and f.id = $2 and a.organization = $1 and a.id = $3`;

function fieldsOf(from: Side, to: Side): Merge["fields"] {
  const first = (a: Date | null, b: Date | null) => (a === null || (b !== null && b < a) ? b : a);
  const text = (date: Date | null) => date?.toISOString() ?? null;
  return [
    ...(["userName", "email", "displayName"] as const).map((field) => ({
      field,
      from: from[field],
      to: to[field],
      result: to[field],
    })),
    {
      field: "firstAccessAt",
      from: text(from.firstAccessAt),
      to: text(to.firstAccessAt),
      result: text(first(from.firstAccessAt, to.firstAccessAt)),
    },
  ];
}

function accessChanges(before: readonly ProductAccess[], after: readonly ProductAccess[]): Merge["access"] {
  return after.flatMap(({ site, product, role, allowed }) => {
    const earlier = before.find((one) => one.site === site && one.product === product);
    const then = { role: earlier?.role ?? null, allowed: earlier?.allowed ?? false };
    return then.role === role && then.allowed === allowed
      ? []
      : [{ site, product, before: then, after: { role, allowed } }];
  });
}

function seatChanges(before: readonly SeatUse[], after: readonly SeatUse[]): Merge["seats"] {
  return after.flatMap((use) => {
    const earlier = before.find(({ product }) => product === use.product);
    return earlier && JSON.stringify(earlier) !== JSON.stringify(use) ? [{ before: earlier, after: use }] : [];
  });
}
