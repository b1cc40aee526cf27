/**
 * Changes so few that they are written one by one: to set up a statement that writes any number of them costs more than
 * the one or two rows that a change of one account has.
 */
const FEW = 4;

/**
 * What 0015 says, for accounts that several requests have touched: `by_ids` and `requests` tell for each of `whose` who
 * did it; for an account that is not among them the first does. So one request gives one of each and no `whose`.
 *
 * Seats and slots that one request of several frees or takes may be anybody's: of these each must come alone (MU001).
 */
export const WORK_OUT = `
  drop function work_out_access(uuid, uuid[], text, text, text);
  create function work_out_access(of_organization uuid, wanted uuid[], by_kind text, whose uuid[], by_ids text[],
      requests text[], out lost uuid[], out changed integer)
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
    if exists (select from access_holders(of_organization, wanted) h where h.failing is null) then
      aims := aims_of(of_organization, wanted, moment);
    end if;
    changes := array(select d from access_difference(of_organization, wanted, aims, moment) d);
    if cardinality(changes) = 0 then return; end if;
    foreach each in array changes loop
      loud := loud or each.loud;
      was_live := was_live or (each.was_state = 'live' and (each.was_until is null or each.was_until > moment)) is true;
      if each.settles and each.product <> all (settling) then settling := settling || each.product; end if;
    end loop;
    if cardinality(settling) > 0 then
      if cardinality(whose) > 1 then
        raise exception 'seats or slots change: each request alone' using errcode = 'MU001';
      end if;
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

    perform note_access(of_organization, changes, moment, by_kind, whose, by_ids, requests);
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

  drop function note_access(uuid, access_change[], timestamptz, text, text, text);
  create function note_access(of_organization uuid, changes access_change[], moment timestamptz, by_kind text,
      whose uuid[], by_ids text[], requests text[])
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    told record;
    place integer;
  begin
    if cardinality(changes) <= ${FEW} then
      for told in select t.account, t.action, t.detail from access_told(of_organization, changes, moment) t loop
        place := coalesce(array_position(whose, told.account), 1);
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
          values (of_organization, by_kind, by_ids[place], requests[place], told.action, 'account', told.account,
            told.detail);
        insert into outbox (organization, kind, subject_kind, subject, data)
          values (of_organization, told.action, 'account', told.account, told.detail);
      end loop;
      return;
    end if;
    with told as (
      select t.account, t.action, t.detail, case when w.account is null then by_ids[1] else w.by_id end as by_id,
        case when w.account is null then requests[1] else w.request end as request
      from access_told(of_organization, changes, moment) t
      left join unnest(whose, by_ids, requests) w (account, by_id, request) on w.account = t.account
      order by t.account
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select of_organization, by_kind, t.by_id, t.request, t.action, 'account', t.account, t.detail from told t
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
    select of_organization, t.action, 'account', t.account, t.detail from told t;
  end $$;

  -- As in 0006.
  create or replace function settle(of_organization uuid, products_of uuid[], by_kind text, by_id text, request text)
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
      perform note_access(of_organization, admitted, moment, by_kind, '{}', array[by_id], array[request]);
    end if;
    return cardinality(admitted);
  end $$;
`;

/** What 0012 says, for one request and for several. */
export const RECONCILE = `
  create function reconcile_each(of_organization uuid, wanted uuid[], by_kind text, whose uuid[], by_ids text[],
      requests text[], out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  as $$
  #variable_conflict use_column
  declare
    holders uuid[];
    without_rights uuid[];
  begin
    select w.lost, w.changed into lost, changed
      from work_out_access(of_organization, wanted, by_kind, whose, by_ids, requests) w;

    holders := array(select h.account from unnest(wanted) w (id)
      cross join lateral (
        select r.account from rights r where r.organization = of_organization and r.account = w.id limit 1) h);
    if cardinality(holders) > 0 then without_rights := follow_rights(of_organization, holders); end if;

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
      from reconcile_each(of_organization, wanted, by_kind, '{}', array[by_id], array[request]) r;
  end $$;
`;
