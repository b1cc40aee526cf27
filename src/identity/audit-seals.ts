import type { Database } from "../db/connection.ts";
import type { OrganizationId } from "../db/id.ts";
import { databaseNow } from "../db/now.ts";
import type { Tx } from "../db/transaction.ts";
import { chainKey, digestsOf, SEALABLE, type SealableRow, sealOf } from "./audit-digests.ts";
import type { SecretKey } from "./secrets.ts";

/** Rows of one seal. */
const AT_ONCE = 1_000;

/** Organizations with audit rows that are committed and not sealed, of which none before them can still come; the longest behind first. */
export async function organizationsToSeal(db: Database): Promise<OrganizationId[]> {
  const rows = await db.lookUp<{ organization: OrganizationId }>({
    name: "audit-behind",
    text: "select organization from audit_behind(1000)",
  });
  return rows.map((row) => row.organization);
}

/**
 * Seals audit rows that were committed since the last seal (design §3.2), up to 1,000, in the order of their transactions. Before:
 * any. After: one more seal, or none where nothing is to be sealed or somebody else is at it. Whoever writes waits for nothing:
 * rows of a transaction that still runs, and what comes after it, are sealed once it has ended. Returns whether there may be more.
 */
export async function sealAudit(tx: Tx, key: SecretKey): Promise<boolean> {
  const [turn] = await tx.query<{ mine: boolean }>({
    text: "select pg_try_advisory_xact_lock(hashtextextended($1, 4248)) as mine",
    values: [tx.organization],
  });
  if (!turn?.mine) return false;
  const [last] = await tx.query<{ position: number; lastTransaction: string; lastRow: number; seal: Buffer }>({
    text: `select position, last_transaction::text as "lastTransaction", last_row as "lastRow", seal from audit_seals
      where organization = $1 order by position desc limit 1`,
    values: [tx.organization],
  });
  const rows = await tx.query<SealableRow>({
    text: `select ${SEALABLE} from audit a
      where a.organization = $1 and a.id = any (array(select audit_between($1, $2::xid8, $3::bigint, null, null, ${AT_ONCE})))
      order by a.transaction, a.id`,
    values: [tx.organization, last?.lastTransaction ?? "0", last?.lastRow ?? 0],
  });
  const end = rows.at(-1);
  if (!end) return false;
  const chain = chainKey(key, tx.organization);
  const content = {
    position: (last?.position ?? 0) + 1,
    lastTransaction: end.transaction,
    lastRow: end.id,
    rows: rows.map((row) => row.id),
    digests: Buffer.concat(
      rows.flatMap((row) => {
        const { fields, detail } = digestsOf(chain, row);
        return [fields, detail];
      }),
    ),
    sealedAt: await databaseNow(tx),
  };
  await tx.query({
    text: `insert into audit_seals (organization, position, last_transaction, last_row, rows, digests, key_mark, sealed_at, seal)
      values ($1, $2, $3::xid8, $4, $5::bigint[], $6, $7, $8, $9)`,
    values: [
      tx.organization,
      content.position,
      content.lastTransaction,
      content.lastRow,
      content.rows,
      content.digests,
      chain.mark,
      content.sealedAt,
      sealOf(chain, last?.seal ?? null, content),
    ],
  });
  return rows.length === AT_ONCE;
}
