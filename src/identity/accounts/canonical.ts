import type { AccountId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { recordChanges } from "../record.ts";

/**
 * Works out the canonical record of each account anew and copies its profile (design §4.1, §7; D3: the record in the
 * first directory that has the user name gives the profile alone).
 *
 * Before: the records of `accounts` are as they shall be. After: `canonical` is the live record in the first
 * directory by position, null when no directory holds the name any more; where another record than the last one
 * became canonical, everything local (memberships, guest assignments, rights, site memberships) is parked until an
 * administrator confirms, and pending invitations are superseded, because the name may stand for another human now.
 * Access is not touched: the caller reconciles.
 */
export async function refreshCanonical(tx: Tx, accounts: readonly AccountId[]): Promise<void> {
  if (accounts.length === 0) return;
  await tx.query({
    name: "lock-accounts",
    text: "select id from accounts where organization = $1 and id = any($2) order by id for no key update",
    values: [tx.organization, accounts],
  });
  const moved = await tx.query<{ id: AccountId; before: string | null; after: string | null; replaced: boolean }>({
    name: "refresh-canonical",
    text: `
      with chosen as (
        select distinct on (u.account) u.account, u.id, u.user_name, u.email, u.email_key, u.email_domain, u.display_name
        from directory_users u
        join directories d on d.organization = u.organization and d.id = u.directory
        where u.organization = $1 and u.account = any($2) and u.deleted_at is null
        order by u.account, d.position, u.id
      ), before as (
        select a.id, a.canonical, a.last_canonical from accounts a where a.organization = $1 and a.id = any($2)
      ), changed as (
        update accounts a set canonical = c.id, last_canonical = coalesce(c.id, a.last_canonical),
          user_name = coalesce(c.user_name, a.user_name),
          email = case when c.id is null then a.email else c.email end,
          email_key = case when c.id is null then a.email_key else c.email_key end,
          email_domain = case when c.id is null then a.email_domain else c.email_domain end,
          display_name = case when c.id is null then a.display_name else c.display_name end,
          updated_at = statement_timestamp()
        from before b left join chosen c on c.account = b.id
        where a.organization = $1 and a.id = b.id
          and ((c.id is null and a.canonical is not null)
            or (c.id is not null and (a.canonical, a.user_name, a.email, a.display_name)
                is distinct from (c.id, c.user_name, c.email, c.display_name)))
        returning a.id, a.canonical
      )
      select c.id, b.canonical as before, c.canonical as after,
        c.canonical is not null and b.last_canonical is not null and c.canonical <> b.last_canonical as replaced
      from changed c join before b on b.id = c.id
      where b.canonical is distinct from c.canonical`,
    values: [tx.organization, accounts],
  });
  await parkLocalFacts(
    tx,
    moved.filter((row) => row.replaced).map((row) => row.id),
  );
  await recordChanges(
    tx,
    moved
      .filter((row) => row.before !== null || row.replaced)
      .map((row) => ({
        action: row.after === null ? "account.deactivated" : "account.canonical-changed",
        subjectKind: "account",
        subject: row.id,
        detail: { before: row.before, after: row.after, parked: row.replaced },
        event: true,
      })),
  );
}

async function parkLocalFacts(tx: Tx, accounts: readonly AccountId[]): Promise<void> {
  if (accounts.length === 0) return;
  const park = (table: string) =>
    `${table}_parked as (update ${table} set parked_at = statement_timestamp()
       where organization = $1 and account = any($2) and parked_at is null)`;
  await tx.query({
    text: `with ${["local_memberships", "guest_assignments", "rights", "site_memberships"].map(park).join(", ")}
      update invitations set state = 'superseded'
      where organization = $1 and account = any($2) and state = 'pending'`,
    values: [tx.organization, accounts],
  });
}
