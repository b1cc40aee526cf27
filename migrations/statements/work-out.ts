/**
 * Changes so few that they are written one by one: to set up a statement that writes any number of them costs more than
 * the one or two rows that a change of one account has.
 */
const FEW = 8;

/**
 * What 0012 made of the first \`reconcile\`. Without whole-table reads among its plans, one that was kept from when the
 * tables were empty is as good as any, for any number of accounts; so nothing is planned anew for many.
 */
export const WORK_OUT = `
  create function write_access(of_organization uuid, changes access_change[], moment timestamptz) returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    each access_change;
  begin
    if cardinality(changes) <= ${FEW} then
      foreach each in array changes loop
        if each.gone then
          delete from access a
            where a.organization = of_organization and a.account = each.account and a.product = each.product;
        elsif not each.settles and each.waiting_since is not null then
          -- Still waiting as far as we know, but not under the product's lock: whether it was admitted is not ours to write.
          update access a
            set role = each.role, domain_limited = each.domain_limited, live_until = each.live_until,
              directory_user = each.directory_user, group_id = each.group_id, grant_id = each.grant_id, updated_at = moment
            where a.organization = of_organization and a.account = each.account and a.product = each.product;
        else
          insert into access as a (organization, account, product, role, state, domain_limited, live_until,
              directory_user, group_id, grant_id, waiting_since, admitted_at, updated_at)
            values (of_organization, each.account, each.product, each.role, each.state, each.domain_limited,
              each.live_until, each.directory_user, each.group_id, each.grant_id, each.waiting_since, each.admitted_at,
              moment)
            on conflict (organization, account, product) do update
              set role = excluded.role, domain_limited = excluded.domain_limited, live_until = excluded.live_until,
                directory_user = excluded.directory_user, group_id = excluded.group_id, grant_id = excluded.grant_id,
                state = excluded.state, waiting_since = excluded.waiting_since, admitted_at = excluded.admitted_at,
                updated_at = excluded.updated_at;
        end if;
      end loop;
      return;
    end if;

    -- The same three for many.
    delete from access a using unnest(changes) c
      where c.gone and a.organization = of_organization and a.account = c.account and a.product = c.product;
    update access a
      set role = c.role, domain_limited = c.domain_limited, live_until = c.live_until,
        directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id, updated_at = moment
      from unnest(changes) c
      where not c.gone and not c.settles and c.waiting_since is not null
        and a.organization = of_organization and a.account = c.account and a.product = c.product;
    insert into access as a (organization, account, product, role, state, domain_limited, live_until, directory_user,
        group_id, grant_id, waiting_since, admitted_at, updated_at)
      select of_organization, c.account, c.product, c.role, c.state, c.domain_limited, c.live_until, c.directory_user,
        c.group_id, c.grant_id, c.waiting_since, c.admitted_at, moment
      from unnest(changes) c where not c.gone and (c.settles or c.waiting_since is null)
      order by c.account, c.product
      on conflict (organization, account, product) do update
        set role = excluded.role, domain_limited = excluded.domain_limited, live_until = excluded.live_until,
          directory_user = excluded.directory_user, group_id = excluded.group_id, grant_id = excluded.grant_id,
          state = excluded.state, waiting_since = excluded.waiting_since, admitted_at = excluded.admitted_at,
          updated_at = excluded.updated_at;
  end $$;

  create or replace function work_out_access(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text,
      out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set jit = off
    set plan_cache_mode = force_generic_plan set enable_seqscan = off
    -- For one account it costs more to be ready to remember what was looked up than to look it up.
    set enable_memoize = off
  as $$
  #variable_conflict use_column
  declare
    moment constant timestamptz := statement_timestamp();
    aims access_aim[] := '{}';
    changes access_change[];
    settling uuid[] := '{}';
    admitted access_change[];
    each access_change;
    was_live boolean := false;
    loud boolean := false;
  begin
    lost := '{}';
    changed := 0;
    if cardinality(wanted) = 1 then
      perform from accounts a where a.organization = of_organization and a.id = wanted[1] for no key update;
    else
      wanted := array(select distinct w.id from unnest(wanted) w (id) order by w.id);
      perform from unnest(wanted) w (id)
        cross join lateral (
          select a.id from accounts a where a.organization = of_organization and a.id = w.id for no key update) a;
    end if;

    -- Whoever may have nothing has no path that counts.
    if cardinality(wanted) > 1 or exists (
      select from access_holders(of_organization, wanted) h where h.failing is null)
    then
      aims := array(select a from access_aims(of_organization, wanted, moment) a);
    end if;
    changes := array(select d from access_difference(of_organization, wanted, aims, moment) d);
    if cardinality(changes) = 0 then return; end if;
    foreach each in array changes loop
      loud := loud or each.loud;
      was_live := was_live or (each.was_state = 'live' and (each.was_until is null or each.was_until > moment)) is true;
      if each.settles and each.product <> all (settling) then settling := settling || each.product; end if;
    end loop;
    if cardinality(settling) > 0 then
      perform from products p where p.organization = of_organization and p.id = any (settling) order by p.id
        for no key update;
      -- Whoever held a product may have admitted one of these accounts meanwhile.
      changes := array(select d from access_difference(of_organization, wanted, aims, moment) d);
    end if;

    perform write_access(of_organization, changes, moment);
    if cardinality(settling) > 0 then
      admitted := array(select s from settle_access(of_organization, settling, moment) s
        where not exists (select from unnest(changes) c where c.account = s.account and c.product = s.product));
      changes := changes || admitted;
      loud := true;
      was_live := true;
    end if;
    if not loud then return; end if;

    perform note_access(of_organization, changes, moment, by_kind, by_id, request);
    if cardinality(changes) = 1 and each.loud and cardinality(settling) = 0 then changed := 1;
    else select count(distinct c.account) into changed from unnest(changes) c where c.loud;
    end if;
    if not was_live then return; end if;
    lost := array(
      select distinct c.account from unnest(changes) c
      where c.was_state = 'live' and (c.was_until is null or c.was_until > moment)
        and not exists (
          select from live_access v where v.organization = of_organization and v.account = c.account offset 0));
  end $$;
`;

/** As in 0006, but a session keeps its plan, and few rows are written one by one. */
export const NOTE = `
  -- What became of each change that anybody would notice: by what stands now against what stood before.
  create function access_told(of_organization uuid, changes access_change[], moment timestamptz)
    returns table (account uuid, action text, detail jsonb)
    language sql stable
  begin atomic
    select k.account,
      case
        when k.is_live and k.was_live is not true then 'access.granted'
        when k.was_live and k.is_live is not true then 'access.revoked'
        when k.was_expired and k.state = 'live' then 'access.expired'
        else 'access.changed'
      end,
      jsonb_build_object('product', k.product, 'role', k.role, 'state', k.state, 'liveUntil', k.live_until,
        'domainLimited', coalesce(k.domain_limited, false),
        'before', case when k.existed then
          jsonb_build_object('role', k.was_role, 'state', k.was_state, 'liveUntil', k.was_until) end)
    from (
      select c.account, c.product, c.was_state is not null as existed, a.account is not null as exists,
        c.was_state = 'live' and (c.was_until is null or c.was_until > moment) as was_live,
        a.state = 'live' and (a.live_until is null or a.live_until > moment) as is_live,
        c.was_state = 'live' and c.was_until <= moment as was_expired,
        c.was_role, c.was_state, c.was_until, a.role, a.state, a.live_until, a.domain_limited
      from unnest(changes) c
      left join lateral (
        select a.account, a.role, a.state, a.live_until, a.domain_limited from access a
        where a.organization = of_organization and a.account = c.account and a.product = c.product offset 0) a on true
      where c.loud) k
    where k.existed or k.exists;
  end;

  create or replace function note_access(of_organization uuid, changes access_change[], moment timestamptz, by_kind text,
      by_id text, request text)
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    told record;
  begin
    if cardinality(changes) <= ${FEW} then
      for told in select t.account, t.action, t.detail from access_told(of_organization, changes, moment) t loop
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
          values (of_organization, by_kind, by_id, request, told.action, 'account', told.account, told.detail);
        insert into outbox (organization, kind, subject_kind, subject, data)
          values (of_organization, told.action, 'account', told.account, told.detail);
      end loop;
      return;
    end if;
    with told as (
      select t.account, t.action, t.detail from access_told(of_organization, changes, moment) t order by t.account
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select of_organization, by_kind, by_id, request, t.action, 'account', t.account, t.detail from told t
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
    select of_organization, t.action, 'account', t.account, t.detail from told t;
  end $$;
`;
