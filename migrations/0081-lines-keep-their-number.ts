import type { Knex } from "knex";

/**
 * Lines of a plan have numbers before that of their row, 50 apart, so that a membership which is set apart has a row with the number
 * of its line: at most 49 stand in a row. The last of a full one comes to stand behind the plan, applied if the row was.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    insert into sync_plan (organization, run, kind, subject, member, name, applied_at)
    select p.organization, p.run, p.kind, p.subject, p.members[50], format('%s in %s', p.member_names[50], p.name),
      case when p.seq <= (r.applied_through ->> p.kind)::bigint then r.applied_at end
    from sync_plan p join sync_runs r on r.organization = p.organization and r.id = p.run
    where cardinality(p.members) = 50 order by p.organization, p.run, p.seq;
    update sync_plan set members = members[:49], member_names = member_names[:49] where cardinality(members) = 50;
    alter table sync_plan drop constraint sync_plan_members, add constraint sync_plan_members check (
      members is null and member_names is null
      or kind = 'member-add' and member is null and cardinality(members) = cardinality(member_names)
        and cardinality(members) <= 49);
  `);
}
