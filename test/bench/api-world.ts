import type { Context } from "../../src/context.ts";
import type { OrganizationId } from "../../src/db/id.ts";
import { inTransaction } from "../../src/db/transaction.ts";
import { createToken } from "../../src/identity/tokens.ts";
import { loadAccessWorld } from "./access-world.ts";
import { inDatabase } from "./database.ts";

/** What the paths of lists name. */
export type Places = Record<
  "person" | "group" | "department" | "directory" | "webhook" | "run" | "job" | "link" | "site" | "product",
  string
>;

export type ApiWorld = { organization: OrganizationId; tokens: string[]; places: Places; people: number };

const TOKENS = 4;

/**
 * The organization of the access bench with all that gathers around people: invitations and their mails, guests, requests, links, runs,
 * jobs, deliveries, exchanges. Rows that no rule reads back here are written as they would stand, not through the rules.
 */
export async function loadApiWorld(
  ctx: Context,
  superuser: string,
  people: number,
  say: (line: string) => void,
): Promise<ApiWorld> {
  const { actor, organization, large } = await loadAccessWorld(ctx, people, say);
  const tokens = await inTransaction(ctx, actor, async (tx) => {
    const made: string[] = [];
    for (let count = 0; count < TOKENS; count++) made.push((await createToken(tx, { administration: true })).token);
    return made;
  });
  say("and what gathers around people");
  const places = await inDatabase(superuser, async (client) => {
    await client.query("set search_path = muster; set session_replication_role = replica");
    for (const statement of ROWS.replaceAll("$O", `'${organization}'::uuid`).split(";\n\n"))
      await client.query(statement);
    const { rows } = await client.query<Places>(
      `select (select id from person where n = 4) as person, $2::uuid as "group", pg_temp.i(7, 1) as link, pg_temp.i(10, 1) as run,
        (select n.parent from group_nestings n where n.organization = $1 group by n.parent order by count(*) desc limit 1) as department,
        'okta' as directory, pg_temp.i(14, 1) as webhook, pg_temp.i(13, 1) as job, 'bench' as site, 'portal' as product`,
      [organization, large],
    );
    return rows[0] as Places;
  });
  return { organization, tokens, places, people };
}

/** Statements apart by an empty line; ids grow with their numbers, as those of UUIDv7 do with time. */
const ROWS = `
create function pg_temp.i(kind integer, n bigint) returns uuid language sql immutable
  return ('0199' || lpad(to_hex(kind), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid;

create temp table person as
  select id, canonical, row_number() over (order by id) as n, email, email_key from accounts where organization = $O and user_name like 'user.%';

create unique index on person (n);

analyze person;

update accounts a set first_access_at = now() - interval '300 days',
    last_access_at = date_trunc('hour', now() - (p.n % 200) * interval '1 day')
  from person p where a.organization = $O and a.id = p.id and p.n % 10 < 7;

update accounts a set suspended_at = now() from person p where a.organization = $O and a.id = p.id and p.n % 100 = 3;

update accounts a set email_domain = 'partner.example'
  from person p where a.organization = $O and a.id = p.id and p.n % 100 = 11;

update directory_users u set active = false from person p where u.organization = $O and u.id = p.canonical and p.n % 50 = 7;

insert into sites (organization, id, key, name)
  select $O, pg_temp.i(4, n), 'site-' || n, 'Site ' || n from generate_series(1, 2) n;

insert into products (organization, id, site, key, name, has_guests)
  select $O, pg_temp.i(1, n), s.id, case n when 1 then 'portal' else 'app-' || n end, 'App ' || n, n = 1
  from generate_series(1, 200) n, sites s where s.organization = $O and s.key = 'bench';

insert into spaces (organization, id, product, key, name)
  select $O, pg_temp.i(2, n), pg_temp.i(1, 1), 'space-' || n, 'Space ' || n from generate_series(1, 200) n;

delete from access x using person p where x.organization = $O and x.account = p.id and (p.n % 20 = 0 or p.n % 50 = 7 or p.n % 100 = 3);

insert into access (organization, account, product, role, state, live_until, admitted_at)
  select $O, p.id, pg_temp.i(1, 1), 'guest', 'live', now() + (2 + p.n % 90) * interval '1 day', now()
  from person p where p.n % 20 = 0;

insert into guest_assignments (organization, id, account, product, space, permission, sponsor, expires_at)
  select $O, pg_temp.i(3, p.n), p.id, pg_temp.i(1, 1), pg_temp.i(2, 1 + p.n % 200), 'read-only', s.id,
    now() + (2 + p.n % 90) * interval '1 day'
  from person p join person s on s.n = p.n - 1 where p.n % 20 = 0;

insert into default_groups (organization, product, role, group_id)
  select g.organization, g.product, g.role, g.group_id from (select distinct on (product, role) organization, product, role, group_id
    from role_grants where organization = $O and group_id is not null order by product, role, id) g;

insert into invitations (organization, id, account, email, email_key, state, delivery, sent_count, sent_at, expires_at, accepted_at,
    inviter_kind, source)
  select $O, pg_temp.i(5, p.n), p.id, p.email, p.email_key, case when p.n % 10 < 7 then 'accepted' else 'pending' end,
    case p.n % 40 when 39 then 'bounced' else 'accepted' end, 1, now() - interval '2 days', now() + (p.n % 7) * interval '1 day',
    case when p.n % 10 < 7 then now() end, 'system', 'administrator'
  from person p where p.n % 3 = 0;

insert into invitation_groups (organization, invitation, group_id)
  select $O, i.id, (select group_id from default_groups where organization = $O limit 1) from invitations i
  where i.organization = $O on conflict do nothing;

insert into mails (organization, id, kind, dedupe_key, account, invitation, recipient, state, attempts, last_reply, sent_at)
  select $O, pg_temp.i(6, p.n), 'invitation', 'bench ' || p.n, p.id, pg_temp.i(5, p.n), p.email,
    case p.n % 40 when 39 then 'bounced' else 'sent' end, 1, '250 2.0.0 Ok', now()
  from person p where p.n % 3 = 0;

insert into links (organization, id, label, token_hash, max_uses, expires_at, maker_kind)
  select $O, pg_temp.i(7, n), 'Link ' || n, sha256(convert_to('link ' || n, 'UTF8')), 10000, now() + interval '30 days', 'system'
  from generate_series(1, 500) n;

insert into link_groups (organization, link, group_id)
  select $O, l.id, g.group_id from links l, (select group_id from default_groups where organization = $O limit 1) g
  where l.organization = $O;

insert into link_uses (organization, link, email_key)
  select $O, pg_temp.i(7, 1), p.email_key from person p where p.n <= 5000;

insert into access_requests (organization, id, email, email_key, name, message, source, product, role, state)
  select $O, pg_temp.i(8, n), 'asker.' || n || '@example.net', 'asker.' || n || '@example.net', 'Asker ' || n, 'Please', 'form',
    pg_temp.i(1, 1), 'user', case n % 20 when 0 then 'open' else 'denied' end
  from generate_series(1, 5000) n;

insert into mail_suppressions (organization, email_key, reason, reply)
  select $O, 'gone.' || n || '@example.net', 'bounced', '550 5.1.1 unknown' from generate_series(1, 2000) n;

insert into directories (organization, id, name, kind, position)
  select $O, pg_temp.i(9, 1), 'ad', 'ldap', max(position) + 1 from directories where organization = $O;

insert into sync_runs (organization, id, directory, mode, trigger, state, phase, epoch, complete, started_at, finished_at)
  select $O, pg_temp.i(10, 2001 - n), pg_temp.i(9, 1), 'run', 'schedule', case n % 20 when 0 then 'failed' else 'done' end, 'over', 1,
    true, now() - n * interval '1 hour', now() - n * interval '1 hour' from generate_series(1, 2000) n;

insert into sync_plan (organization, run, kind, subject, immutable_id, name, conflict, conflict_kind, next)
  select $O, pg_temp.i(10, 1), 'user-update', p.id, p.n::text, p.email, case when p.n % 10 = 0 then 'it changed' end,
    case when p.n % 10 = 0 then 'changed-since' end, jsonb_build_object('userName', p.email)
  from person p where p.n <= 20000;

insert into scim_requests (organization, directory, at, id, method, path, status, duration_ms, user_agent)
  select $O, d.id, now() - n * interval '10 seconds', pg_temp.i(11, n), 'PATCH', '/Users', case n % 50 when 0 then 409 else 200 end,
    4.2, 'okta' from generate_series(1, 50000) n, directories d where d.organization = $O and d.name = 'okta';

insert into jobs (organization, id, action, state, total, done, maker_kind, started_at, ended_at)
  select $O, pg_temp.i(case when n > 500 then 12 else 13 end, n), case when n > 500 then 'export' else 'suspend' end, 'done', 100, 100,
    'system', now(), now() from generate_series(1, 800) n;

insert into job_rows (organization, job, subject, state, code, message)
  select $O, pg_temp.i(13, 1), p.id, case p.n % 20 when 0 then 'refused' else 'done' end,
    case p.n % 20 when 0 then 'conflict' end, case p.n % 20 when 0 then 'it is so already' end
  from person p where p.n <= 20000;

insert into webhooks (organization, id, name, url, state, disabled_at, secret, after_transaction, after_event, since, created_by_kind)
  select $O, pg_temp.i(14, n), 'hook-' || n, 'https://hooks.example.net/' || n, 'disabled', now(), '\\x00', pg_current_xact_id(), 0,
    pg_current_snapshot(), 'system' from generate_series(1, 10) n;

insert into webhook_deliveries (organization, id, webhook, kind, subject, state, attempts, reply_status)
  select $O, pg_temp.i(15, n), pg_temp.i(14, 1), 'user.updated', pg_temp.i(1, 1), case n % 50 when 0 then 'failed' else 'delivered' end,
    1, 200 from generate_series(1, 50000) n;

insert into rights (organization, id, account, bundle, scope_kind, scope_id)
  select $O, pg_temp.i(16, p.n), p.id, 'auditor', 'organization', $O from person p where p.n <= 1000;

insert into tokens (organization, id, hash, name, permissions, scope_kind, created_by_kind)
  select $O, pg_temp.i(17, n), sha256(convert_to('token ' || n, 'UTF8')), 'Token ' || n, array['users:read'], 'organization', 'system'
  from generate_series(1, 500) n;

insert into single_sign_on_bindings (organization, issuer, subject, account, record)
  select $O, 'https://idp.example.net', p.n::text, p.id, p.canonical from person p where p.n <= 5000;

insert into address_changes (organization, id, account, record, email, state, asker_kind, expires_at)
  select $O, pg_temp.i(18, s), p.id, p.canonical, 'new.' || s || '@example.net', 'cancelled', 'system', now()
  from generate_series(1, 20) s, person p where p.n = 4
`;
