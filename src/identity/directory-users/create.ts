import type { Database } from "../../db/connection.ts";
import { type AccountId, type DirectoryId, newId } from "../../db/id.ts";
import { type Actor, inStatement, inTransaction } from "../../db/transaction.ts";
import { MusterError } from "../../errors.ts";
import { type DirectoryUser, type DirectoryUserInput, hasFurtherAddresses, toValues } from "./directory-user.ts";
import { healDirectoryUser } from "./heal.ts";
import { insertDirectoryUsers } from "./insert.ts";
import { getDirectoryUser } from "./read.ts";

/**
 * Creates one record, as a SCIM POST does (RFC 7644 §3.3), with the account that it belongs to.
 *
 * A name that the organization has never seen makes a new account, which provably has no access: then everything is
 * one autocommitted statement. A name that an account holds already joins that account, and a person who was here before
 * comes back (`healDirectoryUser`), in a transaction with its locks and the reconciler.
 *
 * Before: any. After: the record, its account, audit and event are committed, and nobody was mailed (R64). The answer has
 * another id than `input` where a record was healed.
 * @throws MusterError `uniqueness` when the directory holds a live record of that user name.
 */
export async function createDirectoryUser(
  ctx: { db: Database },
  actor: Actor,
  directory: DirectoryId,
  input: DirectoryUserInput,
): Promise<DirectoryUser> {
  const account = newId<AccountId>();
  const addressed = hasFurtherAddresses(input.resource);
  const [created] = await inStatement<{ version: number; createdAt: Date; updatedAt: Date }>(ctx, actor, () => ({
    name: addressed ? "create-directory-user-with-addresses" : "create-directory-user",
    text: addressed ? `${CREATE}, ${ADDRESSES} ${ANSWER}` : `${CREATE} ${ANSWER}`,
    values: [actor.organization, directory, account, ...toValues(input), actor.kind, actor.id, actor.requestId],
  }));
  if (created) return { ...input, directory, account, ...created };
  return inTransaction(ctx, actor, async (tx) => {
    const healed = await healDirectoryUser(tx, directory, input);
    if (healed === undefined) await insertDirectoryUsers(tx, directory, [input]);
    const user = await getDirectoryUser(tx, directory, healed ?? input.id);
    if (!user) throw new MusterError("internal", "a record just written cannot be read");
    return user;
  });
}

/**
 * Writes nothing at all when the name has an account already, or the person may have been here before: then `fresh` is
 * empty and all the rest follows from it.
 */
const CREATE = `
  with fresh as (
    insert into accounts (organization, id, canonical, last_canonical, user_name, user_name_key,
      email, email_key, email_domain, display_name)
    select $1, $3, $4, $4, $7, $8, $10, $11, $12, $13
    where not exists (
      select from directory_users h where h.organization = $1 and h.directory = $2 and h.external_id = $6
        and (h.deleted_at is not null or not h.active))
    on conflict on constraint accounts_user_name_unique do nothing
    returning id
  ), created as (
    insert into directory_users (organization, directory, account, id, immutable_id, external_id, user_name,
      user_name_key, active, email, email_key, email_domain, display_name, resource, content_hash, shown_name_key,
      first_address_key)
    select $1, $2, id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, shown_name_key($14), first_address_key($14)
    from fresh
    returning id, version, created_at, updated_at
  ), counted as (
    insert into directory_user_counts (organization, directory, change) select $1, $2, 1 from created
  ), audited as (
    insert into audit (organization, actor_kind, actor, request_id, action, subject_kind, subject, detail)
    select $1, $16, $17, $18, 'directory-user.created', 'directory-user', id,
      jsonb_build_object('directory', $2::uuid, 'account', $3::uuid, 'userName', $7::text) from created
  ), announced as (
    insert into outbox (organization, kind, subject_kind, subject, data)
    select $1, 'directory-user.created', 'directory-user', id,
      jsonb_build_object('directory', $2::uuid, 'account', $3::uuid) from created
  )`;

/** As `keep_further_addresses` does, of a record that only this statement knows. */
const ADDRESSES = `addressed as (
    insert into further_addresses (organization, directory_user, address_key)
    select distinct $1::uuid, c.id, left(fold_text(e.value ->> 'value'), 300)
    from created c cross join jsonb_path_query($14::jsonb, '$.emails[1 to last]') as e (value)
    where e.value ->> 'value' is not null
  )`;

const ANSWER = `select version, created_at as "createdAt", updated_at as "updatedAt" from created`;
