/** So many changes are looked at one by one: to set a statement up costs more than what one account's change has. */
const FEW = 8;

/**
 * As in 0027, and only what differs: a row that stands is updated and one that does not is inserted, which the account's lock
 * makes sure of, so no row is locked and confirmed besides; and a statement is run only where there is something for it to write.
 */
export const WRITE = `
  -- What there is among many changes, found in one pass: rows to delete, rows that may have been admitted meanwhile, rows to
  -- update and to insert; what anybody would notice, who may have lost access, and the products whose limited places move.
  create type access_kinds as (
    goes boolean, waits boolean, stands boolean, comes boolean, loud integer, loses boolean, settling uuid[]);

  create function kinds_of(changes access_change[], moment timestamptz) returns access_kinds
    language sql immutable
  begin atomic
    select row(
      coalesce(bool_or(c.gone), false),
      coalesce(bool_or(not c.gone and not c.settles and c.waiting_since is not null), false),
      coalesce(bool_or(not c.gone and (c.settles or c.waiting_since is null) and c.was_state is not null), false),
      coalesce(bool_or(not c.gone and (c.settles or c.waiting_since is null) and c.was_state is null), false),
      count(*) filter (where c.loud),
      coalesce(bool_or(c.was_state = 'live' and (c.was_until is null or c.was_until > moment)
        and (c.gone or c.state <> 'live' or c.live_until <= moment)), false),
      coalesce(array_agg(distinct c.product) filter (where c.settles), '{}'))::access_kinds
    from unnest(changes) c;
  end;

  drop function write_access(uuid, access_change[], timestamptz);
  create function write_access(of_organization uuid, changes access_change[], moment timestamptz, kinds access_kinds)
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
    set enable_memoize = off
  as $$
  #variable_conflict use_column
  declare
    each access_change;
  begin
    if cardinality(changes) <= ${FEW} then
      foreach each in array changes loop
        if each.gone then
          delete from access a
            where a.organization = of_organization and a.account = each.account
              and a.product is not distinct from each.product;
        elsif not each.settles and each.waiting_since is not null then
          -- Still waiting as far as we know, but not under the product's lock: whether it was admitted is not ours to write.
          update access a
            set role = each.role, domain_limited = each.domain_limited, live_until = each.live_until,
              directory_user = each.directory_user, group_id = each.group_id, grant_id = each.grant_id, updated_at = moment
            where a.organization = of_organization and a.account = each.account
              and a.product is not distinct from each.product;
        elsif each.was_state is not null then
          update access a
            set role = each.role, state = each.state, domain_limited = each.domain_limited, live_until = each.live_until,
              directory_user = each.directory_user, group_id = each.group_id, grant_id = each.grant_id,
              waiting_since = each.waiting_since, admitted_at = each.admitted_at, updated_at = moment
            where a.organization = of_organization and a.account = each.account
              and a.product is not distinct from each.product;
        else
          insert into access (organization, account, product, role, state, domain_limited, live_until,
              directory_user, group_id, grant_id, waiting_since, admitted_at, updated_at)
            values (of_organization, each.account, each.product, each.role, each.state, each.domain_limited,
              each.live_until, each.directory_user, each.group_id, each.grant_id, each.waiting_since, each.admitted_at,
              moment);
        end if;
      end loop;
      perform count_access(of_organization, changes);
      return;
    end if;

    -- The same four for many.
    if kinds.goes then
      delete from access a using unnest(changes) c
        where c.gone and a.organization = of_organization and a.account = c.account
          and a.product is not distinct from c.product;
    end if;
    if kinds.waits then
      update access a
        set role = c.role, domain_limited = c.domain_limited, live_until = c.live_until,
          directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id, updated_at = moment
        from unnest(changes) c
        where not c.gone and not c.settles and c.waiting_since is not null
          and a.organization = of_organization and a.account = c.account
          and a.product is not distinct from c.product;
    end if;
    if kinds.stands then
      update access a
        set role = c.role, state = c.state, domain_limited = c.domain_limited, live_until = c.live_until,
          directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id,
          waiting_since = c.waiting_since, admitted_at = c.admitted_at, updated_at = moment
        from unnest(changes) c
        where not c.gone and (c.settles or c.waiting_since is null) and c.was_state is not null
          and a.organization = of_organization and a.account = c.account
          and a.product is not distinct from c.product;
    end if;
    if kinds.comes then
      insert into access (organization, account, product, role, state, domain_limited, live_until, directory_user,
          group_id, grant_id, waiting_since, admitted_at, updated_at)
        select of_organization, c.account, c.product, c.role, c.state, c.domain_limited, c.live_until, c.directory_user,
          c.group_id, c.grant_id, c.waiting_since, c.admitted_at, moment
        from unnest(changes) c where not c.gone and (c.settles or c.waiting_since is null) and c.was_state is null
        order by c.account, c.product;
    end if;
    perform count_access(of_organization, changes);
  end $$;

  -- What stands now is what was written, but where somebody else may have admitted whoever waits.
  create or replace function access_told(of_organization uuid, changes access_change[], moment timestamptz)
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
      select s.account, s.product, s.was_state is not null as existed, s.stands,
        s.was_state = 'live' and (s.was_until is null or s.was_until > moment) as was_live,
        s.state = 'live' and (s.live_until is null or s.live_until > moment) as is_live,
        s.was_state = 'live' and s.was_until <= moment as was_expired,
        s.was_role, s.was_state, s.was_until, s.role, s.state, s.live_until, s.domain_limited
      from (
        select c.account, c.product, c.was_role, c.was_state, c.was_until,
          case when c.settles or c.waiting_since is not null then a.account is not null else not c.gone end as stands,
          case when c.settles or c.waiting_since is not null then a.role when not c.gone then c.role end as role,
          case when c.settles or c.waiting_since is not null then a.state when not c.gone then c.state end as state,
          case when c.settles or c.waiting_since is not null then a.live_until when not c.gone then c.live_until end
            as live_until,
          case when c.settles or c.waiting_since is not null then a.domain_limited
            when not c.gone then c.domain_limited end as domain_limited
        from unnest(changes) c
        left join lateral (
          select a.account, a.role, a.state, a.live_until, a.domain_limited from access a
          where (c.settles or c.waiting_since is not null) and a.organization = of_organization
            and a.account = c.account and a.product is not distinct from c.product offset 0) a on true
        where c.loud offset 0) s) k
    where k.existed or k.stands;
  end;
`;

/**
 * As in 0027, for some products alone where they are given (null: all). `locked`: whoever calls has locked these accounts, or
 * holds the organization alone, so that nobody else writes their access.
 */
export const WORK_OUT = `
  drop function work_out_access(uuid, uuid[], text, uuid[], text[], text[]);
  create function work_out_access(of_organization uuid, wanted uuid[], of_products uuid[], locked boolean, by_kind text,
      whose uuid[], by_ids text[], requests text[], out lost uuid[], out changed integer)
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
    kinds access_kinds;
  begin
    lost := '{}';
    changed := 0;
    if cardinality(wanted) > 1 then
      wanted := array(select distinct w.id from unnest(wanted) w (id) order by w.id);
    end if;
    if locked then null;
    elsif cardinality(wanted) = 1 then
      perform from accounts a where a.organization = of_organization and a.id = wanted[1] for no key update;
    else
      perform from unnest(wanted) w (id)
        cross join lateral (
          select a.id from accounts a where a.organization = of_organization and a.id = w.id for no key update) a;
    end if;

    -- Whoever may have nothing has no path that counts.
    if cardinality(wanted) > ${FEW}
      or exists (select from access_holders(of_organization, wanted) h where h.failing is null)
    then
      aims := aims_of(of_organization, wanted, of_products, moment);
    end if;
    changes := array(select d from access_difference(of_organization, wanted, of_products, aims, moment) d);
    if cardinality(changes) = 0 then return; end if;
    kinds := kinds_of(changes, moment);
    if cardinality(kinds.settling) > 0 then
      if cardinality(whose) > 1 then
        raise exception 'seats or slots change: each request alone' using errcode = 'MU001';
      end if;
      perform from products p where p.organization = of_organization and p.id = any (kinds.settling) order by p.id
        for no key update;
      -- Whoever held a product may have admitted one of these accounts meanwhile.
      changes := array(select d from access_difference(of_organization, wanted, of_products, aims, moment) d);
      settling := kinds.settling;
      kinds := kinds_of(changes, moment);
    end if;

    perform write_access(of_organization, changes, moment, kinds);
    if cardinality(settling) > 0 then
      admitted := array(select s from settle_access(of_organization, settling, moment) s
        where not exists (select from unnest(changes) c where c.account = s.account and c.product = s.product));
      changes := changes || admitted;
    elsif kinds.loud = 0 then return;
    end if;

    perform note_access(of_organization, changes, moment, by_kind, whose, by_ids, requests);
    if cardinality(settling) = 0 and (cardinality(changes) = 1 or cardinality(of_products) = 1) then
      changed := kinds.loud;
    else
      select count(distinct c.account) into changed from unnest(changes) c where c.loud;
    end if;
    if not kinds.loses and cardinality(settling) = 0 then return; end if;
    lost := array(
      select distinct c.account from unnest(changes) c
      where c.was_state = 'live' and (c.was_until is null or c.was_until > moment)
        and (c.gone or c.state <> 'live' or c.live_until <= moment)
        and not exists (
          select from live_access v where v.organization = of_organization and v.account = c.account offset 0));
  end $$;
`;

/** As in 0027. What touches some products alone touches nobody's rights. */
export const RECONCILE = `
  drop function reconcile_each(uuid, uuid[], text, uuid[], text[], text[]);
  create function reconcile_each(of_organization uuid, wanted uuid[], of_products uuid[], locked boolean, by_kind text,
      whose uuid[], by_ids text[], requests text[], out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  as $$
  #variable_conflict use_column
  declare
    holders uuid[];
    without_rights uuid[];
  begin
    select w.lost, w.changed into lost, changed
      from work_out_access(of_organization, wanted, of_products, locked, by_kind, whose, by_ids, requests) w;

    if of_products is null then
      holders := array(select h.account from unnest(wanted) w (id)
        cross join lateral (
          select r.account from rights r where r.organization = of_organization and r.account = w.id limit 1) h);
      if cardinality(holders) > 0 then without_rights := follow_rights(of_organization, holders); end if;
    end if;

    -- A directory's requests together: any of their tokens names it.
    if by_kind = 'scim-token' and (cardinality(lost) > 0 or cardinality(without_rights) > 0) then
      perform spend_removals(of_organization, by_ids[1]::uuid, lost, without_rights);
    end if;
  end $$;

  create or replace function reconcile(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text,
      out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  as $$
  #variable_conflict use_column
  begin
    select r.lost, r.changed into lost, changed
      from reconcile_each(of_organization, wanted, null, false, by_kind, '{}', array[by_id], array[request]) r;
  end $$;
`;
