/** People of one transaction that may leave beside others: no fewer than the requests that are gathered into one. */
const MOST = 8;

/**
 * What 0012 says, for transactions that take several people. So who takes few, far from the budget, holds the directory's
 * lock shared: what he cannot see yet is fewer than `crowd`, as many for each connection.
 */
export const SPEND = `
  create or replace function spend_removals(of_organization uuid, by_token uuid, without_access uuid[], without_rights uuid[])
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp
    -- A plan that was kept from when the table was empty would read all of it.
    set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    people uuid[] := without_access;
    most constant integer := ${MOST};
    crowd constant integer := most * current_setting('max_connections')::integer;
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
      -- One person in 256 makes it go alone all the same, and counts; so it is unlikely that 2000 have come since somebody did.
      if rest between 2 * crowd and 2 * crowd + 2000 then
        rest := rest - (select count(*) from removals r where r.organization = of_organization
          and r.directory = spender.id and r.at > spender.counted_at);
      end if;
      alone := rest is null or rest < 2 * crowd or cardinality(people) > most or uuid_hash(people[1]) & 255 < cardinality(people)
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
