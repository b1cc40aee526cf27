/**
 * Under row-level security only leakproof operators may search an index: comparisons of uuid, text and timestamptz are,
 * LIKE and what looks into jsonb is not. So what filters ask for stands in columns, folded, in the order of its bytes
 * (collation "C"), in which \`starts with\` is a range and which SCIM sorts by. Of texts that may be long it is the first 300
 * characters: an index row takes no more than a third of a page.
 */
export const COLUMNS = `
  -- The least text that comes after all that start with this one; of one that ends with the last character there is none.
  create function text_after(prefix text) returns text
    language sql immutable parallel safe strict
    return left(prefix, -1) || chr(case ascii(right(prefix, 1)) when 55295 then 57344 else ascii(right(prefix, 1)) + 1 end);

  -- A record changes often: room for the next version on its page keeps the indexes out of it.
  alter table directory_users set (fillfactor = 85);
  alter table accounts set (fillfactor = 90);
  alter table directory_groups set (fillfactor = 70);
  alter table directory_users
    alter column user_name_key type text collate "C",
    alter column external_id type text collate "C",
    add column shown_name_key text collate "C"
      generated always as (left(fold_text(resource ->> 'displayName'), 300)) stored,
    add column first_address_key text collate "C"
      generated always as (left(fold_text(resource #>> '{emails,0,value}'), 300)) stored;
  alter table directory_groups
    alter column display_name_key type text collate "C",
    alter column external_id type text collate "C";

  -- Few records have more than one address: only the others stand here, so that most writes never come by.
  create table further_addresses (
    organization uuid not null,
    directory_user uuid not null,
    address_key text collate "C" not null,
    constraint further_addresses_pk primary key (organization, directory_user, address_key),
    constraint further_addresses_user foreign key (organization, directory_user) references directory_users
      on delete cascade
  );
  create index further_addresses_key on further_addresses (organization, address_key);

  create function keep_further_addresses() returns trigger
    language plpgsql set search_path = muster, pg_temp
  as $$
  begin
    delete from further_addresses f where f.organization = new.organization and f.directory_user = new.id;
    insert into further_addresses (organization, directory_user, address_key)
      select distinct new.organization, new.id, left(fold_text(e.value ->> 'value'), 300)
      from jsonb_path_query(new.resource, '$.emails[1 to last]') as e (value)
      where e.value ->> 'value' is not null;
    return null;
  end $$;
  create trigger directory_users_have_addresses after insert on directory_users for each row
    when (jsonb_path_exists(new.resource, '$.emails[1]')) execute function keep_further_addresses();
  create trigger directory_users_change_addresses after update of resource on directory_users for each row
    when (new.resource is distinct from old.resource
      and (jsonb_path_exists(new.resource, '$.emails[1]') or jsonb_path_exists(old.resource, '$.emails[1]')))
    execute function keep_further_addresses();
  insert into further_addresses (organization, directory_user, address_key)
    select distinct u.organization, u.id, left(fold_text(e.value ->> 'value'), 300)
    from directory_users u cross join lateral jsonb_path_query(u.resource, '$.emails[1 to last]') as e (value)
    where e.value ->> 'value' is not null;
`;

export const INDEXES = `
  drop index directory_users_user_name_unique, directory_users_immutable_id_unique, directory_users_email;
  create unique index directory_users_user_name_unique
    on directory_users (organization, directory, user_name_key) include (id) where deleted_at is null;
  -- SCIM's records have none: nothing of them stands in it.
  create unique index directory_users_immutable_id_unique on directory_users (organization, directory, immutable_id)
    where deleted_at is null and immutable_id is not null;
  create index directory_users_shown_name
    on directory_users (organization, directory, shown_name_key, id) where deleted_at is null;
  create index directory_users_first_address on directory_users (organization, first_address_key)
    where deleted_at is null and first_address_key is not null;
  -- Any other index over a time that every write moves would end what keeps indexes out of a change; before 16 this one
  -- would too.
  do $$ begin
    if current_setting('server_version_num')::integer >= 160000 then
      create index directory_users_updated on directory_users using brin (updated_at)
        with (pages_per_range = 4, autosummarize = on);
    end if;
  end $$;

  -- Every row of these is written with a row that names an organization, and by nobody who could name another.
  alter table audit drop constraint audit_organization;
  alter table outbox drop constraint outbox_organization;
`;
