import type { Db } from "../db/connection.ts";
import type { AccountId, AssignmentId, ProductId } from "../db/id.ts";
import { MusterError } from "../errors.ts";
import { fieldsOf } from "../filter/fields.ts";
import type { Permission } from "./guests.ts";
import { isServed, type ListField, type ListFilter, listFilterSql } from "./list-filter.ts";
import { inTwoSteps, OF_PAGE } from "./pages.ts";
import { policySql } from "./settings/guest-policy.ts";
import type { GuestPolicy } from "./settings/guest-policy-form.ts";
import { binding, type IdPage, inScopes, type Within } from "./within.ts";

/** A guest's space as faces show it; `site`, `product` and `space` are keys. */
export type ShownGuest = {
  id: AssignmentId;
  user: { id: AccountId; userName: string };
  site: string;
  product: string;
  space: string;
  permission: Permission;
  sponsor: { id: AccountId; userName: string } | null;
  expiresAt: Date | null;
  /** Whether it waits for an administrator to confirm that the person is still the same. */
  parked: boolean;
  /** Whether no guest slot of the product is left for the person: then there is no access until one is. */
  overQuota: boolean;
  /** What the guest cannot do with which client (R9). */
  clientLimits: GuestPolicy["clientLimits"];
};

const OVER_QUOTA = `exists (select from access x where x.organization = g.organization and x.account = g.account
  and x.product = g.product and x.state = 'over-quota')`;

const OF_PRODUCT = "p.organization = g.organization and p.id = g.product";

// What stands in other tables is looked for there, so that no filter reads tables which it does not speak of.
const USER = { tables: "accounts a", of: "a.organization = g.organization and a.id = g.account" };
const PRODUCT = { tables: "products p", of: OF_PRODUCT };
const SITE = { tables: "products p join sites s on s.organization = p.organization and s.id = p.site", of: OF_PRODUCT };
const SPACE = { tables: "spaces sp", of: "sp.organization = g.organization and sp.id = g.space" };

/** What guests' spaces can be filtered by. */
export const GUEST_FIELDS = fieldsOf<ListField>(
  { name: "id", type: "string", column: { sql: "g.id", form: "reference", nullable: false }, keyed: true },
  { name: "user", type: "string", column: { sql: "g.account", form: "reference", nullable: false }, keyed: true },
  {
    name: "userName",
    type: "string",
    column: { sql: "a.user_name_key", form: "user-name-key", nullable: false },
    from: USER,
  },
  { name: "site", type: "string", column: { sql: "s.key", form: "exact", nullable: false }, from: SITE },
  { name: "product", type: "string", column: { sql: "p.key", form: "exact", nullable: false }, from: PRODUCT },
  { name: "space", type: "string", column: { sql: "sp.key", form: "exact", nullable: false }, from: SPACE },
  { name: "permission", type: "string", column: { sql: "g.permission", form: "exact", nullable: false } },
  { name: "sponsor", type: "string", column: { sql: "g.sponsor", form: "reference", nullable: true } },
  { name: "expiresAt", type: "dateTime", column: { sql: "g.expires_at", form: "time", nullable: true } },
  { name: "parked", type: "boolean", column: { sql: "(g.parked_at is not null)", form: "boolean", nullable: false } },
  { name: "overQuota", type: "boolean", column: { sql: OVER_QUOTA, form: "boolean", nullable: false } },
);

const COLUMNS = `g.id, json_build_object('id', a.id, 'userName', a.user_name) as user, s.key as site, p.key as product,
  sp.key as space, g.permission,
  case when h.id is not null then json_build_object('id', h.id, 'userName', h.user_name) end as sponsor,
  g.expires_at as "expiresAt", g.parked_at is not null as parked, ${OVER_QUOTA} as "overQuota",
  ${policySql("clientLimits")} as "clientLimits"`;

const TABLES = `guest_assignments g
  join accounts a on a.organization = g.organization and a.id = g.account
  join products p on ${OF_PRODUCT}
  join organizations o on o.id = p.organization
  join sites s on s.organization = p.organization and s.id = p.site
  join spaces sp on sp.organization = g.organization and sp.id = g.space
  left join accounts h on h.organization = g.organization and h.id = g.sponsor`;

/** A page of the guests' spaces of products within the scopes, in the order of their ids; of one account or product when named. */
export async function pageOfGuests(
  db: Db,
  page: IdPage<AssignmentId> & {
    within: Within;
    account?: AccountId | undefined;
    product?: ProductId | undefined;
    /** Only those that end before this instant (R151), whether or not they have ended. */
    endsBefore?: Date | undefined;
    filter?: ListFilter | undefined;
  },
): Promise<ShownGuest[]> {
  const { filter } = page;
  const values: unknown[] = [db.organization, page.limit];
  const bind = binding(values);
  const conditions = [
    "g.organization = $1",
    ...(page.after === null ? [] : [`g.id > ${bind(page.after)}`]),
    ...(page.account === undefined ? [] : [`g.account = ${bind(page.account)}`]),
    ...(page.product === undefined ? [] : [`g.product = ${bind(page.product)}`]),
    ...(page.endsBefore === undefined ? [] : [`g.expires_at < ${bind(page.endsBefore)}`]),
    ...(page.within === null
      ? []
      : [`exists (select from products p where ${OF_PRODUCT} and ${inScopes(page.within, "product", "p", bind)})`]),
    ...(filter === undefined ? [] : [listFilterSql(filter, values)]),
  ];
  const statement = {
    text: `select g.id from guest_assignments g where ${conditions.join(" and ")} order by g.id limit $2`,
    values,
    ...(filter !== undefined && !isServed(filter) && { prepared: false }),
  };
  return inTwoSteps(
    () => db.query<{ id: AssignmentId }>(statement),
    (ids) => shown(db, ids),
  );
}

/** One guest's space. @throws MusterError `not-found`. */
export async function getGuest(db: Db, id: AssignmentId): Promise<ShownGuest> {
  const [guest] = await shown(db, [id]);
  if (!guest) throw new MusterError("not-found", "there is no such guest assignment", { at: "id" });
  return guest;
}

async function shown(db: Db, ids: readonly AssignmentId[]): Promise<ShownGuest[]> {
  return db.query<ShownGuest>({
    text: `select ${COLUMNS} from ${TABLES} where g.organization = $1 and g.id = ${OF_PAGE} order by g.id`,
    values: [db.organization, ids],
    prepared: true,
  });
}
