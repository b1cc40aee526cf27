/**
 * Records who lost something through a directory, and refuses what crosses its budget (design §7).
 *
 * Two requests at once must not both take the last place, yet those of a large directory must not wait for each other's
 * commit. So who takes one person, far from the budget, holds the directory's lock shared: what he cannot see yet is fewer
 * than there are connections, with one person each. Everybody else holds it alone and sees everything. Nothing is locked
 * after it, except where a transaction reconciles again; a deadlock of two such is run again.
 */
export const SPEND = `
  create function spend_removals(of_organization uuid, by_token uuid, without_access uuid[], without_rights uuid[])
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp
    -- A plan that was kept from when the table was empty would read all of it.
    set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    people uuid[] := without_access;
    crowd constant integer := current_setting('max_connections')::integer;
    spender record;
    known record;
    alone boolean;
    rest integer;
    gone integer;
    base integer;
    budget integer;
    wait interval;
  begin
    if cardinality(without_rights) > 0 then
      people := array(select distinct p.id from unnest(without_access || without_rights) p (id));
    end if;
    select t.directory as id, coalesce(d.released_until > statement_timestamp(), false) as released,
        removal_budget(b.base) - b.gone as rest, b.counted_at
      into strict spender
      from tokens t
      join directories d on d.organization = t.organization and d.id = t.directory
      left join removal_budgets b on b.organization = t.organization and b.directory = t.directory
        and b.counted_at > clock_timestamp() - interval '5 minutes'
      where t.organization = of_organization and t.id = by_token;

    if not spender.released then
      rest := spender.rest;
      -- One in 256 goes alone all the same, and counts; so it is unlikely that 2000 have come since somebody did.
      if rest between 2 * crowd and 2 * crowd + 2000 then
        rest := rest - (select count(*) from removals r where r.organization = of_organization
          and r.directory = spender.id and r.at > spender.counted_at);
      end if;
      alone := rest is null or rest < 2 * crowd or cardinality(people) > 1 or uuid_hash(people[1]) & 255 = 0
        or current_setting('muster.removals', true) is not distinct from pg_current_xact_id()::text;
      if alone then
        perform pg_advisory_xact_lock(removals_lock(spender.id));
      else
        perform pg_advisory_xact_lock_shared(removals_lock(spender.id));
        perform set_config('muster.removals', pg_current_xact_id()::text, true);
      end if;
    end if;

    insert into removals (organization, directory, account, at, of_access)
      select of_organization, spender.id, p.id, clock_timestamp(), p.id = any (without_access) from unnest(people) p (id)
      order by p.id
      on conflict on constraint removals_pk do update
        set at = excluded.at, of_access = excluded.of_access, returned = false;
    if spender.released then return; end if;

    if not alone then
      -- By the count from before the lock: one that came meanwhile could only know of people who have access again.
      rest := spender.rest - (select count(*) from removals r where r.organization = of_organization
        and r.directory = spender.id and r.at > spender.counted_at);
      if rest >= crowd then return; end if;
      -- More have come than was likely. Of two who find that at once one is run again.
      perform pg_advisory_xact_lock(removals_lock(spender.id));
    end if;
    select k.gone, k.since, k.base, k.budget, k.held_at into known from removals_known(of_organization, spender.id) k;
    gone := known.gone;
    base := known.base;
    budget := known.budget;
    if gone <= budget and known.since <= 100 then return; end if;
    -- In the seconds after a refusal it is not counted again for each of a thousand requests.
    if gone <= budget or known.held_at is null or known.held_at < clock_timestamp() - interval '5 seconds' then
      select c.base, c.budget, c.gone into base, budget, gone from count_removals(of_organization, spender.id, false) c;
      if gone <= budget then return; end if;
    end if;

    -- The request fits when as many have left the window as are too many now, if it fits at all.
    select r.at + interval '1 hour' - clock_timestamp() into wait from removals r
      where r.organization = of_organization and r.directory = spender.id and not r.returned
        and r.at > clock_timestamp() - interval '1 hour'
      order by r.at offset gone - budget - 1 limit 1;
    raise exception 'removals held' using errcode = 'MU503', detail = json_build_object(
      'organization', (select o.key from organizations o where o.id = of_organization),
      'directory', (select d.name from directories d where d.organization = of_organization and d.id = spender.id),
      'people', cardinality(people), 'gone', gone, 'base', base, 'budget', budget,
      'retryAfter', case when cardinality(people) > budget then 3600
        else greatest(1, ceil(extract(epoch from coalesce(wait, interval '1 hour')))) end);
  end $$;
`;

/**
 * What was reconcile is work_out_access now, and the new one adds what hangs on it: whether an administrator's
 * rights are in force, and the budget of the directory whose token made the change.
 */
export const RECONCILE = `
  alter function reconcile(uuid, uuid[], text, text, text) rename to work_out_access;

  create function reconcile(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text,
      out lost uuid[], out changed integer)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set jit = off
  as $$
  #variable_conflict use_column
  declare
    holders uuid[];
    without_rights uuid[];
  begin
    select w.lost, w.changed into lost, changed from work_out_access(of_organization, wanted, by_kind, by_id, request) w;

    holders := array(select h.account from unnest(wanted) w (id)
      cross join lateral (
        select r.account from rights r where r.organization = of_organization and r.account = w.id limit 1) h);
    if cardinality(holders) > 0 then without_rights := follow_rights(of_organization, holders); end if;

    if by_kind = 'scim-token' and (cardinality(lost) > 0 or cardinality(without_rights) > 0) then
      perform spend_removals(of_organization, by_id::uuid, lost, without_rights);
    end if;
  end $$;

  -- Rights count while they are not parked and their holder is active. Answers whose rights ended by this.
  create function follow_rights(of_organization uuid, holders uuid[]) returns uuid[]
    language plpgsql volatile set search_path = muster, pg_temp
  as $$
  #variable_conflict use_column
  declare
    ended uuid[];
  begin
    with holder as materialized (
      select a.id, a.suspended_at is null and c.active is true as active
      from unnest(holders) w (id)
      cross join lateral (
        select a.id, a.canonical, a.suspended_at from accounts a
        where a.organization = of_organization and a.id = w.id offset 0) a
      left join lateral (
        select u.active, u.deleted_at from directory_users u
        where u.organization = of_organization and u.id = a.canonical offset 0) c on c.deleted_at is null
    ), followed as (
      update rights r set in_force = h.active and r.parked_at is null
      from holder h
      where r.organization = of_organization and r.account = h.id
        and r.in_force <> (h.active and r.parked_at is null)
      returning r.account, r.in_force
    )
    select array_agg(distinct f.account) into ended from followed f where not f.in_force;
    return ended;
  end $$;
`;
