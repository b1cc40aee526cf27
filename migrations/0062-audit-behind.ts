import type { Knex } from "knex";

/**
 * Looking for rows in the order of the chain by the index: comparing transactions is not leakproof, so under the application's policy a
 * condition on them would read all rows of an organization. And audit_behind as in 0059, with each organization looked up by itself.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function audit_behind(at_most integer) returns table (organization uuid)
      language sql stable security definer set search_path = muster, pg_temp
      as $$
        select o.id from organizations o
        left join lateral (
          select s.last_transaction, s.last_row from audit_seals s
          where s.organization = o.id order by s.position desc limit 1) l on true
        cross join lateral (
          select from audit a
          where a.organization = o.id
            and (a.transaction, a.id) > (coalesce(l.last_transaction, '0'::xid8), coalesce(l.last_row, 0))
            and a.transaction < transactions_settled()
          order by a.transaction, a.id limit 1) w
        limit at_most
      $$;

    -- The numbers of rows behind a place, in order: up to another place, or (until_transaction null) as far as nothing can come before them.
    create function audit_between(of_organization uuid, after_transaction xid8, after_row bigint, until_transaction xid8,
        until_row bigint, at_most integer) returns setof bigint
      language plpgsql stable security definer set search_path = muster, pg_temp
      as $$
      begin
        if of_organization is distinct from current_setting('muster.organization')::uuid then
          raise exception 'another organization''s audit';
        end if;
        if until_transaction is null then
          return query select a.id from audit a
            where a.organization = of_organization and (a.transaction, a.id) > (after_transaction, after_row)
              and a.transaction < transactions_settled()
            order by a.transaction, a.id limit at_most;
        else
          return query select a.id from audit a
            where a.organization = of_organization and (a.transaction, a.id) > (after_transaction, after_row)
              and (a.transaction, a.id) <= (until_transaction, until_row)
            order by a.transaction, a.id limit at_most;
        end if;
      end $$;
    revoke all on function audit_between(uuid, xid8, bigint, xid8, bigint, integer) from public;
    grant execute on function audit_between(uuid, xid8, bigint, xid8, bigint, integer) to muster_app;
  `);
}
