/** As in 0015, but access is worked out of the products alone that the group, or one above it, gives. */
export const CHANGE = `
  create or replace function change_members(of_organization uuid, of_directory uuid, of_group uuid, come uuid[], leave uuid[],
      expected bigint, by_kind text, by_id text, request text,
      out outcome text, out version bigint, out added integer, out removed integer, out unknown uuid[])
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    written record;
    above uuid[];
  begin
    perform lock_organization(of_organization, false);
    if cardinality(leave) > 0 then
      unknown := array(
        select n.child from unnest(leave) w (id)
        cross join lateral (
          select n.child, n.origin from group_nestings n
          where n.organization = of_organization and n.parent = of_group and n.child = w.id offset 0) n
        where n.origin = 'remote');
      outcome := 'unknown';
      if cardinality(unknown) > 0 then return; end if;
    end if;
    select w.outcome, w.version, w.added, w.removed, w.unknown, w.accounts into written
      from write_members(of_organization, of_directory, of_group, come, leave, true, expected, by_kind, by_id, request) w;
    outcome := written.outcome;
    version := written.version;
    added := cardinality(written.added);
    removed := cardinality(written.removed);
    unknown := written.unknown;
    if cardinality(written.accounts) > 0 then
      above := products_above(of_organization, array[of_group]);
      if cardinality(above) > 0 then
        perform reconcile_each(of_organization, written.accounts, above, false, by_kind, '{}', array[by_id],
          array[request]);
      end if;
    end if;
  end $$;
`;

/**
 * As in 0027: the accounts are locked here, so they are not locked once more, and access is worked out of the products that the
 * groups, or those above them, give.
 */
export const CHANGE_EACH = `
  create or replace function change_members_each(of_organization uuid, of_directory uuid, groups uuid[], by_kind text, by_ids text[],
      requests text[], places integer[], members uuid[], comes boolean[])
    returns table (place integer, version bigint, added integer, removed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
    set enable_memoize = off
  as $$
  #variable_conflict use_column
  declare
    held uuid[];
    owners uuid[];
    lives boolean[];
    held_groups uuid[];
    versions bigint[];
    refused integer[];
    changed uuid[];
    changed_places integer[];
    whose uuid[];
    whose_places integer[];
    above uuid[];
  begin
    perform lock_organization(of_organization, false);
    -- Nothing is waited for, so the order does not matter.
    select array_agg(l.id), array_agg(l.account), array_agg(l.live) into held, owners, lives
      from (
        select u.id, u.account, u.deleted_at is null as live from unnest(members) w (id)
        cross join lateral (
          select u.id, u.account, u.deleted_at from directory_users u
          where u.organization = of_organization and u.id = w.id and u.directory = of_directory
          for share skip locked) u
        cross join lateral (
          select a.id from accounts a where a.organization = of_organization and a.id = u.account
          for no key update skip locked) a) l;
    select array_agg(l.id), array_agg(l.version) into held_groups, versions
      from (
        select g.id, g.version from (select distinct w.id from unnest(groups) w (id)) w
        cross join lateral (
          select g.id, g.version from directory_groups g
          where g.organization = of_organization and g.id = w.id and g.directory = of_directory and g.deleted_at is null
          for no key update skip locked) g) l;
    refused := array(
      select m.place from unnest(places, members, comes) m (place, id, comes)
      left join unnest(held, lives) h (id, live) on h.id = m.id
      where h.id is null or (m.comes and not h.live)
      union
      select r.place::integer from unnest(groups) with ordinality r (id, place)
      left join unnest(held_groups) h (id) on h.id = r.id where h.id is null);

    with pair as materialized (
      select m.place, m.id, m.comes, groups[m.place] as group_id
      from unnest(places, members, comes) m (place, id, comes) where m.place <> all (refused)
    ), gone as (
      delete from remote_memberships m using pair p
      where not p.comes and m.organization = of_organization and m.group_id = p.group_id and m.directory_user = p.id
      returning m.directory_user
    ), into_it as (
      insert into remote_memberships (organization, group_id, directory_user)
      select of_organization, p.group_id, p.id from pair p where p.comes order by p.group_id, p.id
      on conflict do nothing
      returning directory_user
    ), moved as (
      select g.directory_user as id from gone g union all select i.directory_user from into_it i
    )
    select array_agg(p.id), array_agg(p.place) into changed, changed_places
      from pair p join moved m on m.id = p.id;

    if changed is not null then
      with moved as (
        select c.place,
          coalesce(array_agg(c.id) filter (where m.comes), '{}') as added,
          coalesce(array_agg(c.id) filter (where not m.comes), '{}') as removed
        from unnest(changed, changed_places) c (id, place)
        join unnest(members, comes) m (id, comes) on m.id = c.id
        group by c.place
      ), touched as (
        update directory_groups g set version = g.version + t.steps, updated_at = clock_timestamp()
        from (select groups[m.place] as id, count(*) as steps from moved m group by 1) t
        where g.organization = of_organization and g.id = t.id
      ), told as (
        select m.place, jsonb_build_object('directory', of_directory, 'added', m.added, 'removed', m.removed) as detail
        from moved m order by m.place
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select of_organization, by_kind, by_ids[t.place], requests[t.place], 'group.members-changed', 'group',
          groups[t.place], t.detail
        from told t
      )
      insert into outbox (organization, kind, subject_kind, subject, data)
        select of_organization, 'group.members-changed', 'group', groups[t.place], t.detail from told t;

      above := products_above(of_organization, groups);
      if cardinality(above) > 0 then
        select array_agg(h.account), array_agg(c.place) into whose, whose_places
          from unnest(changed, changed_places) c (id, place) join unnest(held, owners) h (id, account) on h.id = c.id;
        if cardinality(groups) = 1 then
          perform reconcile_each(of_organization, whose, above, true, by_kind, '{}', by_ids, requests);
        else
          perform reconcile_each(of_organization, whose, above, true, by_kind, whose,
            array(select by_ids[w.place] from unnest(whose_places) with ordinality w (place, n) order by w.n),
            array(select requests[w.place] from unnest(whose_places) with ordinality w (place, n) order by w.n));
        end if;
      end if;
    end if;

    return query
      with moved as (
        select c.place, count(*) filter (where m.comes)::integer as added,
          count(*) filter (where not m.comes)::integer as removed
        from unnest(changed, changed_places) c (id, place)
        join unnest(members, comes) m (id, comes) on m.id = c.id
        group by c.place
      )
      select r.place::integer,
        h.version + count(m.place) over (partition by r.id order by r.place),
        coalesce(m.added, 0), coalesce(m.removed, 0)
      from unnest(groups) with ordinality r (id, place)
      join unnest(held_groups, versions) h (id, version) on h.id = r.id
      left join moved m on m.place = r.place
      where r.place <> all (refused);
  end $$;
`;
