/** One record's whole content, in the order of `toColumns` in src/identity/directory-users/directory-user.ts. */
const CONTENT = `record uuid, new_immutable_id text, new_external_id text, new_user_name text, new_user_name_key text,
    new_active boolean, new_email text, new_email_key text, new_email_domain text, new_display_name text,
    new_resource jsonb, new_content_hash bytea`;
const GIVEN = CONTENT.replaceAll(/ (uuid|text|boolean|jsonb|bytea)\b/g, "");
const TYPES = "uuid, text, text, text, text, boolean, text, text, text, text, jsonb, bytea";

/**
 * Replaces the content of one live record, with audit and event. What else the change means is the caller's: a new name
 * may move accounts, the account may show another profile, access may change. \`called\` is the name's key before the change
 * where the record has been given another one already, as parking does. With \`expected\`, the version that the record must
 * have, a new name is not written either (\`renames\`).
 */
const WRITE = `
  create function write_directory_user(of_organization uuid, of_directory uuid, ${CONTENT}, called text, expected bigint,
      action text, by_kind text, by_id text, request text,
      out outcome text, out account uuid, out version bigint, out created_at timestamptz, out updated_at timestamptz,
      out renamed boolean,
      -- Access depends on the name, on being active, and on the address (sign-up domains); on nothing else of a record.
      out touches_access boolean,
      -- An account shows the name, the address and the display name of its canonical record.
      out touches_profile boolean)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    held record;
    detail jsonb;
  begin
    select u.user_name, coalesce(called, u.user_name_key) as key, u.active, u.email, u.display_name, u.version,
        has_further_addresses(u.resource) as addresses into held
      from directory_users u
      where u.organization = of_organization and u.id = record and u.directory = of_directory and u.deleted_at is null
      for no key update;
    renamed := held.key <> new_user_name_key;
    outcome := case when held.key is null then 'gone' when held.version <> expected then 'changed-meanwhile'
      when renamed and expected is not null then 'renames' else 'written' end;
    if outcome <> 'written' then return; end if;

    update directory_users u set immutable_id = new_immutable_id, external_id = new_external_id,
        user_name = new_user_name, user_name_key = new_user_name_key, active = new_active, email = new_email,
        email_key = new_email_key, email_domain = new_email_domain, display_name = new_display_name,
        resource = new_resource, shown_name_key = shown_name_key(new_resource),
        first_address_key = first_address_key(new_resource), content_hash = new_content_hash, version = u.version + 1,
        updated_at = clock_timestamp()
      where u.organization = of_organization and u.id = record
      returning u.account, u.version, u.created_at, u.updated_at into account, version, created_at, updated_at;
    if held.addresses or has_further_addresses(new_resource) then
      perform keep_further_addresses(of_organization, record, new_resource);
    end if;

    touches_access := renamed or held.active <> new_active or held.email is distinct from new_email;
    touches_profile := held.user_name <> new_user_name or held.email is distinct from new_email
      or held.display_name is distinct from new_display_name;

    detail := jsonb_build_object('directory', of_directory, 'userName', new_user_name);
    if renamed then detail := detail || jsonb_build_object('renamedFrom', held.key); end if;
    if held.active <> new_active then detail := detail || jsonb_build_object('active', new_active); end if;
    insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      values (of_organization, by_kind, by_id, request, action, 'directory-user', record, detail);
    insert into outbox (organization, kind, subject_kind, subject, data)
      values (of_organization, action, 'directory-user', record, detail);
  end $$;
`;

/**
 * A change of one record by itself: everything of it in one statement, each step of which has a snapshot of its own. A
 * new name is not written (\`renames\`): it may move accounts, which takes more steps than these.
 */
const UPDATE = `
  create function update_directory_user(of_organization uuid, of_directory uuid, ${CONTENT}, expected bigint,
      by_kind text, by_id text, request text,
      out outcome text, out account uuid, out version bigint, out created_at timestamptz, out updated_at timestamptz)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    written record;
  begin
    perform lock_organization(of_organization, false);
    select w.outcome, w.account, w.version, w.created_at, w.updated_at, w.touches_profile, w.touches_access into written
      from write_directory_user(of_organization, of_directory, ${GIVEN}, null, expected, 'directory-user.updated', by_kind,
        by_id, request) w;
    outcome := written.outcome;
    account := written.account;
    version := written.version;
    created_at := written.created_at;
    updated_at := written.updated_at;
    if written.touches_profile then
      perform refresh_canonical(of_organization, array[account], by_kind, by_id, request);
    end if;
    if written.touches_access then
      perform reconcile(of_organization, array[account], by_kind, by_id, request);
    end if;
  end $$;
`;

/**
 * Deactivates one record or makes it active again and keeps everything else of it, in one statement for which nobody has
 * to read the record first; answers with the record. \`unchanged\`: it was so already.
 */
const ACTIVATE = `
  create function set_directory_user_active(of_organization uuid, of_directory uuid, record uuid, new_active boolean,
      by_kind text, by_id text, request text,
      out outcome text, out external_id text, out user_name text, out resource text, out version bigint,
      out created_at timestamptz, out updated_at timestamptz)
    language plpgsql volatile
    set search_path = muster, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off
  as $$
  #variable_conflict use_column
  declare
    account uuid;
    active boolean;
    detail jsonb;
  begin
    perform lock_organization(of_organization, false);
    loop
      update directory_users u set active = new_active, version = u.version + 1, updated_at = clock_timestamp()
        where u.organization = of_organization and u.id = record and u.directory = of_directory and u.deleted_at is null
          and u.active <> new_active
        returning u.account, u.external_id, u.user_name, u.resource::text, u.version, u.created_at, u.updated_at
          into account, external_id, user_name, resource, version, created_at, updated_at;
      exit when found;
      select u.active, u.external_id, u.user_name, u.resource::text, u.version, u.created_at, u.updated_at
        into active, external_id, user_name, resource, version, created_at, updated_at
        from directory_users u
        where u.organization = of_organization and u.id = record and u.directory = of_directory and u.deleted_at is null;
      outcome := case when active is null then 'gone' when active = new_active then 'unchanged' end;
      -- Else somebody has changed it between the two.
      if outcome is not null then return; end if;
    end loop;
    outcome := 'written';

    detail := jsonb_build_object('directory', of_directory, 'userName', user_name, 'active', new_active);
    insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
      values (of_organization, by_kind, by_id, request, 'directory-user.updated', 'directory-user', record, detail);
    insert into outbox (organization, kind, subject_kind, subject, data)
      values (of_organization, 'directory-user.updated', 'directory-user', record, detail);
    perform reconcile(of_organization, array[account], by_kind, by_id, request);
  end $$;
`;

export const USERS = WRITE + UPDATE + ACTIVATE;
export const USER_ROUTINES = [
  `write_directory_user(uuid, uuid, ${TYPES}, text, bigint, text, text, text, text)`,
  `update_directory_user(uuid, uuid, ${TYPES}, bigint, text, text, text)`,
  "set_directory_user_active(uuid, uuid, uuid, boolean, text, text, text)",
];
