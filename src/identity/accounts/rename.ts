import type { AccountId, DirectoryUserId } from "../../db/id.ts";
import type { Tx } from "../../db/transaction.ts";
import { accountsByName } from "./by-name.ts";

/** A record that got another user name; `account` is the one it belonged to under the old name. */
export type RenamedRecord = { id: DirectoryUserId; account: AccountId; userName: string; userNameKey: string };

/** An account that its canonical record wants to take along to a new name. */
export type NameClaim = { account: AccountId; key: string };

/**
 * Which accounts follow their canonical record to its new name: those whose new name no account holds, or whose
 * holder follows away itself. A swap succeeds, a chain onto a taken name fails from its end.
 * @param holders the account that holds each wanted name now.
 */
export function settleClaims(claims: readonly NameClaim[], holders: ReadonlyMap<string, AccountId>): NameClaim[] {
  let valid = [...claims];
  for (;;) {
    const leaving = new Set(valid.map((claim) => claim.account));
    const kept = valid.filter((claim) => {
      const holder = holders.get(claim.key);
      return holder === undefined || holder === claim.account || leaving.has(holder);
    });
    if (kept.length === valid.length) return kept;
    valid = kept;
  }
}

/**
 * Moves accounts and records after renames (design §7): a rename of the canonical record renames the account; records
 * left under the old name become another account with nothing local; a rename onto a taken name joins the account
 * there and leaves the old one behind.
 *
 * Before: the records in `renamed` carry their new names, their `account` is still the old one. After: every live
 * record belongs to the account of its own name. Returns the accounts touched; canonical records and access are the
 * caller's next steps.
 */
export async function followRenames(tx: Tx, renamed: readonly RenamedRecord[]): Promise<AccountId[]> {
  if (renamed.length === 0) return [];
  const wanted = renamed.map((record) => record.userNameKey);
  const held = await tx.query<{ id: AccountId; key: string; canonical: DirectoryUserId | null }>({
    text: `select id, user_name_key as key, canonical from accounts
      where organization = $1 and (id = any($2) or user_name_key = any($3)) order by id for no key update`,
    values: [tx.organization, renamed.map((record) => record.account), wanted],
  });
  const canonicalOf = new Map(held.map((row) => [row.id, row.canonical]));
  const claims = renamed
    .filter((record) => canonicalOf.get(record.account) === record.id)
    .map((record) => ({ account: record.account, key: record.userNameKey, userName: record.userName }));
  const valid = settleClaims(claims, new Map(held.map((row) => [row.key, row.id])));
  await renameAccounts(tx, valid);
  const strays = await strayRecords(tx, [...new Set([...held.map((row) => row.id)])]);
  const { accountOf } = await accountsByName(tx, strays);
  await tx.query({
    text: `update directory_users u set account = s.account
      from unnest($2::uuid[], $3::uuid[]) as s (id, account) where u.organization = $1 and u.id = s.id`,
    values: [tx.organization, [...accountOf.keys()], [...accountOf.values()]],
  });
  return [...new Set([...held.map((row) => row.id), ...accountOf.values()])];
}

/** Names move within one change, so every moving account first takes a name that nobody can have: its own id. */
async function renameAccounts(tx: Tx, claims: readonly NameClaim[]): Promise<void> {
  if (claims.length === 0) return;
  const accounts = claims.map((claim) => claim.account);
  if (claims.length > 1)
    await tx.query({
      text: "update accounts set user_name_key = chr(1) || id::text where organization = $1 and id = any($2)",
      values: [tx.organization, accounts],
    });
  await tx.query({
    text: `update accounts a set user_name_key = n.key, updated_at = statement_timestamp()
      from unnest($2::uuid[], $3::text[]) as n (id, key) where a.organization = $1 and a.id = n.id`,
    values: [tx.organization, accounts, claims.map((claim) => claim.key)],
  });
}

/** Live records of these accounts that carry another name than their account. */
async function strayRecords(
  tx: Tx,
  accounts: readonly AccountId[],
): Promise<{ id: DirectoryUserId; userName: string; userNameKey: string }[]> {
  return tx.query({
    text: `select u.id, u.user_name as "userName", u.user_name_key as "userNameKey"
      from directory_users u join accounts a on a.organization = u.organization and a.id = u.account
      where u.organization = $1 and u.account = any($2) and u.deleted_at is null
        and u.user_name_key <> a.user_name_key order by u.user_name_key, u.id`,
    values: [tx.organization, accounts],
  });
}
