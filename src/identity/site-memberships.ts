import type { Db } from "../db/connection.ts";
import type { AccountId, SiteId } from "../db/id.ts";
import { type Status, statusSql } from "./statuses.ts";

/**
 * An account on a site (design §1): the highest of the rights that it has for the site, and `basic` for whoever has live
 * access to one of its products. It is read from both (the view of migration 0017) and never written: who is to be
 * trusted, an administrator or basic is given that right.
 */
export type SiteMember = {
  user: { id: AccountId; userName: string; email: string | null; status: Status };
  level: "basic" | "trusted" | "administrator";
  /** False when access alone implies it. */
  given: boolean;
};

/** Who is on a site, in the order of ids: what a site administrator sees of the organization's people (R18). */
export async function listSiteMembers(
  db: Db,
  site: SiteId,
  page: { after: AccountId | null; limit: number },
): Promise<SiteMember[]> {
  return db.query<SiteMember>({
    text: `select m.level, m.given,
        json_build_object('id', a.id, 'userName', a.user_name, 'email', a.email, 'status', ${statusSql}) as user
      from site_memberships m join accounts a on a.organization = m.organization and a.id = m.account
      where m.organization = $1 and m.site = $2 and ($3::uuid is null or a.id > $3)
      order by a.id limit $4`,
    values: [db.organization, site, page.after, page.limit],
  });
}
