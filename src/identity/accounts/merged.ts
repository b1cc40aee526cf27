import type { Db } from "../../db/connection.ts";
import type { AccountId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";

/** Merges that follow one another are followed so far. */
const MOST_STEPS = 100;

/**
 * Called by whoever was given an account's id by a person or a program.
 * @throws MusterError `merged` with the account that it went into, at the end of all merges; nothing for one that stands, or is unknown.
 */
export async function refuseMerged(db: Db, account: AccountId): Promise<void> {
  const [row] = await db.query<{ into: AccountId }>({
    name: "merged-into",
    text: `with recursive step as (
        select a.merged_into as id, 1 as number from accounts a
        where a.organization = $1 and a.id = $2 and a.merged_into is not null
        union all
        select a.merged_into, s.number + 1 from step s
        join accounts a on a.organization = $1 and a.id = s.id and a.merged_into is not null
        where s.number < ${MOST_STEPS}
      )
      select id as into from step order by number desc limit 1`,
    values: [db.organization, account],
  });
  if (row)
    throw new MusterError("merged", "this account was merged into another one, which is the person's now", {
      at: "id",
      mergedInto: row.into,
    });
}
