import type { Knex } from "knex";

/**
 * The memberships of a new group stand in a plan, and those of any group in staging, many to a row: a first sync has more of
 * them than of everything else together, and each came with as much beside it as a row has.
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
  `);
}
