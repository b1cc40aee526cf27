import { newId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";

/** What strangers may do at the public pages: per hour and network, per day and address, per day and organization. */
const OF_NETWORK = 20;
const OF_ADDRESS = 3;
const OF_ORGANIZATION = 1_000;

/**
 * Counts what a stranger asks for; false when that is more than anybody needs, and nothing is to be done.
 * Before: any. After: it is counted. The answer to the stranger is the same either way.
 */
export async function withinBudget(tx: Tx, network: string, emailKey: string): Promise<boolean> {
  // One after the other, or of many at once each would find nobody before it. Every stranger takes both in this order.
  for (const one of [network, emailKey])
    await tx.query({
      text: "select pg_advisory_xact_lock(hashtextextended($1::text || ' ' || $2, 4245))",
      values: [tx.organization, one],
    });
  const [row] = await tx.query<{ network: number; address: number; organization: number }>({
    text: `select
        (select count(*)::integer from public_attempts where organization = $1 and network = $2
          and at > statement_timestamp() - interval '1 hour') as network,
        (select count(*)::integer from public_attempts where organization = $1 and email_key = $3
          and at > statement_timestamp() - interval '1 day') as address,
        (select count(*)::integer from (select from public_attempts where organization = $1
          and at > statement_timestamp() - interval '1 day' limit ${OF_ORGANIZATION}) a) as organization`,
    values: [tx.organization, network, emailKey],
  });
  if (!row || row.network >= OF_NETWORK || row.address >= OF_ADDRESS || row.organization >= OF_ORGANIZATION)
    return false;
  await tx.query({
    text: "insert into public_attempts (organization, id, network, email_key) values ($1, $2, $3, $4)",
    values: [tx.organization, newId(), network, emailKey],
  });
  return true;
}

/** Presses of one link in a day. */
const OF_LINK = 10;

/**
 * Counts a press of a link whose token somebody has; false when it was pressed more often than anybody needs. Nobody else's presses
 * count: whoever floods the other pages does not shut out the owner of a mailbox.
 */
export async function withinLinkBudget(tx: Tx, link: string): Promise<boolean> {
  const rows = await tx.query({
    text: `insert into public_attempts (organization, id, network, email_key)
      select $1, $2, '', $3 where (select count(*) from public_attempts where organization = $1 and email_key = $3
        and at > statement_timestamp() - interval '1 day') < ${OF_LINK}
      returning id`,
    values: [tx.organization, newId(), link],
  });
  return rows.length > 0;
}

/** Forgets what counts no more. Before: any. After: nothing older than a day stands. Returns how many rows went. */
export async function prunePublicAttempts(tx: Tx): Promise<number> {
  const rows = await tx.query({
    text: `delete from public_attempts where organization = $1 and id in (
      select id from public_attempts where organization = $1 and at < statement_timestamp() - interval '1 day' limit 10000)
      returning id`,
    values: [tx.organization],
  });
  return rows.length;
}
