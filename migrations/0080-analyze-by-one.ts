import type { Knex } from "knex";

/** What may be counted is asked in one place: counting a whole table is counting it without a choice of columns. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function muster.analyze(wanted text, columns text[]) returns void
      language plpgsql security definer set search_path = muster, pg_temp
      as $$
      begin
        if not exists (select from pg_tables where schemaname = 'muster' and tablename = wanted) then
          raise exception 'no table % in schema muster', wanted;
        end if;
        execute format('analyze muster.%I', wanted) || coalesce(
          (select format(' (%s)', string_agg(format('%I', c.name), ', ')) from unnest(columns) c (name) having count(*) > 0), '');
      end $$;

    create or replace function muster.analyze(wanted text) returns void
      language sql security definer set search_path = muster, pg_temp
      as $$ select muster.analyze(wanted, null) $$;
  `);
}
