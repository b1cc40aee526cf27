import type { Knex } from "knex";
import { protect } from "./protect.ts";

/**
 * A directory that is read again says mostly what is held. Of that only the ids are staged, and of a group whose members
 * are as they were nothing at all: a sync's cost is the reading and what has changed.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Records whose entry says what they hold; each as often as the directory gave it.
    create unlogged table sync_unchanged_users (
      organization uuid not null,
      run uuid not null,
      held uuid not null
    );

    -- Groups whose members came to an end, with a hash of their ids; \`held\` is the group that has exactly these.
    create unlogged table sync_staged_digests (
      organization uuid not null,
      run uuid not null,
      immutable_id text not null,
      members integer not null,
      digest bytea not null,
      held uuid
    );

    -- What the members of a group came to when they were last compared one by one and found the same. It holds as long
    -- as the group has that version, which every change of its members moves (RFC 7644 §3.14).
    create table group_member_digests (
      organization uuid not null,
      group_id uuid not null,
      version bigint not null,
      digest bytea not null,
      constraint group_member_digests_pk primary key (organization, group_id),
      constraint group_member_digests_group foreign key (organization, group_id) references directory_groups
        on delete cascade
    );

    -- Staging is compared as sets, so nothing is ever looked up by these; a membership may be said twice.
    drop index sync_staged_users_user_name;
    alter table sync_staged_members drop constraint sync_staged_members_pk;

    -- Notes the entries that say what is held, and answers the places (from 1) of the others. \`hashes\` has 32 bytes of each.
    create function sieve_users(of_organization uuid, of_run uuid, of_directory uuid, ids json, hashes bytea)
      returns integer[]
      language plpgsql volatile
      set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
    as $$
    #variable_conflict use_column
    declare
      different integer[];
    begin
      with arrived as materialized (
        select e.id, e.place::integer as place, substring(hashes from (32 * e.place - 31)::integer for 32) as hash
        from json_array_elements_text(ids) with ordinality e (id, place)
      ), same as materialized (
        select a.place, h.id from arrived a
        cross join lateral (
          select u.id, u.content_hash from directory_users u
          where u.organization = of_organization and u.directory = of_directory and u.immutable_id = a.id
            and u.deleted_at is null and u.immutable_id is not null offset 0) h
        where h.content_hash = a.hash
      ), kept as (
        insert into sync_unchanged_users (organization, run, held) select of_organization, of_run, s.id from same s
      )
      select array(select a.place from arrived a where a.place not in (select s.place from same s)) into different;
      return different;
    end $$;

    -- The same for the members of whole groups; the others are noted too, for when they have been compared.
    create function sieve_members(of_organization uuid, of_run uuid, of_directory uuid, ids json, counts integer[],
        hashes bytea)
      returns integer[]
      language plpgsql volatile
      set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
    as $$
    #variable_conflict use_column
    declare
      different integer[];
    begin
      with arrived as materialized (
        select e.id, e.place::integer as place, c.members,
          substring(hashes from (32 * e.place - 31)::integer for 32) as digest
        from json_array_elements_text(ids) with ordinality e (id, place)
        join unnest(counts) with ordinality c (members, place) on c.place = e.place
      ), looked_up as materialized (
        select a.place, a.id, a.members, a.digest, h.id as held from arrived a
        left join lateral (
          select g.id from directory_groups g
          cross join lateral (
            select d.version, d.digest from group_member_digests d
            where d.organization = of_organization and d.group_id = g.id offset 0) d
          where g.organization = of_organization and g.directory = of_directory and g.immutable_id = a.id
            and g.deleted_at is null and g.immutable_id is not null and d.version = g.version and d.digest = a.digest
          offset 0) h on true
      ), kept as (
        insert into sync_staged_digests (organization, run, immutable_id, members, digest, held)
        select of_organization, of_run, l.id, l.members, l.digest, l.held from looked_up l
      )
      select array(select l.place from looked_up l where l.held is null) into different;
      return different;
    end $$;
  `);
  for (const routine of [
    "sieve_users(uuid, uuid, uuid, json, bytea)",
    "sieve_members(uuid, uuid, uuid, json, integer[], bytea)",
  ]) {
    await knex.raw(`revoke all on function ${routine} from public`);
    await knex.raw(`grant execute on function ${routine} to muster_app`);
  }
  for (const table of ["sync_unchanged_users", "sync_staged_digests", "group_member_digests"])
    await protect(knex, table);
}
