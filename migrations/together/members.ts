/** As in 0015, but whose account a member is is read with the member's lock, not once more. */
export const MEMBERS = `
  create or replace function write_members(of_organization uuid, of_directory uuid, of_group uuid, come uuid[], leave uuid[],
      whole boolean, expected bigint, by_kind text, by_id text, request text,
      out outcome text, out version bigint, out added uuid[], out removed uuid[], out unknown uuid[], out accounts uuid[])
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    live uuid[];
    owners uuid[];
  begin
    outcome := 'written';
    added := '{}';
    removed := '{}';
    accounts := '{}';
    -- As they stand once they are locked: whose account they are cannot change any more.
    select array_agg(u.id), array_agg(u.account) into live, owners
      from (select distinct w.id from unnest(come || leave) w (id) order by w.id) w
      cross join lateral (
        select u.id, u.account, u.directory, u.deleted_at from directory_users u
        where u.organization = of_organization and u.id = w.id for share) u
      where u.directory = of_directory and u.deleted_at is null;
    unknown := array(select w.id from unnest(come) w (id) except select l.id from unnest(live) l (id));

    if expected is null then
      select g.version into version from directory_groups g
        where g.organization = of_organization and g.id = of_group and g.directory = of_directory and g.deleted_at is null;
    else
      select g.version into version from directory_groups g
        where g.organization = of_organization and g.id = of_group and g.directory = of_directory and g.deleted_at is null
        for no key update;
    end if;
    if not found then outcome := 'gone';
    elsif version <> expected then outcome := 'changed-meanwhile';
    elsif whole and cardinality(unknown) > 0 then outcome := 'unknown';
    end if;
    if outcome <> 'written' then return; end if;

    if cardinality(leave) > 0 then
      with out_of_it as (
        delete from remote_memberships m
        where m.organization = of_organization and m.group_id = of_group and m.directory_user = any (leave)
        returning m.directory_user)
      select coalesce(array_agg(o.directory_user), '{}') into removed from out_of_it o;
    end if;
    if cardinality(come) > 0 then
      with into_it as (
        insert into remote_memberships (organization, group_id, directory_user)
        select of_organization, of_group, w.id
          from (select w.id from unnest(come) w (id) intersect select l.id from unnest(live) l (id)) w order by w.id
        on conflict do nothing
        returning directory_user)
      select coalesce(array_agg(i.directory_user), '{}') into added from into_it i;
    end if;
    if cardinality(added) = 0 and cardinality(removed) = 0 then return; end if;

    update directory_groups g set version = g.version + 1, updated_at = clock_timestamp()
      where g.organization = of_organization and g.id = of_group returning g.version into version;
    with change as (
      select jsonb_build_object('directory', of_directory, 'added', added, 'removed', removed) as detail
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select of_organization, by_kind, by_id, request, 'group.members-changed', 'group', of_group, c.detail from change c
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
      select of_organization, 'group.members-changed', 'group', of_group, c.detail from change c;
    -- Whoever left may be a tombstone, which was not read.
    accounts := array(
      select l.account from unnest(live, owners) l (id, account) join unnest(added) a (id) on a.id = l.id
      union
      select u.account from unnest(removed) w (id)
      cross join lateral (
        select u.account from directory_users u where u.organization = of_organization and u.id = w.id offset 0) u);
  end $$;
`;
