import type { Knex } from "knex";

/** Records and people that are forgotten: after 30 days as tombstones, or because somebody asked for it. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Set: nothing personal is in the row any more, and nothing brings it back.
    alter table directory_users add column forgotten_at timestamptz;
    create index directory_users_to_forget on directory_users (organization, deleted_at)
      where deleted_at is not null and forgotten_at is null;
    alter table accounts add column erased_at timestamptz;
    create index link_uses_address on link_uses (organization, email_key);
  `);
  await knex.raw(ERASE_TRACES);
  await knex.raw(`
    revoke all on function without_words(jsonb) from public;
    revoke all on function erase_traces(uuid, uuid[]) from public;
    grant execute on function erase_traces(uuid, uuid[]) to muster_app;
  `);
}

/**
 * The audit cannot be changed by the application, and no row of it ever goes. What people wrote into it goes for whoever is erased:
 * of the rows about these subjects who, what, when and every id stay, each other text becomes 'erased'. The same of the outbox.
 */
const ERASE_TRACES = `
  create function without_words(document jsonb) returns jsonb
    language plpgsql immutable set search_path = muster, pg_temp
  as $$
  begin
    return case jsonb_typeof(document)
      when 'object' then coalesce((select jsonb_object_agg(e.key, without_words(e.value)) from jsonb_each(document) e), '{}')
      when 'array' then coalesce((select jsonb_agg(without_words(e.value) order by e.place)
        from jsonb_array_elements(document) with ordinality e (value, place)), '[]')
      when 'string' then case
        when document #>> '{}' ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' then document
        else '"erased"'::jsonb end
      else document end;
  end $$;

  create function erase_traces(of_organization uuid, subjects uuid[]) returns void
    language plpgsql volatile security definer set search_path = muster, pg_temp
  as $$
  begin
    if of_organization is distinct from current_setting('muster.organization')::uuid then
      raise exception 'another organization''s audit';
    end if;
    update audit a set detail = without_words(a.detail)
      where a.organization = of_organization and a.subject = any (subjects);
    update outbox o set data = without_words(o.data)
      where o.organization = of_organization and o.subject = any (subjects);
  end $$;
`;
