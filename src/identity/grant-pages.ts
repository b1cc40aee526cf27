import type { Db } from "../db/connection.ts";
import type { GrantId, GroupId, ProductId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import type { ListedGrant } from "./grants.ts";
import { inTwoSteps, OF_PAGE } from "./pages.ts";
import { binding, type IdPage, inScopes, type Within } from "./within.ts";

const COLUMNS = `r.id, json_build_object('id', r.group_id, 'name', coalesce(g.name, r.waiting_name)) as "group",
  d.name as directory, s.key as site, p.key as product, r.role,
  case when r.group_id is null or r.needs_confirmation then 'waiting' else 'in-force' end as state`;

const OF_PRODUCT = "p.organization = r.organization and p.id = r.product";

const TABLES = `role_grants r
  join products p on ${OF_PRODUCT}
  join sites s on s.organization = p.organization and s.id = p.site
  left join groups g on g.organization = r.organization and g.id = r.group_id
  left join directories d on d.organization = r.organization and d.id = coalesce(g.directory, r.waiting_directory)`;

/** A page of the grants on products within the scopes, in the order of their ids; of one product or group when named. */
export async function pageOfGrants(
  db: Db,
  page: IdPage<GrantId> & { within: Within; product?: ProductId | undefined; group?: GroupId | undefined },
): Promise<ListedGrant[]> {
  const values: unknown[] = [db.organization, page.limit];
  const bind = binding(values);
  const conditions = [
    "r.organization = $1",
    ...(page.after === null ? [] : [`r.id > ${bind(page.after)}`]),
    ...(page.product === undefined ? [] : [`r.product = ${bind(page.product)}`]),
    ...(page.group === undefined ? [] : [`r.group_id = ${bind(page.group)}`]),
    ...(page.within === null
      ? []
      : [`exists (select from products p where ${OF_PRODUCT} and ${inScopes(page.within, "product", "p", bind)})`]),
  ];
  const text = `select r.id from role_grants r where ${conditions.join(" and ")} order by r.id limit $2`;
  return inTwoSteps(
    () => db.query<{ id: GrantId }>({ text, values }),
    (ids) => shown(db, ids),
  );
}

/** One grant. @throws MusterError `not-found`. */
export async function getGrant(db: Db, id: GrantId): Promise<ListedGrant> {
  const [grant] = await shown(db, [id]);
  if (!grant) throw new MusterError("not-found", "there is no such grant", { at: "id" });
  return grant;
}

async function shown(db: Db, ids: readonly GrantId[]): Promise<ListedGrant[]> {
  return db.query<ListedGrant>({
    text: `select ${COLUMNS} from ${TABLES} where r.organization = $1 and r.id = ${OF_PAGE} order by r.id`,
    values: [db.organization, ids],
    prepared: true,
  });
}
