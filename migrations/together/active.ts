/**
 * `set_directory_user_active` of 0015 for several requests about records of one directory, each with the actor and the
 * request that audit names. Every record at most once. Whoever is not answered is to be done alone: he is no live record
 * of the directory, or somebody else holds his row at this moment, for whom the others must not wait.
 */
export const ACTIVATE = `
  create function set_directory_users_active(of_organization uuid, of_directory uuid, records uuid[], actives boolean[],
      by_kind text, by_ids text[], requests text[])
    returns table (id uuid, outcome text, active boolean, external_id text, user_name text, resource text, version bigint,
      created_at timestamptz, updated_at timestamptz)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
    set enable_memoize = off
  as $$
  #variable_conflict use_column
  declare
    held uuid[];
    changing uuid[];
    of_accounts uuid[];
    of_actors text[];
    of_requests text[];
  begin
    perform lock_organization(of_organization, false);
    -- Nothing is waited for, so the order does not matter.
    select array_agg(l.id), array_agg(l.id) filter (where l.changes) into held, changing
      from (
        select u.id, u.active <> w.active as changes
        from unnest(records, actives) w (id, active)
        cross join lateral (
          select u.id, u.active, u.account from directory_users u
          where u.organization = of_organization and u.id = w.id and u.directory = of_directory and u.deleted_at is null
          for no key update skip locked) u
        cross join lateral (
          select a.id from accounts a where a.organization = of_organization and a.id = u.account
          for no key update skip locked) a) l;

    if changing is not null then
      with changed as (
        update directory_users u set active = not u.active, version = u.version + 1, updated_at = clock_timestamp()
          from unnest(records, by_ids, requests) c (id, by_id, request)
          where u.organization = of_organization and u.id = c.id and c.id = any (changing)
          returning u.id, u.account, u.user_name, u.active, c.by_id, c.request
      ), told as (
        select c.id, c.account, c.by_id, c.request,
          jsonb_build_object('directory', of_directory, 'userName', c.user_name, 'active', c.active) as detail
        from changed c
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select of_organization, by_kind, t.by_id, t.request, 'directory-user.updated', 'directory-user', t.id, t.detail
        from told t
      ), sent as (
        insert into outbox (organization, kind, subject_kind, subject, data)
        select of_organization, 'directory-user.updated', 'directory-user', t.id, t.detail from told t
      )
      select array_agg(t.account), array_agg(t.by_id), array_agg(t.request) into of_accounts, of_actors, of_requests
        from told t;
      perform reconcile_each(of_organization, of_accounts, by_kind, of_accounts, of_actors, of_requests);
    end if;

    return query
      select u.id, case when u.id = any (changing) then 'written' else 'unchanged' end, u.active, u.external_id,
        u.user_name, u.resource::text, u.version, u.created_at, u.updated_at
      from unnest(held) h (id)
      cross join lateral (
        select u.id, u.active, u.external_id, u.user_name, u.resource, u.version, u.created_at, u.updated_at
        from directory_users u where u.organization = of_organization and u.id = h.id offset 0) u;
  end $$;
`;
