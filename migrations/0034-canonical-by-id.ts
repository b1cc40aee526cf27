import type { Knex } from "knex";

/**
 * As migration 0015 has it, but each account is looked up by itself: a plan from when there were few compared every account of the
 * organization with every one that was asked for, which a first sync of 100,000 people pays 100 times.
 */
const CANONICAL = `
  create or replace function refresh_canonical(of_organization uuid, wanted uuid[], by_kind text, by_id text, request text)
    returns void
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    moved uuid[];
    befores uuid[];
    afters uuid[];
    replaced boolean[];
  begin
    wanted := array(select distinct w.id from unnest(wanted) w (id) order by w.id);
    perform from unnest(wanted) w (id)
      cross join lateral (
        select a.id from accounts a where a.organization = of_organization and a.id = w.id for no key update) a;

    -- Each look-up stands in a subquery of its own for the reason that migration 0006 gives.
    with found as materialized (
      select a.id, a.canonical, a.last_canonical, c.id as chosen, c.user_name, c.email, c.email_key, c.email_domain,
        c.display_name
      from unnest(wanted) w (id)
      cross join lateral (
        select a.id, a.canonical, a.last_canonical from accounts a
        where a.organization = of_organization and a.id = w.id offset 0) a
      left join lateral (
        select u.id, u.user_name, u.email, u.email_key, u.email_domain, u.display_name
        from (
          select u.id, u.directory, u.user_name, u.email, u.email_key, u.email_domain, u.display_name, u.deleted_at
          from directory_users u where u.organization = of_organization and u.account = w.id offset 0) u
        cross join lateral (
          select d.position from directories d where d.organization = of_organization and d.id = u.directory offset 0) d
        where u.deleted_at is null
        order by d.position, u.id limit 1) c on true
    ), changed as (
      update accounts a set canonical = f.chosen, last_canonical = coalesce(f.chosen, a.last_canonical),
        user_name = coalesce(f.user_name, a.user_name),
        email = case when f.chosen is null then a.email else f.email end,
        email_key = case when f.chosen is null then a.email_key else f.email_key end,
        email_domain = case when f.chosen is null then a.email_domain else f.email_domain end,
        display_name = case when f.chosen is null then a.display_name else f.display_name end,
        updated_at = clock_timestamp()
      from found f
      where a.organization = of_organization and a.id = f.id
        and ((f.chosen is null and a.canonical is not null)
          or (f.chosen is not null and (a.canonical, a.user_name, a.email, a.display_name)
              is distinct from (f.chosen, f.user_name, f.email, f.display_name)))
      returning a.id, f.canonical as before, a.canonical as after, coalesce(a.canonical <> f.last_canonical, false) as replaced
    )
    select array_agg(c.id order by c.id), array_agg(c.before order by c.id), array_agg(c.after order by c.id),
        array_agg(c.replaced order by c.id)
      into moved, befores, afters, replaced
      -- An account's first record is no news of the account.
      from changed c where c.before is distinct from c.after and (c.before is not null or c.replaced);
    if moved is null then return; end if;

    if true = any (replaced) then
      perform park_local_facts(of_organization, array(
        select m.account from unnest(moved, replaced) m (account, replaced) where m.replaced));
    end if;
    with change as (
      select m.account, case when m.after is null then 'account.deactivated' else 'account.canonical-changed' end as action,
        jsonb_build_object('before', m.before, 'after', m.after, 'parked', m.replaced) as detail
      from unnest(moved, befores, afters, replaced) m (account, before, after, replaced)
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select of_organization, by_kind, by_id, request, c.action, 'account', c.account, c.detail from change c
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
      select of_organization, c.action, 'account', c.account, c.detail from change c;
  end $$;
`;

export async function up(knex: Knex): Promise<void> {
  await knex.raw(CANONICAL);
}
