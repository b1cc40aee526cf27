import type { AccountId, DirectoryId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { reconcile } from "../access/reconcile.ts";
import { accountsByName } from "../accounts/by-name.ts";
import { refreshCanonical } from "../accounts/canonical.ts";
import { userNameKey } from "../keys.ts";
import { recordChanges } from "../record.ts";
import { type DirectoryUserInput, fromColumns, hasFurtherAddresses, toColumns } from "./directory-user.ts";

/**
 * Inserts records of one directory, each joining the account of its user name or making it (design §4.1).
 *
 * Before: the ids are new. After: the records, their accounts, canonical records and access stand, with audit and
 * events; nobody was mailed (R64 to R66).
 * @throws MusterError `uniqueness` when the directory holds a live record of that user name or immutable id.
 */
export async function insertDirectoryUsers(
  tx: Tx,
  directory: DirectoryId,
  inputs: readonly DirectoryUserInput[],
): Promise<void> {
  if (inputs.length === 0) return;
  const { accountOf, made } = await accountsByName(
    tx,
    inputs.map((input) => ({ id: input.id, userName: input.userName, userNameKey: userNameKey(input.userName) })),
  );
  await tx.query({
    text: `with counted as (
        insert into directory_user_counts (organization, directory, change) select $1, $2, cardinality($3::uuid[]))
      insert into directory_users (organization, directory, account, id, immutable_id, external_id, user_name,
        user_name_key, active, email, email_key, email_domain, display_name, resource, content_hash, shown_name_key,
        first_address_key)
      select $1, $2, i.account, i.id, i.immutable_id, i.external_id, i.user_name, i.user_name_key, i.active, i.email,
        i.email_key, i.email_domain, i.display_name, i.resource, i.content_hash, shown_name_key(i.resource),
        first_address_key(i.resource)
      from (select i.*, a.account from ${fromColumns(3)}
        join unnest($15::uuid[], $16::uuid[]) as a (id, account) on a.id = i.id) i
      order by i.user_name_key`,
    values: [tx.organization, directory, ...toColumns(inputs), [...accountOf.keys()], [...accountOf.values()]],
  });
  const addressed = inputs.filter((input) => hasFurtherAddresses(input.resource));
  if (addressed.length > 0)
    await tx.query({
      text: `select count(keep_further_addresses($1, i.id, i.resource)) from unnest($2::uuid[], $3::jsonb[]) i (id, resource)`,
      values: [
        tx.organization,
        addressed.map((input) => input.id),
        addressed.map((input) => JSON.stringify(input.resource)),
      ],
    });
  await recordChanges(
    tx,
    inputs.map((input) => ({
      action: "directory-user.created",
      subjectKind: "directory-user",
      subject: input.id,
      detail: { directory, account: accountOf.get(input.id), userName: input.userName },
      event: true,
    })),
  );
  const accounts = [...new Set(accountOf.values())];
  await refreshCanonical(tx, accounts);
  await reconcile(tx, withAccessToWorkOut(accounts, made));
}

/** A new account has no membership yet, so it provably has no access to work out. */
function withAccessToWorkOut(accounts: readonly AccountId[], made: ReadonlySet<AccountId>): AccountId[] {
  return accounts.filter((account) => !made.has(account));
}
