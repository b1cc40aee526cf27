/**
 * Adds and removes members of one group as rows, with version, audit and event: all of \`changeMembers\` for one group but
 * the access of \`accounts\`, which is the caller's next step. The cost is that of what changes, never of the group.
 *
 * Members are locked before the group, so that no rename can carry one away meanwhile; tombstones too: one that is being
 * restored at this moment brings back the memberships that it then still has. \`unknown\` is who should come and is no live
 * user of the directory; with \`whole\` nothing is written then. \`expected\` is the group's version, null: any.
 */
const WRITE = `
  create function write_members(of_organization uuid, of_directory uuid, of_group uuid, come uuid[], leave uuid[],
      whole boolean, expected bigint, by_kind text, by_id text, request text,
      out outcome text, out version bigint, out added uuid[], out removed uuid[], out unknown uuid[], out accounts uuid[])
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    live uuid[];
  begin
    outcome := 'written';
    added := '{}';
    removed := '{}';
    accounts := '{}';
    live := array(
      select u.id from (select distinct w.id from unnest(come || leave) w (id) order by w.id) w
      cross join lateral (
        select u.id, u.directory, u.deleted_at from directory_users u
        where u.organization = of_organization and u.id = w.id for share) u
      where u.directory = of_directory and u.deleted_at is null);
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
    accounts := array(
      select distinct u.account from unnest(added || removed) w (id)
      cross join lateral (
        select u.account from directory_users u where u.organization = of_organization and u.id = w.id offset 0) u);
  end $$;
`;

/**
 * A change of one group's users by itself, in one statement. Nothing is written when somebody of \`come\` is no live user of
 * the directory, or somebody of \`leave\` is a group in this group: then it is about groups, and needs the exclusive lock.
 */
const CHANGE = `
  create function change_members(of_organization uuid, of_directory uuid, of_group uuid, come uuid[], leave uuid[],
      expected bigint, by_kind text, by_id text, request text,
      out outcome text, out version bigint, out added integer, out removed integer, out unknown uuid[])
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    written record;
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
      perform reconcile(of_organization, written.accounts, by_kind, by_id, request);
    end if;
  end $$;
`;

export const MEMBERS = WRITE + CHANGE;
export const MEMBER_ROUTINES = [
  "write_members(uuid, uuid, uuid, uuid[], uuid[], boolean, bigint, text, text, text)",
  "change_members(uuid, uuid, uuid, uuid[], uuid[], bigint, text, text, text)",
];
