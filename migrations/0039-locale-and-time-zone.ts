import type { Knex } from "knex";

/** Which language and time zone an organization's people are written to in, and where a period from now ends. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table organizations
      add column locale text not null default 'en' constraint organizations_locale check (locale in ('en', 'de')),
      add column time_zone text not null default 'UTC'
        constraint organizations_time_zone check (length(time_zone) between 1 and 64);

    -- The instant that lies a period away from another, by the organization's calendar: years, months, weeks and days go from
    -- wall clock to wall clock (the end of a shorter month stays inside it), hours and below are hours whatever the clocks do.
    create function shift_instant(of_organization uuid, moment timestamptz, period interval) returns timestamptz
      language sql stable
      as $$
        select ((moment at time zone o.time_zone) + date_trunc('day', period)) at time zone o.time_zone
          + (period - date_trunc('day', period))
        from muster.organizations o where o.id = of_organization
      $$;
    revoke all on function shift_instant(uuid, timestamptz, interval) from public;
    grant execute on function shift_instant(uuid, timestamptz, interval) to muster_app;
  `);
}
