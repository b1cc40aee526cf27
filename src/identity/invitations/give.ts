import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { addLocalMembers } from "../groups.ts";
import { assignGuest } from "../guests.ts";
import { policySql } from "../settings/guest-policy.ts";
import type { Offer } from "./offer.ts";

/**
 * Gives people what they were offered: the groups as local memberships, the spaces as guests' assignments.
 * Before: any. After: they have it, and their access follows; a space that somebody has already is left as it is.
 * @throws MusterError `conflict` for somebody with another space of the product (R133), `not-found` for a group that is gone.
 */
export async function give(tx: Tx, accounts: readonly AccountId[], offer: Offer): Promise<void> {
  for (const group of offer.groups) await addLocalMembers(tx, group, accounts);
  const held = await spacesOf(tx, accounts);
  for (const account of accounts)
    for (const { space, permission, sponsor, expiresAt } of offer.spaces)
      if (!held.has(`${account} ${space}`))
        await assignGuest(tx, { account, space, permission, sponsor, expiresAt }, "offered");
}

async function spacesOf(db: Db, accounts: readonly AccountId[]): Promise<Set<string>> {
  const rows = await db.query<{ account: AccountId; space: string }>({
    text: "select account, space from guest_assignments where organization = $1 and account = any ($2) and parked_at is null",
    values: [db.organization, accounts],
  });
  return new Set(rows.map(({ account, space }) => `${account} ${space}`));
}

/** Of these people, those who have the whole offer already, and those who have another space of one of its products. */
export async function alreadyHeld(
  db: Db,
  accounts: readonly AccountId[],
  offer: Offer,
): Promise<{ everything: Set<AccountId>; otherSpace: Set<AccountId> }> {
  const rows = await db.query<{ id: AccountId; everything: boolean; otherSpace: boolean }>({
    text: `select w.id,
        not exists (select from unnest($3::uuid[]) o (id) where not exists (
          select from local_memberships m where m.organization = $1 and m.group_id = o.id and m.account = w.id
            and m.parked_at is null))
        and not exists (select from unnest($5::uuid[]) o (id) where not exists (
          select from guest_assignments g where g.organization = $1 and g.account = w.id and g.space = o.id
            and g.parked_at is null)) as everything,
        exists (select from products p join organizations o on o.id = p.organization
          cross join lateral (select ${policySql("mostSpaces")} as most) l
          where p.organization = $1 and p.id = any ($4) and l.most <> 'null'::jsonb
            and l.most::integer <= (select count(*) from guest_assignments g where g.organization = $1
              and g.account = w.id and g.product = p.id and g.space <> all ($5))) as "otherSpace"
      from unnest($2::uuid[]) w (id)`,
    values: [
      db.organization,
      accounts,
      offer.groups,
      offer.spaces.map(({ product }) => product),
      offer.spaces.map(({ space }) => space),
    ],
  });
  return {
    everything: new Set(rows.filter((row) => row.everything).map(({ id }) => id)),
    otherSpace: new Set(rows.filter((row) => row.otherSpace).map(({ id }) => id)),
  };
}
