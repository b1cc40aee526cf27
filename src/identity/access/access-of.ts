import type { Db } from "../../db/connection.ts";
import type { AccountId, GrantId, ProductId } from "../../db/id.ts";
import { MusterError } from "../../errors.ts";
import { type Status, statusSql } from "../statuses.ts";
import { explain, type Path } from "./explain.ts";
import { type AccessFacts, decide, type Reason } from "./reason.ts";

type Role = Path["role"];

/** `grant` is the grant's id, `directory` the group's directory or `local`: `directory/group` names the group on every face. */
type Trace = { directory: string; group: string; grant: GrantId; role: Role; counts: boolean };

export type ProductAccess = {
  /** Keys of site and product. */
  site: string;
  product: string;
  role: Role | null;
  allowed: boolean;
  reason: Reason | null;
  /** A guest's spaces, those whose time has run out included; parked ones are left out. */
  spaces: { space: string; permission: "can-create-and-edit" | "read-only"; expiresAt: string | null }[];
  trace: Trace[];
};

type SpaceRow = {
  product: ProductId;
  space: string;
  permission: "can-create-and-edit" | "read-only";
  expiresAt: Date | null;
};

export type AccountAccess = {
  account: { id: AccountId; userName: string; email: string | null; status: Status };
  /** One row per product of the organization, by site and key. */
  access: ProductAccess[];
};

/** So many paths are told at once; `explain` tells the others. */
const MOST_TOLD = 1_000;

/**
 * What one person may use and why (R19, R55): one row per product with the paths that lead to a role there, those
 * that do not count included. The state comes from the reconciler's rows, the trace from its own SELECT.
 * @throws MusterError `not-found` when the organization has no such account.
 */
export async function accessOf(db: Db, account: AccountId): Promise<AccountAccess> {
  const [person] = await db.query<AccountAccess["account"]>({
    name: "access-of-account",
    text: `select a.id, a.user_name as "userName", a.email, ${statusSql} as status
      from accounts a where a.organization = $1 and a.id = $2`,
    values: [db.organization, account],
  });
  if (!person) throw new MusterError("not-found", "there is no such account", { at: "id" });
  const products = await db.query<AccessFacts & { id: ProductId; site: string; product: string }>({
    name: "access-of-products",
    text: `select p.id, s.key as site, p.key as product, x.role, x.state, x.domain_limited as "domainLimited",
        coalesce(x.live_until <= statement_timestamp(), false) as expired
      from products p
      join sites s on s.organization = p.organization and s.id = p.site
      left join access x on x.organization = p.organization and x.product = p.id and x.account = $2
      where p.organization = $1 order by s.key, p.key`,
    values: [db.organization, account],
  });
  const spaces = await db.query<SpaceRow>({
    name: "access-of-spaces",
    text: `select g.product, s.key as space, g.permission, g.expires_at as "expiresAt"
      from guest_assignments g
      join spaces s on s.organization = g.organization and s.id = g.space
      where g.organization = $1 and g.account = $2 and g.parked_at is null order by s.key`,
    values: [db.organization, account],
  });
  const paths = await explain(db, [account], { limit: MOST_TOLD });
  return {
    account: person,
    access: products.map(({ id, site, product, ...facts }) => ({
      site,
      product,
      ...decide(person.status, facts),
      spaces: spaces.filter((row) => row.product === id).map(space),
      trace: paths.filter((path) => path.product === id).map(trace),
    })),
  };
}

function space(row: SpaceRow): ProductAccess["spaces"][number] {
  return { space: row.space, permission: row.permission, expiresAt: row.expiresAt?.toISOString() ?? null };
}

function trace(path: Path): Trace {
  return {
    directory: path.group.directory ?? "local",
    group: path.group.name,
    grant: path.grant,
    role: path.role,
    counts: path.failing === null,
  };
}
