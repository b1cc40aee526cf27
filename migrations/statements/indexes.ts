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
    -- Written by every statement that writes \`resource\`: generated columns cost a plan for each write.
    add column shown_name_key text collate "C",
    add column first_address_key text collate "C";
  alter table directory_groups
    alter column display_name_key type text collate "C",
    alter column external_id type text collate "C";
  create function shown_name_key(resource jsonb) returns text
    language sql immutable parallel safe return left(fold_text(resource ->> 'displayName'), 300);
  create function first_address_key(resource jsonb) returns text
    language sql immutable parallel safe return left(fold_text(resource #>> '{emails,0,value}'), 300);

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
  create function has_further_addresses(resource jsonb) returns boolean
    language sql immutable parallel safe return resource #> '{emails,1}' is not null;
  create function keep_further_addresses(of_organization uuid, record uuid, resource jsonb) returns void
    language plpgsql volatile set search_path = muster, pg_temp
  as $$
  begin
    delete from further_addresses f where f.organization = of_organization and f.directory_user = record;
    insert into further_addresses (organization, directory_user, address_key)
      select distinct of_organization, record, left(fold_text(e.value ->> 'value'), 300)
      from jsonb_path_query(resource, '$.emails[1 to last]') as e (value)
      where e.value ->> 'value' is not null;
  end $$;

  update directory_users set shown_name_key = shown_name_key(resource), first_address_key = first_address_key(resource);
  select count(keep_further_addresses(u.organization, u.id, u.resource)) from directory_users u
    where has_further_addresses(u.resource);
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
