import type { DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { binding } from "../within.ts";
import { keysOf, type Match } from "./keys.ts";
import type { Move, SwitchConflict } from "./switch.ts";

export type Pair = { record: DirectoryUserId; partner: DirectoryUserId };

export type Matched = {
  pairs: Pair[];
  conflicts: SwitchConflict[];
  /** Records of the directory that is left which could be several people, or are nobody's alone. */
  ambiguous: Set<DirectoryUserId>;
  /** Whether anybody of the two directories is known by this at all. */
  known: { from: boolean; to: boolean };
};

/** Names on each side of a conflict, at most. */
const NAMES = 10;

/**
 * Finds who of the two directories is the same person: exactly one record on either side is known by the same key, and by
 * no other one somebody else's. Before: `move.switch` has no rows. After: nothing is written.
 */
export async function matchRecords(tx: Tx, move: Move, match: Match): Promise<Matched> {
  const values: unknown[] = [tx.organization];
  const bind = binding(values);
  const keys = `with old as materialized (${keysOf(match, move.from.id, bind)}),
    new as materialized (${keysOf(match, move.to.id, bind)}),
    olds as materialized (select key, count(*) as count, (array_agg(id))[1] as id from old group by key),
    news as materialized (select key, count(*) as count, (array_agg(id))[1] as id from new group by key)`;
  const [known] = await tx.query<{ from: boolean; to: boolean; doubled: boolean }>({
    text: `${keys} select exists (select from olds) as from, exists (select from news) as to,
      exists (select from olds o join news n using (key) where o.count > 1 or n.count > 1) as doubled`,
    values,
  });
  const single = await tx.query<Pair>({
    text: `${keys} select distinct o.id as record, n.id as partner from olds o join news n using (key)
      where o.count = 1 and n.count = 1 order by 1, 2`,
    values,
  });
  const doubled = known?.doubled
    ? await tx.query<Side>({
        text: `${keys}, doubled as (select o.key from olds o join news n using (key) where o.count > 1 or n.count > 1)
          select d.key, x.side, u.id, u.user_name as "userName" from doubled d
          join (select key, id, 'from' as side from old union all select key, id, 'to' from new) x using (key)
          join directory_users u on u.organization = $1 and u.id = x.id
          order by d.key, x.side, u.user_name_key`,
        values,
      })
    : [];
  const { pairs, crossed, ambiguous } = decide(single, doubled);
  return {
    pairs,
    ambiguous,
    conflicts: [...byKey(doubled), ...(await byRecord(tx, crossed))],
    known: { from: known?.from ?? false, to: known?.to ?? false },
  };
}

type Side = { key: string; side: "from" | "to"; id: DirectoryUserId; userName: string };

/** A pair is whoever meets nobody else, by whatever of their keys. */
function decide(single: readonly Pair[], doubled: readonly Side[]) {
  const meetings = new Map<DirectoryUserId, number>();
  const meet = (id: DirectoryUserId) => meetings.set(id, (meetings.get(id) ?? 0) + 1);
  for (const { record, partner } of single) {
    meet(record);
    meet(partner);
  }
  const apart = new Set(doubled.map((row) => row.id));
  const isPair = ({ record, partner }: Pair) =>
    [record, partner].every((id) => meetings.get(id) === 1 && !apart.has(id));
  const crossed = single.filter((pair) => !isPair(pair));
  const ambiguous = new Set([
    ...crossed.map((pair) => pair.record),
    ...doubled.filter((row) => row.side === "from").map((row) => row.id),
  ]);
  return { pairs: single.filter(isPair), crossed, ambiguous };
}

/** People who are one person by one of their keys and another one by the next. */
async function byRecord(tx: Tx, crossed: readonly Pair[]): Promise<SwitchConflict[]> {
  if (crossed.length === 0) return [];
  return tx.query<SwitchConflict>({
    text: `select 'ambiguous' as reason, array[o.user_name] as from,
        (array_agg(n.user_name order by n.user_name_key))[:${NAMES}] as to,
        'by several of their values they are several people' as detail
      from unnest($2::uuid[], $3::uuid[]) p (record, partner)
      join directory_users o on o.organization = $1 and o.id = p.record
      join directory_users n on n.organization = $1 and n.id = p.partner
      group by o.id, o.user_name, o.user_name_key order by o.user_name_key`,
    values: [tx.organization, crossed.map((pair) => pair.record), crossed.map((pair) => pair.partner)],
  });
}

function byKey(doubled: readonly Side[]): SwitchConflict[] {
  const conflicts = new Map<string, SwitchConflict>();
  for (const { key, side, userName } of doubled) {
    const conflict = conflicts.get(key) ?? {
      reason: "ambiguous",
      from: [],
      to: [],
      detail: `several people are known by ${key.slice(0, 200)}`,
    };
    if (conflict[side].length < NAMES) conflict[side].push(userName);
    conflicts.set(key, conflict);
  }
  return [...conflicts.values()];
}
