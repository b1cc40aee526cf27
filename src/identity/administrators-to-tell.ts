import type { Db } from "../db/connection.ts";
import type { AccountId } from "../db/id.ts";

/** The organization administrators whose right is in force and who have an address, each once (R124). */
export async function administratorsToTell(db: Db): Promise<{ account: AccountId; recipient: string; at: Date }[]> {
  return db.query({
    text: `select distinct a.id as account, a.email_key as recipient, statement_timestamp() as at
      from rights r join accounts a on a.organization = r.organization and a.id = r.account
      where r.organization = $1 and r.bundle = 'organization-administrator' and r.in_force and r.parked_at is null
        and a.email_key is not null order by a.id`,
    values: [db.organization],
  });
}
