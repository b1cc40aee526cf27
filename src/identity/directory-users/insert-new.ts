import type { DirectoryId, DirectoryUserId } from "../../db/id.ts";
import type { SqlFragment } from "../../db/sql.ts";
import type { Tx } from "../../db/transaction.ts";

/** How many were inserted, how many of them are active, and who was not because the name has an account already. */
export type NewPeople = { inserted: number; active: number; others: DirectoryUserId[] };

/**
 * Inserts those people of one directory whose user name has no account yet, each with its account, canonical at once: what
 * `insertDirectoryUsers` does, in one statement, because a new account without memberships provably has no access
 * (decision 0003). The others are left to that one.
 *
 * Before: the ids are new, and `people` gives the columns of `directory_users` from id to content_hash, but no email_domain. After:
 * records and accounts stand, with audit and events.
 * @throws MusterError `uniqueness` when the directory holds a live record of one of the immutable ids.
 */
export async function insertNewPeople(tx: Tx, directory: DirectoryId, people: SqlFragment): Promise<NewPeople> {
  const own = people.values.length;
  const [organization, of, kind, actor, request] = [1, 2, 3, 4, 5].map((place) => `$${own + place}`);
  const [row] = await tx.query<NewPeople>({
    name: "insert-new-people",
    text: `
      with arrived as materialized (
        select a.*, new_id() as account, split_part(a.email_key, '@', 2) as email_domain from (${people.text}) a
      ), fresh as (
        insert into accounts (organization, id, canonical, last_canonical, user_name, user_name_key, email, email_key,
          email_domain, display_name)
        select ${organization}::uuid, account, id, id, user_name, user_name_key, email, email_key, email_domain, display_name
        from arrived order by user_name_key
        on conflict on constraint accounts_user_name_unique do nothing
        returning id as account
      ), created as (
        -- "is true" has the set hashed: guessed to be of one person each, both sides of a join were compared pair by pair.
        insert into directory_users (organization, directory, account, id, immutable_id, external_id, user_name,
          user_name_key, active, email, email_key, email_domain, display_name, resource, content_hash, shown_name_key,
          first_address_key)
        select ${organization}, ${of}::uuid, account, id, immutable_id, external_id, user_name, user_name_key, active,
          email, email_key, email_domain, display_name, resource, content_hash, shown_name_key(resource),
          first_address_key(resource)
        from arrived where (account in (select account from fresh)) is true order by user_name_key
        returning id, account, user_name, active
      ), counted as (
        insert into directory_user_counts (organization, directory, change)
        select ${organization}, ${of}, count(*) from created having count(*) > 0
      ), addressed as (
        insert into further_addresses (organization, directory_user, address_key)
        select distinct ${organization}::uuid, a.id, left(fold_text(e.value ->> 'value'), 300)
        from arrived a
        cross join lateral jsonb_path_query(a.resource, '$.emails[1 to last]') as e (value)
        where (a.account in (select account from fresh)) is true and has_further_addresses(a.resource) and e.value ->> 'value' is not null
      ), told as materialized (
        select id, jsonb_build_object('directory', ${of}::uuid, 'account', account, 'userName', user_name) as detail
        from created order by id
      ), audited as (
        insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
        select ${organization}, ${kind}, ${actor}, ${request}, 'directory-user.created', 'directory-user', id, detail from told
      ), announced as (
        insert into outbox (organization, kind, subject_kind, subject, data)
        select ${organization}, 'directory-user.created', 'directory-user', id, detail from told
      )
      select (select count(*) from created) as inserted, (select count(*) from created where active) as active,
        array(select id from arrived where account not in (select account from fresh) order by id) as others`,
    values: [...people.values, tx.organization, directory, tx.actor.kind, tx.actor.id, tx.actor.requestId],
  });
  return row ?? { inserted: 0, active: 0, others: [] };
}
