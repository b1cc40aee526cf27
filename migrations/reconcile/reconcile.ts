/**
 * Gives the accounts exactly the access that the rule gives them. Each statement of a volatile PL/pgSQL function takes
 * a new snapshot, so what the second one reads was committed by whoever held the locks before.
 */
export const RECONCILE = `
  create function reconcile(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text,
      out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set jit = off
    -- Planning costs ten times the work for one account.
    set plan_cache_mode = force_generic_plan
  as $$
  #variable_conflict use_column
  declare
    moment constant timestamptz := statement_timestamp();
    changes access_change[];
    settling uuid[];
    admitted access_change[];
  begin
    lost := '{}';
    changed := 0;
    -- For many it costs nothing, and a plan that was kept from when the tables were small would cost minutes.
    if cardinality(wanted) > 50 then perform set_config('plan_cache_mode', 'force_custom_plan', true); end if;
    wanted := array(select distinct w.id from unnest(wanted) w (id) order by w.id);
    perform from unnest(wanted) w (id)
      cross join lateral (
        select a.id from accounts a where a.organization = of_organization and a.id = w.id for no key update) a;

    changes := array(select d from access_difference(of_organization, wanted, moment) d);
    if cardinality(changes) = 0 then return; end if;

    settling := array(select distinct c.product from unnest(changes) c where c.settles);
    if cardinality(settling) > 0 then
      perform from products p where p.organization = of_organization and p.id = any (settling) order by p.id
        for no key update;
      -- Whoever held a product may have admitted one of these accounts meanwhile.
      changes := array(select d from access_difference(of_organization, wanted, moment) d);
    end if;

    with change as (
      select c.* from unnest(changes) c
    ), removed as (
      delete from access a using change c
      where c.gone and a.organization = of_organization and a.account = c.account and a.product = c.product
    ), waiting as (
      -- Still waiting as far as we know, but not under the product's lock: whether it was admitted is not ours to write.
      update access a
        set role = c.role, domain_limited = c.domain_limited, live_until = c.live_until,
          directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id, updated_at = moment
      from change c
      where not c.gone and not c.settles and c.waiting_since is not null
        and a.organization = of_organization and a.account = c.account and a.product = c.product
    )
    insert into access as a (organization, account, product, role, state, domain_limited, live_until, directory_user,
      group_id, grant_id, waiting_since, admitted_at, updated_at)
    select of_organization, c.account, c.product, c.role, c.state, c.domain_limited, c.live_until, c.directory_user,
      c.group_id, c.grant_id, c.waiting_since, c.admitted_at, moment
    from change c where not c.gone and (c.settles or c.waiting_since is null)
    order by c.account, c.product
    on conflict (organization, account, product) do update
      set role = excluded.role, domain_limited = excluded.domain_limited, live_until = excluded.live_until,
        directory_user = excluded.directory_user, group_id = excluded.group_id, grant_id = excluded.grant_id,
        state = excluded.state, waiting_since = excluded.waiting_since, admitted_at = excluded.admitted_at,
        updated_at = excluded.updated_at;

    if cardinality(settling) > 0 then
      admitted := array(select s from settle_access(of_organization, settling, moment) s
        where not exists (select from unnest(changes) c where c.account = s.account and c.product = s.product));
    end if;

    select count(distinct c.account) into changed from unnest(changes || admitted) c where c.loud;
    if changed = 0 then return; end if;
    perform note_access(of_organization, changes || admitted, moment, by_kind, by_id, request);
    lost := array(
      select distinct c.account from unnest(changes) c
      where c.was_state = 'live' and (c.was_until is null or c.was_until > moment)
        and not exists (
          select from live_access v where v.organization = of_organization and v.account = c.account offset 0));
  end $$;

  -- After a product's limits changed, or to be sure that nobody waits in vain.
  create function settle(of_organization uuid, products_of uuid[], by_kind text, by_id text, request text)
    returns integer
    language plpgsql volatile
    set search_path = muster, pg_temp
  as $$
  declare
    moment constant timestamptz := statement_timestamp();
    admitted access_change[];
  begin
    perform from products p where p.organization = of_organization and p.id = any (products_of) order by p.id
      for no key update;
    admitted := array(select s from settle_access(of_organization, products_of, moment) s);
    if cardinality(admitted) > 0 then
      perform note_access(of_organization, admitted, moment, by_kind, by_id, request);
    end if;
    return cardinality(admitted);
  end $$;
`;
