/**
 * What the removal budget is reckoned from (design §7). A person counts once an hour and directory, and only while what
 * was lost stays lost (`gone`): who moved from one group to another, or was restored, has access again and weighs no more.
 */
export const COUNT = `
  create function removals_of(of_organization uuid, of_directory uuid)
    returns table (account uuid, at timestamptz, of_access boolean, gone boolean)
    language sql stable
  begin atomic
    select r.account, r.at, r.of_access, not r.returned and not case when r.of_access
      then exists (select from live_access v where v.organization = of_organization and v.account = r.account)
      else exists (select from rights h where h.organization = of_organization and h.account = r.account and h.in_force)
      end
    from removals r
    where r.organization = of_organization and r.directory = of_directory
      and r.at > statement_timestamp() - interval '1 hour';
  end;

  -- Those whose last access the directory could take: they have an active record in it, and access that stood when the
  -- window opened. What a token gave within the hour does not raise what it may take; what came in a directory's first
  -- hour counts at once. Whoever lost it in the window still counts, so that losses do not shrink the budget.
  create function removal_base(of_organization uuid, of_directory uuid) returns integer
    language sql stable set search_path = muster, pg_temp set plan_cache_mode = force_custom_plan set jit = off
  begin atomic
    select (
      select count(*)
      from directories d
      join directory_users u on u.organization = d.organization and u.directory = d.id and u.deleted_at is null and u.active
      where d.organization = of_organization and d.id = of_directory and exists (
        select from live_access v
        where v.organization = d.organization and v.account = u.account
          and v.admitted_at <= greatest(statement_timestamp() - interval '1 hour', d.created_at + interval '1 hour'))
    )::integer + (
      select count(*) from removals_of(of_organization, of_directory) r where r.gone and r.of_access
    )::integer;
  end;

  create function removal_budget(base integer) returns integer
    language sql immutable parallel safe return greatest(50, base / 10);

  create function removals_lock(of_directory uuid) returns bigint
    language sql immutable parallel safe return uuid_hash_extended(of_directory, 12);

  -- Never too few: the last count and what came since; where that is missing or old, the whole hour.
  create function removals_known(of_organization uuid, of_directory uuid)
    returns table (gone integer, since integer, base integer, budget integer, held_at timestamptz)
    language sql stable
  begin atomic
    select coalesce(k.gone, 0) + r.count, r.count, k.base, coalesce(removal_budget(k.base), 50), k.held_at
    from (
      -- A column by itself: an expression would not be looked up in the index under row-level security.
      select b.gone, b.base, b.held_at, coalesce(b.counted_at, c.now - interval '1 hour') as opening
      from (select clock_timestamp() as now) c
      left join removal_budgets b on b.organization = of_organization and b.directory = of_directory
        and b.counted_at > c.now - interval '5 minutes'
      offset 0) k
    cross join lateral (
      select count(*)::integer as count from removals r
      where r.organization = of_organization and r.directory = of_directory and r.at > k.opening) r;
  end;

  -- Counts anew and keeps it, alone: whoever else spends waits or has committed. The base costs most and changes slowly,
  -- so it serves for five minutes. Thorough: it looks for those who have it again, too.
  create function count_removals(of_organization uuid, of_directory uuid, thorough boolean,
      out base integer, out budget integer, out gone integer, out lost integer)
    language plpgsql volatile set search_path = muster, pg_temp set jit = off
  as $$
  #variable_conflict use_variable
  declare
    moment timestamptz;
    new_base integer;
  begin
    perform pg_advisory_xact_lock(removals_lock(of_directory));
    moment := clock_timestamp();
    base := (select b.base from removal_budgets b where b.organization = of_organization
      and b.directory = of_directory and b.base_at > moment - interval '5 minutes');
    if base is null then
      new_base := removal_base(of_organization, of_directory);
      base := new_base;
    end if;
    budget := removal_budget(base);
    select count(*) filter (where not r.returned), count(*) into gone, lost from removals r
      where r.organization = of_organization and r.directory = of_directory and r.at > moment - interval '1 hour';
    if thorough or gone > budget then
      with again as materialized (
        select o.account from removals_of(of_organization, of_directory) o where not o.gone
      )
      update removals r set returned = true from again a
        where r.organization = of_organization and r.account = a.account and r.directory = of_directory and not r.returned;
      gone := (select count(*) from removals r where r.organization = of_organization and r.directory = of_directory
        and r.at > moment - interval '1 hour' and not r.returned);
    end if;
    insert into removal_budgets as b (organization, directory, base, base_at, gone, counted_at)
      values (of_organization, of_directory, base, moment, gone, moment)
      on conflict on constraint removal_budgets_pk do update
        set base = excluded.base, gone = excluded.gone, counted_at = excluded.counted_at,
          base_at = case when new_base is null then b.base_at else excluded.base_at end;
  end $$;
`;
