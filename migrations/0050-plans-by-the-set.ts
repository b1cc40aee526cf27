import type { Knex } from "knex";

/**
 * The plan of a large first run is written once and read once: what people, groups and memberships are added is applied
 * by ranges of the plan, whose end stands in the run, so that no row of it is written again, and by the database alone.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table sync_runs
      -- Of the kinds that are applied in the order of the plan: the last row that was dealt with. Every row up to it that
      -- is not left out is applied.
      add column applied_through jsonb not null default '{}';

    alter table sync_plan
      -- Of who is added: the keys as src/identity/keys.ts folds them.
      add column user_name_key text collate "C",
      add column email_key text,
      drop constraint sync_plan_run;
    drop index sync_plan_to_do, sync_plan_of_subject;
    create index sync_plan_to_do on sync_plan (organization, run, kind, seq)
      where applied_at is null and conflict is null and kind not in ('user-add', 'group-add', 'member-add');

    -- What is compared as sets needs to be counted roughly, and the whole of what a person is not at all.
    alter table sync_staged_users
      alter column organization set statistics 10, alter column run set statistics 10,
      alter column immutable_id set statistics 10, alter column user_name set statistics 0,
      alter column user_name_key set statistics 10, alter column active set statistics 10,
      alter column email set statistics 0, alter column email_key set statistics 10,
      alter column display_name set statistics 0, alter column resource set statistics 0,
      alter column location set statistics 0, alter column content_hash set statistics 0,
      alter column conflict set statistics 10, alter column withheld set statistics 10,
      alter column conflict_kind set statistics 0, alter column conflict_with set statistics 10;
    alter table sync_staged_members
      alter column organization set statistics 10, alter column run set statistics 10,
      alter column group_id set statistics 10, alter column kind set statistics 10,
      alter column member_id set statistics 10;

    -- In place of a foreign key: a run's plan goes with it, and its rows are written by the run that holds the directory.
    create function forget_plans() returns trigger language plpgsql set search_path = muster, pg_temp
    as $$
    begin
      delete from sync_plan p using gone where p.organization = gone.organization and p.run = gone.id;
      return null;
    end $$;
    create trigger sync_runs_gone after delete on sync_runs referencing old table as gone
      for each statement execute function forget_plans();
    revoke all on function forget_plans() from public;
  `);
}
