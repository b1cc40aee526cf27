import type { DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import type { Pair } from "./match.ts";
import type { Move, SwitchConflict } from "./switch.ts";

/**
 * Who was switched the other way comes back as it was then: the tombstone that waits and the record that took its place.
 */
export async function formerPairs(tx: Tx, move: Move): Promise<Pair[]> {
  return tx.query<Pair>({
    text: `select o.id as record, n.id as partner
      from switched_records s
      join directory_users n on n.organization = $1 and n.id = s.record and n.deleted_at is not null
      join directory_users o on o.organization = $1 and o.id = s.partner and o.directory = $2 and o.deleted_at is null
      where s.organization = $1 and s.directory = $3 and not exists (
        select from directory_users l where l.organization = $1 and l.directory = $3 and l.deleted_at is null
          and (l.user_name_key = n.user_name_key or l.immutable_id = n.immutable_id))
      order by o.id`,
    values: [tx.organization, move.from.id, move.to.id],
  });
}

/**
 * Writes the pairs down, each with the account that it is about and the one that has the new user name by now.
 * Returns those whose partner had taken another record's place before; they are not written.
 */
export async function writePairs(tx: Tx, move: Move, pairs: readonly Pair[]): Promise<SwitchConflict[]> {
  // Records that came back by another way than this one.
  await tx.query({
    text: `delete from switched_records s using directory_users u
      where s.organization = $1 and s.directory = $2 and u.organization = $1 and u.id = s.record and u.deleted_at is null`,
    values: [tx.organization, move.from.id],
  });
  const values = [
    tx.organization,
    move.from.id,
    move.switch,
    pairs.map((pair) => pair.record),
    pairs.map((pair) => pair.partner),
  ];
  const written = await tx.query<{ record: DirectoryUserId }>({
    text: `insert into switched_records (organization, record, directory, partner, switch, from_account, to_account, account)
      select $1, o.id, $2, n.id, $3, o.account, coalesce(h.id, o.account), o.account
      from unnest($4::uuid[], $5::uuid[]) p (record, partner)
      join directory_users o on o.organization = $1 and o.id = p.record
      join directory_users n on n.organization = $1 and n.id = p.partner
      left join accounts h on h.organization = $1 and h.user_name_key = n.user_name_key
      order by o.id
      on conflict on constraint switched_records_partner_unique do nothing
      returning record`,
    values,
  });
  if (written.length === pairs.length) return [];
  return tx.query<SwitchConflict>({
    text: `select 'taken' as reason, array[o.user_name] as from, array[n.user_name] as to,
        n.user_name || ' has taken the place of ' || f.user_name || ' before' as detail
      from unnest($4::uuid[], $5::uuid[]) p (record, partner)
      join directory_users o on o.organization = $1 and o.id = p.record
      join directory_users n on n.organization = $1 and n.id = p.partner
      join switched_records s on s.organization = $1 and s.partner = p.partner and s.directory = $2 and s.switch <> $3
      join directory_users f on f.organization = $1 and f.id = s.record
      order by o.user_name_key`,
    values,
  });
}

/**
 * Takes back the pairs that cannot be one account without making somebody else of it: one that stays keeps its name, and
 * whoever wanted that one stays too.
 */
export async function leaveObstructed(tx: Tx, move: Move): Promise<SwitchConflict[]> {
  const values = [tx.organization, move.switch, move.from.id, move.to.id, move.place];
  const unled = await tx.query<SwitchConflict>({ text: LEAVE_UNLED, values });
  const wanted = await tx.query<Wanted>({ text: WANTED_NAMES, values: values.slice(0, 3) });
  const held = obstructed(wanted);
  if (held.length === 0) return unled;
  const left = await tx.query<SwitchConflict>({ text: LEAVE_HELD, values: [...values.slice(0, 2), held] });
  return [...unled, ...left];
}

/** A switched record that wants a name which `holder` has in the directory that is left, and whether that one moves. */
type Wanted = { record: DirectoryUserId; holder: DirectoryUserId; moves: boolean };

/** Those whose holder does not move, and those who wait for one of them. */
function obstructed(wanted: readonly Wanted[]): DirectoryUserId[] {
  const waiting = new Map(wanted.filter((want) => want.moves).map((want) => [want.holder, want.record]));
  const stays = wanted.filter((want) => !want.moves).map((want) => want.record);
  for (const record of stays) {
    const next = waiting.get(record);
    if (next !== undefined) stays.push(next);
  }
  return stays;
}

const PAIR = `switched_records s
  join directory_users o on o.organization = $1 and o.id = s.record
  join directory_users n on n.organization = $1 and n.id = s.partner and n.user_name_key <> o.user_name_key`;

/** A record that does not give its account's profile does not rename it either (design §7). */
const LEAVE_UNLED = `
  with obstructed as (
    select s.record, o.user_name as old, n.user_name as new, o.user_name_key as key,
      coalesce(d.name || '/' || c.user_name || ' gives the profile of ' || o.user_name,
        t.name || '/' || n.user_name || ' would go on giving the profile of ' || n.user_name) as detail
    from ${PAIR}
    join accounts a on a.organization = $1 and a.id = s.from_account
    left join directory_users c on c.organization = $1 and c.id = a.canonical and c.id <> s.record
    left join directories d on d.organization = $1 and d.id = c.directory
    left join lateral (
      select d.name from directory_users u join directories d on d.organization = $1 and d.id = u.directory
      where u.organization = $1 and u.account = s.to_account and u.deleted_at is null
        and u.directory not in ($3::uuid, $4::uuid) and d.position < $5::integer and s.to_account <> s.from_account
      order by d.position limit 1) t on true
    where s.organization = $1 and s.switch = $2 and (c.id is not null or t.name is not null)
  ), gone as (
    delete from switched_records s using obstructed x where s.organization = $1 and s.record = x.record
  )
  select 'not-canonical' as reason, array[old] as from, array[new] as to, detail from obstructed order by key`;

const WANTED_NAMES = `
  select s.record, h.id as holder,
    exists (select from switched_records m where m.organization = $1 and m.record = h.id and m.switch = $2) as moves
  from ${PAIR}
  join directory_users h on h.organization = $1 and h.directory = $3 and h.deleted_at is null
    and h.user_name_key = n.user_name_key
  where s.organization = $1 and s.switch = $2 order by o.user_name_key`;

/** The new user name is another person's in the directory that is left, and that person is not switched with it. */
const LEAVE_HELD = `
  with obstructed as (
    select s.record, o.user_name as old, n.user_name as new, o.user_name_key as key
    from ${PAIR} where s.organization = $1 and s.switch = $2 and s.record = any ($3::uuid[])
  ), gone as (
    delete from switched_records s using obstructed x where s.organization = $1 and s.record = x.record
  )
  select 'name-held' as reason, array[old] as from, array[new] as to,
    'the user name ' || new || ' is another person''s in the directory that is left, who is not switched' as detail
  from obstructed order by key`;
