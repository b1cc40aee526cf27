import type { Db } from "../../db/connection.ts";
import { type AccountId, parseId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";
import { emailKey, userNameKey } from "../keys.ts";
import { refuseMerged } from "./merged.ts";

/**
 * The account that an administrator means by an id, a user name or an e-mail address (design §10). An exact user
 * name wins over an address, because it is unique; of those with an address one whom a directory still holds.
 * @throws MusterError `merged` for the id of an account that went into another one; `not-found` when nobody fits, `conflict` with the candidates' user names when several have the address.
 */
export async function resolvePerson(db: Db, text: string): Promise<AccountId> {
  const id = parseId<AccountId>(text);
  const rows = await db.query<{ id: AccountId; userName: string; byName: boolean; held: boolean }>({
    text: `select id, user_name as "userName", user_name_key = $3 as "byName", canonical is not null as held from accounts
      where organization = $1 and (id = $2 or user_name_key = $3 or email_key = $4)
      order by user_name_key = $3 desc, canonical is null, user_name_key limit 20`,
    values: [db.organization, id ?? null, userNameKey(text), emailKey(text)],
  });
  const exact = rows.find((row) => row.id === id) ?? rows.find((row) => row.byName);
  if (exact && exact.id === id) await refuseMerged(db, exact.id);
  if (exact) return exact.id;
  const [only, another] = rows.filter((row) => row.held);
  if (only && !another) return only.id;
  if (rows.length > 1)
    throw new MusterError("conflict", "several people have this address; name one by user name or id", {
      at: text,
      candidates: rows.map((row) => row.userName),
    });
  if (!rows[0]) throw new MusterError("not-found", "nobody has this id, user name or e-mail address", { at: text });
  return rows[0].id;
}
