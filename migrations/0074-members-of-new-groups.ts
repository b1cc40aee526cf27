import type { Knex } from "knex";

/**
 * What a first sync writes, in less: the memberships of a new group stand in a plan, and those of any group in staging, many
 * to a row, because there are more of them than of everything else together, and each came with as much beside it as a row
 * has. What a plan will say of a person is put together where the person is read. And tables that grow are counted by
 * the columns that the batches ask for.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sync_plan
      -- Of a row of kind member-add about a new group: who comes into it and what they are called, in the same order; member
      -- is null then. The row stands for as many lines, numbered from seq on.
      add column members uuid[],
      add column member_names text[],
      add constraint sync_plan_members check (
        members is null and member_names is null
        or kind = 'member-add' and member is null and cardinality(members) = cardinality(member_names)
          and cardinality(members) <= 50),
      alter column members set statistics 0,
      alter column member_names set statistics 0,
      -- So many lines at most.
      alter column seq set increment by 50;

    -- Unlogged, and a run that was reading when this came is over.
    delete from sync_staged_members;
    alter table sync_staged_members drop column member_id, add column members text[] not null;
    alter table sync_staged_members alter column members set statistics 10;
    delete from sync_staged_users;
    alter table sync_staged_users drop column email, drop column display_name, drop column resource,
      add column next jsonb not null;
    alter table sync_staged_users alter column next set statistics 0;

    create function muster.analyze(wanted text, columns text[]) returns void
      language plpgsql security definer set search_path = muster, pg_temp
      as $$
      begin
        if not exists (select from pg_tables where schemaname = 'muster' and tablename = wanted) then
          raise exception 'no table % in schema muster', wanted;
        end if;
        execute format('analyze muster.%I (%s)', wanted,
          (select string_agg(format('%I', c.name), ', ') from unnest(columns) c (name)));
      end $$;
    revoke all on function muster.analyze(text, text[]) from public;
    grant execute on function muster.analyze(text, text[]) to muster_app;
  `);
}
