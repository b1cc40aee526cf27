import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { isMusterError, MusterError } from "../errors.ts";
import { getAccount } from "./account-overview.ts";
import { addPersonToInternal } from "./accounts/add.ts";
import { resolvePerson } from "./accounts/person.ts";
import { emailKey } from "./keys.ts";
import { EVERYTHING } from "./rights/held.ts";
import { giveRight, listRights, takeRight } from "./rights/rights.ts";

export type Administrator = { id: AccountId; userName: string; rights: string[] };

/**
 * Makes the person with this address an organization administrator: the account that has it as e-mail or user name,
 * else a new record in `internal` with the address as user name, which gets no mail and no password. Rights are given
 * here only, never by a synced group (design §1).
 *
 * Before: any. After: exactly one live account has the address and holds the right for the whole organization, with
 * an audit row; access is not touched.
 * @throws MusterError `invalid` (no address), `conflict` (several accounts, with candidates; a parked right), `uniqueness` (has the right).
 */
export async function addAdministrator(tx: Tx, email: string): Promise<Administrator> {
  const address = emailKey(email);
  if (address === null) throw new MusterError("invalid", `${email} is no e-mail address`, { at: "email" });
  const account = (await existing(tx, address)) ?? (await addPersonToInternal(tx, { email: address }));
  // Whoever may make the first administrator types commands, or acts for the set-up; the API gives rights by giveRight itself.
  await giveRight(tx, [EVERYTHING], {
    account,
    bundle: "organization-administrator",
    scope: { kind: "organization" },
  });
  return { id: account, userName: (await getAccount(tx, account)).userName, rights: await rightsOf(tx, account) };
}

/**
 * As `addAdministrator`, but content when the person is one already: for `apply`, which may be repeated (design §10).
 * Before: any. After: the person is an organization administrator. Returns whether the right is new; a parked one
 * stays parked.
 * @throws MusterError as `addAdministrator`, but never `uniqueness`.
 */
export async function ensureAdministrator(tx: Tx, email: string): Promise<boolean> {
  const account = await existing(tx, emailKey(email) ?? email);
  const held =
    account &&
    (await tx.query({
      text: `select id from rights where organization = $1 and account = $2
      and bundle = 'organization-administrator' and scope_kind = 'organization'`,
      values: [tx.organization, account],
    }));
  if (held && held.length > 0) return false;
  await addAdministrator(tx, email);
  return true;
}

/**
 * Ends that this person is an organization administrator; other rights stay.
 * Before: the organization is locked exclusively. After: as `takeRight`.
 * @throws MusterError `not-found` for whoever is none; `conflict` for the last one.
 */
export async function removeAdministrator(tx: Tx, account: AccountId): Promise<void> {
  const query = { account, bundle: "organization-administrator", within: null, after: null, limit: 1 } as const;
  const [right] = await listRights(tx, query);
  if (!right) throw new MusterError("not-found", "the user is no organization administrator", { at: "user" });
  await takeRight(tx, [EVERYTHING], right.id);
}

/** The rights that count for this account: those parked after a change of its canonical record do not (design §7). */
export async function rightsOf(db: Db, account: AccountId): Promise<string[]> {
  const rows = await db.query<{ bundle: string }>({
    text: `select bundle from rights where organization = $1 and account = $2 and parked_at is null order by bundle`,
    values: [db.organization, account],
  });
  return rows.map((row) => row.bundle);
}

async function existing(tx: Tx, address: string): Promise<AccountId | undefined> {
  try {
    return await resolvePerson(tx, address);
  } catch (error) {
    if (isMusterError(error) && error.code === "not-found") return undefined;
    throw error;
  }
}
