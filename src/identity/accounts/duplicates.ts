import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";

export const DUPLICATE_REASONS = ["same-address", "alias-address", "same-name", "near-address"] as const;

/**
 * Why two accounts may be one person, the strongest first. `same-address`: one canonical address. `alias-address`: what mail programs
 * deliver to one mailbox (`ann+news@`; at Gmail dots too), which proves nothing. `same-name`: one display name at one domain.
 * `near-address`: at one domain, a letter apart, two swapped, or one elsewhere; digits count whole, so that `user7` is not `user8`.
 */
type DuplicateReason = (typeof DUPLICATE_REASONS)[number];

type Side = { id: AccountId; userName: string; email: string | null; displayName: string | null };

/** Two accounts that are probably one person's. */
export type Duplicate = { reasons: DuplicateReason[]; accounts: [Side, Side] };

/**
 * Pairs of accounts that are probably one person's (R169, R172), the strongest reason first. Of many that are alike each is paired
 * with the oldest of them, so the work and the answer grow with the number of people and not with its square. Whoever
 * no directory holds any more is left out. No address decides by this who somebody is: it is for an administrator to look at.
 */
export async function findDuplicates(db: Db, page: { skip: number; limit: number }): Promise<Duplicate[]> {
  return db.query<Duplicate>({
    text: DUPLICATES,
    values: [db.organization, page.limit, page.skip],
    prepared: false,
  });
}

/** Shorter ones are near to too many. */
const SHORTEST_NEAR = 5;

/**
 * Each account has some keys, as hashes of 64 bits: two that share one are alike. Of a local part the keys are what is left when any one character
 * that is no digit is taken out, and itself: two that share one of these are at most two edits apart.
 */
export const DUPLICATES = `
  with people as materialized (
    select a.id, a.email_key, a.email_domain as domain, hashtextextended(a.email_domain, 4) as seed,
      left(a.email_key, length(a.email_key) - length(a.email_domain) - 1) as local, fold_text(a.display_name) as name
    from accounts a
    where a.organization = $1 and a.merged_into is null and a.canonical is not null and a.email_key is not null
  ), keyed as (
    select p.id, 1 as rank, hashtextextended(p.email_key, 1) as key from people p
    union all
    select p.id, 2, hashtextextended(case when p.domain in ('gmail.com', 'googlemail.com')
        then replace(split_part(p.local, '+', 1), '.', '') || '@gmail.com'
        else split_part(p.local, '+', 1) || '@' || p.domain end, 2)
      from people p
    union all
    select p.id, 3, hashtextextended(p.name, p.seed + 1) from people p where p.name <> ''
    union all
    select p.id, 4, hashtextextended(left(p.local, i - 1) || substr(p.local, i + 1), p.seed)
      from people p cross join lateral generate_series(1, length(p.local)) i
      where length(p.local) >= ${SHORTEST_NEAR} and substr(p.local, i, 1) not between '0' and '9'
        and substr(p.local, i, 1) <> substr(p.local, i + 1, 1)
    union all
    select p.id, 4, hashtextextended(p.local, p.seed) from people p where length(p.local) >= ${SHORTEST_NEAR}
  ), alike as (
    select k.id as second, k.rank, first_value(k.id) over (partition by k.key order by k.id) as first from keyed k
  ), pairs as (
    select l.first, l.second, array_agg(distinct l.rank order by l.rank) as ranks
    from alike l where l.first <> l.second
    group by l.first, l.second
  ), page as (
    select * from pairs order by ranks[1], cardinality(ranks) desc, first, second limit $2 offset $3
  )
  select array(select (array['${DUPLICATE_REASONS.join("', '")}'])[r] from unnest(g.ranks) r) as reasons,
    json_build_array(
      json_build_object('id', a.id, 'userName', a.user_name, 'email', a.email, 'displayName', a.display_name),
      json_build_object('id', b.id, 'userName', b.user_name, 'email', b.email, 'displayName', b.display_name)) as accounts
  from page g
  join accounts a on a.organization = $1 and a.id = g.first
  join accounts b on b.organization = $1 and b.id = g.second
  order by g.ranks[1], cardinality(g.ranks) desc, g.first, g.second`;
