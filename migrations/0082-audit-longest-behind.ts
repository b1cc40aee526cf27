import type { Knex } from "knex";

/**
 * audit_behind as in 0062, the organizations that were sealed longest ago first: where more are behind than one look takes, those
 * that write all the time came first each time.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function audit_behind(at_most integer) returns table (organization uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select o.id from organizations o
        left join lateral (
          select s.last_transaction, s.last_row, s.sealed_at from audit_seals s
          where s.organization = o.id order by s.position desc limit 1) l on true
        cross join lateral (
          select from audit a
          where a.organization = o.id
            and (a.transaction, a.id) > (coalesce(l.last_transaction, '0'::xid8), coalesce(l.last_row, 0))
            and a.transaction < transactions_settled()
          order by a.transaction, a.id limit 1) w
        order by l.sealed_at nulls first, o.id limit at_most
      $$;
  `);
}
