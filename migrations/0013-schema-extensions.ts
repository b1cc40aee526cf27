import type { Knex } from "knex";
import { protect } from "./protect.ts";

/** What an organization's people and groups may say beyond the RFC's schemas. */
export async function up(knex: Knex): Promise<void> {
  // Names become SQL text and paths into JSON where records are filtered: whatever wrote the row, nothing else gets in.
  await knex.raw(`
    create table schema_extensions (
      organization uuid not null constraint schema_extensions_organization references organizations,
      -- The URN as it is served and as records hold it; its key folds the case, which does not count.
      urn text not null constraint schema_extensions_urn_form
        check (length(urn) <= 200 and urn ~ '^urn:[A-Za-z0-9][A-Za-z0-9-]{0,30}(:[A-Za-z0-9_.-]+)+$'),
      urn_key text not null constraint schema_extensions_urn_key check (urn_key = lower(urn collate "C")),
      resource_type text not null
        constraint schema_extensions_resource_type check (resource_type in ('User', 'Group')),
      name text not null,
      description text,
      -- Whether every resource of the type has it (RFC 7643 §6).
      required boolean not null default false,
      -- As RFC 7643 §7 describes attributes.
      attributes jsonb not null
        constraint schema_extensions_attributes_list check (jsonb_typeof(attributes) = 'array')
        constraint schema_extensions_attribute_names check (not jsonb_path_exists(attributes,
          'strict $.** \\? (@.type() == "object").name \\? (@.type() <> "string" || !(@ like_regex "^[A-Za-z$][A-Za-z0-9_$-]{0,63}$"))')),
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now(),
      constraint schema_extensions_pk primary key (organization, urn_key)
    );
  `);
  await knex.raw(`
    -- A text of a record as a moment; null where it is none, so that one odd value never fails a whole search.
    create function time_or_null(value text) returns timestamptz
      language plpgsql stable parallel safe strict set search_path = pg_catalog
      as $$ begin return value::timestamptz; exception when others then return null; end $$;
    revoke all on function time_or_null(text) from public;
    grant execute on function time_or_null(text) to muster_app;
  `);
  await protect(knex, "schema_extensions");
}
