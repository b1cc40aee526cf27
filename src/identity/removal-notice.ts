import type { AccountId, DirectoryId } from "../db/id.ts";
import type { Tx } from "../db/transaction.ts";
import { queueMail } from "./mails.ts";
import { recordChanges } from "./record.ts";

/** What administrators are told of a directory that takes many people's access away. */
export type RemovalNotice = {
  directory: string;
  /** People who lost their last access, or an administrator's rights, through it in the last hour. */
  lost: number;
  /** Those of them who are still without. */
  gone: number;
  /** How many that may be. */
  budget: number;
  /** Requests were refused because of it in the last hour. */
  held: boolean;
};

/** `told`: how many administrators get a mail. */
export type NoticedDirectory = RemovalNotice & { told: number };

/**
 * Tells the organization's administrators of every SCIM directory that has used half of its removal budget, or was
 * refused because of it, once an hour and directory (design §7). Before: any. After: each such directory has an audit row, an
 * event and a mail to each organization administrator who has an address. For a job, every minute.
 */
export async function noticeRemovals(tx: Tx): Promise<NoticedDirectory[]> {
  const due = await tx.query<{ id: DirectoryId; name: string; held: boolean }>({
    text: `select d.id, d.name, coalesce(b.held_at > statement_timestamp() - interval '1 hour', false) as held
      from directories d left join removal_budgets b on b.organization = d.organization and b.directory = d.id
      where d.organization = $1 and d.kind = 'scim'
        and (b.noticed_at is null or b.noticed_at <= statement_timestamp() - interval '1 hour')
        and (b.held_at > statement_timestamp() - interval '1 hour' or 2 * (select count(*) from removals r
          where r.organization = d.organization and r.directory = d.id
            and r.at > statement_timestamp() - interval '1 hour') >= removal_budget(0))
      order by d.id`,
    values: [tx.organization],
  });
  const noticed: NoticedDirectory[] = [];
  for (const { id, ...directory } of due) {
    const notice = await noticeDirectory(tx, id, directory);
    if (notice !== undefined) noticed.push(notice);
  }
  return noticed;
}

async function noticeDirectory(
  tx: Tx,
  id: DirectoryId,
  { name, held }: { name: string; held: boolean },
): Promise<NoticedDirectory | undefined> {
  // Alone with the directory's budget until the end of this transaction; the condition is for whoever was here before.
  const [row] = await tx.query<Omit<RemovalNotice, "directory" | "held"> & { at: Date }>({
    text: `with counted as materialized (select c.budget, c.gone, c.lost from count_removals($1, $2, true) c)
      select c.budget, c.gone, c.lost from counted c where $3 or 2 * c.lost >= c.budget`,
    values: [tx.organization, id, held],
  });
  if (row === undefined) return undefined;
  const [marked] = await tx.query<{ at: Date }>({
    text: `update removal_budgets set noticed_at = statement_timestamp()
      where organization = $1 and directory = $2
        and (noticed_at is null or noticed_at <= statement_timestamp() - interval '1 hour')
      returning noticed_at as at`,
    values: [tx.organization, id],
  });
  if (marked === undefined) return undefined;
  const notice: RemovalNotice = { directory: name, ...row, held };
  const readers = await administratorsToTell(tx, id);
  for (const { account, recipient } of readers)
    await queueMail(tx, {
      kind: "removals",
      dedupeKey: `removals:${id}:${marked.at.toISOString()}:${account}`,
      account,
      recipient,
      content: notice,
    });
  await recordChanges(tx, [
    {
      action: "directory.removals-noticed",
      subjectKind: "directory",
      subject: id,
      detail: { ...notice, told: readers.map((reader) => reader.account) },
      event: true,
    },
  ]);
  return { ...notice, told: readers.length };
}

/**
 * The organization administrators whose rights are in force; where this directory has just ended all of them, those
 * whom it ended: a stolen token must not silence Muster by taking the administrators first.
 */
async function administratorsToTell(tx: Tx, id: DirectoryId): Promise<{ account: AccountId; recipient: string }[]> {
  const rows = await tx.query<{ account: AccountId; recipient: string; stands: boolean }>({
    text: `select a.id as account, a.email_key as recipient, r.in_force as stands
      from rights r join accounts a on a.organization = r.organization and a.id = r.account
      where r.organization = $1 and r.bundle = 'organization-administrator' and r.parked_at is null
        and a.email_key is not null and (r.in_force or exists (
          select from removals m where m.organization = $1 and m.account = a.id and m.directory = $2
            and m.at > statement_timestamp() - interval '1 hour'))
      order by a.id`,
    values: [tx.organization, id],
  });
  const standing = rows.filter((row) => row.stands);
  return standing.length > 0 ? standing : rows;
}
