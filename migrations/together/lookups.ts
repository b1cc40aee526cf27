/** As in 0015. */
const FEW = 8;

/**
 * What 0015 says, looked up by account alone. A plan made while `access` was empty cannot tell its key from the index by product,
 * and a company that came in one transaction was then read once for each of its people. An account has few rows; the products of
 * these are compared in a way that no index serves.
 */
export const LOOKUPS = `
  create or replace function write_access(of_organization uuid, changes access_change[], moment timestamptz) returns void
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
            where a.organization = of_organization and a.account = each.account
              and a.product is not distinct from each.product;
        elsif not each.settles and each.waiting_since is not null then
          -- Still waiting as far as we know, but not under the product's lock: whether it was admitted is not ours to write.
          update access a
            set role = each.role, domain_limited = each.domain_limited, live_until = each.live_until,
              directory_user = each.directory_user, group_id = each.group_id, grant_id = each.grant_id, updated_at = moment
            where a.organization = of_organization and a.account = each.account
              and a.product is not distinct from each.product;
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
      where c.gone and a.organization = of_organization and a.account = c.account
        and a.product is not distinct from c.product;
    update access a
      set role = c.role, domain_limited = c.domain_limited, live_until = c.live_until,
        directory_user = c.directory_user, group_id = c.group_id, grant_id = c.grant_id, updated_at = moment
      from unnest(changes) c
      where not c.gone and not c.settles and c.waiting_since is not null
        and a.organization = of_organization and a.account = c.account
        and a.product is not distinct from c.product;
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
      select c.account, c.product, c.was_state is not null as existed, a.account is not null as exists,
        c.was_state = 'live' and (c.was_until is null or c.was_until > moment) as was_live,
        a.state = 'live' and (a.live_until is null or a.live_until > moment) as is_live,
        c.was_state = 'live' and c.was_until <= moment as was_expired,
        c.was_role, c.was_state, c.was_until, a.role, a.state, a.live_until, a.domain_limited
      from unnest(changes) c
      left join lateral (
        select a.account, a.role, a.state, a.live_until, a.domain_limited from access a
        where a.organization = of_organization and a.account = c.account
          and a.product is not distinct from c.product offset 0) a on true
      where c.loud) k
    where k.existed or k.exists;
  end;
`;
