import type { Knex } from "knex";

/**
 * Whoever stops being active, by whatever cause (suspended, deactivated, removed here or by a directory), leaves nothing behind
 * that opens a door: at the commit of the change their sessions, tokens and links end and what they were invited to is revoked (F15).
 * Coming back brings none of it back.
 *
 * At the commit, because everything else is locked by then: accounts come before what hangs on them. Who was active for a moment
 * within one change only (a record that takes another's place) leaves nothing. Only rows that change in this way are looked at.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index links_maker on links (organization, maker_kind, maker) where disabled_at is null;
    create index invitations_inviter on invitations (organization, inviter) where state in ('pending', 'needs-review');
    create index guest_assignments_sponsor on guest_assignments (organization, sponsor) where sponsor is not null;
  `);
  await knex.raw(END_CREDENTIALS);
  await knex.raw(TRIGGERS);
  await knex.raw(`
    revoke all on function end_credentials(uuid, uuid, text), end_leaver() from public;
    grant execute on function end_credentials(uuid, uuid, text), end_leaver() to muster_app;
  `);
}

const END_CREDENTIALS = `
  create function end_credentials(of_organization uuid, leaver uuid, because text) returns void
    language plpgsql volatile set search_path = muster, pg_temp
  as $$
  declare
    records uuid[] := array(select u.id from directory_users u where u.organization = of_organization and u.account = leaver);
  begin
    with sessions_ended as (
      delete from sessions s where s.organization = of_organization and s.account = leaver
    ), owned as (
      select t.id from tokens t where t.organization = of_organization and t.owner = leaver
    ), tokens_ended as (
      update tokens t set revoked_at = statement_timestamp()
      where t.organization = of_organization and t.revoked_at is null
        and t.id in (select o.id from owned o union all
          select m.id from tokens m where m.organization = of_organization and m.subject = any (records))
      returning t.id
    ), invitations_ended as (
      update invitations i set state = 'revoked', token_hash = null
      where i.organization = of_organization and i.account = leaver and i.state in ('pending', 'needs-review')
      returning i.id
    ), links_ended as (
      update links l set disabled_at = statement_timestamp()
      where l.organization = of_organization and l.disabled_at is null
        and (l.maker_kind = 'session' and l.maker = leaver::text
          or l.maker_kind = 'api-token' and l.maker in (select o.id::text from owned o))
      returning l.id
    ), change as (
      select 'token.revoked' as action, 'token' as kind, t.id as subject,
        jsonb_build_object('because', because, 'account', leaver) as detail from tokens_ended t
      union all
      select 'invitation.revoked', 'invitation', i.id, jsonb_build_object('because', because, 'account', leaver)
        from invitations_ended i
      union all
      select 'link.disabled', 'link', l.id, jsonb_build_object('because', because, 'account', leaver) from links_ended l
    ), by as (
      -- Whoever made the person leave stands in the audit row of that, which this transaction has written.
      select w.actor_kind, w.actor, w.request_id from unnest(leaver || records) r (id)
      cross join lateral (
        select a.id, a.actor_kind, a.actor, a.request_id from audit a
        where a.organization = of_organization and a.subject = r.id and a.transaction = transaction_now()
        order by a.id desc limit 1) w
      where exists (select from change)
      order by w.id desc limit 1
    ), told as (
      select c.action, c.kind, c.subject, c.detail, coalesce(b.actor_kind, 'system') as actor_kind, b.actor, b.request_id
      from change c left join by b on true
    ), audited as (
      insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      select of_organization, t.actor_kind, t.actor, t.request_id, t.action, t.kind, t.subject, t.detail from told t
      order by t.action, t.subject
    )
    insert into outbox (organization, kind, subject_kind, subject, data)
      select of_organization, t.action, t.kind, t.subject, t.detail from told t order by t.action, t.subject;
  end $$;
`;

const TRIGGERS = `
  create function end_leaver() returns trigger
    language plpgsql volatile set search_path = muster, pg_temp
  as $$
  declare
    leaver uuid;
    because text;
  begin
    -- As everything stands now: the row may have moved on since.
    if tg_table_name = 'accounts' then
      leaver := new.id;
    else
      select u.account into leaver from directory_users u where u.organization = new.organization and u.id = new.id;
    end if;
    select case when a.suspended_at is not null then 'suspended' else 'deactivated' end into because
      from accounts a
      where a.organization = new.organization and a.id = leaver and (a.suspended_at is not null or not exists (
        select from directory_users c where c.organization = a.organization and c.id = a.canonical
          and c.active and c.deleted_at is null));
    if because is not null then perform end_credentials(new.organization, leaver, because); end if;
    return null;
  end $$;

  create constraint trigger accounts_leaving after update on accounts deferrable initially deferred
    for each row when ((old.suspended_at is null and new.suspended_at is not null)
      or (old.canonical is not null and new.canonical is distinct from old.canonical))
    execute function end_leaver();
  create constraint trigger directory_users_leaving after update on directory_users deferrable initially deferred
    for each row when (old.active and not new.active and new.deleted_at is null)
    execute function end_leaver();
`;
