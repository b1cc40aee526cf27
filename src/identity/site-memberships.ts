import type { Db } from "../db/connection.ts";
import type { AccountId, SiteId } from "../db/id.ts";
import { inTwoSteps, OF_PAGE } from "./pages.ts";
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

type Page = { after: AccountId | null; limit: number };

/** With fewer live accesses a site's people are found by its products; with more, the next are near among all people. */
const FEW = 2_000;

/**
 * Who is on a site, in the order of ids: what a site administrator sees of the organization's people (R18).
 * @param most from so many live accesses on they are found among all people.
 */
export async function listSiteMembers(db: Db, site: SiteId, page: Page, most = FEW): Promise<SiteMember[]> {
  const few = (await countAccesses(db, site, most)) < most;
  return inTwoSteps(
    () => membersOf(db, site, page, few),
    (ids) =>
      db.query<SiteMember>({
        text: `select m.level, m.given,
            json_build_object('id', a.id, 'userName', a.user_name, 'email', a.email, 'status', ${statusSql}) as user
          from site_memberships m join accounts a on a.organization = m.organization and a.id = m.account
          where m.organization = $1 and m.site = $3 and m.account = ${OF_PAGE} order by a.id`,
        values: [db.organization, ids, site],
        prepared: true,
      }),
  );
}

/** How many live accesses the products of a site give, counted up to a few. */
async function countAccesses(db: Db, site: SiteId, most: number): Promise<number> {
  const [row] = await db.query<{ found: number }>({
    text: `select count(*) as found from (
        select from products p cross join lateral (select from access x
          where x.organization = $1 and x.product = p.id and x.state = 'live' limit ${most}) x
        where p.organization = $1 and p.site = $2 limit ${most}) f`,
    values: [db.organization, site],
    prepared: true,
  });
  return row?.found ?? 0;
}

/** Whom the view has on the site, without what they are there: by its rights, and by live access to its products. */
async function membersOf(db: Db, site: SiteId, { after, limit }: Page, few: boolean): Promise<{ id: AccountId }[]> {
  const behind = (column: string) => (after === null ? "" : `and ${column} > $4`);
  const access = few
    ? `products p cross join lateral (select l.account from live_access l
        where l.organization = $1 and l.product = p.id ${behind("l.account")} offset 0) l where p.organization = $1`
    : `live_access l join products p on p.organization = l.organization and p.id = l.product
        where l.organization = $1 ${behind("l.account")}`;
  return db.query<{ id: AccountId }>({
    text: `select c.id from (
        (select distinct r.account as id from rights r where r.organization = $1 and r.scope_kind = 'site' and r.scope_id = $2
          and r.in_force ${behind("r.account")} order by 1 limit $3)
        union
        (select distinct l.account from ${access} and p.site = $2 order by 1 limit $3)
      ) c order by c.id limit $3`,
    values: [db.organization, site, limit, ...(after === null ? [] : [after])],
  });
}
